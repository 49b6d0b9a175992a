"""Files handled as they arrive: the folder of sources is watched, and each burst of changes is followed by one run.

The dataset itself says what is new, so no change is lost by being noticed twice, late or not at all: the next run finds it.
"""

from __future__ import annotations

import math
import os
import threading
import time
from typing import TYPE_CHECKING

from flows.progress import say
from pipeline.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from watchfiles import Change

    from pipeline.settings import Settings

BURST_SECONDS = 1.6  # changes that come so close are one burst: files are rarely copied alone
QUIET_SECONDS = 0.2  # a burst is over when nothing came for so long
LOOK_SECONDS = 0.5  # between two looks at whether it is time to try again or to end
AGAIN_SECONDS = 30.0  # after a run that failed it is tried again, even if nothing changes


def watch(chosen: Settings, run: Callable[[], object], stop: threading.Event | None = None) -> None:
    """Nothing; calls `run` at once and after each burst of changes below `chosen.raw`, until `stop` is set or an interrupt.

    A run that fails because of the dataset (it is locked, the disk is full) is told and tried again; every other error is raised.
    Changes that come while a run is under way are handled by the next.
    """
    if not chosen.raw.is_dir():
        raise SettingsError(
            "no such folder", place=str(chosen.raw), remedy="Name the folder of source files: winnow watch FOLDER"
        )
    import watchfiles  # a compiled library that nothing else needs

    ended = stop or threading.Event()
    bursts = watchfiles.watch(
        chosen.raw,
        watch_filter=_Sources(chosen),
        debounce=int(BURST_SECONDS * 1000),
        step=int(QUIET_SECONDS * 1000),
        stop_event=ended,
        rust_timeout=int(LOOK_SECONDS * 1000),
        yield_on_timeout=True,
        raise_interrupt=True,
    )
    next(bursts, None)  # only now it watches, so that nothing can come between that and the first run
    due = time.monotonic()
    while not ended.is_set():
        if time.monotonic() >= due:
            due = math.inf if _ran(run) else time.monotonic() + AGAIN_SECONDS
        if next(bursts, None):
            due = time.monotonic()


class _Sources:
    """Whether a change may be one of the sources: not what the dataset's own files do, should they stand below raw."""

    def __init__(self, chosen: Settings) -> None:
        self._out = os.path.realpath(chosen.out) + os.sep

    def __call__(self, change: Change, path: str) -> bool:
        """The signature that watchfiles wants."""
        del change
        return not (os.path.realpath(path) + os.sep).startswith(self._out)


def _ran(run: Callable[[], object]) -> bool:
    try:
        run()
    except DatasetError as error:
        say(f"{error} — trying again in {AGAIN_SECONDS:.0f} s, or when files change")
        return False
    return True
