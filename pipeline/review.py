"""The queue of doubtful cuts, computed from the sources, and what people decide about them, written down for later runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipeline.dataset.files import explained, make_folder, move, sync_file, sync_folder
from pipeline.decisions import FILE, MOVE, Decision, fitting, load, parse, quote_of, written
from pipeline.errors import SettingsError
from pipeline.split import REVIEW, explain
from pipeline.split.splitter import Cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pipeline.model import Source
    from pipeline.process import Trace

MOST_REASONS = 3


class Line(NamedTuple):
    """A line near a place, `by` lines below it (negative: above); `at` is its offset, `text` the whole line."""

    by: int
    at: int
    text: str


class Place(NamedTuple):
    """Where an article may begin. `source`, `at`, `quote` and `file` are those of a `Decision`; `line` counts from 1.

    `made` if the cut is made unless it is rejected; `lines` stand around the place, the line in question has `by` 0; `why` are
    the splitter's reasons.
    """

    source: str
    at: int
    quote: str
    file: str
    line: int
    rule: str
    confidence: float
    made: bool
    lines: tuple[Line, ...]
    why: tuple[str, ...]

    def decided(self, decision: str, by: int = 0) -> Decision:
        """The decision about this place; `by` lines it is moved. KeyError if no such line is near."""
        one = Decision(self.source, self.at, decision, self.quote, file=self.file)
        if decision != MOVE:
            return one
        line = {line.by: line for line in self.lines}[by]
        return one._replace(to=line.at, to_quote=quote_of(line.text))


# Keys of a place that a decision does not have: a line of `winnow review --list --json` becomes a decision by adding "decision".
DESCRIBING = frozenset(Place._fields) - frozenset(Decision._fields)


def places(source: Source, trace: Trace, context: int, *, made: bool = False) -> Iterator[Place]:
    """The places of a file that wait for review, in order, each with `context` lines before and behind it.

    With `made` also the cuts that splitters made, which can be rejected; those of an export's layout cannot.
    """
    cuts = list(trace.unsure)
    if made and trace.outcome.export is None:
        at = 0
        for segment in trace.segments:
            if at and segment.splitter != REVIEW:
                cuts.append(Cut(at, segment.splitter, segment.confidence))
            at += len(segment.blocks)
    blocks, text = trace.page.blocks, trace.decoded.text
    unsure = {cut.at for cut in trace.unsure}
    line, seen = 1, 0
    for cut in sorted(cuts):
        start = blocks[cut.at].start
        line += text.count("\n", seen, start)
        seen = start
        first, stop = max(0, cut.at - context), min(len(blocks), cut.at + context + 1)
        near = tuple(Line(at - cut.at, blocks[at].start, blocks[at].text) for at in range(first, stop))
        reasons = explain(trace.page, trace.marks, cut)[:MOST_REASONS]
        yield Place(
            source=source.sha256,
            at=start,
            quote=quote_of(blocks[cut.at].text),
            file=source.uri,
            line=line,
            rule=cut.rule,
            confidence=cut.confidence,
            made=cut.at not in unsure,
            lines=near,
            why=tuple(f"{one.feature}={one.value:.3g} {one.weight:+.2f}" for one in reasons),
        )


def checked(given: Iterable[Decision], source: Source, trace: Trace, place: str) -> Iterator[Decision]:
    """The decisions about this source with their quotes; SettingsError, at `place`, for one that fits no line of it."""
    quotes = {block.start: block.text for block in trace.page.blocks}
    for one in given:
        where = f"{place}, offset {one.at} of {source.uri}"
        if trace.outcome.export is not None:
            cause = f"this is a {trace.outcome.export} export: its own lines decide where articles begin"
            raise SettingsError(cause, place=where, remedy="Leave the decision out")
        if fitting([one], trace.page.blocks)[1]:
            cause = "no line begins there with that quote, or it is the file's first"
            raise SettingsError(cause, place=where, remedy="Take offset and quote from: winnow review --list --json")
        to_quote = quote_of(quotes[one.to]) if one.to is not None else None
        yield one._replace(quote=quote_of(quotes[one.at]), to_quote=to_quote, file=source.uri)


def store(folder: Path, new: Iterable[Decision]) -> Path:
    """The file, which now says `new` as well; what was said of the same places before is replaced.

    Raises SettingsError if the decisions contradict each other, and DatasetError if it cannot be written; then it is as before.
    """
    path = folder / FILE
    known = {(one.source, one.at): one for about in load(folder).of.values() for one in about}
    known |= {(one.source, one.at): one for one in new}
    data = written(known.values())
    parse(data, str(path))
    part = path.with_name(f".{path.name}.part")
    with explained(folder):
        make_folder(folder)
        part.write_bytes(data)
        sync_file(part)
        move(part, path)
        sync_folder(folder)
    return path
