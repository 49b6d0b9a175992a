"""author: who wrote it, from bylines at the head or tail, else from what the page declares.

A byline's date and publisher are read by `dates` and `publisher`.
"""

from __future__ import annotations

from pipeline.fields.people import people
from pipeline.marks import group, resolve
from pipeline.model import Found, Hints, Label, Segment, Span

DECLARED = (
    "json-ld.author",
    "meta.author",
    "meta.article:author",
    "meta.dc.creator",
    "meta.parsely-author",
    "meta.sailthru.author",
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
