"""Marks → segments: where one article of a file ends and the next begins.

A recognised export layout (a module here with a FORMAT) decides alone. Else splitters (a SPLITTER) propose cuts with a
confidence; the surest wins at each place, and below the threshold nothing is cut: the default is one article. What people decided
in review outranks splitters.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import NamedTuple

from pipeline.decisions import Decision, fitting
from pipeline.learned import Reason
from pipeline.marks import Marks
from pipeline.model import Block, Page, Segment
from pipeline.split.export import RECOGNISED, RESEMBLES, Export, Format
from pipeline.split.splitter import Cut, Splitter

__all__ = ["Cut", "Export", "Format", "Split", "Splitter", "explain", "formats", "split", "splitters"]

WHOLE = "whole"
REVIEW = "review"


class Split(NamedTuple):
    """The segments of a page in order; every block is in exactly one. `blocks` and `marks` are those of all segments.

    `export` names the recognised layout; `declared` and `warnings` are as in `model.Outcome`; `unsure` are the cuts that were not
    made and wait for review, in order.
    """

    segments: list[Segment]
    blocks: tuple[Block, ...]
    marks: Marks
    export: str | None = None
    declared: int | None = None
    warnings: tuple[str, ...] = ()
    unsure: tuple[Cut, ...] = ()


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


def split(page: Page, marks: Marks, sure: float, unsure: float = 1.0, decided: Sequence[Decision] = ()) -> Split:
    """The page's articles: by its export layout if one is recognised, else by what splitters propose. No blocks, no segments.

    Cuts of confidence `sure` are made, those from `unsure` on wait for review. What is `decided` there outranks splitters.
    """
    if not page.blocks:
        return Split([], page.blocks, marks)
    warnings: tuple[str, ...] = ()
    rated = [(layout.recognise(page), layout) for layout in formats()]
    rating, layout = max(rated, key=lambda pair: pair[0], default=(0.0, None))
    if layout is not None and rating >= RESEMBLES:
        export = layout.read(page, marks) if rating >= RECOGNISED else None
        if export is not None:
            return _by_layout(layout.name, export, decided)
        warnings = (f"it resembles a {layout.name} export, but its layout is not known: it was read as any other text",)
    fixed, unfit = fitting(decided, page.blocks)
    proposed = _proposed(page, marks)
    undecided = [proposed[at] for at in sorted(proposed.keys() - fixed.keys())]
    made = {cut.at: cut for cut in undecided if cut.confidence >= sure}
    made |= {at: Cut(at, REVIEW, 1.0) for at, begins in fixed.items() if begins}
    doubts = tuple(cut for cut in undecided if unsure <= cut.confidence < sure)
    return Split(_by_cuts(page, marks, made), page.blocks, marks, warnings=(*warnings, *map(_not_honoured, unfit)), unsure=doubts)


def _not_honoured(one: Decision) -> str:
    return f"a decision of a review ({one.decision} at {one.at}) fits no line where an article could begin: it was not honoured"


def explain(page: Page, marks: Marks, cut: Cut) -> Sequence[Reason]:
    """What made a cut's confidence, the strongest first; nothing if its splitter does not say."""
    for splitter in splitters():
        if splitter.explain is not None and splitter.name == cut.rule.partition(".")[0]:
            return splitter.explain(page, marks, cut.at)
    return ()


def _by_layout(name: str, export: Export, decided: Sequence[Decision]) -> Split:
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
    warnings = export.warnings
    if decided:
        warnings = (*warnings, f"decisions of a review are not honoured in a {name} export: its own lines decide")
    return Split(segments, export.blocks, export.marks, name, export.declared, warnings)


def _proposed(page: Page, marks: Marks) -> dict[int, Cut]:
    """The surest cut of each place where one was proposed."""
    surest: dict[int, Cut] = {}
    for splitter in splitters():
        for cut in splitter.cuts(page, marks):
            known = surest.get(cut.at)
            if 0 < cut.at < len(page.blocks) and (known is None or (cut.confidence, cut.rule) > (known.confidence, known.rule)):
                surest[cut.at] = cut
    return surest


def _by_cuts(page: Page, marks: Marks, made: Mapping[int, Cut]) -> list[Segment]:
    """A segment says who cut before it and how sure that was; the first begins where the file begins, with 1.0."""
    starts = [0, *sorted(made)]
    segments = []
    for ordinal, (start, end) in enumerate(zip(starts, [*starts[1:], len(page.blocks)], strict=True)):
        by = made.get(start)
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
