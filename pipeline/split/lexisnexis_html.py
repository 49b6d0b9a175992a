"""LexisNexis as HTML: the lines of its text exports, each a paragraph: "3 of 500 DOCUMENTS", publication, date, headline, labels.

The classes (c0 … c9) are numbered anew in each file, so nothing hangs on them. Source: the layout as tm.plugin.lexisnexis has it.
"""

from __future__ import annotations

import re
from itertools import pairwise

from pipeline.marks import Marks
from pipeline.model import Page
from pipeline.split.export import Builder, Export, Format
from pipeline.split.labels import interface, labelled, state
from pipeline.split.lines import SNIFF_BLOCKS, SNIFF_CHARS, date_in, declared, is_dated, is_rights
from pipeline.surface import is_prose

NAME = "lexisnexis-html"
_NUMBERED = re.compile(
    r"(?i)(?:(?:doc|dok)\w{0,12}\.? )?(\d{1,6}) (?:of|von|de|van|di|sur|/) (\d{1,6})(?: (?:doc|dok)\w{0,12})?", re.IGNORECASE
)
_DOCUMENT = re.compile(r"(?i)\b(?:doc|dok)")
NUMBER_CHARS = 60
# Fields of labels that stand below the text; the others stand above it.
_TAIL = frozenset(("updated", "language", "type", "rights", "graphic", "keywords", "url", "other", "abstract"))
# Lines above the labels: publication, date, edition, headline, copyright.
MAX_HEAD = 12


def recognise(page: Page) -> float:
    """A page with numbered lines that rise and agree on the total, and labels in capitals."""
    if not page.blocks or page.blocks[0].node is None:
        return 0.0
    texts = [block.text for block in page.blocks[:SNIFF_BLOCKS] if len(block.text) < SNIFF_CHARS]
    numbers = [number for text in texts if (number := _number(text)) is not None]
    if not numbers or len({total for _, total in numbers}) > 1 or any(one >= other for (one, _), (other, _) in pairwise(numbers)):
        return 0.0
    labels = sum(_is_label(text) for text in texts)
    return 0.95 if labels > len(numbers) and numbers[0][0] <= numbers[0][1] else 0.3 if labels else 0.0


def read(page: Page, marks: Marks) -> Export | None:
    """The articles below their numbers; what stands above the first is the cover."""
    builder = Builder(NAME, page.blocks, marks, interface(block.text for block in page.blocks if _is_label(block.text)))
    numbered = [(at, number) for at, block in enumerate(page.blocks) if (number := _number(block.text)) is not None]
    stops = [at for at, _ in numbered[1:]] + [len(page.blocks)]
    for (start, _), stop in zip(numbered, stops, strict=True):
        builder.part(start, "number")
        builder.drop(start, "number")
        _article(builder, start + 1, stop)
    builder.declared = declared([number for _, number in numbered])
    return builder.done()


def _number(text: str) -> tuple[int, int] | None:
    match = _NUMBERED.fullmatch(text) if len(text) < NUMBER_CHARS and _DOCUMENT.search(text) else None
    return (int(match[1]), int(match[2])) if match else None


def _is_label(text: str) -> bool:
    """A known label in capitals, as LexisNexis prints them."""
    return text.partition(":")[0].isupper() and labelled(text) is not None


def _article(builder: Builder, start: int, stop: int) -> None:
    """Head, labels, text, labels again: what is no line of the provider's is text."""
    blocks = builder.blocks
    head = range(start, min(stop, start + MAX_HEAD))
    labels = next((at for at in head if _is_label(blocks[at].text) or is_prose(blocks[at].text)), head.stop)
    _masthead(builder, start, labels)
    tail = stop
    while tail > labels and _is_below(builder, tail - 1):
        tail -= 1
    at = labels
    while at < tail and (_is_label(blocks[at].text) or (at > labels and _goes_on(builder, at))):
        line = labelled(blocks[at].text, builder.language)
        if line is not None and line.field in {"highlight", "body"} and line.value:
            builder.strip(at, line.at, line.field)
        else:
            state(builder, at, "continued", _is_label)
        at += 1
    for at in range(tail, stop):
        state(builder, at, "copyright", _is_label)


def _is_below(builder: Builder, at: int) -> bool:
    """A label of those below the text, a copyright, or the second line of one."""
    text = builder.blocks[at].text
    line = labelled(text, builder.language) if _is_label(text) else None
    return is_rights(text) or (line is not None and line.field in _TAIL) or (_goes_on(builder, at) and _is_below(builder, at - 1))


def _goes_on(builder: Builder, at: int) -> bool:
    """A short line behind a single line break, below a label or a copyright."""
    block, above = builder.blocks[at], builder.blocks[at - 1].text
    return block.gap == 0 and not is_prose(block.text) and (_is_label(above) or is_rights(above))


def _masthead(builder: Builder, start: int, stop: int) -> None:
    """Publication, date, edition and headline."""
    blocks = builder.blocks
    lines = [at for at in range(start, stop) if not is_rights(blocks[at].text)]
    day = next((at for at in lines if is_dated(blocks[at].text)), None)
    below = [at for at in lines if day is None or (at > day and blocks[at].gap)]
    if day is None:
        below = below[1:]
    for at in range(start, stop):
        if at == day:
            builder.state(at, "date_published", date_in(blocks[at].text))
        elif at == lines[0]:
            builder.state(at, "publisher")
        elif at in below:
            builder.state(at, "headline", "" if builder.has("headline") else None)
        else:
            builder.drop(at, "edition" if at in lines else "copyright")


FORMAT = Format(NAME, recognise, read)
