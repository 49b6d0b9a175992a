"""headline: the title line of the text, else what the page declares."""

from __future__ import annotations

from pipeline.marks import resolve
from pipeline.model import Block, Found, Hints, Label, Mark, Segment, Span
from pipeline.surface import fold, is_prose

# In falling trust; <title> last, because it mostly carries the site's name too.
DECLARED = ("json-ld.headline", "meta.og:title", "meta.twitter:title", "container.title", "title")

# An article of a page that holds several begins with its heading.
FROM_STRUCTURE = "structure.articles"
HEADINGS = frozenset(("h1", "h2", "h3", "h4"))


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The surest title line above the article's first prose, with its claim; else, for a file's only article, the declared."""
    marked: list[tuple[Mark, Block]] = []
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        mark = resolve(marks)
        if mark.label is Label.TITLE:
            marked.append((mark, block))
        if mark.label is Label.BODY and is_prose(block.text):
            break  # further down, a line like a title heads a section
    own = _heading(segment) if segment.splitter == FROM_STRUCTURE else None
    if own is not None:
        return [Found("headline", fold(own.text), Span(own.start, own.end), f"{FROM_STRUCTURE}.heading", 0.9, Label.TITLE)]
    if marked:
        best, block = max(marked, key=lambda pair: (pair[0].confidence, -pair[1].start))
        return [Found("headline", fold(block.text), Span(block.start, block.end), best.rule, best.confidence, Label.TITLE)]
    if alone:
        for key in DECLARED:
            for value in hints.structured.get(key, ()):
                return [Found("headline", value, None, key, 0.8 if key != "title" else 0.6, Label.TITLE)]
    return []


def _heading(segment: Segment) -> Block | None:
    """The first heading above the first prose."""
    for block in segment.blocks:
        if block.kind in HEADINGS:
            return block
        if is_prose(block.text):
            break
    return None
