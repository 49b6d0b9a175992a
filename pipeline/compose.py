"""Segment → text and ledger: the only place where text is assembled.

Each block of the segment is kept, taken as metadata, dropped, or a separator; a kept block may lose ranges inside it. What is
kept becomes paragraphs with a blank line between them (a single line break where the page had one), and every other character
becomes a ledger entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from pipeline.marks import resolve
from pipeline.model import Action, Article, Block, Decoded, Entry, Found, Kept, Label, Mark, Repair, Run, Segment

VERBATIM = "verbatim"

_DROPPED = frozenset((Label.HEADER, Label.SECTION, Label.BOILERPLATE, Label.CAPTION))
# Proposals that only a claim makes true: a line like a byline that names nobody is whatever else it may be.
_UNCLAIMED = frozenset((Label.TITLE, Label.BYLINE, Label.DATELINE))
Value = Any  # a field's value: text, a tuple of names, a day with its precision, …
_Cut = tuple[int, int, Mark]  # a range, and the mark that says why


def compose(  # noqa: PLR0913, PLR0917 - the stages before it meet here
    segment: Segment,
    found: Sequence[Found],
    decoded: Decoded,
    document_id: str,
    position: int,
    repairs: Sequence[Repair] = (),
    *,
    keep_captions: bool = False,
) -> tuple[Article | None, list[Entry]]:
    """The article and its ledger, entries by start; no article (None) when nothing of the segment is kept.

    Entries of a segment that gave no article belong to none. `position` counts the articles of the file from 0.
    """
    claims = {(one.claim.start, one.claim.end): one for one in reversed(found) if one.claim is not None}
    builder = _Builder(decoded.text)
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        claim = claims.get((block.start, block.end))
        if claim is not None:
            builder.entry(Action.TAKEN, block, claim.label, claim.rule, claim.confidence)
            continue
        mark = resolve(marks, without=_UNCLAIMED)
        if mark.label is Label.SEPARATOR:
            builder.entry(Action.SEPARATOR, block, mark.label, mark.rule, mark.confidence)
        elif mark.label in _DROPPED and not (keep_captions and mark.label is Label.CAPTION):
            builder.entry(Action.DROPPED, block, mark.label, mark.rule, mark.confidence)
        else:
            builder.keep(block, marks)
    for repair in repairs:
        builder.repair(repair)
    if not builder.kept:
        return None, sorted(builder.entries, key=lambda entry: (entry.start, entry.end))
    values = _values(found)
    text = "".join(builder.parts)
    article = Article(
        id=hashlib.sha256(f"{document_id}:{builder.kept[0].start}".encode()).hexdigest()[:32],
        position=position,
        text=text,
        kept=tuple(builder.kept),
        split_by=segment.splitter,
        split_confidence=segment.confidence,
        char_count=len(text),
        evidence=tuple((one.field, one.rule) for one in _firsts(found)),
        **values,
    )
    entries = sorted(builder.entries, key=lambda entry: (entry.start, entry.end))
    return article, [entry._replace(article=position) for entry in entries]


class _Builder:
    """The parts of the text as they are appended, where they came from, and what became of the rest."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.parts: list[str] = []
        self.length = 0
        self.kept: list[Kept] = []
        self.entries: list[Entry] = []

    def entry(self, action: Action, block: Block, label: Label, rule: str, confidence: float) -> None:
        """Note what became of a whole block; what stands between its runs is markup or white space."""
        self.entries.append(Entry(action, block.start, block.end, label, rule, confidence, block.text))

    def keep(self, block: Block, marks: Iterable[Mark]) -> None:
        """Append the block, without the ranges that inline rules cut; note those that they flag."""
        cuts: list[_Cut] = []
        flags: list[_Cut] = []
        for mark in marks:
            for inner in mark.inner if mark.inline else ():
                (cuts if inner.name == "cut" else flags).append((inner.start, inner.end, mark))
        runs, dropped = _without(block, cuts)
        if any(run.text.strip() for run in runs):
            self._append(block, runs)
        else:
            dropped = [(block.start, block.end, cuts[0][2])]
        for start, end, mark in dropped:
            self.entries.append(Entry(Action.DROPPED, start, end, mark.label, mark.rule, mark.confidence, self.source[start:end]))
        for start, end, mark in flags:
            for low, high in _sources(block, start, end):
                self.entries.append(
                    Entry(Action.FLAGGED, low, high, mark.label, mark.rule, mark.confidence, self.source[low:high])
                )

    def _append(self, block: Block, runs: Sequence[Run]) -> None:
        if self.parts:
            self._add("\n" if block.gap == 0 and block.kind != "line" else "\n\n")
        for run in runs:
            self.kept.append(Kept(self.length, len(run.text), run.start, run.end, run.how))
            self._add(run.text)

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def repair(self, repair: Repair) -> None:
        """A note, if the repaired run was kept."""
        if any(kept.start <= repair.start and repair.end <= kept.end for kept in self.kept):
            self.entries.append(
                Entry(Action.REPAIRED, repair.start, repair.end, Label.BODY, repair.rule, 1.0, repair.before, repair.after)
            )


