"""Marks from what a structured page's own markup says of a block: caption, heading, teaser, repetition.

What is article and what is chrome is for the learned score to say; here stands only what is certain without it.
"""

from __future__ import annotations

import sys
from collections import Counter

from pipeline.marks import CERTAIN, Marks
from pipeline.model import Block, Label, Mark, Page
from pipeline.surface import could_be_title, ends_sentence, is_prose

HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
CAPTIONS = frozenset(("figcaption", "caption"))
# A line that is one link, all in capitals and no sentence announces another article; shorter ones may be names or buttons.
CAPITALS_CHARS = 20
# A paragraph that is one link, between two of prose, is a teaser if it is the only one: several are what the article lists. On
# 1,415 pages 34 of 39 such lines were no text, and 36 of 68 where a page had more. A headline has more spaces than a name.
LONE_SPACES = 3
_STRUCTURED = frozenset(("li", "td", "th", "dt", "dd", *HEADINGS, *CAPTIONS))
# Nobody writes the same paragraph three times on one page: galleries and widgets do. Shorter ones may be refrains or table cells.
REPEATED_CHARS = 60
REPEATED_TIMES = 3
# Hidden characters for each character of shown prose.
MAX_HIDDEN = 0.2
# What content systems call the place of readers' comments, and how much of it there may be for each character of other prose.
COMMENTS = frozenset(("comments", "commentlist", "disqus", "respond", "kommentare", "comentarios", "commentaires"))
MAX_COMMENTS = 1.0
# What asks for consent to cookies calls itself so, and may be longer than the article. On 112 of 1,341 pages 804 blocks stood in
# such elements, and none was article.
CONSENT = frozenset(("consent", "cookieconsent", "cookiebot", "didomi", "onetrust", "usercentrics"))
WHOLE = frozenset(("html", "body"))
_CAPTION = Mark(Label.CAPTION, "place.caption", 0.95)
_REPEATED = Mark(Label.BOILERPLATE, "place.repeated", 0.9)
_HEADING = Mark(Label.HEADING, "place.heading", 0.55)
_CAPITAL_LINK = Mark(Label.BOILERPLATE, "place.capital-link", 0.9)


def label(page: Page, marks: Marks) -> Marks:
    """`marks` with one proposal added for each block whose element says what it is; of plain text only what a container says."""
    if not any(block.node for block in page.blocks):
        return _margins(page, marks)
    times = Counter([block.text for block in page.blocks if len(block.text) >= REPEATED_CHARS])
    repeated = {text for text, count in times.items() if count >= REPEATED_TIMES}
    extras = _extras(page)
    settled = []
    lone = _lone_links(page)
    for place, (block, each) in enumerate(zip(page.blocks, marks, strict=True)):
        mark = extras.get(place) or _mark(block, repeated)
        if mark is None and lone == [place]:
            mark = Mark(Label.BOILERPLATE, "place.lone-link", CERTAIN)
        settled.append((*each, mark) if mark else each)
    return tuple(settled)


def _margins(page: Page, marks: Marks) -> Marks:
    """`marks` with the headers and footers of a container's pages, which stand behind all else."""
    for margin in page.hints.structured.get("container.margin", ()):
        furniture = Mark(Label.BOILERPLATE, "place.margin", 0.95)
        return tuple(
            (*each, furniture) if block.start >= int(margin) else each for each, block in zip(marks, page.blocks, strict=True)
        )
    return marks


def _mark(block: Block, repeated: set[str]) -> Mark | None:
    if block.kind in CAPTIONS:
        return _CAPTION
    if block.text in repeated:
        return _REPEATED
    if block.kind in HEADINGS:
        return _HEADING
    return _CAPITAL_LINK if _is_capital_link(block) else None


def _extras(page: Page) -> dict[int, Mark]:
    """A mark for each block that is hidden, or that stands among readers' comments, if those are extras on this page.

    Where they outweigh the rest they are the page: an article that waits for a click, a forum. A request for consent may outweigh
    it, but what holds the page's own headline is none.
    """
    hidden = {place for place, block in enumerate(page.blocks) if block.node is not None and block.node.hidden}
    consent = _inside(page, CONSENT)
    if any(page.blocks[place].kind == "h1" for place in consent):
        consent = set()
    found: dict[int, Mark] = {}
    for places, most, rule in (
        (hidden, MAX_HIDDEN, "place.hidden"),
        (_inside(page, COMMENTS), MAX_COMMENTS, "place.comments"),
        (consent, sys.maxsize, "place.consent"),
    ):
        if not places:
            continue
        extra = sum(len(page.blocks[place].text) for place in places)
        texts = (block.text for place, block in enumerate(page.blocks) if place not in places)
        if extra < most * sum(len(text) for text in texts if is_prose(text)):
            found.update(dict.fromkeys(places, Mark(Label.BOILERPLATE, rule, 0.9)))
    return found


def _inside(page: Page, names: frozenset[str]) -> set[int]:
    """The blocks that stand in an element, the whole page aside, of one of these names (its class, id, role or itemprop)."""
    known: dict[int, bool] = {}
    found = set()
    for place, block in enumerate(page.blocks):
        node = block.node
        passed = []
        inside = False
        while node is not None:
            seen = known.get(node.ordinal)
            if seen is not None:
                inside = seen
                break
            passed.append(node.ordinal)
            if not node.tokens.isdisjoint(names) and node.tag not in WHOLE:
                inside = True
                break
            node = node.parent
        for ordinal in passed:
            known[ordinal] = inside
        if inside:
            found.add(place)
    return found


def _lone_links(page: Page) -> list[int]:
    """The paragraphs that are one link like a headline, each between two paragraphs of prose, captions aside."""
    read = [at for at, block in enumerate(page.blocks) if block.kind not in CAPTIONS]
    blocks = page.blocks
    return [
        at
        for before, at, after in zip(read, read[1:], read[2:], strict=False)
        if _is_headline_link(blocks[at]) and _is_unlinked_prose(blocks[before]) and _is_unlinked_prose(blocks[after])
    ]


def _is_unlinked_prose(block: Block) -> bool:
    return block.links < len(block.text) and is_prose(block.text)


def _is_headline_link(block: Block) -> bool:
    text = block.text
    if block.links < len(text) or block.kind in _STRUCTURED or text.count(" ") < LONE_SPACES:
        return False
    return could_be_title(text) and not ends_sentence(text)


def _is_capital_link(block: Block) -> bool:
    text = block.text
    return block.links >= len(text) >= CAPITALS_CHARS and text.isupper() and " " in text and not ends_sentence(text)
