"""`winnow review`: the places where an article may begin, for a person to decide."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer  # typer reads the signatures at run time

from pipeline.cli.common import STDIN, Code, console, options, out_json, report, settings_of, squeezed, traced
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from pipeline.decisions import Decision
    from pipeline.review import Place
    from pipeline.settings import Settings

TEXT_MOST = 100  # characters of a line shown
QUIT = "quit"
ASKED = "a: accept, r: reject, +N or -N: move by lines, s: skip, q: quit"

Where = Annotated[
    Path | None,
    typer.Argument(
        metavar="RAW|DATASET", help="Raw files, one file, or a dataset; default: the dataset, else raw.", show_default=False
    ),
]
Listing = Annotated[bool, typer.Option("--list", help="List the places and ask nothing.")]
Decide = Annotated[
    str | None,
    typer.Option(
        "--decide", metavar="FILE", help="Store the decisions in FILE (JSON Lines; - is standard input).", show_default=False
    ),
]
All = Annotated[bool, typer.Option("--all", help="Also the cuts that are made without being asked about.")]
Context = Annotated[int, typer.Option("--context", min=1, help="Lines shown before and behind a place.")]


def review(  # noqa: PLR0917  # typer calls it by name
    context: typer.Context,
    where: Where = None,
    listing: Listing = False,
    decide: Decide = None,
    every: All = False,
    lines: Context = 4,
) -> int:
    """Decide where articles begin that winnow is not sure of: accept, reject or move each cut.

    Decisions are stored in the folder that the setting `decisions` names, and the next run honours them: it processes anew the
    files that they are about. A line of --list --json becomes a decision for --decide by adding "decision": "accept", "reject",
    or "move" and "to": the offset of another of its lines.
    """
    chosen = options(context)
    settings, files = _files(settings_of(chosen), where, every=every or decide is not None)
    rejects: list[str] = []
    if decide is not None:
        stored = _decide(decide, files, settings, rejects)
        if not chosen.quiet:
            console(stderr=True).print(f"{stored} decisions stored in {settings.decisions}", markup=False)
    elif listing or chosen.json:
        _list(_places(files, settings, rejects, lines, made=every), json=chosen.json)
    else:
        _ask_all(_places(files, settings, rejects, lines, made=every), settings)
    return Code.REJECTED if rejects else Code.OK


def _files(settings: Settings, where: Path | None, *, every: bool) -> tuple[Settings, list[str]]:
    """The files to look at. Of a dataset those in which something waits for review, or all if `every`."""
    from pipeline import dataset, sources

    if where is not None and where.is_file():
        return settings, [str(where)]
    out = where if where is not None else settings.out
    is_dataset = bool(dataset.numbers(out))
    settings = settings.model_copy(update={"out": out} if is_dataset else {"raw": where or settings.raw})
    waiting = dataset.unsure(out) if is_dataset and not every else None
    listed = sources.discover(settings)[0]
    return settings, [one.path for one in listed if waiting is None or one.uri in waiting]


def _places(files: list[str], settings: Settings, rejects: list[str], lines: int, *, made: bool) -> Iterator[Place]:
    """The places of the files, those of equal files once."""
    from pipeline.review import places

    seen = set()
    for item, trace in traced(files, settings, rejects):
        if item.source.sha256 not in seen:
            seen.add(item.source.sha256)
            yield from places(item.source, trace, lines, made=made)


def _list(found: Iterator[Place], *, json: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("file", "line", "rule", "confidence", "begins with")
    for one in found:
        if json:
            out_json(one._asdict() | {"lines": [line._asdict() for line in one.lines]})
        else:
            table.add_row(Text(one.file), str(one.line), one.rule, f"{one.confidence:.2f}", Text(one.quote))
    if not json:
        console().print(table)


def _decide(name: str, files: list[str], settings: Settings, rejects: list[str]) -> int:
    """How many decisions were stored: all that the file gives, or none, if one of them is about nothing that is there."""
    import sys

    from pipeline.dataset.files import digest
    from pipeline.decisions import parse
    from pipeline.review import DESCRIBING, checked, store

    place = "standard input" if name == STDIN else name
    given = parse(sys.stdin.buffer.read() if name == STDIN else Path(name).read_bytes(), place, DESCRIBING)
    found: dict[str, list[Decision]] = {}
    for item, trace in traced((file for file in files if digest(file) in given.of), settings, rejects):
        about = given.about(item.source.sha256)
        found.setdefault(item.source.sha256, list(checked(about, item.source, trace, place)))
    for source in given.of.keys() - found.keys():
        cause = f"no file with the digest {source} is there, or it cannot be read"
        raise SettingsError(cause, place=place, remedy="Name the folder of raw files, or leave the decision out")
    decisions = [one for about in found.values() for one in about]
    store(settings.decisions, decisions)
    return len(decisions)


def _ask_all(found: Iterator[Place], settings: Settings) -> None:
    """Asks about each place and stores each answer at once. Ends with the last, on "quit", or when the input ends."""
    screen = console()
    stored: set[tuple[str, int]] = set()
    number = 0
    for place in found:
        if (place.source, place.at) in stored:  # a cut was moved here
            continue
        _show(screen, place)
        answer = _answer(screen, place, settings)
        if isinstance(answer, str):
            break
        if answer is not None:
            number += 1
            stored.update((answer.source, offset) for offset, _, _ in answer.places)
    screen.print(f"{number} decisions stored in {settings.decisions}; the next run honours them", markup=False)


def _show(screen: Console, place: Place) -> None:
    from rich.text import Text

    what = "an article begins" if place.made else "does an article begin"
    said = f"{place.file}:{place.line}: {what} at > ({place.rule}, {place.confidence:.2f})"
    screen.print(Text(said, style="bold"), soft_wrap=True)
    if place.why:
        screen.print(Text(f"because {', '.join(place.why)}", style="dim"), soft_wrap=True)
    for line in place.lines:
        sign = ">" if line.by == 0 else f"{line.by:+d}"
        screen.print(Text(f"{sign:>4} {squeezed(line.text, TEXT_MOST)}", style="bold" if line.by == 0 else ""), soft_wrap=True)


def _answer(screen: Console, place: Place, settings: Settings) -> Decision | str | None:
    """The decision, stored; QUIT; None for skip. Asks again until it has an answer that can be stored."""
    from rich.prompt import Prompt

    from pipeline.review import store

    while True:
        try:
            said = Prompt.ask(ASKED, console=screen).strip().lower()
        except EOFError:
            return QUIT
        if said in ("q", QUIT):
            return QUIT
        if said in ("s", "skip"):
            return None
        decision = _decision(place, said)
        if decision is None:
            screen.print(f"{said!r} is none of these", markup=False)
            continue
        try:
            store(settings.decisions, [decision])
        except SettingsError as error:
            report(error)
        else:
            return decision


def _decision(place: Place, said: str) -> Decision | None:
    from pipeline.decisions import ACCEPT, MOVE, REJECT

    for decision in (ACCEPT, REJECT):
        if said in (decision, decision[0]):
            return place.decided(decision)
    by = int(said) if re.fullmatch(r"[+-][0-9]{1,4}", said) else 0
    return place.decided(MOVE, by) if by and by in {line.by for line in place.lines} else None