def _without(block: Block, cuts: list[_Cut]) -> tuple[list[Run], list[_Cut]]:
    """The block's runs without the cut ranges of its text, and the source spans that were cut.

    A run that is not verbatim cannot be cut inside (its text has no offsets of its own): it goes whole or stays whole.
    """
    runs: list[Run] = []
    dropped: list[_Cut] = []
    at = 0
    pending = _merged(cuts)
    for run in block.runs:
        stop = at + len(run.text)
        low = at
        for start, end, mark in pending:
            here, there = max(start, low), min(end, stop)
            if here >= there:
                continue
            if run.how == VERBATIM:
                if here > low:
                    runs.append(_slice(run, low - at, here - at))
                dropped.append((run.start + here - at, run.start + there - at, mark))
                low = there
            elif (here, there) == (at, stop):
                dropped.append((run.start, run.end, mark))
                low = there
        if low < stop:
            rest = run if low == at else _slice(run, low - at, stop - at)
            if dropped and rest.how == VERBATIM and runs and runs[-1].text.endswith(" "):
                rest = _slice(rest, len(rest.text) - len(rest.text.lstrip(" ")), len(rest.text))  # one space is enough
            runs.append(rest)
        at = stop
    return _trimmed(runs), dropped


def _merged(cuts: list[_Cut]) -> list[_Cut]:
    """Ranges that rise and do not overlap; of two that overlap, the first gives its mark."""
    merged: list[_Cut] = []
    for start, end, mark in sorted(cuts, key=lambda cut: cut[:2]):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
        else:
            merged.append((start, end, mark))
    return merged


def _slice(run: Run, low: int, high: int) -> Run:
    return Run(run.start + low, run.start + high, run.text[low:high], VERBATIM)


def _trimmed(runs: list[Run]) -> list[Run]:
    """Without the white space that a cut left at the edges."""
    while runs and not runs[0].text.strip():
        runs = runs[1:]
    while runs and not runs[-1].text.strip():
        runs = runs[:-1]
    if runs and runs[0].how == VERBATIM:
        runs = [_slice(runs[0], len(runs[0].text) - len(runs[0].text.lstrip()), len(runs[0].text)), *runs[1:]]
    if runs and runs[-1].how == VERBATIM:
        runs = [*runs[:-1], _slice(runs[-1], 0, len(runs[-1].text.rstrip()))]
    return runs


def _sources(block: Block, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The source spans of a range of the block's text; a run that is not verbatim counts whole."""
    at = 0
    for run in block.runs:
        low, high = max(start - at, 0), min(end - at, len(run.text))
        if low < high:
            yield (run.start + low, run.start + high) if run.how == VERBATIM else (run.start, run.end)
        at += len(run.text)


def _firsts(found: Sequence[Found]) -> list[Found]:
    """The first value of each field, in the order of the fields."""
    first: dict[str, Found] = {}
    for one in found:
        if one.value:
            first.setdefault(one.field, one)
    return list(first.values())


def _values(found: Sequence[Found]) -> dict[str, Value]:
    """Column values from the first value of each field; a day brings its precision."""
    values: dict[str, Value] = {}
    for one in _firsts(found):
        if one.field == "date_published":
            values["date_published"], values["date_precision"] = cast("Value", one.value)
        elif one.field == "date_modified":
            values["date_modified"], _ = cast("Value", one.value)
        else:
            values[one.field] = one.value
    return values
