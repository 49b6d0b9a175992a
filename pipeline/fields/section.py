"""section: the part of the publication, from the breadcrumb, what the page declares, its category line or its address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from pipeline.evidence import path_of, site_names
from pipeline.fields.day import has_date, parse_in
from pipeline.fields.near import LEVELS, MAX_LINE, WIDE, is_others, near_title, title_of
from pipeline.fields.people import people, signs
from pipeline.marks import group
from pipeline.model import Block, Found, Hints, Label, Node, Segment
from pipeline.surface import fold, likeness_key

DECLARED = (
    "json-ld.articleSection",
    "meta.article:section",
    "meta.section",
    "meta.parsely-section",
    "meta.sailthru.section",
    "meta.dc.subject",
    "meta.category",
    "meta.rubrik",
)
ADDRESSES = ("link.canonical", "meta.og:url", "json-ld.url")
# What content systems call the elements of breadcrumbs and categories.
CRUMBS = frozenset(("breadcrumb", "breadcrumbs", "crumb", "crumbs", "brotkrumen", "ariane", "migas"))
CATEGORIES = frozenset(("category", "categories", "cat", "rubrik", "kicker", "ressort", "eyebrow"))
# First links of breadcrumbs, and lines around them, that name no section.
_HOME = frozenset(
    "home homepage startseite start accueil inicio início principal главная anasayfa hjem hem etusivu strona főoldal úvod αρχική الرئيسية خانه 首页 首頁 ホーム 홈 sie sind hier you are here index article artikel beitrag alle all durchsuchen browsing".split()  # noqa: SIM905, E501
)
_FRONT = frozenset(("à la une", "front page", "top stories", "en portada", "in primo piano"))
_PATH_WORD = re.compile(r"[a-zà-ÿ]{3,}(?:-[a-zà-ÿ]+)?")
# Segments of addresses that say how the site is built.
_PATH_OTHER = frozenset(
    "article articles artikel post posts news blog blogs story stories www html index archive archives node content page pages category tag tags wp media en de fr es it uk us magazine magazin aktuell aktuelles detail view video videos image download item".split()  # noqa: SIM905, E501
)
_ARROWS = re.compile(r" ?[>»›/|→] ?")
_LABELLED = re.compile(
    r"\b(?:kategorien?|categor(?:y|ies)|rubrik|ressort|filed (?:under|in)|posted (?:in|under)|abgelegt unter|veröffentlicht unter"
    r"|catégories?|rubrique|categorías?|categori[ae]|categorie[ëe]n|рубрика|分类|カテゴリー?)\b ?[:：]? ?([^|·•/:.]{2,80})",
    re.IGNORECASE,
)
_LIST = re.compile(r" ?[,|] ?| (?:und|and|et|y|e) (?=[A-ZÄÖÜ])")
_SEVERAL = re.compile(r"[,;|]")
_OTHER = re.compile(r"[\d()\[\]]")
_LICENCE = re.compile(r"licen[cs]|lizenz|licenza|licencia", re.IGNORECASE)
# Archives name months in these.
_LANGUAGES = ("en", "de", "fr", "nl", "es", "it", "pt")
_YEAR = re.compile(r"(?:19|20)\d\d")
_WORD = re.compile(r"[a-z0-9]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
# What content systems call the menu item of the page or of what holds it, the menus, and the element of an article.
CURRENT = frozenset(("current", "active", "selected", "ancestor"))
MENUS = frozenset(("menu", "nav", "navigation", "navbar", "mainmenu", "mainnav"))
ENTRIES = frozenset(("hentry", "post", "entry"))
AUTHORS = ("json-ld.author", "meta.author")
CLASSED = "category"
MENU_LEVELS = 6
HEADINGS = frozenset(("h1", "h2", "h3"))
# Places that hold the title as well, or a part of it.
_NEAR_TITLES = frozenset(("breadcrumb.class", "json-ld.breadcrumb", "category.class"))
MAX_SECTION = 40
BY_CRUMB, BY_DECLARATION, BY_CLASS, BY_PATH = 0.8, 0.8, 0.7, 0.6


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The section; a breadcrumb is chrome and stays dropped, so nothing is claimed."""
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        for mark in marks:
            name = group(block, mark, "section") if mark.inner else None
            if name and not likeness_key(name).isdigit():
                return [
                    Found(
                        "section",
                        _whole(_first(name), block) if mark.rule.startswith("section.") else fold(name),
                        None,
                        mark.rule,
                        mark.confidence,
                        Label.SECTION,
                    )
                ]
    if not alone:
        return []
    title = title_of(segment)
    key = likeness_key(segment.blocks[title].text)
    sites = site_names(hints)
    for names, rule, confidence in _candidates(segment, title, hints):
        name = _first(names)
        strict = rule in _NEAR_TITLES and " " in names
        if _names_section(name, key, strict=strict) and likeness_key(name) not in sites:
            return [Found("section", name, None, rule, confidence, Label.SECTION)]
    return []


def _agreed(segment: Segment, title: int, hints: Hints) -> Iterator[str]:
    """Names in short lines near the title that the page's menu marks as current, or that the page or its article's element has.

    Content systems write the categories of an article into the class of its element, as addresses spell them.
    """
    near = [block for block in near_title(segment, title) if len(block.text) <= MAX_LINE and block.kind not in HEADINGS]
    current = {likeness_key(name) for name in _current(segment.blocks)}
    stated = (value for name in DECLARED for value in hints.structured.get(name, ()))
    declared = {likeness_key(part) for value in stated for part in _SEVERAL.split(value)}
    authors = {likeness_key(name) for place in AUTHORS for value in hints.structured.get(place, ()) for name in people(value)}
    authors |= {likeness_key(name) for block in near if signs(block.text) for name in people(block.text)}
    for block in near:
        if is_others(block.node) or _is_menu(block.node):
            continue
        classes = _article_classes(block.node)
        for name in _names(block):
            key = likeness_key(name)
            if key in authors:
                continue
            if key in current or key in declared or (CLASSED in classes and _spelled(name) and _spelled(name) <= classes):
                yield name


