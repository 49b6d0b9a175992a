"""date_published and date_modified: datelines, bylines and what the page declares. Dates of cited works are never looked at."""

from __future__ import annotations

from pipeline.fields.day import parse
from pipeline.marks import group, resolve
from pipeline.model import Found, Hints, Label, Segment, Span

PUBLISHED = (
    "json-ld.datePublished",
    "meta.article:published_time",
    "meta.datepublished",
    "meta.og:published_time",
    "meta.dc.date.issued",
    "meta.dc.date",
    "meta.date",
    "meta.pubdate",
    "meta.parsely-pub-date",
    "meta.sailthru.date",
    "container.date",
)
MODIFIED = (
    "json-ld.dateModified",
    "meta.article:modified_time",
    "meta.datemodified",
    "meta.og:updated_time",
    "meta.last-modified",
)


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """Dates with the claims of the lines that hold nothing else. A line that does not parse claims nothing and stays text."""
    found: list[Found] = []
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        mark = resolve(marks)
        if mark.label not in (Label.DATELINE, Label.BYLINE):
            continue
        for name, field in (("date", "date_published"), ("modified", "date_modified")):
            text = group(block, mark, name)
            day = parse(text) if text else None
            if day is not None:
                claim = Span(block.start, block.end)
                found.append(Found(field, day, claim, mark.rule, mark.confidence, mark.label))
    if alone:
        for keys, field in ((PUBLISHED, "date_published"), (MODIFIED, "date_modified")):
            declared = _declared(hints, keys, field)
            if declared is not None:
                found.insert(0, declared)
    return found


def _declared(hints: Hints, keys: tuple[str, ...], field: str) -> Found | None:
    for key in keys:
        for value in hints.structured.get(key, ()):
            day = parse(value)
            if day is not None:
                return Found(field, day, None, key, 0.9, Label.DATELINE)
    return None
