"""`winnow diff`: what changed between two commits or two datasets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Code, console, options, out_json, report
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from pipeline.dataset.diff import Diff

_HELP = "A dataset's folder, or FOLDER@N for its commit N."
Before = Annotated[str, typer.Argument(metavar="A", help=_HELP, show_default=False)]
After = Annotated[str, typer.Argument(metavar="B", help=_HELP, show_default=False)]

# Not Code.REJECTED and Code.USAGE by chance alone: as diff(1) says it.
_DIFFERENT, _TROUBLE = Code.REJECTED, Code.USAGE


def diff(context: typer.Context, before: Before, after: After) -> int:
    """Show what changed between two commits or datasets; exit code 0: nothing, 1: something, 2: they cannot be compared."""
    from pipeline import dataset

    chosen = options(context)
    (first, one), (second, two) = _place(before), _place(after)
    try:
        found = dataset.diff(first, second, one, two)
    except DatasetError as error:
        report(error)
        return _TROUBLE
    if chosen.json:
        out_json(found.to_json())
    elif not chosen.quiet:
        _show(found)
    return Code.OK if found.equal else _DIFFERENT


def _place(name: str) -> tuple[Path, int | None]:
    """The folder and the commit; a folder that is there by this very name is meant itself."""
    match = re.fullmatch(r"(.+)@(\d+)", name)
    return (Path(match[1]), int(match[2])) if match and not Path(name).exists() else (Path(name), None)


def _show(found: Diff) -> None:
    for name, (old, new) in found.identity.items():
        console().print(f"{name}: {old} → {new}", markup=False)
    _rows(found)
    _numbers("characters", found.characters)
    _numbers("characters by rule", found.rules)
    for title, changes in (("values changed", found.columns), ("ledger entries lost or gained", found.spans)):
        if changes:
            console().print(f"\n{title}", style="bold")
        for name, each in changes.items():
            console().print(f"  {name}: {each.count:,}", markup=False)
            for example in each.examples:
                console().print(f"    {example.document}: {example.before!r} → {example.after!r}", markup=False)
    if found.equal:
        console().print("All rows are the same")


def _rows(found: Diff) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("", "added", "removed", "changed", "same")
    tallies = {"documents": found.documents, "articles": found.articles}
    for name, tally in tallies.items():
        table.add_row(name, *(f"{number:,}" for number in (tally.added, tally.removed, tally.changed, tally.same)))
    console().print(table)
    for tally in tallies.values():
        for kind, names in tally.examples.items():
            for named in names:
                console().print(Text(f"  {kind}: {named}"))


def _numbers(title: str, pairs: dict[str, tuple[int, int]]) -> None:
    from rich.table import Table

    if not pairs:
        return
    table = Table(title, "before", "after", "change")
    for name, (old, new) in sorted(pairs.items(), key=lambda item: -abs(item[1][1] - item[1][0])):
        table.add_row(name, f"{old:,}", f"{new:,}", f"{new - old:+,}")
    console().print(table)
