"""headline: the title line of the text, else what the page declares."""

from __future__ import annotations

from pipeline.marks import resolve
from pipeline.model import Found, Hints, Label, Segment, Span

# In falling trust; <title> last, because it mostly carries the site's name too.
DECLARED = ("json-ld.headline", "meta.og:title", "meta.twitter:title", "title")


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The headline with the claim of its line; every further line that repeats it is claimed too."""
    marked = [
        (mark, block)
        for block, marks in zip(segment.blocks, segment.marks, strict=True)
        if (mark := resolve(marks)).label is Label.TITLE
    ]
    if marked:
        best, block = max(marked, key=lambda pair: (pair[0].confidence, -pair[1].start))
        return [Found("headline", block.text, Span(block.start, block.end), best.rule, best.confidence, Label.TITLE)]
    if alone:
        for key in DECLARED:
            for value in hints.structured.get(key, ()):
                return [Found("headline", value, None, key, 0.8 if key != "title" else 0.6, Label.TITLE)]
    return []
