"""Flows on a schedule. Prefect refuses to schedule on its embedded server, so one is started where none is configured."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import flows
from flows import runtime, server
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType

    from prefect import Flow

PATHS = ("raw", "out", "config", "templates")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
RUNS_AT_ONCE = 5  # processes; of those that write the same dataset one alone does not give up at once
QUEUED_SECONDS = 86_400.0  # how long a queued run waits for one that somebody started by hand

Overlap = Literal["refuse", "queue"]


class Timing(NamedTuple):
    """When a flow is to run, by exactly one of `cron` (five fields, UTC), `every` (as `seconds` reads it) and `rrule`."""

    flow: str = "ingest"
    cron: str | None = None
    every: str | float | None = None
    rrule: str | None = None
    parameters: Mapping[str, object] = {}


def serve(timings: Sequence[Timing], overlap: Overlap = "refuse", name: str = "winnow") -> None:
    """Nothing; runs flows on their schedules until SIGINT or SIGTERM.

    A run that comes while another writes the same dataset ends at once as cancelled (`overlap` refuse), or waits (queue: then one
    runs at a time). Paths among parameters are fixed now, relative to the working folder. `name`: the deployments' name in
    Prefect's UI. Raises SettingsError for a wrong schedule, WinnowError when the server does not start.
    """
    if not timings:
        raise SettingsError("no schedule", place="serve", remedy="Give --cron, --every or --rrule, or [schedule.FLOW] tables")
    for timing in timings:
        _check(timing)
    runtime.prepare(console="INFO")
    from prefect import serve as prefect_serve  # not before the environment is prepared

    from flows import states

    scheduled = [_schedule(timing) for timing in timings]
    found = [flows.find(timing.flow) for timing in timings]
    for timing, flow in zip(timings, found, strict=True):
        flows.known(flow, timing.parameters)
    if overlap == "queue":
        os.environ.setdefault("WINNOW_WAIT_SECONDS", str(QUEUED_SECONDS))  # for the runs, which are processes of their own
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        # An interrupt is one of the two ways to end it.
        with contextlib.suppress(KeyboardInterrupt), server.at_hand("INFO") as url:
            print(f"winnow: schedule at {url.removesuffix('/api')}, state in {runtime.state_folder()}", flush=True)  # noqa: T201
            states.settle(name)  # what a program that was killed left behind
            try:
                prefect_serve(
                    *(_deployment(*each, name) for each in zip(timings, found, scheduled, strict=True)),
                    limit=1 if overlap == "queue" else RUNS_AT_ONCE,
                    print_starting_message=False,
                )
            finally:
                states.settle(name)  # Prefect stops the runs that are under way, and leaves them as they were
    finally:
        signal.signal(signal.SIGTERM, previous)


def seconds(text: str | float) -> float:
    """The seconds in a number, or in a text such as 90, 90s, 15m, 2h, 1d. Raises SettingsError.

    >>> seconds("15m")
    900.0
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(text).strip())
    number = float(found[1]) * UNITS[found[2]] if found else 0.0
    if number <= 0:
        raise SettingsError(f"{text!r} is no interval", place="serve: every", remedy="Write 300, 90s, 15m, 2h or 1d")
    return number


def _deployment(timing: Timing, flow: Flow[..., Any], schedule: Any, name: str) -> Any:
    from prefect.types.entrypoint import EntrypointType

    return flow.to_deployment(
        name=name,
        schedule=schedule,
        parameters=_fixed(timing.parameters),
        # Found by name, wherever winnow is installed and whatever folder the run starts in.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def _check(timing: Timing) -> None:
    if sum(one is not None for one in (timing.cron, timing.every, timing.rrule)) != 1:
        cause = "a schedule is either cron or every or rrule"
        raise SettingsError(cause, place=f"serve: {timing.flow}", remedy="Give exactly one of them")
    if timing.flow not in flows.FLOWS:
        raise flows.unknown(timing.flow)
    if timing.every is not None:
        seconds(timing.every)


def _schedule(timing: Timing) -> Any:
    """Prefect's schedule. Made now and not when the server, which is slow to start, is there at last."""
    import datetime as dt

    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule

    if timing.every is not None:
        return IntervalSchedule(interval=dt.timedelta(seconds=seconds(timing.every)))
    try:
        return CronSchedule(cron=timing.cron) if timing.cron is not None else RRuleSchedule(rrule=str(timing.rrule))
    except ValueError as error:
        kind, text = ("cron", timing.cron) if timing.cron is not None else ("rrule", timing.rrule)
        remedy = "Five fields, as in '*/15 * * * *'" if kind == "cron" else "As in 'FREQ=WEEKLY;BYDAY=MO;BYHOUR=6'"
        raise SettingsError(f"{text!r} is no schedule", place=f"serve: {kind}", remedy=remedy) from error


def _fixed(parameters: Mapping[str, object]) -> dict[str, object]:
    return {key: os.fspath(Path(str(value)).absolute()) if key in PATHS else value for key, value in parameters.items()}


def _interrupt(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise KeyboardInterrupt
