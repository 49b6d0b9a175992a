"""Batches by Dask: a scheduler and workers of our own on loopback, or a cluster that is there. Does not import Prefect."""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

import dask
from distributed import Client, Future, LocalCluster

from flows.engine import Terms, there
from flows.faults import Passing
from flows.pool import Closed
from flows.runtime import LOOPBACK
from pipeline.errors import WinnowError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

P = ParamSpec("P")
R = TypeVar("R")

CONNECT_SECONDS = 30  # to reach a scheduler, and then for it to have a worker; a local worker takes 2–5 s to import
SPAN = 1.5  # calls under way a worker, so that none waits for the next one to be sent


class Dask:
    """A Dask client. What a lost worker was doing is done by another: Dask gives a call up when it has lost four workers."""

    def __init__(self, address: str | None, workers: int, terms: Terms) -> None:
        self._terms = terms
        self._closed = False
        self._cluster: Any = None
        self._calls: set[Future[Any]] = set()
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a lost worker is not an error of the run
        with dask.config.set({"distributed.admin.log-format": "%(message)s", "distributed.comm.retry.count": 3}):
            if address is None:
                self._cluster = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    host=LOOPBACK[0],
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                )
            self._client = _client(self._cluster or address, address or "local cluster")
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            self.close(kill=True)
            remedy = f"Start some: dask worker {address} --nthreads 1"
            raise WinnowError("the Dask cluster has no workers", place=str(address), remedy=remedy) from error
        there_are = sum(self._client.nthreads().values())
        self.slots = max(1, round(SPAN * (workers if address is None else there_are)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close(kill=kind is not None)

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function` returns, from a worker. Raises Passing when the scheduler was lost."""
        if self._closed:
            raise Closed
        future = self._client.submit(there, self._terms, function, args, kwargs, pure=False)
        self._calls.add(future)
        try:
            result: R = future.result()
        except (CancelledError, OSError) as error:  # Dask's own FutureCancelledError is one of these
            if self._closed:
                raise Closed from error
            if future.cancelled():
                raise Passing(f"the Dask scheduler was lost ({error})") from error
            raise
        finally:
            self._calls.discard(future)
        return result

    def close(self, *, kill: bool = False) -> None:
        """Nothing; what is under way is cancelled where `kill`, and a cluster of our own is stopped."""
        self._closed = True
        if kill:
            for future in tuple(self._calls):
                future.cancel(force=True)
        self._client.close(timeout=CONNECT_SECONDS)
        if self._cluster is not None:
            self._cluster.close(timeout=CONNECT_SECONDS)


def _client(target: Any, place: str) -> Client:
    try:
        return Client(target, timeout=CONNECT_SECONDS, set_as_default=False, name="winnow")
    except (OSError, TimeoutError, ValueError) as error:
        remedy = "Start one (dask scheduler), or name its address: --address tcp://HOST:8786"
        raise WinnowError(f"no Dask scheduler answers ({error})", place=place, remedy=remedy) from error
