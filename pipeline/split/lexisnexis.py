"""LexisNexis as plain text: each article below its number, "3 of 500 DOCUMENTS", in the language of the interface.

    3 of 500 DOCUMENTS                    the number, of the result or of the file
    The Harbour Gazette (Bergen)          publication, then date, often centred; an edition, a copyright
    March 3, 2011 Thursday
    Cranes stay                           headline, at the margin
    BYLINE: Ingrid Solheim                labelled lines, any of which may be missing
    LENGTH: 250 words
    …                                     text
    LOAD-DATE: March 3, 2011              labelled lines again, and the copyright

Source: the layout as LexisNexisTools and tm.plugin.lexisnexis describe it. The number stands above all else of its
article, so nothing but it makes a cut.
"""

from __future__ import annotations

import re

from pipeline.marks import Marks
from pipeline.model import Block, Page
from pipeline.split.export import Builder, Export, Format
from pipeline.split.labels import interface, labelled, state
from pipeline.split.lines import SNIFF_CHARS, date_in, declared, indent, is_dated, is_rights, physical, runs_of, short
from pipeline.surface import is_prose

NAME = "lexisnexis"
_NUMBERED = re.compile(
    r"(?i)(?:(?:doc|dok|док)\w{0,12}\.? (\d[\d.,]{0,8}) (?:[^\W\d_]{1,4}|/) (\d[\d.,]{0,8})"
    r"|(\d[\d.,]{0,8}) (?:[^\W\d_]{1,4}|/) (\d[\d.,]{0,8}) (?:doc|dok|док)\w{0,12})"
)
# As in: Download Request, selected items, 1-3, 8.
_SELECTED = re.compile(r"[^:]{4,60}:(?:[^:]{4,60}:)? ?((?:\d+-\d+|\d+)(?:, ?(?:\d+-\d+|\d+))*)")
_END = re.compile(
    r"(?i)(?:-{2,} ?)?(?:end of request|ende der anfrage|fin de (?:la )?(?:demande|requête)|einde van het verzoek)(?: ?-{2,})?"
)
_REQUEST = re.compile(r"(?i)(?:download request|time of request|zeitpunkt der anfrage|date de la demande) ?:")
_COVER = re.compile(
    r"(?i)(?:time of request|download|print|job number|project id|send to|terms|source|client id|research information)"
)
# Fields of labels that stand below the text; the others stand above it.
_TAIL = frozenset(("updated", "language", "type", "rights", "graphic", "keywords", "url", "other", "abstract"))
# Lines above the labels: copyright, publication, date, editions, headline, and then some.
MAX_HEAD = 12
COVER_LINES = 30
MAX_LINES_OF_LABEL = 2
# Characters of a number's line, and of a line that goes on with the one above, at most.
NUMBER_CHARS, LINE_CHARS = 60, 80
# A centred line begins so many characters from the margin.
CENTRED = 6


def recognise(page: Page) -> float:
    """Numbered lines that rise and agree on the total, and another sign: labels in capitals, or a cover page."""
    lines = short(page.blocks)
    numbers = [number for _, text in lines for number in [_number(text)] if number]
    if not numbers or any(number > total for number, total in numbers):
        return 0.0
    if any(run[0][0] != 1 for run in runs_of(numbers)[1:]):  # not even files put one behind the other
        return 0.0
    labels = sum(_is_label(text) for _, text in lines)
    cover = sum(_COVER.match(text) is not None for _, text in lines[:COVER_LINES])
    signs = 0.3 + 0.3 * (labels > 0) + 0.2 * (labels > 2 * len(numbers)) + 0.2 * (cover > 1) + 0.1 * (len(numbers) > 1)
    return min(1.0, signs)


