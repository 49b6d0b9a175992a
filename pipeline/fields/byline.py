"""author: who wrote it, from bylines at the head or tail and from what the page declares, where the two bear each other out.

A byline's date and publisher are read by `dates` and `publisher`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pipeline.evidence import is_site, site_names
from pipeline.fields.day import has_date, without_date
from pipeline.fields.near import (
    ABOVE,
    BELOW,
    LEVELS,
    MAX_LINE,
    WIDE,
    heads_page,
    is_others,
    is_scored,
    near_title,
    scored,
    title_of,
)
from pipeline.fields.people import MAX_PEOPLE, is_person, leads, people, signs
from pipeline.fields.signature import signers
from pipeline.marks import group, proposed, resolve
from pipeline.model import Block, Found, Hints, Label, Mark, Node, Segment, Span
from pipeline.surface import DATE_IN_LINE, fold, is_prose, likeness_key

# Written for the article; the others may name the site's owner on every page.
STRUCTURED = ("json-ld.author", "meta.article:author", "meta.parsely-author", "meta.sailthru.author", "meta.cxenseparse:author")
GENERAL = (
    "json-ld.page.author",
    "meta.author",
    "front-matter.author",
    "meta.dc.creator",
    "meta.byl",
    "meta.twitter:data1",
    "json-ld.author.organization",
)
# Where nothing else says who wrote it.
UNSIGNED = ("json-ld.author", "meta.author", "front-matter.author")
# Declared by programs of different kinds: what two of them say is no slip of one.
INDEPENDENT = (
    "json-ld.author",
    "meta.author",
    "meta.article:author",
    "meta.parsely-author",
    "meta.sailthru.author",
    "meta.dc.creator",
)
# How a paragraph about a person goes on behind the name, and how long it is at least.
_INTRODUCES = "is|was|has|writes|works|lives|covers|joined|ist|war|arbeitet|schreibt|lebt|est|écrit|es|escribe|è|scrive|é|escreve"
MIN_BIO = 40
# A word all in capitals is an organisation's: "MIT Press".
_HAS_CAPITALS = re.compile(r"\b[A-Z]{3}")
# What content systems call the element of a byline.
NAMED = frozenset(
    ("author", "authors", "byline", "creator", "autor", "autoren", "auteur", "verfasser", "writer", "redactor", "journalist")
)
# And those of categories, beside whose names dates stand as well.
CATEGORIES = frozenset(
    ("category", "categories", "cat", "rubrik", "kicker", "ressort", "eyebrow", "label", "tags", "badge", "list")
)
DECLARED, BY_CLASS, BY_PLACE, UNCERTAIN = 0.85, 0.8, 0.7, 0.6
# What else than names may stand in a line of names: "and", commas, a lead.
NAMES_SHARE = 0.7
# A list of names that goes on in the next line; a line that is only its joint; a line that says whose picture it is.
_GOES_ON = re.compile(r"(?:,|&|\band|\bund|\bet|\by)\s*$")
_JOINT_ONLY = re.compile(r"[,;&·•|/]|and|und|et|y|e|en|och|og")
_CREDIT = re.compile(r"\s*(?:©|\(c\)|photos?\b|fotos?\b|bild\b|picture\b|image\b|credits?\b)", re.IGNORECASE)
UNSURE = "byline.name-publisher"
HEADINGS = frozenset(("h1", "h2", "h3"))


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """Every byline is claimed; the first that names somebody gives the value, else the page's metadata.

    In a page it is the other way round: people whom it declares for the article and names in its text come first.
    """
    if is_scored(segment):
        return _scored(segment)
    found: list[Found] = []
    title, sites = title_of(segment), site_names(hints)
    for index in proposed(segment.marks, Label.BYLINE):
        block, mark = segment.blocks[index], resolve(segment.marks[index])
        if mark.label is Label.BYLINE:
            author = group(block, mark, "author")
            value = people(author) if author and _may_sign(block, mark, index - title) else ()
            if block.kind != "line":
                value = tuple(name for name in value if is_person(name) or not is_site(name, sites))
            found.append(Found("author", value, Span(block.start, block.end), mark.rule, mark.confidence, Label.BYLINE))
    found.sort(key=lambda one: not one.value)
    if not alone and not heads_page(segment):
        return found
    near = near_title(segment, title)
    signed = found[0] if found and found[0].value else _by_class(near, sites) or _by_place(near, min(title, ABOVE) + 1, sites)
    general = _declared(GENERAL, segment, near, hints, sites)
    best = _in_full(_better(_declared(STRUCTURED, segment, near, hints, sites), signed), general) or general
    best = best or _unsigned(segment, hints, sites)
    if best is None and segment.blocks[0].kind != "line" and not (found and found[0].value):
        best = _agreed(hints, sites) or _introduced(segment, near, sites)
    return found if best is None or best in found else [best, *found]


def _scored(segment: Segment) -> list[Found]:
    """In a dump: the names in the lines that the learned score chose, each once; the lines that name somebody are claimed."""
    read = [
        (mark, claim, (*signers(block.text), *_going_on(segment, block)))
        for block, mark, claim in scored(segment, Label.BYLINE)
        if not _CREDIT.match(block.text)
    ]
    named = [(mark, claim, names) for mark, claim, names in read if names]
    if not named:
        return []
    once = {likeness_key(name): name for _, _, names in reversed(named) for name in reversed(names)}
    value = tuple(reversed(once.values()))[:MAX_PEOPLE]
    return [
        Found("author", value if number == 0 else (), claim, mark.rule, mark.confidence, Label.BYLINE)
        for number, (mark, claim, _) in enumerate(named)
    ]


def _going_on(segment: Segment, block: Block) -> tuple[str, ...]:
    """The people in the lines behind a byline that ends as a list does that goes on: "Nora Pell," and "Ada Quince" below it."""
    if not _GOES_ON.search(block.text):
        return ()
    found: list[str] = []
    at = next((index for index, each in enumerate(segment.blocks) if each.start == block.start), len(segment.blocks))
    for each in segment.blocks[at + 1 : at + 1 + 2 * MAX_PEOPLE]:
        text = each.text.strip()
        joint = _JOINT_ONLY.fullmatch(text) is not None
        names = people(text) if len(text) <= MAX_LINE and not joint else ()
        if not joint and not (names and all(is_person(name) for name in names)):
            break
        found += names
        if not joint and not _GOES_ON.search(text) and not _next_joins(segment, each):
            break
    return tuple(found)


def _next_joins(segment: Segment, block: Block) -> bool:
    """Whether the next line is a joint of a list and no more: "and", a comma."""
    after = next((each for each in segment.blocks if each.start >= block.end), None)
    return after is not None and _JOINT_ONLY.fullmatch(after.text.strip()) is not None


def _may_sign(block: Block, mark: Mark, behind_title: int) -> bool:
    """In a page, a byline stands near the title; "Name, Publisher" there is a heading or a list."""
    if block.kind == "line":
        return True
    return -ABOVE <= behind_title < BELOW and mark.rule != UNSURE


def _better(declared: Found | None, signed: Found | None) -> Found | None:
    """The declared names, unless the signed ones are more: then the page declared the first of several."""
    if declared is None or signed is None:
        return declared or signed
    return signed if _keys(declared) < _keys(signed) else declared


def _in_full(best: Found | None, declared: Found | None) -> Found | None:
    """The declared name, where the line near the title has only its first word."""
    if best is None or declared is None or not isinstance(best.value, tuple) or not isinstance(declared.value, tuple):
        return best
    short, name = str(best.value[0]), str(declared.value[0])
    alone = len(best.value) == len(declared.value) == 1
    return declared if alone and " " not in short and name.startswith(f"{short} ") else best


def _unsigned(segment: Segment, hints: Hints, sites: frozenset[str]) -> Found | None:
    """The declared names where no line bears them out: people whom the page's head names, and those whose site it is.

    JSON-LD names whoever keeps the site on pages that nobody signs, so there a line must have the name.
    """
    if segment.blocks[0].kind == "line":
        return None
    for key in UNSIGNED:
        names = tuple(dict.fromkeys(name for value in hints.structured.get(key, ()) for name in people(value)))
        if not names:
            continue
        own = any(is_site(name, sites) for name in names)
        named = _is_named(segment, names[0])
        by_people = all(is_person(name) for name in names)
        structured = key in STRUCTURED
        if (named and (own if structured else own and by_people)) or (by_people and not own and not structured):
            return Found("author", names, None, f"{key}.unsigned", UNCERTAIN, Label.BYLINE)
        return None
    return None


def _agreed(hints: Hints, sites: frozenset[str]) -> Found | None:
    """The names that two declarations share, though no line has them; one alone may be of a template."""
    declared = [dict.fromkeys(name for value in hints.structured.get(key, ()) for name in people(value)) for key in INDEPENDENT]
    times = Counter(likeness_key(name) for names in declared for name in names)
    shared = {likeness_key(name): name for names in declared for name in names if times[likeness_key(name)] > 1}
    kept = tuple(name for name in shared.values() if not is_site(name, sites))
    return Found("author", kept, None, "byline.agreed", UNCERTAIN, Label.BYLINE) if kept else None


def _introduced(segment: Segment, near: Sequence[Block], sites: frozenset[str]) -> Found | None:
    """The person whose name alone stands in a line near the title, and whom a paragraph then introduces: "Ada Quince is …"."""
    lines = (fold(block.text).strip(" ,.:|·•–-") for block in near if len(block.text) <= MAX_LINE and not is_others(block.node))
    names = dict.fromkeys(
        line for line in lines if is_person(line) and not _HAS_CAPITALS.search(line) and not is_site(line, sites)
    )
    for name in names:
        opening = re.compile(rf"{re.escape(name)},? (?:{_INTRODUCES})\b")
        if any(len(block.text) > len(name) + MIN_BIO and opening.match(block.text) for block in segment.blocks):
            return Found("author", (name,), None, "byline.introduced", UNCERTAIN, Label.BYLINE)
    return None


def _keys(found: Found) -> set[str]:
    return {likeness_key(name) for name in found.value} if isinstance(found.value, tuple) else set()


def _declared(
    keys: tuple[str, ...], segment: Segment, near: Sequence[Block], hints: Hints, sites: frozenset[str]
) -> Found | None:
    for key in keys:
        names = dict.fromkeys(name for value in hints.structured.get(key, ()) for name in people(value))
        kept = tuple(name for name in names if _credible(name, segment, near, sites))
        if kept:
            return Found("author", kept, None, key, DECLARED, Label.BYLINE)
    return None


def _credible(name: str, segment: Segment, near: Sequence[Block], sites: frozenset[str]) -> bool:
    """Whether a declared name is an author: a person other than the site whom a line names, or signed near the title."""
    if is_person(name) and not is_site(name, sites) and _is_named(segment, name):
        return True
    return likeness_key(name) not in sites and any(_signs(block, name) for block in near)


def _signs(block: Block, name: str) -> bool:
    """Whether a short line of text, not all of it a heading, has the name as whole words."""
    if len(block.text) > MAX_LINE or block.kind in HEADINGS:
        return False
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", block.text) is not None


def _is_named(segment: Segment, name: str) -> bool:
    key = likeness_key(name)
    return any(len(block.text) <= MAX_LINE and key in likeness_key(block.text) for block in segment.blocks)


def _by_class(near: Sequence[Block], sites: frozenset[str]) -> Found | None:
    """The names of the first line near the title whose element is called a byline, and of the lines that go on with it."""
    names: list[str] = []
    for block in near:
        if is_prose(block.text) and names:
            break
        if len(block.text) > MAX_LINE or not _is_byline(block.node) or is_others(block.node):
            if names:
                break
            continue
        here = [name for name in signers(block.text) if not is_site(name, sites)]
        if names and not all(is_person(name) for name in here):
            break
        if here and (all(is_person(name) for name in here) or (signs(block.text) and len(here) == 1)):
            names.extend(here)
    return Found("author", tuple(dict.fromkeys(names)), None, "byline.class", BY_CLASS, Label.BYLINE) if names else None


def _is_byline(node: Node | None) -> bool:
    for _ in range(LEVELS):
        if node is None or node.tag in WIDE:
            return False
        if not node.tokens.isdisjoint(NAMED):
            return True
        node = node.parent
    return False


def _by_place(near: Sequence[Block], below: int, sites: frozenset[str]) -> Found | None:
    """The names in the line below a lone "By" or beside the date in its line; in plain text also in the lines next to the date's.

    `below` is where in `near` the lines below the title begin; above it stand menus.
    """
    dated = {index for index, block in enumerate(near) if len(block.text) <= MAX_LINE and has_date(block.text)}
    for index, block in enumerate(near):
        if len(block.text) > MAX_LINE or block.kind in HEADINGS or is_others(block.node) or _is_labelled(block):
            continue
        led = index > 0 and leads(near[index - 1].text)
        beside = block.kind == "line" and index >= below and bool(dated & {index - 1, index + 1})
        if not led and not beside and index not in dated:
            continue
        if block.kind != "line" and _labels(block.text) and not led:
            continue
        names = people(without_date(block.text) if index in dated else block.text)
        if block.kind != "line" and any(name.isupper() and name.isascii() for name in names):
            continue  # a label beside the date
        if not names or any(is_site(name, sites) for name in names):
            continue
        if all(is_person(name) for name in names) and (led or index in dated or _only(names, block.text)):
            return Found("author", names, None, "byline.place", BY_PLACE, Label.BYLINE)
    return None


def _labels(text: str) -> bool:
    """Whether a line begins with a date and goes on without a sign or "by" between: with a category, as often as with a name."""
    date = DATE_IN_LINE.match(text)
    rest = text[date.end() :].strip() if date is not None else ""
    return rest[:1].isalpha() and not signs(rest)


def _is_labelled(block: Block) -> bool:
    """Whether the element is one of categories or labels, which look like names."""
    return block.node is not None and not block.node.tokens.isdisjoint(CATEGORIES)


def _only(names: tuple[str, ...], text: str) -> bool:
    """Whether a line says these names and hardly anything else, in the capitals of names."""
    return sum(map(len, names)) >= NAMES_SHARE * len(text) and not text.isupper()
