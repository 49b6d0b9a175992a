"""One spawn process pool that all batches of a run share. Does not import Prefect, which worker processes must not load."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from types import TracebackType

P = ParamSpec("P")
R = TypeVar("R")

STOPPED = 75  # EX_TEMPFAIL: the worker was told to stop in the middle of its work


class Closed(Exception):  # noqa: N818  # not an error: the run is ending, and nothing more is started
    """The pool was closed: no more work is taken."""


class Pool:
    """Worker processes that end with their owner, however it ends.

    Every worker watches a pipe of which only the owner holds the writing end: it exits when the owner closes it or dies.
    With `processes` < 2 there are no workers and the work is done in the calling thread. `slots`: calls to be under way.
    """

    def __init__(self, processes: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._watched, self._alive = self._context.Pipe(duplex=False)
        self._closed = False
        self.slots = max(1, processes)
        self._shared = self._executor(processes) if processes > 1 else None
        self._changing = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close(kill=kind is not None)

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function` returns, from one of the shared workers.

        Raises BrokenProcessPool when any of them died in the meantime; calls that come later have new ones.
        """
        shared = self._shared
        if shared is None:
            return self._here(function, *args, **kwargs)
        try:
            return self._in(shared, function, *args, **kwargs)
        except BrokenProcessPool:
            self._replace(shared)
            raise

    def call_alone(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """As `call`, from a worker of its own: for work that may have killed one, so that it can kill no other's again."""
        if self._shared is None:
            return self._here(function, *args, **kwargs)
        with self._executor(1) as executor:
            return self._in(executor, function, *args, **kwargs)

    def close(self, *, kill: bool = False) -> None:
        """Nothing; no worker is left. `kill`: they are stopped in the middle of their work, instead of waited for."""
        with self._changing:
            self._closed = True
        if kill:
            self._alive.close()
        if self._shared is not None:
            self._shared.shutdown(wait=True, cancel_futures=True)
        self._alive.close()
        self._watched.close()

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        with self._changing:  # all that were under way come here, and the first of them has it done
            if self._shared is broken and not self._closed:
                self._shared = self._executor(self.slots)
        broken.shutdown(wait=True)

    def _here(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        if self._closed:
            raise Closed
        return function(*args, **kwargs)

    def _in(self, executor: ProcessPoolExecutor, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return executor.submit(function, *args, **kwargs).result()
        except (BrokenProcessPool, CancelledError, RuntimeError) as error:
            # RuntimeError: the executor is shut down. Which of them it is depends on how far the work was.
            if self._closed:
                raise Closed from error
            if isinstance(error, BrokenProcessPool):
                raise BrokenProcessPool("a worker process died in the middle of its work (out of memory, or killed)") from error
            raise

    def _executor(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(processes, self._context, initializer=_start, initargs=(self._watched,))


def _start(watched: Connection) -> None:
    """Nothing; a worker's first step."""
    # Ctrl-C reaches the whole process group: the owner decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(watched,), daemon=True).start()


def _watch(watched: Connection) -> None:
    watched.poll(None)  # nothing is ever sent: it returns when the last writing end is closed
    os._exit(STOPPED)