def read(page: Page, marks: Marks) -> Export | None:
    """The articles below their numbers; what stands above the first is the cover page, unless it is an article itself."""
    blocks, marks = physical(page, marks, lambda text: _number(text) is not None or _is_label(text))
    texts = [block.text for block in blocks]
    language = _language(texts)
    builder = Builder(NAME, blocks, marks, language)
    starts = [at for at, text in enumerate(texts) if _number(text)]
    if not starts:
        return None
    numbers = [number for at in starts for number in [_number(texts[at])] if number]
    if _is_article(blocks, starts[0], language, numbers[0][0]):
        begins = _below_cover(blocks, starts[0])
        builder.warnings.append("its first article has no number")
        builder.part(begins, "unnumbered", 0.9)
        _article(builder, begins, starts[0])
    for start, stop in zip(starts, [*starts[1:], len(blocks)], strict=True):
        builder.part(start, "number")
        builder.drop(start, "number")
        end = _end(texts, start + 1, stop)
        _article(builder, start + 1, end)
        if end < stop:
            builder.part(end, "request", article=False)
    builder.declared = declared(numbers, _selected(texts[: starts[0]]))
    return builder.done()


def _end(texts: list[str], start: int, stop: int) -> int:
    """Where the article ends because the request does, or because the cover page of the next one begins."""
    for at in range(start, stop):
        if _END.fullmatch(texts[at]) or _REQUEST.match(texts[at]):
            return at
    return stop


def _number(text: str) -> tuple[int, int] | None:
    may_be = len(text) < NUMBER_CHARS and (text[0].isdigit() or text[0] in "DdДд")
    match = _NUMBERED.fullmatch(text) if may_be else None
    if match is None:
        return None
    n, m = (int(re.sub(r"\D", "", part)) for part in match.groups() if part)
    return n, m


def _is_label(text: str) -> bool:
    """A known label in capitals, as LexisNexis prints them."""
    head = text.partition(":")[0]
    return head.isupper() and labelled(text) is not None


def _language(texts: list[str]) -> str | None:
    """The interface's language, by its labels; the word between the numbers tells it where there are none."""
    found = interface(text for text in texts if _is_label(text))
    if found is not None:
        return found
    words = {"of": "en", "von": "de", "van": "nl", "di": "it"}
    first = next((text for text in texts if _number(text)), "")
    return next((tag for word, tag in words.items() if f" {word} " in f" {first.lower()} "), None)


def _selected(cover: list[str]) -> int | None:
    """How many articles the cover page says were selected."""
    for text in cover:
        match = _SELECTED.fullmatch(text) if "-" in text and len(text) <= SNIFF_CHARS else None
        if match:
            bounds = [[int(bound) for bound in part.split("-")] for part in match.group(1).split(",")]
            return sum(max(0, bound[-1] - bound[0] + 1) for bound in bounds)
    return None


def _is_article(blocks: tuple[Block, ...], stop: int, language: str | None, first: int) -> bool:
    """Whether what stands above the `first` number is an article whose number is missing.

    It has prose and labels of an article; where a number is missing, too (the first is not 1), one label or some paragraphs do.
    """
    above = blocks[:stop]
    found = {line.field for block in above if _is_label(block.text) for line in [labelled(block.text, language)] if line}
    labels = len(found - {"publisher", "other"})
    paragraphs = sum(is_prose(block.text) for block in above if not _is_cover(block.text))
    if not paragraphs:
        return False
    return labels > 1 or (first > 1 and (labels > 0 or paragraphs > 1))


def _is_cover(text: str) -> bool:
    """A line that only a cover page has."""
    return any(found is not None for found in (_COVER.match(text), _REQUEST.match(text), _SELECTED.fullmatch(text[:SNIFF_CHARS])))


def _below_cover(blocks: tuple[Block, ...], stop: int) -> int:
    """The block below the last line of the cover page; 0 where there is none."""
    stop = next((at for at in range(stop) if _is_label(blocks[at].text) or is_prose(blocks[at].text)), stop)
    return max((at + 1 for at in range(min(stop, COVER_LINES)) if _is_cover(blocks[at].text)), default=0)


def _article(builder: Builder, start: int, stop: int) -> None:
    """States the fields of the article in these blocks; what is no line of the provider's stays its text."""
    tail = _tail(builder, start, stop)
    body = _head(builder, start, tail)
    for at in range(tail, stop):
        state(builder, at, "continued", _is_label)
    # A label that stands in the text itself, as HIGHLIGHT and BODY do, is cut off what it labels.
    for at in range(body, tail):
        line = labelled(builder.blocks[at].text, builder.language) if _is_label(builder.blocks[at].text) else None
        if line is not None and line.field in {"body", "highlight"}:
            builder.strip(at, line.at, line.field)


