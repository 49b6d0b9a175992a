"""`winnow share`: the dataset without its text, to be given away."""

from __future__ import annotations

from pathlib import Path  # typer reads the signatures at run time
from typing import Annotated

import typer

from pipeline.cli.common import Code, console, options, out_json, settings_of

Dataset = Annotated[Path, typer.Argument(metavar="DIR", help="The dataset.", show_default=False)]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the shared dataset.", show_default=False)]
LeaveOut = Annotated[
    list[str] | None,
    typer.Option(
        "--leave-out",
        metavar="COLUMN",
        help="A column to be null for good: headline, keywords, references, ledger.text … Repeatable.",
        show_default=False,
    ),
]


def share(context: typer.Context, directory: Dataset, out: Out, leave_out: LeaveOut = None) -> int:
    """Write a dataset without its text: digests, spans, rules, metadata. Who has the same raw files makes it whole again."""
    from pipeline import dataset

    chosen = options(context)
    made = dataset.share(directory, out, settings_of(chosen, out=out), leave_out or ())
    totals = made.commit.totals
    if chosen.json:
        facts = {"commit": made.commit.number, "documents": totals.sources, "articles": totals.articles}
        out_json({**facts, "left_out": made.left_out, "checksum": made.checksum})
    elif not chosen.quiet:
        left = f"; left out for good: {', '.join(made.left_out)}" if made.left_out else ""
        console().print(
            f"{totals.sources:,} documents, {totals.articles:,} articles without their text in {out}{left}", markup=False
        )
        console().print(f"checksum {made.checksum}")
    return Code.OK
