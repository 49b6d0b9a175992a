"""Marks from what a structured page's own markup says of a block: caption, heading, teaser, repetition.

What is article and what is chrome is for the learned score to say; here stands only what is certain without it.
"""

from __future__ import annotations

from collections import Counter

from pipeline.marks import CERTAIN, Marks
from pipeline.model import Block, Label, Mark, Node, Page
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


def label(page: Page, marks: Marks) -> Marks:
    """`marks` with one proposal added for each block whose element says what it is; of plain text only what a container says."""
    if not any(block.node for block in page.blocks):
        return _margins(page, marks)
    times = Counter(block.text for block in page.blocks if len(block.text) >= REPEATED_CHARS)
    extras = _extras(page)
    proposals = [extra or _mark(block, times) for block, extra in zip(page.blocks, extras, strict=True)]
    lone = _lone_links(page)
    if len(lone) == 1 and proposals[lone[0]] is None:
        proposals[lone[0]] = Mark(Label.BOILERPLATE, "place.lone-link", CERTAIN)
    return tuple((*each, mark) if mark else each for each, mark in zip(marks, proposals, strict=True))


def _margins(page: Page, marks: Marks) -> Marks:
    """`marks` with the headers and footers of a container's pages, which stand behind all else."""
    for margin in page.hints.structured.get("container.margin", ()):
        furniture = Mark(Label.BOILERPLATE, "place.margin", 0.95)
        return tuple(
            (*each, furniture) if block.start >= int(margin) else each for each, block in zip(marks, page.blocks, strict=True)
        )
    return marks


def _mark(block: Block, times: Counter[str]) -> Mark | None:
    if block.kind in CAPTIONS:
        return Mark(Label.CAPTION, "place.caption", 0.95)
    if times[block.text] >= REPEATED_TIMES:
        return Mark(Label.BOILERPLATE, "place.repeated", 0.9)
    if block.kind in HEADINGS:
        return Mark(Label.HEADING, "place.heading", 0.55)
    if _is_capital_link(block):
        return Mark(Label.BOILERPLATE, "place.capital-link", 0.9)
    return None


def _extras(page: Page) -> list[Mark | None]:
    """A mark for each block that is hidden, or that stands among readers' comments, if those are extras on this page.

    Where they outweigh the rest they are the page: an article that waits for a click, a forum.
    """
    hidden = [block.node is not None and block.node.hidden for block in page.blocks]
    known: dict[int, bool] = {}
    comment = [_is_comment(block.node, known) for block in page.blocks]
    found: list[Mark | None] = [None] * len(page.blocks)
    for flags, most, rule in ((hidden, MAX_HIDDEN, "place.hidden"), (comment, MAX_COMMENTS, "place.comments")):
        extra = sum(len(block.text) for block, flag in zip(page.blocks, flags, strict=True) if flag)
        rest = sum(len(block.text) for block, flag in zip(page.blocks, flags, strict=True) if not flag and is_prose(block.text))
        if extra < most * rest:
            found = [Mark(Label.BOILERPLATE, rule, 0.9) if flag else mark for flag, mark in zip(flags, found, strict=True)]
    return found


def _is_comment(node: Node | None, known: dict[int, bool]) -> bool:
    """Whether an element around it is named so; `known` remembers elements by their ordinals, so each is looked at once."""
    unknown: list[int] = []
    found = False
    while node is not None and not found:
        if node.ordinal in known:
            found = known[node.ordinal]
            break
        unknown.append(node.ordinal)
        found = not node.tokens.isdisjoint(COMMENTS)
        node = node.parent
    known.update(dict.fromkeys(unknown, found))
    return found


def _lone_links(page: Page) -> list[int]:
    """The paragraphs that are one link like a headline, each between two paragraphs of prose, captions aside."""
    read = [at for at, block in enumerate(page.blocks) if block.kind not in CAPTIONS]
    prose = [is_prose(block.text) and block.links < len(block.text) for block in page.blocks]
    return [
        at
        for before, at, after in zip(read, read[1:], read[2:], strict=False)
        if prose[before] and prose[after] and _is_headline_link(page.blocks[at])
    ]


def _is_headline_link(block: Block) -> bool:
    text = block.text
    if block.links < len(text) or block.kind in _STRUCTURED or text.count(" ") < LONE_SPACES:
        return False
    return could_be_title(text) and not ends_sentence(text)


def _is_capital_link(block: Block) -> bool:
    text = block.text
    return block.links >= len(text) >= CAPITALS_CHARS and text.isupper() and " " in text and not ends_sentence(text)
