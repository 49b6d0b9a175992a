"""What grammar alone cannot say, by the place of a line: bylines, source lines, datelines, lone menu words, teasers.

A byline stands at the head (just before the first prose of an article, after its title) or at the tail (just after its last prose
or references). Elsewhere an uncertain line is text: a heading may look like "Name, Publisher", a chronicle is full of dates.
"""

from __future__ import annotations

from pipeline.marks import CERTAIN, LIKELY, Marks, group, resolve
from pipeline.model import Label, Mark, Page
from pipeline.surface import could_be_title, is_prose, words

GRAMMAR = frozenset((Label.BYLINE, Label.DATELINE))
_BY_WORDS = ("byline.", "dateline.", "boilerplate.")
# What may stand between the line in question and the prose, and says nothing about it.
_FURNITURE = frozenset((Label.SEPARATOR, Label.BOILERPLATE, Label.CAPTION, Label.BYLINE, Label.DATELINE, Label.SECTION))
IN_PLACE = 0.75
OUT_OF_PLACE = 0.3
MAX_LOOK = 6
# "Right Web": a name of a publisher that only its place gives away.
MAX_SOURCE_WORDS = 4
SOURCE_CONFIDENCE = 0.7
# Below a heading such as "You may also like", short lines up to the next prose, separator or end are the titles it announces.
TEASERS = "boilerplate.related"
TEASER_CONFIDENCE = 0.8
MAX_TEASERS = 30
CELLS = frozenset(("td", "th"))
# A paragraph that begins so goes on about somebody just named.
_PRONOUNS = frozenset("he she er sie il elle él ella egli lei ele ela hij zij он она او هو هي 他 她 彼 彼女".split())  # noqa: SIM905


def label(page: Page, marks: Marks) -> Marks:
    """`marks` with uncertain marks raised in place and lowered elsewhere, closing source lines and teasers added."""
    resolved = [resolve(each) for each in marks]
    teasers = _teasers(page, marks, resolved)
    unsure = {
        index for index, each in enumerate(marks) for mark in each if mark.rule.startswith(_BY_WORDS) and _is_uncertain(mark)
    }
    settled: list[tuple[Mark, ...]] = []
    for index, each in enumerate(marks):
        if index in unsure:
            settled.append(tuple(_settle(page, resolved, index, mark) if _is_uncertain(mark) else mark for mark in each))
        elif index in teasers:
            settled.append((*each, Mark(Label.BOILERPLATE, "boilerplate.related-teaser", TEASER_CONFIDENCE)))
        elif _closes_references(page, resolved, index):
            settled.append((*each, Mark(Label.BYLINE, "byline.source-after-references", SOURCE_CONFIDENCE)))
        else:
            settled.append(each)
    return tuple(settled)


def _is_uncertain(mark: Mark) -> bool:
    """Marks by their words alone that are not certain; what a page's own structure says is judged elsewhere."""
    return mark.confidence < CERTAIN and not mark.inline and mark.rule.startswith(_BY_WORDS)


def _settle(page: Page, resolved: list[Mark], index: int, mark: Mark) -> Mark:
    if mark.label in GRAMMAR:
        return mark._replace(confidence=IN_PLACE if _fits(page, resolved, index, mark) else OUT_OF_PLACE)
    if mark.label is Label.BOILERPLATE and _heads(page, resolved, index):
        return mark._replace(confidence=OUT_OF_PLACE)
    return mark


def _fits(page: Page, resolved: list[Mark], index: int, mark: Mark) -> bool:
    """At the head: after a title or nothing, before prose. At the tail: below prose or references, above an end or a start."""
    before = _neighbour(page, resolved, index, -1)
    after = _neighbour(page, resolved, index, +1)
    prose_after = after is not None and is_prose(page.blocks[after].text)
    if before is None or resolved[before].label in (Label.TITLE, Label.HEADING):
        return prose_after
    closes = is_prose(page.blocks[before].text) or resolved[before].label is Label.REFERENCE
    if not closes:
        return before == 0 and prose_after
    if after is None or resolved[after].label in (Label.REFERENCE, Label.TITLE):
        return True
    if mark.label is Label.DATELINE:
        return False  # between two paragraphs it heads an entry of a chronicle
    if prose_after:
        return not _names_its_subject(page, index, after, mark)
    return _title_then_prose(page, after)


def _names_its_subject(page: Page, index: int, after: int, mark: Mark) -> bool:
    """Whether the prose below goes on about the person: then the line heads it ("Martha Pelly, Orchard Keeper. She was …")."""
    author = group(page.blocks[index], mark, "author")
    if author is None:
        return False
    opening = words(page.blocks[after].text)[:40]
    return words(author)[-1] in opening or bool(_PRONOUNS & set(opening[:3]))


def _title_then_prose(page: Page, index: int) -> bool:
    """A short line that could be a title, and prose at most three lines below it."""
    return could_be_title(page.blocks[index].text) and any(is_prose(block.text) for block in page.blocks[index + 1 : index + 4])


def _heads(page: Page, resolved: list[Mark], index: int) -> bool:
    """Whether a lone menu word heads something: a section between two paragraphs of plain text, a column of a table."""
    if page.blocks[index].kind in CELLS:
        return True
    if page.blocks[index].kind != "line" or not 0 < index < len(page.blocks) - 1:
        return False
    around = (index - 1, index + 1)
    return all(is_prose(page.blocks[i].text) and resolved[i].label is Label.BODY for i in around)


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
    if not index or resolved[index].label is not Label.BODY:
        return False
    above = resolved[index - 1].label
    if above is Label.SEPARATOR and index > 1:
        above = resolved[index - 2].label
    if above is not Label.REFERENCE:
        return False
    text = page.blocks[index].text
    if text.count(" ") >= MAX_SOURCE_WORDS or not could_be_title(text):
        return False
    if text.endswith(("?", "!")) or not text[:1].isupper():
        return False
    return index + 1 == len(page.blocks) or is_prose(page.blocks[index + 1].text)


def _teasers(page: Page, marks: Marks, resolved: list[Mark]) -> set[int]:
    """The short lines below a heading of related links in plain text, if nothing but furniture follows them."""
    found: set[int] = set()
    for index, each in enumerate(marks):
        if not each or page.blocks[index].kind != "line" or not any(mark.rule.startswith(TEASERS) for mark in each):
            continue
        below: list[int] = []
        for later in range(index + 1, min(len(page.blocks), index + 1 + MAX_TEASERS)):
            if resolved[later].label is not Label.BODY or is_prose(page.blocks[later].text):
                break
            below.append(later)
        end = index + 1 + len(below)
        if end == len(page.blocks) or resolved[end].label is Label.BOILERPLATE:
            found.update(below)
    return found
