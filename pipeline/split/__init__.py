"""Marks → segments: where one article of a file ends and the next begins.

A recognised export layout (a module here with a FORMAT) decides alone. Else splitters (a SPLITTER) propose cuts with a
confidence; the surest wins at each place, and below the threshold nothing is cut: the default is one article.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import NamedTuple

from pipeline.marks import Marks
from pipeline.model import Block, Page, Segment
from pipeline.split.export import RECOGNISED, RESEMBLES, Export, Format
from pipeline.split.splitter import Cut, Splitter

__all__ = ["Cut", "Export", "Format", "Split", "Splitter", "formats", "split", "splitters"]

WHOLE = "whole"


class Split(NamedTuple):
    """The segments of a page in order; every block is in exactly one. `blocks` and `marks` are those of all segments.

    `export` names the recognised layout; `declared` and `warnings` are as in `model.Outcome`.
    """

    segments: list[Segment]
    blocks: tuple[Block, ...]
    marks: Marks
    export: str | None = None
    declared: int | None = None
    warnings: tuple[str, ...] = ()


def _modules() -> Iterator[ModuleType]:
    return (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))


@functools.cache
def splitters() -> tuple[Splitter, ...]:
    """Every splitter found in this package, by name."""
    return tuple(sorted((module.SPLITTER for module in _modules() if hasattr(module, "SPLITTER")), key=lambda s: s.name))


@functools.cache
def formats() -> tuple[Format, ...]:
    """Every export layout found in this package, by name."""
    return tuple(sorted((module.FORMAT for module in _modules() if hasattr(module, "FORMAT")), key=lambda f: f.name))


def split(page: Page, marks: Marks, threshold: float) -> Split:
    """The page's articles: by its export layout if one is recognised, else by what splitters propose. No blocks, no segments."""
    if not page.blocks:
        return Split([], page.blocks, marks)
    warnings: tuple[str, ...] = ()
    rated = [(layout.recognise(page), layout) for layout in formats()]
    rating, layout = max(rated, key=lambda pair: pair[0], default=(0.0, None))
    if layout is not None and rating >= RESEMBLES:
        export = layout.read(page, marks) if rating >= RECOGNISED else None
        if export is not None:
            return _by_layout(layout.name, export)
        warnings = (f"it resembles a {layout.name} export, but its layout is not known: it was read as any other text",)
    return Split(_by_cuts(page, marks, threshold), page.blocks, marks, warnings=warnings)


def _by_layout(name: str, export: Export) -> Split:
    stops = [part.start for part in export.parts[1:]] + [len(export.blocks)]
    segments = [
        Segment(
            ordinal,
            export.blocks[part.start : stop],
            export.marks[part.start : stop],
            splitter=part.rule,
            confidence=part.confidence,
            provided=part.provided,
        )
        for ordinal, (part, stop) in enumerate(zip(export.parts, stops, strict=True))
    ]
    return Split(segments, export.blocks, export.marks, name, export.declared, export.warnings)


def _by_cuts(page: Page, marks: Marks, threshold: float) -> list[Segment]:
    """A segment says who cut before it and how sure that was; the first begins where the file begins, with 1.0."""
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
