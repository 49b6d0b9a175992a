"""One writer at a time. The operating system drops the lock when its owner dies, however it dies."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipeline.dataset.files import explained, make_folder
from pipeline.dataset.layout import Layout
from pipeline.errors import DatasetLocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def locked(out: Path, wait: float = 0) -> Iterator[None]:
    """Holds the dataset's lock. Raises DatasetLocked, saying who holds it, if another run does and still does after `wait` s."""
    layout = Layout(out)
    with explained(out):
        make_folder(out)
    # thread_local=False: a flow may release in another thread than the one that acquired.
    lock = FileLock(layout.lock, thread_local=False)
    with explained(layout.lock):
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise DatasetLocked(
                f"another run is writing this dataset{_owner(layout.owner)}",
                place=str(layout.lock),
                remedy="Wait until it has ended, or write to another folder",
            ) from None
    try:
        with explained(layout.owner):
            now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
            layout.owner.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now}))
        yield
    finally:
        layout.owner.unlink(missing_ok=True)
        lock.release()


def _owner(path: Path) -> str:
    try:
        said = json.loads(path.read_text())
        return f" (process {said['pid']} on {said['host']} since {said['since']})"
    except (OSError, ValueError, KeyError):
        return ""  # it is being written at this moment; the lock itself is what counts
