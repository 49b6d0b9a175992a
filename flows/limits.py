"""Tasks one after another as they end, no more under way than there are workers, and given up when they take too long."""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flows import runtime

runtime.prepare()

from prefect.futures import PrefectFuture, as_completed  # noqa: E402  # Prefect reads its environment when it is imported

from pipeline.errors import WinnowError  # noqa: E402
from pipeline.settings import Settings  # noqa: E402


class TooLong(WinnowError):  # noqa: N818  # as its base, named for what happened
    """No task ended for `stall_seconds`, or the run took more than `run_seconds`."""


def results(
    chosen: Settings, slots: int, numbers: Iterable[int], submit: Callable[[int], PrefectFuture[Any]]
) -> Iterator[tuple[int, Any]]:
    """(number, result or exception) of each task that `submit` starts, as they end, `slots` of them under way. Raises TooLong."""
    started = time.monotonic()
    running: dict[PrefectFuture[Any], int] = {}
    for number in numbers:
        if len(running) >= slots:
            yield _next(running, chosen, started)
        running[submit(number)] = number
    while running:
        yield _next(running, chosen, started)


def _next(running: dict[PrefectFuture[Any], int], chosen: Settings, started: float) -> tuple[int, Any]:
    left = chosen.run_seconds - (time.monotonic() - started) if chosen.run_seconds else None
    limits = [limit for limit in (chosen.stall_seconds or None, left) if limit is not None]
    try:
        future = next(as_completed(list(running), timeout=max(min(limits), 0.001) if limits else None))
    except TimeoutError as error:
        stalled = left is None or 0 < chosen.stall_seconds < left
        cause = f"no task ended for {chosen.stall_seconds:g} s" if stalled else f"not done within {chosen.run_seconds:g} s"
        name = "stall_seconds" if stalled else "run_seconds"
        raise TooLong(
            cause,
            place=f"tasks {', '.join(str(number) for number in sorted(running.values()))}",
            remedy=f"Nothing was published. Raise {name} or make smaller batches, and run again",
        ) from error
    return running.pop(future), future.result(raise_on_failure=False)
