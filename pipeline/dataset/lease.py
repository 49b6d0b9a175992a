"""One writer at a time where there are no file locks: terms of office.

    .lock/00000007.json   who writes, or wrote last; its owner alone writes it again, every few seconds, and says so when it ends

A new owner creates the next number, which of several only one can. Who finds a higher number than its own has lost its office:
a machine that slept through the time after which it was taken for dead does nothing more when it wakes. Numbers are only taken
away by an owner of a higher one, so the highest always stands.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.dataset import store
from pipeline.dataset.beat import beating
from pipeline.dataset.files import explained
from pipeline.dataset.layout import Layout
from pipeline.errors import DatasetError, DatasetLocked
from pipeline.settings import STORES

if TYPE_CHECKING:
    from collections.abc import Iterator

# An owner on another machine is taken for dead after so long a silence, by the store's clock.
DEAD_SECONDS = 60.0
# And does nothing that cannot be undone after half of it, by its own.
SURE_SECONDS = DEAD_SECONDS / 2
LOOK_SECONDS = 0.5
_NOW = "now"  # an object that is written to read the store's clock

_held: dict[str, Lease] = {}


class Lease:
    """A term that this process was elected for."""

    def __init__(self, folder: Path, term: int, owner: dict[str, Any]) -> None:
        self.path = _path(folder, term)
        self.token: str = owner["token"]
        self._folder, self._term, self._owner = folder, term, owner
        self._beats = 0
        self._seen = _clock()
        self._lost = False
        self._changing = threading.Lock()

    def renew(self) -> None:
        """A sign of life, unless another was elected meanwhile."""
        with self._changing:
            began = _clock()
            self._lost = self._lost or max(_terms(self._folder), default=0) != self._term
            if not self._lost:
                self._beats += 1
                store.put(self.path, _said(self._owner | {"beats": self._beats}))
                self._seen = began

    def assure(self) -> None:
        """DatasetLocked if another writer may have been elected."""
        if _clock() - self._seen > SURE_SECONDS:
            with contextlib.suppress(OSError):  # then it is not sure, which is said below
                self.renew()
        if self._lost or _clock() - self._seen > SURE_SECONDS:
            cause = "this run gave no sign of life for so long that another may be writing"
            raise DatasetLocked(cause, place=store.called(self.path), remedy="Run again: what was begun is finished or cleared")

    def end(self) -> None:
        """The next may come at once."""
        with self._changing:
            if not self._lost:
                store.put(self.path, _said(self._owner | {"ended": True}))


@contextlib.contextmanager
def leased(out: Path, wait: float) -> Iterator[None]:
    """As `lock.locked`, for a dataset in an object store."""
    with explained(out):
        lease = _elected(out, wait)
    _held[lease.token] = lease
    try:
        with beating(lease.renew):
            yield
    finally:
        del _held[lease.token]
        with contextlib.suppress(OSError):  # the process has ended or will, which the next one sees
            lease.end()


def assure(out: Path) -> None:
    """Nothing, if this process is sure to be the dataset's one writer, else DatasetLocked."""
    folder = Layout(out).lock
    mine = [lease for lease in _held.values() if lease.path.parent == folder]
    for lease in mine:
        lease.assure()


def _elected(out: Path, wait: float) -> Lease:
    folder = Layout(out).lock
    service = store.called(out).partition(":")[0]
    if service not in STORES:
        cause = f"{service} is no service that can keep two writers apart"
        raise DatasetError(cause, place=store.called(out), remedy=f"Name a folder, or a URL of {', '.join(sorted(STORES))}")
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "machine": _machine(), "born": _born(os.getpid())}
    owner |= {"token": uuid.uuid4().hex, "since": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    deadline = time.monotonic() + wait
    while True:
        last = max(_terms(folder), default=0)
        said = _read(_path(folder, last)) if last else {"ended": True}
        if said is not None and (said.get("ended") or _is_dead(folder, last, said)):
            with contextlib.suppress(FileExistsError):  # another came first
                return _created(folder, last + 1, owner)
        if time.monotonic() >= deadline:
            raise _refusal(folder, said or {})
        time.sleep(LOOK_SECONDS)


def _created(folder: Path, term: int, owner: dict[str, Any]) -> Lease:
    """FileExistsError if another was elected."""
    lease = Lease(folder, term, owner)
    store.create(lease.path, _said(owner))
    if not store.creates_alone(lease.path):
        store.delete(lease.path)
        cause = "this store does not create objects exclusively (If-None-Match), so two writers could not be kept apart"
        remedy = "Write to a folder and copy it, or use a store or a newer version of it that does"
        raise DatasetError(cause, place=store.called(folder), remedy=remedy)
    there = _terms(folder)
    if max(there) > term:  # this number was taken away by a later owner while we came to take it
        store.delete(lease.path)
        raise FileExistsError
    store.each(store.delete, [(_path(folder, old),) for old in there if old < term])
    return lease


def _is_dead(folder: Path, term: int, said: dict[str, Any]) -> bool:
    """Whether the owner's process is known to have ended, or on another machine was silent for long."""
    if said.get("machine") == _machine():
        if said.get("pid") == os.getpid() and said.get("born") == _born(os.getpid()):
            return said.get("token") not in _held
        return _born(int(said["pid"])) != said.get("born")
    store.put(folder / _NOW, b"")
    silence = store.modified(folder / _NOW) - store.modified(_path(folder, term))
    return silence.total_seconds() >= DEAD_SECONDS


def _machine() -> str:
    """What two processes share that can see each other's numbers: not two containers of one host, nor two boots of it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return f"{socket.gethostname()} {uuid.getnode():x}"


def _born(pid: int) -> str:
    """What tells a process from others of its number; "" if it has ended."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self").exists() else _living(pid)
    return "" if state in {"Z", "X"} else rest[18]  # field 22, when it was started


def _living(pid: int) -> str:
    """Where there is no /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        return "there"  # another user's
    return "there"


def _clock() -> float:
    """Seconds that pass while the machine sleeps, too, where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _path(folder: Path, term: int) -> Path:
    return folder / f"{term:08d}.json"


def _terms(folder: Path) -> list[int]:
    return sorted(int(name[:-5]) for name in store.listed(folder) if name.endswith(".json") and name[:-5].isdecimal())


def _said(owner: dict[str, Any]) -> bytes:
    return json.dumps(owner, sort_keys=True).encode()


def _read(path: Path) -> dict[str, Any] | None:
    """What its owner says; None if a later one has just taken it away. Objects are whole: no half of it is ever read."""
    try:
        found: dict[str, Any] = json.loads(store.read(path))
    except FileNotFoundError:
        return None
    return found


def _refusal(folder: Path, said: dict[str, Any]) -> DatasetLocked:
    who = f" (process {said['pid']} on {said['host']} since {said['since']})" if "pid" in said else ""
    remedy = f"Wait until it has ended; one that was killed on another machine is forgotten after {DEAD_SECONDS:.0f} s"
    return DatasetLocked(f"another run is writing this dataset{who}", place=store.called(folder), remedy=remedy)
