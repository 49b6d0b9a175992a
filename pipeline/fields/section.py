"""section: the part of the publication, from the breadcrumb of the text or what the page declares."""

from __future__ import annotations

from pipeline.marks import group
from pipeline.model import Found, Hints, Label, Segment
from pipeline.surface import fold

DECLARED = ("json-ld.articleSection", "meta.article:section", "meta.section", "meta.parsely-section")


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The section; a breadcrumb is chrome and stays dropped, so nothing is claimed."""
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        for mark in marks:
            name = group(block, mark, "section")
            if name:
                return [Found("section", fold(name), None, mark.rule, mark.confidence, Label.SECTION)]
    if alone:
        for key in DECLARED:
            for value in hints.structured.get(key, ()):
                return [Found("section", value, None, key, 0.8, Label.SECTION)]
    return []
