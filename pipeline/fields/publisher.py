"""publisher: who published it, from the byline or source line, else what the page declares."""

from __future__ import annotations

from pipeline.marks import group, proposed, resolve
from pipeline.model import Found, Hints, Label, Segment, Span
from pipeline.surface import fold

DECLARED = ("meta.og:site_name", "json-ld.publisher", "meta.dc.publisher", "meta.application-name")
# A source line that only its place gives away has no group: the whole line is the name.
WHOLE_LINE = "byline.source-after-references"


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The publisher that a byline names, with that line's claim."""
    for index in proposed(segment.marks, Label.BYLINE):
        block, mark = segment.blocks[index], resolve(segment.marks[index])
        if mark.label is not Label.BYLINE:
            continue
        name = block.text if mark.rule == WHOLE_LINE else group(block, mark, "publisher")
        if name:
            return [
                Found(
                    "publisher",
                    fold(name).strip(' .«»“”„"'),
                    Span(block.start, block.end),
                    mark.rule,
                    mark.confidence,
                    Label.BYLINE,
                )
            ]
    if alone:
        for key in DECLARED:
            for value in hints.structured.get(key, ()):
                return [Found("publisher", value, None, key, 0.8, Label.BYLINE)]
    return []
