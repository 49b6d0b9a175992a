"""keywords: the publisher's own tags, as the page declares them."""

from __future__ import annotations

import re

from pipeline.marks import group
from pipeline.model import Found, Hints, Label, Segment, Span

DECLARED = (
    "meta.article:tag",
    "json-ld.keywords",
    "meta.news_keywords",
    "meta.keywords",
    "meta.parsely-tags",
    "front-matter.tags",
)
_COMMA = re.compile(r"\s*[,;،、]\s*")


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The tags of the article's own tag line, else of the first kind of evidence that has any; in order, each once."""
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        for mark in marks:
            tags = _apart(group(block, mark, "keywords") or "") if mark.inner else ()
            if tags:
                return [Found("keywords", tags, Span(block.start, block.end), mark.rule, mark.confidence, Label.SECTION)]
    if alone:
        for key in DECLARED:
            tags = _apart(*hints.structured.get(key, ()))
            if tags:
                return [Found("keywords", tags, None, key, 0.8, Label.HEADER)]
    return []


def _apart(*values: str) -> tuple[str, ...]:
    parts = (part.strip(" #") for value in values for part in _COMMA.split(value))
    return tuple(dict.fromkeys(part for part in parts if part))
