"""Lines of separator characters: they part articles only where what stands around them agrees.

Inside articles they are scene breaks, or rules above a source line or the references (then what precedes is not finished).
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.marks import Marks, proposed, resolve
from pipeline.model import Label, Page
from pipeline.split.splitter import Cut, Splitter
from pipeline.surface import could_be_title, is_prose

CONFIRMED = 0.85
# A file whose separators all stand between a finished text and a title is a delimited file.
UNCONFIRMED = 0.3
# A plain file with so many confirmed separators and no other, and at most so many blocks, is taken for delimited.
DELIMITED, SHORT = 2, 30


def cuts(page: Page, marks: Marks) -> Iterator[Cut]:
    """A cut at the first block behind each separator that is confirmed.

    In plain text only where all are, of two or more in a short file, in which `prose` finds too little to go by; it weighs
    separators with all else in longer ones.
    """
    if not page.blocks or not proposed(marks, Label.SEPARATOR):
        return
    labels = [resolve(each).label for each in marks]
    found: list[Cut] = []
    for index in range(1, len(labels) - 1):
        if labels[index] is not Label.SEPARATOR or labels[index + 1] is Label.SEPARATOR:
            continue
        before = index - 1
        while before > 0 and labels[before] is Label.SEPARATOR:
            before -= 1
        confidence = CONFIRMED if _confirmed(page, labels, before, index + 1) else UNCONFIRMED
        found.append(Cut(index + 1, "separator", confidence))
    delimited = len(found) >= DELIMITED and all(cut.confidence == CONFIRMED for cut in found)
    if page.blocks[0].kind != "line" or (delimited and len(page.blocks) <= SHORT):
        yield from found


def _confirmed(page: Page, labels: list[Label], before: int, after: int) -> bool:
    blocks = page.blocks
    if labels[after] in (Label.BYLINE, Label.REFERENCE) or before < 0:
        return False
    starts = labels[after] in (Label.TITLE, Label.DATELINE) or _title_then_prose(page, labels, after)
    closed = labels[before] in (Label.BYLINE, Label.REFERENCE, Label.BOILERPLATE)
    return (starts and (closed or is_prose(blocks[before].text))) or (closed and is_prose(blocks[after].text))


def _title_then_prose(page: Page, labels: list[Label], index: int) -> bool:
    """A short line, then (a byline or dateline, then) prose."""
    text = page.blocks[index].text
    if is_prose(text) or not could_be_title(text):
        return False
    later = index + 1
    while later < len(labels) and later < index + 4 and labels[later] in (Label.BYLINE, Label.DATELINE):
        later += 1
    return later < len(labels) and is_prose(page.blocks[later].text)


SPLITTER = Splitter("separators", cuts)
