"""`winnow inspect FILE`: every block in the colour of what became of it, with the rule that said so."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer  # typer reads the signatures at run time

from pipeline.cli.common import Code, OneFile, console, options, out_json, settings_of, squeezed, traced
from pipeline.marks import SCORE, resolve
from pipeline.model import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.learned import Reason
    from pipeline.model import Block, Entry, Mark
    from pipeline.process import Trace

KEPT = "kept"
REJECTED = "rejected"
# What became of a block: its symbol where there are no colours, and its colour where there are.
LOOKS = {
    KEPT: ("+", "green"),
    Action.TAKEN: ("=", "cyan"),
    Action.DROPPED: ("-", "dim red"),
    Action.SEPARATOR: ("|", "yellow"),
    Action.FLAGGED: ("?", "underline"),
    Action.REPAIRED: ("~", "magenta"),
    REJECTED: ("x", "bold red"),
}
NOTES = frozenset({Action.FLAGGED, Action.REPAIRED})
TEXT_MOST = 100  # characters of a block shown


class Fate(NamedTuple):
    """What became of a block or of a part of it. `article` is 1-based, None outside articles; `part` is a note inside a block."""

    what: str
    article: int | None
    line: int
    start: int
    end: int
    label: str
    rule: str
    confidence: float
    text: str
    part: bool
    why: str = ""


def inspect(
    context: typer.Context,
    file: OneFile,
    why: Annotated[
        bool, typer.Option("--why", help="Also the features that made each learned score, the strongest first.")
    ] = False,
) -> int:
    """Show each block of a file, what became of it, and the rule that said so.

    Kept is green (+), taken as metadata cyan (=), dropped red (-), separators yellow (|); flags (?) and repairs (~) are noted
    below the block they stand in. Columns: article, line, label, rule, confidence, text.
    """
    chosen = options(context)
    rejects: list[str] = []
    for _, trace in traced([file], settings_of(chosen), rejects):
        found = explained(trace, fates(trace)) if why else fates(trace)
        if chosen.json:
            for fate in found:
                out_json(fate._asdict())
        else:
            _show(trace, list(found), quiet=chosen.quiet)
    return Code.REJECTED if rejects else Code.OK


def fates(trace: Trace) -> Iterator[Fate]:
    """What became of each block in source order, each followed by what the ledger says of parts of it."""
    text = trace.decoded.text
    entries = sorted(trace.outcome.ledger, key=lambda entry: (entry.start, entry.end))
    kept = sorted((k.start, k.end, n) for n, article in enumerate(trace.outcome.articles, start=1) for k in article.kept)
    line, seen, entry_at, kept_at = 1, 0, 0, 0
    for block, marks in zip(trace.page.blocks, trace.marks, strict=True):
        line += text.count("\n", seen, block.start)
        seen = block.start
        # Blocks, entries and kept spans all rise, so each list is walked once.
        while entry_at < len(entries) and entries[entry_at].end <= block.start:
            entry_at += 1
        while kept_at < len(kept) and kept[kept_at][1] <= block.start:
            kept_at += 1
        in_article = kept[kept_at][2] if kept_at < len(kept) and kept[kept_at][0] < block.end else None
        yield from _of_block(block, resolve(marks), line, _overlapping(entries, entry_at, block), in_article)


def explained(trace: Trace, found: Iterator[Fate]) -> Iterator[Fate]:
    """The same, each block that has a learned score with the features that made it: name, value, what it did to the log-odds."""
    from pipeline.label import by_line, by_score
    from pipeline.split import prose

    scorer = by_score if any(block.node for block in trace.page.blocks) else by_line
    scored: Any = scorer.score(trace.page)
    places = {block.start: place for place, block in enumerate(trace.page.blocks)}
    cut = {part.blocks[0].start: part for part in trace.segments if part.splitter == prose.RULE}
    for fate in found:
        place = None if fate.part else places.get(fate.start)
        why = []
        if place is not None and fate.start in cut:
            reasons = prose.explain(trace.page.blocks, trace.marks, place)
            why.append(f"cut by {prose.RULE} {cut[fate.start].confidence:.2f}: {_said(reasons)}")
        if place is not None and any(mark.rule.startswith(SCORE) for mark in trace.marks[place]):
            why.append(_said(scorer.explain(scored, place)))
        yield fate._replace(why="; ".join(why)) if why else fate


def _said(reasons: Iterable[Reason]) -> str:
    return ", ".join(f"{one.feature}={one.value:.3g} {one.weight:+.2f}" for one in reasons)


def _overlapping(entries: list[Entry], first: int, block: Block) -> list[Entry]:
    found = []
    for entry in itertools.islice(entries, first, None):
        if entry.start >= block.end:
            break
        if entry.end > block.start:
            found.append(entry)
    return found


def _of_block(block: Block, mark: Mark, line: int, here: list[Entry], in_article: int | None) -> Iterator[Fate]:
    """The fate of the block, then those of its parts. `in_article`: the 1-based article that keeps any of it."""
    moved = [entry for entry in here if entry.action not in NOTES]
    covering = [entry for entry in moved if entry.start <= block.start and entry.end >= block.end]
    whole = next(iter(covering or (moved if in_article is None else [])), None)
    if whole is not None:
        yield _of_entry(whole, line)._replace(start=block.start, end=block.end, text=block.text, part=False)
    else:
        what = KEPT if in_article is not None else REJECTED
        facts = (str(mark.label), mark.rule, mark.confidence, block.text)
        yield Fate(what, in_article, line, block.start, block.end, *facts, part=False)
    yield from (_of_entry(entry, line) for entry in here if entry is not whole)


def _of_entry(entry: Entry, line: int) -> Fate:
    article = None if entry.article is None else entry.article + 1
    text = entry.text if entry.replacement is None else f"{entry.text} → {entry.replacement}"
    facts = (str(entry.label), entry.rule, entry.confidence, text)
    return Fate(str(entry.action), article, line, entry.start, entry.end, *facts, part=True)


def _show(trace: Trace, found: list[Fate], *, quiet: bool) -> None:
    from rich.text import Text

    screen = console()
    rule_width = min(36, max((len(fate.rule) for fate in found), default=4))
    shown: int | None = None
    for fate in found:
        if fate.article is not None and fate.article != shown and not quiet:
            shown = fate.article
            article = trace.outcome.articles[shown - 1] if shown <= len(trace.outcome.articles) else None
            screen.print(Text(f"article {shown}: {(article and article.headline) or '(no headline)'}", style="bold"))
        symbol, style = LOOKS[fate.what]
        place = f"{fate.article or '':>3} {fate.line:>5}"
        facts = f"{fate.label:<11} {fate.rule:<{rule_width}} {fate.confidence:4.2f}"
        inset = "  " if fate.part else ""
        row = Text(f"{symbol} {fate.what:<9} {place} {facts}  {inset}{squeezed(fate.text, TEXT_MOST)}", style=style)
        screen.print(row, soft_wrap=True)
        if fate.why:
            screen.print(Text(f"{'':>22} because {fate.why}", style="dim"), soft_wrap=True)
    if not quiet:
        decoded = trace.decoded
        how = f"{decoded.encoding} ({decoded.evidence}), {len(decoded.text)} characters"
        screen.print(Text(f"{how}; {len(trace.outcome.articles)} articles, {len(found)} lines", style="dim"))
