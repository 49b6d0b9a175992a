"""`winnow serve`: the main job on a schedule."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import Code, options, settings_of
from pipeline.errors import SettingsError

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

Cron = Annotated[str | None, typer.Option("--cron", metavar="'M H D M W'", help="Five cron fields, UTC.", show_default=False)]
Every = Annotated[str | None, typer.Option("--every", metavar="TIME", help="Seconds, or 90s, 15m, 2h, 1d.", show_default=False)]
Raw = Annotated[Path | None, typer.Argument(metavar="RAW", help="Folder of source files; default: raw.", show_default=False)]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the dataset; default: processed.", show_default=False)
]


def serve(context: typer.Context, raw: Raw = None, out: Out = None, cron: Cron = None, every: Every = None) -> int:
    """Run the main job on a schedule until interrupted; starts and owns a local Prefect server when none is configured."""
    chosen = options(context)
    settings_of(chosen, raw=raw, out=out)  # a wrong setting is refused now, not at the first run
    seconds = _seconds(every) if every is not None else None
    from flows import serve as schedule

    given = {"raw": raw, "out": out, "config": chosen.config}
    schedule.serve(cron=cron, every=seconds, parameters={key: str(value) for key, value in given.items() if value is not None})
    return Code.OK


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if match is None:
        raise SettingsError(f"{text!r} is no interval", place="serve: --every", remedy="Write seconds, or 90s, 15m, 2h, 1d")
    return float(match[1]) * UNITS[match[2]]
