"""references: lists of cited works and footnotes as numbers, texts and URLs; hard-wrapped URLs are put together again.

"Ibid." takes the URLs of the entry above it; the marks in the text that name an entry are counted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from pipeline.marks import proposed, resolve
from pipeline.model import Block, Found, Hints, Label, Reference, Segment, Span

HEADING = "reference.heading"
# "[1]", "1.", "1)", "(1)", "^1", "¹" before an entry.
_NUMBER = re.compile(r"(?:\[(\d{1,3})\]:?|(\d{1,3})[.)]|\((\d{1,3})\)|\^ ?(\d{1,3})\b|([¹²³⁰⁴-⁹]{1,3}))\s*")
_URL = re.compile(r"https?://[^\s<>\"”]+")
_BULLET = re.compile(r"[-–—*•·▪◦] +")
_IBID = re.compile(r"\W*(?:ibid(?:em)?|idem|id\.|ebd\.?|ebenda|eadem|там же|همان|المرجع نفسه|同上|同前)(?!\w)", re.IGNORECASE)
# Marks in the text: "[1]", "[2, 5]", "[3–6]", and small raised digits behind a word or its full stop.
_MARKS = re.compile(r"\[(\d{1,3}(?: ?[,;–-] ?\d{1,3})*)\]|(?<=[\w.,;:!?)”\"’])([¹²³⁰⁴-⁹]{1,3}(?:[⁻˒,][¹²³⁰⁴-⁹]{1,3})*)")
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻˒", "0123456789-,")
# "[3–6]" names four entries; what names more is no range.
MAX_RANGE = 30


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """One value with all references; every line of the list, and its heading, is claimed."""
    del hints, alone
    groups: list[tuple[int | None, list[Block]]] = []
    claims: list[Found] = []
    if not proposed(segment.marks, Label.REFERENCE):
        return []  # most articles
    text: list[str] = []
    style = 0
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        mark = resolve(marks)
        if mark.label is not Label.REFERENCE:
            text.append(block.text)
            continue
        claims.append(Found("references", None, Span(block.start, block.end), mark.rule, mark.confidence, Label.REFERENCE))
        if mark.rule == HEADING:
            continue
        match = _NUMBER.match(block.text)
        if match and groups and groups[0][0] is not None and match.lastindex != style:
            match = None  # "22.4 (2014)" inside a list that is numbered [1], [2], …
        if not groups:
            style = match.lastindex or 0 if match else 0
        if match or not groups or (style == 0 and _begins(block, groups[0][1][0])):
            groups.append((_value(match) if match else None, [block]))
        else:
            groups[-1][1].append(block)
    if not claims:
        return []
    cited = Counter(number for line in text for number in _named(line))
    value = tuple(_resolved(_reference(number, blocks, cited) for number, blocks in groups))
    first = claims[0]
    return [first._replace(value=value), *claims[1:]]


def _value(match: re.Match[str]) -> int:
    return int((match.group(match.lastindex or 0)).translate(_RAISED))


def _begins(block: Block, first: Block) -> bool:
    """Whether a line of a list without numbers is an entry of its own: where the first has a bullet, it has one too."""
    bullet = _BULLET.match(first.text) is not None
    return _BULLET.match(block.text) is not None if bullet else not _URL.fullmatch(block.text) and block.text[:1].isupper()


def _reference(number: int | None, blocks: list[Block], cited: Counter[int]) -> Reference:
    text = blocks[0].text
    for block in blocks[1:]:
        # A line without a space goes on where the URL above it was broken; other lines were wrapped at a space.
        url_open = _URL.search(text[text.rfind(" ") + 1 :]) is not None
        text += block.text if url_open and " " not in block.text else f" {block.text}"
    match = _NUMBER.match(text) if number is not None else _BULLET.match(text)
    body = text[match.end() :] if match else text
    urls = tuple(dict.fromkeys(url.rstrip(".,;)") for url in _URL.findall(body)))
    return Reference(number, body, urls, None, cited[number] if number is not None else 0)


def _resolved(references: Iterable[Reference]) -> Iterable[Reference]:
    """The entries, where an "ibid." has the URLs of the entry above it and says whose they are."""
    before: Reference | None = None
    for one in references:
        if before is not None and _IBID.match(one.text):
            source = before.same_as if before.same_as is not None else before.number
            one = one._replace(urls=one.urls or before.urls, same_as=source)  # noqa: PLW2901 - the entry with what it stands for
        before = one
        yield one


def _named(text: str) -> Iterable[int]:
    """The numbers that the marks in a text name, ranges spelled out."""
    if "[" not in text and text.isascii():
        return
    for match in _MARKS.finditer(text):
        for part in re.split(r"[,;]", (match.group(1) or match.group(2)).translate(_RAISED)):
            first, dash, last = part.replace("–", "-").partition("-")
            if not dash:
                yield int(first)
            elif 0 < int(last) - int(first) < MAX_RANGE:
                yield from range(int(first), int(last) + 1)
