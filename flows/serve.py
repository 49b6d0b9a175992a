"""The main job on a schedule. Prefect refuses to schedule on its embedded server, so one is started where none is configured."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from flows import runtime, server
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

PATHS = ("raw", "out", "config")


def serve(
    *,
    cron: str | None = None,
    every: float | None = None,
    parameters: Mapping[str, object] | None = None,
    name: str = "winnow",
) -> None:
    """Nothing; runs flow `ingest` on a schedule until SIGINT or SIGTERM, one run at a time.

    Exactly one of `cron` (five fields, UTC) and `every` (seconds). `parameters` are those of the flow;
    paths among them are fixed now, relative to the working folder. `name`: the deployment's name in Prefect's UI. Raises
    SettingsError for a wrong schedule, WinnowError when the server does not start.
    """
    _check(cron, every)
    runtime.prepare(console="INFO")
    from prefect.types.entrypoint import EntrypointType  # not before the environment is prepared

    from flows.ingest import ingest

    _check_cron(cron)
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        # An interrupt is one of the two ways to end it.
        with contextlib.suppress(KeyboardInterrupt), server.at_hand("INFO") as url:
            print(f"winnow: schedule at {url.removesuffix('/api')}, state in {runtime.state_folder()}", flush=True)  # noqa: T201
            ingest.serve(
                name=name,
                cron=cron,
                interval=every,
                parameters=_fixed(parameters or {}),
                limit=1,
                print_starting_message=False,
                # Found by name, wherever winnow is installed and whatever folder the run starts in.
                entrypoint_type=EntrypointType.MODULE_PATH,
            )
    finally:
        signal.signal(signal.SIGTERM, previous)


def _check(cron: str | None, every: float | None) -> None:
    if (cron is None) == (every is None):
        raise SettingsError("a schedule is either cron or every", place="serve", remedy="Give exactly one of them")
    if every is not None and every <= 0:
        raise SettingsError(f"{every} is no interval", place="serve: every", remedy="Give a number of seconds above 0")


def _check_cron(cron: str | None) -> None:
    """Now and not when the server, which is slow to start, is there at last."""
    from prefect.client.schemas.schedules import CronSchedule

    if cron is not None:
        try:
            CronSchedule(cron=cron)
        except ValueError as error:
            raise SettingsError(
                f"{cron!r} is no schedule", place="serve: cron", remedy="Five fields, as in '*/15 * * * *'"
            ) from error


def _fixed(parameters: Mapping[str, object]) -> dict[str, object]:
    return {key: os.fspath(Path(str(value)).absolute()) if key in PATHS else value for key, value in parameters.items()}


def _interrupt(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise KeyboardInterrupt
