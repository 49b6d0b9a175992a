"""Marks from what a structured page's own markup says of a block: caption, heading, teaser, repetition.

What is article and what is chrome is for the learned score to say; here stands only what is certain without it.
"""

from __future__ import annotations

from collections import Counter

from pipeline.marks import Marks
from pipeline.model import Block, Label, Mark, Node, Page
from pipeline.surface import ends_sentence, is_prose

HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
CAPTIONS = frozenset(("figcaption", "caption"))
# A line that is one link, all in capitals and no sentence announces another article; shorter ones may be names or buttons.
CAPITALS_CHARS = 20
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
    comment = [_is_comment(block.node) for block in page.blocks]
    found: list[Mark | None] = [None] * len(page.blocks)
    for flags, most, rule in ((hidden, MAX_HIDDEN, "place.hidden"), (comment, MAX_COMMENTS, "place.comments")):
        extra = sum(len(block.text) for block, flag in zip(page.blocks, flags, strict=True) if flag)
        rest = sum(len(block.text) for block, flag in zip(page.blocks, flags, strict=True) if not flag and is_prose(block.text))
        if extra < most * rest:
            found = [Mark(Label.BOILERPLATE, rule, 0.9) if flag else mark for flag, mark in zip(flags, found, strict=True)]
    return found


def _is_comment(node: Node | None) -> bool:
    while node is not None:
        if not node.tokens.isdisjoint(COMMENTS):
            return True
        node = node.parent
    return False


def _is_capital_link(block: Block) -> bool:
    text = block.text
    return block.links >= len(text) >= CAPITALS_CHARS and text.isupper() and " " in text and not ends_sentence(text)
