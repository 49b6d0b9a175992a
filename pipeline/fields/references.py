"""references: the numbered list of cited works as numbers, texts and URLs; hard-wrapped URLs are put together again."""

from __future__ import annotations

import re

from pipeline.marks import proposed, resolve
from pipeline.model import Block, Found, Hints, Label, Reference, Segment, Span

HEADING = "reference.heading"
_NUMBER = re.compile(r"(?:\[(\d{1,3})\]|(\d{1,3})[.)])\s*")
_URL = re.compile(r"https?://[^\s<>\"”]+")


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """One value with all references; every line of the list, and its heading, is claimed."""
    del hints, alone
    groups: list[tuple[int | None, list[Block]]] = []
    claims: list[Found] = []
    bracketed = False
    for index in proposed(segment.marks, Label.REFERENCE):
        block, mark = segment.blocks[index], resolve(segment.marks[index])
        if mark.label is not Label.REFERENCE:
            continue
        claims.append(Found("references", None, Span(block.start, block.end), mark.rule, mark.confidence, Label.REFERENCE))
        if mark.rule == HEADING:
            continue
        match = _NUMBER.match(block.text)
        if match and groups and groups[0][0] is not None and bool(match.group(1)) != bracketed:
            match = None  # "22.4 (2014)" inside a list that is numbered [1], [2], …
        if not groups:
            bracketed = bool(match and match.group(1))
        if match or not groups:
            groups.append((int(match.group(1) or match.group(2)) if match else None, [block]))
        else:
            groups[-1][1].append(block)
    if not claims:
        return []
    value = tuple(_reference(number, blocks) for number, blocks in groups)
    first = claims[0]
    return [first._replace(value=value), *claims[1:]]


def _reference(number: int | None, blocks: list[Block]) -> Reference:
    text = blocks[0].text
    for block in blocks[1:]:
        # A line without a space goes on where the URL above it was broken; other lines were wrapped at a space.
        url_open = _URL.search(text[text.rfind(" ") + 1 :]) is not None
        text += block.text if url_open and " " not in block.text else f" {block.text}"
    match = _NUMBER.match(text)
    body = text[match.end() :] if match else text
    return Reference(number, body, tuple(dict.fromkeys(url.rstrip(".,;)") for url in _URL.findall(body))))