def _names(block: Block) -> list[str]:
    """The names in a line, as its runs and commas part them."""
    return [fold(part).strip(" .:-–#|/") for run in block.runs for part in _SEVERAL.split(run.text)]


def _current(blocks: Sequence[Block]) -> list[str]:
    """The items that menus mark as the one where the page stands, outermost first."""
    return [block.text for block in blocks if 0 < block.links <= len(block.text) <= MAX_SECTION and _is_current(block.node)]


def _is_current(node: Node | None) -> bool:
    for _ in range(2):
        if node is None or node.tag not in ("a", "li", "span"):
            return False
        if not node.tokens.isdisjoint(CURRENT):
            return _is_menu(node)
        node = node.parent
    return False


def _is_menu(node: Node | None) -> bool:
    for _ in range(MENU_LEVELS):
        if node is None or node.tag in WIDE:
            return False
        if node.tag == "nav" or not node.tokens.isdisjoint(MENUS):
            return True
        node = node.parent
    return False


def _article_classes(node: Node | None) -> frozenset[str]:
    while node is not None:
        if CLASSED in node.tokens and not node.tokens.isdisjoint(ENTRIES):
            return node.tokens
        node = node.parent
    return frozenset()


def _spelled(name: str) -> frozenset[str]:
    """The words of a name as addresses and classes spell them."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_UMLAUTS))
    return frozenset(_WORD.findall(plain.encode("ascii", "ignore").decode()))


def _whole(name: str, block: Block) -> str:
    """The name as the line's runs part it: the links of several sections often stand without a mark between them."""
    found = (
        part
        for part in _names(block)
        if len(part) >= MIN_PART and (name.startswith(part) or (part.endswith(name) and " " not in part.removesuffix(name)))
    )
    return next(found, name)


def _first(names: str) -> str:
    """The first of several sections: the one that the publisher puts first."""
    return fold(_LIST.split(names)[0]).strip(" .:-–#")


def _candidates(segment: Segment, title: int, hints: Hints) -> Iterator[tuple[str, str, float]]:
    """What may be the section, surest first, with its rule and confidence."""
    structured = hints.structured
    trail = _of_class(segment.blocks, CRUMBS)
    linked = next((index for index, block in enumerate(trail) if block.links), 0)
    trail = trail[linked:]  # "You are here" is no link
    crumbs = _undated([name for block in trail for name in _ARROWS.split(block.text)])
    yield from ((name, "breadcrumb.class", BY_CRUMB) for name in reversed(crumbs[:MAX_CRUMBS]))
    yield from (
        (name, "json-ld.breadcrumb", BY_CRUMB)
        for name in reversed(_undated(structured.get("json-ld.breadcrumb", ()))[:MAX_CRUMBS])
    )
    yield from ((name, "section.agreed", BY_DECLARATION) for name in _agreed(segment, title, hints))
    yield from ((value, name, BY_DECLARATION) for name in DECLARED for value in structured.get(name, ())[:1])
    for block in segment.blocks:
        labelled = _LABELLED.search(block.text) if len(block.text) <= MAX_LINE and block.kind != "option" else None
        if labelled and not _LICENCE.search(block.text):
            yield labelled.group(1), "section.labelled", BY_CLASS
    for block in _of_class(near_title(segment, title), CATEGORIES):
        if block.kind != "option" and not _OTHER.search(block.text) and not signs(block.text) and not has_date(block.text):
            yield block.text, "category.class", BY_CLASS
    yield from ((name, "menu.current", BY_PATH) for name in reversed(_current(segment.blocks)))
    for name in ADDRESSES:
        for value in structured.get(name, ()):
            first = next(iter(path_of(value)[:-1]), "")
            if _PATH_WORD.fullmatch(first) and first not in _PATH_OTHER:
                yield first.replace("-", " ").capitalize(), "url.path", BY_PATH


MAX_CRUMBS = 8
MIN_PART = 3


def _undated(crumbs: Sequence[str]) -> list[str]:
    """The trail without years, months and days, which archives have instead of sections."""
    year = next((name.strip() for name in crumbs if _YEAR.fullmatch(name.strip())), None)
    if year is None:
        return list(crumbs)
    return [
        name
        for name in crumbs[:MAX_CRUMBS]
        if not name.strip().isdigit() and parse_in(f"1 {name.strip()} {year}", _LANGUAGES) is None
    ]


def _of_class(blocks: Sequence[Block], tokens: frozenset[str]) -> list[Block]:
    return [block for block in blocks if len(block.text) <= 3 * MAX_SECTION and _is_in(block.node, tokens)]


def _is_in(node: Node | None, tokens: frozenset[str]) -> bool:
    for _ in range(LEVELS + 1):
        if node is None or node.tag in WIDE:
            return False
        if not node.tokens.isdisjoint(tokens):
            return True
        node = node.parent
    return False


def _names_section(name: str, title: str, *, strict: bool) -> bool:
    """Whether a name is short, in letters, no first link of a breadcrumb and not the title's, or if strict a part of it."""
    key = likeness_key(name)
    words = re.split(r"[ :]+", name.casefold().strip(" :"))
    if not 2 < len(key) <= MAX_SECTION or key.isdigit() or "://" in name:  # noqa: PLR2004
        return False
    if name.casefold() in _FRONT or _HOME.issuperset(words):
        return False
    return title not in key and not (key in title and (strict or 2 * len(key) > len(title)))
