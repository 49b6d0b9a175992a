"""section: the part of the publication, from the breadcrumb, what the page declares, its category line or its address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.evidence import is_site, path_of, site_names
from pipeline.fields.near import LEVELS, MAX_LINE, WIDE, near_title, title_of
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
MAX_SECTION = 40
BY_CRUMB, BY_DECLARATION, BY_CLASS, BY_PATH = 0.8, 0.8, 0.7, 0.6


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The section; a breadcrumb is chrome and stays dropped, so nothing is claimed."""
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        for mark in marks:
            name = group(block, mark, "section") if mark.inner else None
            if name:
                return [
                    Found(
                        "section",
                        _first(name) if mark.rule.startswith("section.") else fold(name),
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
    for name, rule, confidence in _candidates(segment, title, hints):
        if _names_section(_first(name), key) and not is_site(name, sites):
            return [Found("section", _first(name), None, rule, confidence, Label.SECTION)]
    return []


def _first(names: str) -> str:
    """The first of several sections: the one that the publisher puts first."""
    return fold(_LIST.split(names)[0]).strip(" .:-–#")


def _candidates(segment: Segment, title: int, hints: Hints) -> Iterator[tuple[str, str, float]]:
    """What may be the section, surest first, with its rule and confidence."""
    structured = hints.structured
    crumbs = [name for block in _of_class(segment.blocks, CRUMBS) for name in _ARROWS.split(block.text)]
    yield from ((name, "breadcrumb.class", BY_CRUMB) for name in reversed(crumbs[:MAX_CRUMBS]))
    yield from (
        (name, "json-ld.breadcrumb", BY_CRUMB) for name in reversed(structured.get("json-ld.breadcrumb", ())[:MAX_CRUMBS])
    )
    yield from ((value, name, BY_DECLARATION) for name in DECLARED for value in structured.get(name, ())[:1])
    for block in segment.blocks:
        labelled = _LABELLED.search(block.text) if len(block.text) <= MAX_LINE else None
        if labelled:
            yield labelled.group(1), "section.labelled", BY_CLASS
    yield from ((block.text, "category.class", BY_CLASS) for block in _of_class(near_title(segment, title), CATEGORIES))
    for name in ADDRESSES:
        for value in structured.get(name, ()):
            first = next(iter(path_of(value)[:-1]), "")
            if _PATH_WORD.fullmatch(first) and first not in _PATH_OTHER:
                yield first.replace("-", " ").capitalize(), "url.path", BY_PATH


MAX_CRUMBS = 8


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


def _names_section(name: str, title: str) -> bool:
    """Whether a name is short, in letters, no first link of a breadcrumb and not the title's."""
    key = likeness_key(name)
    if not 2 < len(key) <= MAX_SECTION or name.casefold().strip(" :") in _HOME or key.isdigit() or "://" in name:  # noqa: PLR2004
        return False
    return key not in title and title not in key
