"""Marks → segments: where one article of a file ends and the next begins.

Splitters propose cuts with a confidence; the surest wins at each place, and below the threshold nothing is cut: the default
is one article. A known export layout is one module here with a SPLITTER; `prose` and `separators` read undelimited and
delimited text.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from pipeline.marks import Marks
from pipeline.model import Page, Segment
from pipeline.split.splitter import Cut, Splitter

__all__ = ["Cut", "Splitter", "split", "splitters"]

WHOLE = "whole"


@functools.cache
def splitters() -> tuple[Splitter, ...]:
    """Every splitter found in this package, by name."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return tuple(sorted((module.SPLITTER for module in modules if hasattr(module, "SPLITTER")), key=lambda s: s.name))


def split(page: Page, marks: Marks, threshold: float) -> list[Segment]:
    """The page's articles in order; every block is in exactly one segment. No blocks, no segments.

    A segment says who cut before it and how sure that was; the first begins where the file begins, with 1.0.
    """
    if not page.blocks:
        return []
    surest: dict[int, Cut] = {}
    for splitter in splitters():
        for cut in splitter.cuts(page, marks):
            if cut.confidence >= threshold and 0 < cut.at < len(page.blocks):
                known = surest.get(cut.at)
                if known is None or (cut.confidence, cut.rule) > (known.confidence, known.rule):
                    surest[cut.at] = cut
    starts = [0, *sorted(surest)]
    segments = []
    for ordinal, (start, end) in enumerate(zip(starts, [*starts[1:], len(page.blocks)], strict=True)):
        by = surest.get(start)
        segments.append(
            Segment(
                ordinal,
                page.blocks[start:end],
                marks[start:end],
                splitter=by.rule if by else WHOLE,
                confidence=by.confidence if by else 1.0,
            )
        )
    return segments
