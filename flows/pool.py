"""Spawned worker processes that all batches of a run share. Does not import Prefect, which worker processes must not load."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from queue import SimpleQueue
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

    Each worker is an executor of its own, which one call has at a time: a death costs that one call, and no other. With one
    executor of several workers, replaced when one died, calls failed with EBADF now and then and a worker read another pipe's
    data (CPython 3.11.7): it seems to close its pipes while another thread's `submit` starts a worker on them.
    """

    def __init__(self, processes: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._watched, self._alive = self._context.Pipe(duplex=False)
        self._closed = False
        self.slots = max(1, processes)
        self._changing = threading.Lock()
        self._all = {self._executor() for _ in range(processes)} if processes > 1 else set()
        self._idle: SimpleQueue[ProcessPoolExecutor | None] = SimpleQueue()  # None: the pool is closed
        for executor in self._all:
            self._idle.put(executor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close(kill=kind is not None)

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function` returns, from a worker that nobody else has. Raises BrokenProcessPool when that worker died."""
        if not self._all:
            return self._here(function, *args, **kwargs)
        executor = self._idle.get()
        if executor is None:
            self._idle.put(None)  # for the next who waits
            raise Closed
        try:
            return self._in(executor, function, *args, **kwargs)
        except BrokenProcessPool:
            executor = self._replaced(executor)
            raise
        finally:
            self._idle.put(executor)

    def close(self, *, kill: bool = False) -> None:
        """Nothing; no worker is left. `kill`: they are stopped in the middle of their work, instead of waited for."""
        with self._changing:
            self._closed = True
            ending = tuple(self._all)
        self._idle.put(None)
        if kill:
            self._alive.close()
        for executor in ending:
            executor.shutdown(wait=True, cancel_futures=True)
        self._alive.close()
        self._watched.close()

    def _replaced(self, broken: ProcessPoolExecutor) -> ProcessPoolExecutor:
        """A new worker for a dead one, of which nothing is left first; the dead one itself where the pool is closed."""
        broken.shutdown(wait=True)
        with self._changing:
            if self._closed:
                return broken
            self._all.discard(broken)
            new = self._executor()
            self._all.add(new)
        return new

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

    def _executor(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(1, self._context, initializer=_start, initargs=(self._watched,))


def _start(watched: Connection) -> None:
    """Nothing; a worker's first step."""
    # Ctrl-C reaches the whole process group: the owner decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(watched,), daemon=True).start()


def _watch(watched: Connection) -> None:
    watched.poll(None)  # nothing is ever sent: it returns when the last writing end is closed
    os._exit(STOPPED)