def _tail(builder: Builder, start: int, stop: int) -> int:
    """Where the labelled lines below the text begin: from there on are labels of the tail, what goes on with them, copyrights."""
    first = stop
    for at in range(stop - 1, start - 1, -1):
        block = builder.blocks[at]
        line = labelled(block.text, builder.language) if _is_label(block.text) else None
        if is_rights(block.text) or (line is not None and line.field in _TAIL):
            first = at
        elif (
            line is not None
            or is_prose(block.text)
            or (first - at > MAX_LINES_OF_LABEL and block.gap)
            or (block.gap and not _goes_on(builder, start, at, first))
        ):
            break
    return first


def _goes_on(builder: Builder, start: int, at: int, first: int) -> bool:
    """Whether a line without a known label is an unknown one among known ones ("ACC-NO: 12"), or the rest of a copyright."""
    text = builder.blocks[at].text
    head = text.partition(":")[0]
    if first < len(builder.blocks) and ":" in text and head.isupper() and ("-" in head or "_" in head):
        return True
    return at > start and is_rights(builder.blocks[at - 1].text) and len(text) < LINE_CHARS


def _head(builder: Builder, start: int, stop: int) -> int:
    """States what stands above the text and returns where that begins."""
    blocks = builder.blocks
    at, labels = start, start
    while at < min(stop, start + MAX_HEAD) and not _is_label(blocks[at].text) and not is_prose(blocks[at].text):
        at += 1
    labelled_head = at < stop and _is_label(blocks[at].text)
    labels = at
    last = at
    while labels < stop and (_is_label(blocks[labels].text) or (_wrapped(builder, labels, at) and labels - last < MAX_HEAD)):
        last = labels if _is_label(blocks[labels].text) else last
        field = labelled(blocks[labels].text, builder.language)
        if field is not None and field.field in {"body", "highlight"} and _is_label(blocks[labels].text):
            break
        labels += 1
    for here in range(at, labels):
        state(builder, here, "continued", _is_label)
    _masthead(builder, start, at, has_labels=labelled_head)
    return labels


def _wrapped(builder: Builder, at: int, first: int) -> bool:
    """A line right below a labelled one that goes on with it."""
    block = builder.blocks[at]
    return at > first and block.gap == 0 and not is_prose(block.text) and len(block.text) < LINE_CHARS


def _masthead(builder: Builder, start: int, stop: int, *, has_labels: bool) -> None:
    """Publication, date, edition and headline: the lines between the number and the labels, or the text if there are none."""
    blocks = builder.blocks
    lines = [at for at in range(start, stop) if not is_rights(blocks[at].text)]
    for at in range(start, stop):
        if at not in lines:
            builder.drop(at, "copyright")
    day = next((at for at in lines if is_dated(blocks[at].text)), None)
    if day is not None:
        builder.state(day, "date_published", date_in(blocks[day].text))
    above = [at for at in lines if day is not None and at < day]
    below = [at for at in lines if day is None or at > day]
    if day is None and below and (len(below) > 1 or _centred(blocks, below[0])):
        above, below = below[:1], below[1:]
    for number, at in enumerate(above):
        if number:
            builder.drop(at, "edition")
        else:
            builder.state(at, "publisher")
    while len(below) > 1 and _centred(blocks, below[0]):
        builder.drop(below.pop(0), "edition")
    if not below or builder.has("headline"):
        return
    # Without labels below it the headline is one line, for nothing tells where the text begins.
    builder.state(
        below[0], "headline", " ".join([blocks[below[0]].text, *(blocks[at].text for at in _same(blocks, below, has_labels))])
    )
    for at in _same(blocks, below, has_labels):
        builder.state(at, "headline", "")


def _same(blocks: tuple[Block, ...], below: list[int], has_labels: bool) -> list[int]:  # noqa: FBT001
    """The lines right below the first that are still the headline."""
    same: list[int] = []
    for at in below[1:] if has_labels else []:
        if blocks[at].gap:
            break
        same.append(at)
    return same


def _centred(blocks: tuple[Block, ...], at: int) -> bool:
    return indent(blocks[at - 1] if at else None, blocks[at]) >= CENTRED


FORMAT = Format(NAME, recognise, read)
