"""Undelimited text: an article begins where the one before visibly ended, or where a title with its byline or dateline stands.

A first version from marks alone; a boundary model over cohesion and surface cues is to join it. It leaves weak places uncut.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.marks import Marks, resolve
from pipeline.model import Label, Page
from pipeline.split.splitter import Cut, Splitter
from pipeline.surface import could_be_title, ends_sentence, is_prose

AFTER_CLOSING = 0.75
AT_TITLE = 0.75
# Labels that may stand between the end of one article and the start of the next and belong to the one before.
_TRAIL = frozenset((Label.BYLINE, Label.DATELINE, Label.SEPARATOR, Label.BOILERPLATE))
_BODY = frozenset((Label.BODY, Label.HEADING))


def cuts(page: Page, marks: Marks) -> Iterator[Cut]:
    """Cuts behind closing lines and before title lines, for plain text."""
    if not page.blocks or page.blocks[0].kind != "line":
        return
    labels = [resolve(each).label for each in marks]
    seen_prose = labels[0] in _BODY and is_prose(page.blocks[0].text)
    for index in range(1, len(labels)):
        text = page.blocks[index].text
        if seen_prose:
            cut = _cut(page, labels, index)
            if cut is not None:
                yield cut
        seen_prose = seen_prose or (labels[index] in _BODY and is_prose(text))


def _cut(page: Page, labels: list[Label], index: int) -> Cut | None:
    if labels[index] is Label.TITLE and _announces(labels, index) and _finished(page, labels, index):
        return Cut(index, "prose.title", AT_TITLE)
    begins = labels[index] in (Label.BODY, Label.TITLE) and _begins(page, labels, index)
    if begins and _closing_byline(page, labels, index):
        return Cut(index, "prose.closing-line", AFTER_CLOSING)
    return None


def _announces(labels: list[Label], index: int) -> bool:
    """A title line with a byline, a dateline or the article's first heading below it (label/titles proposed it for that)."""
    return index + 1 < len(labels) and labels[index + 1] in (Label.BYLINE, Label.DATELINE, Label.HEADING, Label.BODY)


def _finished(page: Page, labels: list[Label], index: int) -> bool:
    """The text above reads as ended: prose with a full stop, references, a closing line."""
    above = index - 1
    while above > 0 and labels[above] in _TRAIL:
        above -= 1
    if labels[above] is Label.REFERENCE:
        return True
    return labels[above] in _BODY and is_prose(page.blocks[above].text) and ends_sentence(page.blocks[above].text)


def _begins(page: Page, labels: list[Label], index: int) -> bool:
    """Prose, or a title-like line with prose below it."""
    if is_prose(page.blocks[index].text):
        return True
    later = index + 1
    while later < len(labels) and later <= index + 3 and labels[later] in (Label.BYLINE, Label.DATELINE):
        later += 1
    return could_be_title(page.blocks[index].text) and later < len(labels) and is_prose(page.blocks[later].text)


def _closing_byline(page: Page, labels: list[Label], index: int) -> bool:
    """The block just above is a byline or source line that stands below prose or references, so it closes what is above it."""
    above = index - 1
    if labels[above] is not Label.BYLINE:
        return False
    while above >= 0 and labels[above] in _TRAIL:
        above -= 1
    if above < 0:
        return False
    return labels[above] is Label.REFERENCE or (labels[above] in _BODY and is_prose(page.blocks[above].text))


SPLITTER = Splitter("prose", cuts)
