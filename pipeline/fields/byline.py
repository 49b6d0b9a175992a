"""author: who wrote it, from bylines at the head or tail, else from what the page declares.

A byline's date and publisher are read by `dates` and `publisher`.
"""

from __future__ import annotations

import re

from pipeline.marks import group, resolve
from pipeline.model import Found, Hints, Label, Segment, Span
from pipeline.surface import fold

DECLARED = (
    "json-ld.author",
    "meta.author",
    "meta.article:author",
    "meta.dc.creator",
    "meta.parsely-author",
    "meta.sailthru.author",
)
_AND = re.compile(r"\s*(?:,|;|&|/|\band\b|\bund\b|\bet\b|\by\b|\ben\b|\boch\b|\bog\b|、|،)\s*")
# Names that a content system fills in where nobody is named.
_NOBODY = frozenset(
    [
        "admin",
        "administrator",
        "author",
        "editor",
        "redaktion",
        "redacción",
        "rédaction",
        "redazione",
        "webmaster",
        "unknown",
        "anonymous",
        "user",
    ]
)


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """Every byline is claimed; the first that names somebody gives the value, else the page's metadata."""
    found: list[Found] = []
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        mark = resolve(marks)
        if mark.label is not Label.BYLINE:
            continue
        author = group(block, mark, "author")
        claim = Span(block.start, block.end)
        found.append(Found("author", people(author) if author else (), claim, mark.rule, mark.confidence, Label.BYLINE))
    found.sort(key=lambda one: not one.value)
    if alone and not any(one.value for one in found):
        for key in DECLARED:
            declared = tuple(dict.fromkeys(name for value in hints.structured.get(key, ()) for name in people(value)))
            if declared:
                return [Found("author", declared, None, key, 0.8, Label.BYLINE), *found]
    return found


def people(text: str) -> tuple[str, ...]:
    """The names in a byline, apart; no URLs, no addresses, nobody that a content system made up."""
    parts = (fold(part).strip(" .·|-–") for part in _AND.split(text))
    names = (name for name in parts if name and "://" not in name and "@" not in name and name.casefold() not in _NOBODY)
    return tuple(dict.fromkeys(names))
