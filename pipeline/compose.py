"""Segment → text and ledger: the only place where text is assembled.

Each block of the segment is kept, taken as metadata, dropped, or a separator; a kept block may lose ranges inside it. What is
kept becomes paragraphs with a blank line between them (a single line break where the page had one), and every other character
becomes a ledger entry.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, cast

from pipeline.marks import resolve
from pipeline.model import Action, Article, Block, Decoded, Entry, Found, Kept, Label, Mark, Repair, Run, Segment
from pipeline.slices import VERBATIM, pieces

_DROPPED = frozenset((Label.HEADER, Label.SECTION, Label.BOILERPLATE, Label.CAPTION))
# Proposals that only a claim makes true: a line like a byline that names nobody is whatever else it may be.
_UNCLAIMED = frozenset((Label.TITLE, Label.BYLINE, Label.DATELINE))
Value = Any  # a field's value: text, a tuple of names, a day with its precision, …
_SPAN = itemgetter(1, 2)  # of an entry
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
    builder = _Builder(decoded.text, position)
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        claim = claims.get((block.runs[0].start, block.runs[-1].end))
        if claim is not None:
            builder.entry(Action.TAKEN, block, claim.label, claim.rule, claim.confidence)
            continue
        mark = resolve(marks, without=_UNCLAIMED)
        if mark.label is Label.SEPARATOR:
            builder.entry(Action.SEPARATOR, block, mark.label, mark.rule, mark.confidence)
        elif mark.label in _DROPPED and not (keep_captions and mark.label is Label.CAPTION):
            builder.entry(Action.DROPPED, block, mark.label, mark.rule, mark.confidence)
        else:
            if keep_captions:
                marks = tuple([each for each in marks if not (each.inline and each.label is Label.CAPTION)])  # noqa: PLW2901
            builder.keep(block, marks)
    for repair in repairs:
        builder.repair(repair)
    entries = sorted(builder.entries, key=_SPAN)
    if not builder.kept:
        return None, [entry._replace(article=None) for entry in entries]
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
    return article, entries


class _Builder:
    """The parts of the text as they are appended, where they came from, and what became of the rest."""

    def __init__(self, source: str, position: int) -> None:
        self.source = source
        self.position = position
        self.parts: list[str] = []
        self.length = 0
        self.kept: list[Kept] = []
        self.entries: list[Entry] = []

    def entry(self, action: Action, block: Block, label: Label, rule: str, confidence: float) -> None:
        """Note what became of a whole block; what stands between its runs is markup or white space."""
        start, end = block.runs[0].start, block.runs[-1].end
        # A call of the type itself costs three times as much.
        made = (action, start, end, label, rule, confidence, block.text, None, self.position)
        self.entries.append(tuple.__new__(Entry, made))

    def keep(self, block: Block, marks: Iterable[Mark]) -> None:
        """Append the block, without the ranges that inline rules cut; note those that they flag."""
        cuts: list[_Cut] = []
        flags: list[_Cut] = []
        for mark in marks:
            if mark.inline:
                for inner in mark.inner:
                    (cuts if inner.name == "cut" else flags).append((inner.start, inner.end, mark))
        runs, dropped = _without(block, cuts, self.source)
        if any(not run.text.isspace() for run in runs if run.text):
            self._append(block, runs)
        else:
            dropped = [(block.start, block.end, cuts[0][2])]
        for start, end, mark in dropped:
            self._range(Action.DROPPED, start, end, mark)
        for start, end, mark in _sources(block, sorted(flags, key=lambda flag: flag[:2])) if flags else ():
            self._range(Action.FLAGGED, start, end, mark)

    def _range(self, action: Action, start: int, end: int, mark: Mark) -> None:
        text = self.source[start:end]
        self.entries.append(Entry(action, start, end, mark.label, mark.rule, mark.confidence, text, None, self.position))

    def _append(self, block: Block, runs: Sequence[Run]) -> None:
        if self.parts:
            self._add("\n" if block.gap == 0 and block.kind != "line" else "\n\n")
        for start, end, text, how in runs:
            self.kept.append(Kept(self.length, len(text), start, end, how))
            self._add(text)

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def repair(self, repair: Repair) -> None:
        """A note, if the repaired run was kept."""
        at = bisect_right(self.kept, repair.start, key=lambda kept: kept.start) - 1
        if at >= 0 and repair.end <= self.kept[at].end:
            self.entries.append(
                Entry(
                    Action.REPAIRED,
                    repair.start,
                    repair.end,
                    Label.BODY,
                    repair.rule,
                    1.0,
                    repair.before,
                    repair.after,
                    self.position,
                )
            )


def _without(block: Block, cuts: list[_Cut], source: str) -> tuple[list[Run], list[_Cut]]:
    """The block's runs without the cut ranges of its text, and the source spans that were cut.

    What even in pieces is not verbatim (a character reference, a joint) cannot be cut inside: it stays whole.
    """
    if not cuts:  # the usual case
        whole = [run for run in block.runs if run.text]
        if whole and not (whole[0].text[0].isspace() or whole[-1].text[-1].isspace()):
            return whole, []
        return _trimmed(whole)[0], []
    runs: list[Run] = []
    dropped: list[_Cut] = []
    pending = deque(_merged(cuts))
    at = 0
    for run in (piece for each in block.runs for piece in pieces(each, source)):
        stop = at + len(run.text)
        for low, high, mark in _parts(at, stop, pending):
            if run.how != VERBATIM and (low, high) != (at, stop):
                runs.append(run)
                break
            part = _slice(run, low - at, high - at) if run.how == VERBATIM else run
            if mark is not None:
                goes_on = dropped and dropped[-1][1:] == (part.start, mark)
                dropped[-1:] = [(dropped[-1][0], part.end, mark)] if goes_on else [*dropped[-1:], (part.start, part.end, mark)]
            elif not (dropped and runs and runs[-1].text.endswith(" ") and part.text.startswith(" ")):
                runs.append(part)
            elif part.how == VERBATIM:  # one space is enough
                runs.append(_slice(part, len(part.text) - len(part.text.lstrip(" ")), len(part.text)))
        at = stop
    runs, edges = _trimmed(runs)
    return runs, dropped + [(run.start, run.end, cuts[0][2]) for run in edges if run.how != VERBATIM]


def _parts(low: int, stop: int, cuts: deque[_Cut]) -> Iterator[tuple[int, int, Mark | None]]:
    """The range in rising parts, each with the mark of the cut it lies in, or None; cuts that end before it are used up."""
    while low < stop:
        while cuts and cuts[0][1] <= low:
            cuts.popleft()
        if not cuts or cuts[0][0] >= stop:
            yield low, stop, None
            return
        start, end, mark = cuts[0]
        if low < start:
            yield low, start, None
        yield max(low, start), min(end, stop), mark
        low = end


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


def _trimmed(runs: list[Run]) -> tuple[list[Run], list[Run]]:
    """Without the white space that a cut left at the edges, and the runs that were nothing else."""
    first = next((at for at, run in enumerate(runs) if run.text.strip()), len(runs))
    last = next((at for at in range(len(runs), first, -1) if runs[at - 1].text.strip()), first)
    edges = runs[:first] + runs[last:]
    runs = runs[first:last]
    if runs and runs[0].how == VERBATIM:
        runs[0] = _slice(runs[0], len(runs[0].text) - len(runs[0].text.lstrip()), len(runs[0].text))
    if runs and runs[-1].how == VERBATIM:
        runs[-1] = _slice(runs[-1], 0, len(runs[-1].text.rstrip()))
    return runs, edges


def _sources(block: Block, ranges: list[_Cut]) -> Iterator[_Cut]:
    """The source spans of ranges of the block's text that rise by their starts; a run that is not verbatim counts whole."""
    at, first, firsts = 0, 0, [0]
    for run in block.runs:
        at += len(run.text)
        firsts.append(at)
    for start, end, mark in ranges:
        while first < len(block.runs) and firsts[first + 1] <= start:
            first += 1
        for place in range(first, len(block.runs)):
            run, low, high = block.runs[place], start - firsts[place], end - firsts[place]
            if high <= 0:
                break
            if run.text:
                inside = run.start + max(low, 0), run.start + min(high, len(run.text))
                yield (*(inside if run.how == VERBATIM else (run.start, run.end)), mark)


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
