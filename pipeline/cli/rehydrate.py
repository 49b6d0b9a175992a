"""`winnow rehydrate`: a shared dataset made whole again."""

from __future__ import annotations

from pathlib import Path  # typer reads the signatures at run time
from typing import Annotated

import typer

from pipeline.cli.common import Code, console, options, out_json, settings_of
from pipeline.errors import SettingsError

Given = Annotated[Path, typer.Argument(metavar="SHARED", help="What `winnow share` made.", show_default=False)]
Raw = Annotated[Path, typer.Argument(metavar="RAW", help="The same raw files.", show_default=False)]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the whole dataset.", show_default=False)]


def rehydrate(context: typer.Context, shared: Given, raw: Raw, out: Out) -> int:
    """Make a shared dataset whole from the same raw files; exit code 1, naming each file that differs, if it cannot be."""
    from pipeline import dataset

    chosen = options(context)
    settings = settings_of(chosen, raw=raw, out=out)
    if settings.raw_url is None and not settings.raw.is_dir():  # else every file would be said to be gone
        raise SettingsError("no such folder", place=str(settings.raw), remedy="Name the folder of the raw files")
    made = dataset.rehydrate(shared, raw, out, settings)
    if made.commit is None:
        for problem in made.problems:
            out_json(problem._asdict()) if chosen.json else console().print(str(problem), markup=False)
        if not (chosen.json or chosen.quiet):
            console().print(f"{len(made.problems)} problems; nothing was written to {out}", markup=False)
        return Code.REJECTED
    totals = made.commit.totals
    if chosen.json:
        facts = {"commit": made.commit.number, "documents": totals.sources, "articles": totals.articles}
        out_json({**facts, "left_out": made.left_out, "checksum": made.checksum})
    elif not chosen.quiet:
        left = f"; left out for good: {', '.join(made.left_out)}" if made.left_out else ""
        console().print(f"{totals.sources:,} documents, {totals.articles:,} articles, whole again in {out}{left}", markup=False)
        console().print(f"checksum {made.checksum}")
    return Code.OK
