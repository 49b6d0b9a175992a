"""One writer at a time. The operating system drops the lock when its owner dies, however it dies.

Between hosts that share a folder over a network, file locks may not hold. So the owner gives a sign of life every few seconds,
and one on another host whose last sign is young is believed without a lock.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipeline.dataset import store
from pipeline.dataset.beat import beating
from pipeline.dataset.files import explained, make_folder
from pipeline.dataset.layout import Layout
from pipeline.dataset.lease import leased
from pipeline.errors import DatasetLocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# An owner on another host is taken for dead after so long a silence.
DEAD_SECONDS = 60.0


@contextlib.contextmanager
def locked(out: Path, wait: float = 0) -> Iterator[None]:
    """Holds the dataset's lock. Raises DatasetLocked, saying who holds it, if another run does and still does after `wait` s."""
    if store.is_object(out):
        with leased(out, wait):
            yield
        return
    layout = Layout(out)
    with explained(out):
        make_folder(out)
    # thread_local=False: a flow may release in another thread than the one that acquired.
    lock = FileLock(layout.lock, thread_local=False)
    with explained(layout.lock):
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise _refusal(layout) from None
    try:
        if _is_alive_elsewhere(layout):
            raise _refusal(layout)
        with explained(layout.owner):
            now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            layout.owner.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now}))
        try:
            with beating(lambda: os.utime(layout.owner)):
                yield
        finally:
            with explained(layout.owner):
                layout.owner.unlink(missing_ok=True)
    finally:
        lock.release()


def _refusal(layout: Layout) -> DatasetLocked:
    said = _owner(layout.owner)
    who = f" (process {said['pid']} on {said['host']} since {said['since']})" if said else ""
    remedy = "Wait until it has ended, or write to another folder"
    return DatasetLocked(f"another run is writing this dataset{who}", place=str(layout.lock), remedy=remedy)


def _is_alive_elsewhere(layout: Layout) -> bool:
    """Whether an owner on another host gave a sign of life lately, by the clock of the file system."""
    said = _owner(layout.owner)
    if not said or said["host"] == socket.gethostname():
        return False  # an owner on this host would hold the lock
    with explained(layout.lock):
        os.utime(layout.lock)
        return layout.lock.stat().st_mtime - layout.owner.stat().st_mtime < DEAD_SECONDS


def _owner(path: Path) -> dict[str, str]:
    """Who says to hold the lock; nothing if nobody does, or it is being written at this moment."""
    try:
        said = json.loads(path.read_text())
        return {key: str(said[key]) for key in ("pid", "host", "since")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
