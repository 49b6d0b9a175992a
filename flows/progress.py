"""How a flow tells the one who called it how far it is."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Step(NamedTuple):
    """Where a run is: files finished and files in all, articles found and sources rejected so far."""

    files_done: int
    files_total: int
    articles: int
    rejected: int


_silent: ContextVar[bool] = ContextVar("_silent", default=False)
_listener: ContextVar[Callable[[Step], None] | None] = ContextVar("_listener", default=None)


@contextmanager
def listening(listener: Callable[[Step], None]) -> Iterator[None]:
    """A context in which flows called by this thread tell `listener` each step, from this thread: the first before any work."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@contextmanager
def silence() -> Iterator[None]:
    """A context in which `say` says nothing."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def say(text: str) -> None:
    """Writes a line to standard error."""
    if not _silent.get():
        sys.stderr.write(f"winnow: {text}\n")


def tell(step: Step) -> None:
    """Nothing; hands the step to the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(step)
