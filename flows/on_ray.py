"""Batches by Ray: a Ray of our own on loopback, or a cluster that is there. Does not import Prefect."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import tempfile
import threading
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

# Ray reads these when it is imported: nothing is reported to its makers.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.exceptions import RayError, RayTaskError, TaskCancelledError

from flows.engine import Terms, there
from flows.pool import Closed
from flows.runtime import LOOPBACK
from pipeline.errors import WinnowError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 3  # of a call whose worker was lost, after the first
STARTS = 3  # of a Ray of our own; on a loaded machine its processes may take longer than it gives them
STORE_BYTES = 80 * 2**20  # Ray's least: no data passes through its store
SPAN = 1.5  # calls under way a worker, so that none waits for the next one to be sent


class Ray:
    """A Ray driver. What a lost worker or node was doing is done by another, up to three times."""

    def __init__(self, address: str | None, workers: int, terms: Terms) -> None:
        self._terms = terms
        self._closed = False
        self._calls: set[Any] = set()
        # Short: the paths of sockets in it may have 107 bytes.
        self._folder = tempfile.mkdtemp(prefix="ray") if address is None else None
        handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            _start(address, workers, self._folder)
        except (RayError, OSError, RuntimeError, ValueError) as error:
            self.close(kill=True)
            remedy = "Start one (ray start --head), or name its address: --address HOST:6379"
            raise WinnowError(f"no Ray answers ({error})", place=address or "local Ray", remedy=remedy) from error
        finally:
            if threading.current_thread() is threading.main_thread():
                for one, handler in handlers.items():  # Ray takes them; how a run ends is the flow's affair
                    signal.signal(one, handler)
        self._there = ray.remote(num_cpus=1, max_retries=TRIES)(there)
        self._shared = ray.put(terms)  # once, not with each call
        self.slots = max(1, round(SPAN * ray.cluster_resources().get("CPU", 1)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close(kill=kind is not None)

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function` returns, from a worker."""
        if self._closed:
            raise Closed
        reference = self._there.remote(self._shared, function, args, kwargs)
        self._calls.add(reference)
        try:
            result: R = ray.get(reference)
        except RayTaskError as error:
            raise error.cause from error  # what `function` raised, not Ray's wrapping of it
        except TaskCancelledError as error:
            raise Closed from error
        finally:
            self._calls.discard(reference)
        return result

    def close(self, *, kill: bool = False) -> None:
        """Nothing; what is under way is stopped where `kill`, and a Ray of our own is ended."""
        self._closed = True
        if kill:
            for reference in tuple(self._calls):
                ray.cancel(reference, force=True)
        ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)  # its logs; a process of it may still be writing its last line


def _start(address: str | None, workers: int, folder: str | None) -> None:
    for left in reversed(range(STARTS if address is None else 1)):
        try:
            _init(address, workers, folder)
        except Exception as error:
            ray.shutdown()
            # Of no class of its own: the 30 s that Ray gives itself, and that nothing sets, are over.
            if type(error) is not Exception:
                raise
            if not left:
                raise RuntimeError(str(error)) from error
        else:
            return


def _init(address: str | None, workers: int, folder: str | None) -> None:
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if address is not None:
        ray.init(address=address, **quiet)
        return
    # Its processes show it to each other. Ray would leave one in the home folder; this one ends with this process.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    ray.init(
        address="local",
        num_cpus=workers,
        object_store_memory=STORE_BYTES,
        include_dashboard=False,
        _node_ip_address=LOOPBACK[0],
        _temp_dir=folder,
        **quiet,
    )
