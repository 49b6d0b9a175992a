"""`winnow verify`: does the dataset hold its laws?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import Code, console, options, out_json, settings_of
from pipeline.errors import SettingsError
from pipeline.settings import url_of

Dataset = Annotated[Path | None, typer.Argument(metavar="OUT", help="The dataset; default: the out folder.", show_default=False)]
Raw = Annotated[
    Path | None, typer.Option("--raw", metavar="DIR", help="Its source files; default: the raw folder.", show_default=False)
]


def verify(context: typer.Context, out: Dataset = None, raw: Raw = None) -> int:
    """Check a dataset against the laws, from its files and the raw files alone; exit code 1 if there are problems."""
    from pipeline import dataset

    chosen = options(context)
    settings = settings_of(chosen, out=out, raw=raw)
    if raw is not None and settings.raw_url is None and not settings.raw.is_dir():  # else every file would be said to be gone
        raise SettingsError("no such folder", place=str(settings.raw), remedy="Name the folder of the source files: --raw DIR")
    name = url_of(settings.out) or settings.out
    problems = dataset.verify(settings.out, settings.raw, settings)
    if chosen.json:
        for problem in problems:
            out_json(problem._asdict())
    else:
        for problem in problems:
            console().print(str(problem), markup=False)
        if not chosen.quiet:
            console().print(f"{len(problems)} problems in {name}" if problems else f"{name} holds every law")
    return Code.REJECTED if problems else Code.OK
