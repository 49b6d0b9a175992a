"""Bylines, source lines and datelines by their place: grammar alone is not enough, a heading may look like "Name, Publisher".

A byline stands at the head (just before the first prose of an article, after its title) or at the tail (just after its last prose
or references). Elsewhere an uncertain line is text.
"""

from __future__ import annotations

from pipeline.marks import CERTAIN, LIKELY, Marks, resolve
from pipeline.model import Label, Mark, Page
from pipeline.surface import could_be_title, is_prose

GRAMMAR = frozenset((Label.BYLINE, Label.DATELINE))
# What may stand between the line in question and the prose, and says nothing about it.
_FURNITURE = frozenset((Label.SEPARATOR, Label.BOILERPLATE, Label.CAPTION, Label.BYLINE, Label.DATELINE))
IN_PLACE = 0.75
OUT_OF_PLACE = 0.3
MAX_LOOK = 6
# "Right Web": a name of a publisher that only its place gives away.
MAX_SOURCE_WORDS = 4
SOURCE_CONFIDENCE = 0.7


def label(page: Page, marks: Marks) -> Marks:
    """`marks` with uncertain grammar marks raised in place and lowered elsewhere, and closing source lines added."""
    resolved = [resolve(each) for each in marks]
    settled: list[tuple[Mark, ...]] = []
    for index, each in enumerate(marks):
        if any(_is_uncertain(mark) for mark in each):
            confidence = IN_PLACE if _fits(page, resolved, index) else OUT_OF_PLACE
            settled.append(tuple(mark._replace(confidence=confidence) if _is_uncertain(mark) else mark for mark in each))
        elif _closes_references(page, resolved, index):
            settled.append((*each, Mark(Label.BYLINE, "byline.source-after-references", SOURCE_CONFIDENCE)))
        else:
            settled.append(each)
    return tuple(settled)


def _is_uncertain(mark: Mark) -> bool:
    return mark.label in GRAMMAR and mark.confidence < CERTAIN


def _fits(page: Page, resolved: list[Mark], index: int) -> bool:
    """At the head: after a title or nothing, before prose. At the tail: after prose or references, before no short line."""
    before = _neighbour(page, resolved, index, -1)
    after = _neighbour(page, resolved, index, +1)
    prose_after = after is not None and is_prose(page.blocks[after].text)
    if before is None or resolved[before].label in (Label.TITLE, Label.HEADING):
        return prose_after
    if not is_prose(page.blocks[before].text) and resolved[before].label is not Label.REFERENCE:
        return before == 0 and prose_after
    if after is None or prose_after or resolved[after].label in (Label.REFERENCE, Label.TITLE):
        return True
    return could_be_title(page.blocks[after].text) and resolved[before].label is Label.REFERENCE


def _neighbour(page: Page, resolved: list[Mark], index: int, step: int) -> int | None:
    """The next block that is text, furniture aside."""
    for look in range(1, MAX_LOOK + 1):
        other = index + step * look
        if not 0 <= other < len(page.blocks):
            return None
        if resolved[other].label not in _FURNITURE or resolved[other].confidence < LIKELY:
            return other
    return None


def _closes_references(page: Page, resolved: list[Mark], index: int) -> bool:
    """A few words between the end of the references (or a rule below them) and prose: who published what stands above."""
    text = page.blocks[index].text
    if not index or resolved[index].label is not Label.BODY or text.count(" ") >= MAX_SOURCE_WORDS or not could_be_title(text):
        return False
    if text.endswith(("?", "!")) or not text[:1].isupper():
        return False
    above = resolved[index - 1].label
    if above is Label.SEPARATOR and index > 1:
        above = resolved[index - 2].label
    if above is not Label.REFERENCE:
        return False
    return index + 1 == len(page.blocks) or is_prose(page.blocks[index + 1].text)
