"""Heads that come again: a file that opens with a title and a byline and has more of them below is several articles.

The learned score of `prose` wants words that part; three short reports of one town share theirs. Here the form decides, and only
where it is plain: the same kinds of lines as at the file's own beginning, whole paragraphs above and below, every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.marks import Marks, resolve
from pipeline.model import Block, Label, Page
from pipeline.split.splitter import Cut, Splitter
from pipeline.surface import could_be_title, ends_sentence, is_prose

RULE = "heads"
CONFIDENCE = 0.9
# Lines of a head: the title, and below it at most so many of the others.
MOST_BELOW = 3
# Paragraphs that each article has at least: what a teaser list shows of an article is one.
PARAGRAPHS = 2
_BELOW = frozenset((Label.BYLINE, Label.DATELINE))
_CLOSING = frozenset((Label.BYLINE, Label.REFERENCE, Label.BOILERPLATE, Label.SEPARATOR))


def cuts(page: Page, marks: Marks) -> Iterator[Cut]:
    """A cut at each head but the first, of plain text whose first lines are a head; none where an article is too short."""
    blocks = page.blocks
    if not blocks or blocks[0].kind != "line":
        return
    labels = [resolve(each).label for each in marks]
    form = _head(blocks, labels, 0)
    if not form:
        return
    starts = [0, *(at for at in range(1, len(blocks)) if _begins(blocks, labels, at, form))]
    prose = [is_prose(block.text) for block in blocks] if len(starts) > 1 else []
    stops = [*starts[1:], len(blocks)]
    if all(sum(prose[start:stop]) >= PARAGRAPHS for start, stop in zip(starts, stops, strict=True)):
        yield from (Cut(at, RULE, CONFIDENCE) for at in starts[1:])


def _begins(blocks: Sequence[Block], labels: Sequence[Label], at: int, form: tuple[Label, ...]) -> bool:
    """Whether a head of this form stands here, below something that has ended."""
    if at + 1 >= len(labels) or labels[at + 1] not in _BELOW or _head(blocks, labels, at) != form:
        return False
    above = blocks[at - 1].text
    return labels[at - 1] in _CLOSING or (is_prose(above) and ends_sentence(above))


def _head(blocks: Sequence[Block], labels: Sequence[Label], at: int) -> tuple[Label, ...]:
    """The kinds of the lines below a title, a byline among them, with a paragraph below; nothing where there is no such head."""
    text = blocks[at].text
    if labels[at] in _BELOW or is_prose(text) or not could_be_title(text):
        return ()
    end = at + 1
    while end < len(labels) and end <= at + MOST_BELOW and labels[end] in _BELOW:
        end += 1
    form = tuple(labels[at + 1 : end])
    return form if Label.BYLINE in form and end < len(blocks) and is_prose(blocks[end].text) else ()


SPLITTER = Splitter(RULE, cuts)
