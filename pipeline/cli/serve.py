"""`winnow serve`: flows on a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.common import Code, options, settings_of

Cron = Annotated[str | None, typer.Option("--cron", metavar="'M H D M W'", help="Five cron fields, UTC.", show_default=False)]
Every = Annotated[str | None, typer.Option("--every", metavar="TIME", help="Seconds, or 90s, 15m, 2h, 1d.", show_default=False)]
Rrule = Annotated[str | None, typer.Option("--rrule", metavar="RULE", help="A recurrence rule, RFC 5545.", show_default=False)]
Flows = Annotated[
    list[str] | None,
    typer.Option("--flow", metavar="NAME", help="The flow, instead of ingest; may be repeated.", show_default=False),
]
Overlap = Annotated[
    str | None, typer.Option("--overlap", metavar="HOW", help="refuse or queue runs that overlap.", show_default=False)
]
Raw = Annotated[Path | None, typer.Argument(metavar="RAW", help="Folder of source files; default: raw.", show_default=False)]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the dataset; default: processed.", show_default=False)
]
# Which flows have these parameters; all have `config`.
TAKE = {"raw": {"ingest", "clean", "split", "tag", "learn"}, "out": {"ingest", "clean", "split", "tag", "dedupe", "compact"}}


def serve(  # noqa: PLR0917  # typer calls it by name
    context: typer.Context,
    raw: Raw = None,
    out: Out = None,
    cron: Cron = None,
    every: Every = None,
    rrule: Rrule = None,
    flow: Flows = None,
    overlap: Overlap = None,
) -> int:
    """Run flows on a schedule until interrupted; starts and owns a local Prefect server when none runs or is configured.

    Without --cron, --every and --rrule the flows and their schedules are those of the tables [schedule.FLOW] in winnow.toml. A
    run that finds nothing changed publishes nothing and shows nothing. One that comes while another writes the same dataset is
    refused (it ends as cancelled) or queued.
    """
    chosen = options(context)
    settings = settings_of(chosen, raw=raw, out=out, overlap=overlap)  # a wrong one is refused now, not at the first run
    from flows import serve as schedule

    if cron is None and every is None and rrule is None and not flow:
        planned = [schedule.Timing(name, **dict(one)) for name, one in settings.schedule.items()]
    else:
        planned = [schedule.Timing(name, cron, every, rrule) for name in flow or ["ingest"]]
    given = {"raw": raw, "out": out, "config": chosen.config}
    timings = []
    for one in planned:
        said = {key: str(value) for key, value in given.items() if value is not None and one.flow in TAKE.get(key, {one.flow})}
        timings.append(one._replace(parameters={**said, **one.parameters}))
    schedule.serve(timings, overlap=settings.overlap)
    return Code.OK
