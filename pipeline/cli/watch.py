"""`winnow watch`: the main job whenever files arrive."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Code, console, options, out_json, settings_of
from pipeline.cli.run import Out, Raw, Workers, by_flow, plainly, summary

if TYPE_CHECKING:
    from types import FrameType

NoServer = Annotated[bool, typer.Option("--no-server", help="Without Prefect: the same work and the same rows in a plain loop.")]


def watch(context: typer.Context, raw: Raw = None, out: Out = None, workers: Workers = None, no_server: NoServer = False) -> int:
    """Make the dataset, and again whenever files in the folder are added, changed or removed, until interrupted.

    One line a commit; with --json what `winnow run --json` prints. A run that fails because the dataset is locked or the disk is
    full is told and tried again.
    """
    from flows import watch as watching

    chosen = options(context)
    settings = settings_of(chosen, raw=raw, out=out, workers=workers)

    def run() -> None:
        commit = plainly(settings, hidden=True) if no_server else by_flow(chosen, settings, {"workers": workers}, hidden=True)
        if not commit.changed:
            return
        if chosen.json:
            out_json(summary(commit))
        elif not chosen.quiet:
            totals = commit.totals
            counts = f"{totals.sources:,} files, {totals.articles:,} articles, {totals.rejected:,} rejected"
            console().print(f"commit {commit.number}: {counts}, {len(commit.newly_rejected):,} of them newly")

    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        # An interrupt is the way to end it.
        with contextlib.suppress(KeyboardInterrupt):
            watching.watch(settings, run)
    finally:
        signal.signal(signal.SIGTERM, previous)
    return Code.OK


def _interrupt(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise KeyboardInterrupt
