"""Workers that are killed, and what can pass."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import pytest

from flows.faults import Passing, attempt, can_pass
from flows.pool import Closed, Pool
from pipeline.errors import DatasetError


def _kill_me() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _no_space() -> None:
    raise OSError(errno.ENOSPC, "full")


def _hiccup() -> None:
    raise OSError(errno.EIO, "hiccup")


def _explained_hiccup() -> None:
    try:
        _hiccup()
    except OSError as error:
        raise DatasetError("cannot write", place="here") from error


def test_one_process_is_this_one() -> None:
    with Pool(1) as pool:
        assert pool.call(os.getpid) == os.getpid()


def test_a_killed_worker_breaks_its_call_and_none_that_comes_later() -> None:
    with Pool(2) as pool:
        assert pool.call(os.getpid) != os.getpid()
        with pytest.raises(BrokenProcessPool, match="worker process died") as caught:
            pool.call(_kill_me)
        assert can_pass(caught.value)
        assert pool.call(os.getpid) != os.getpid()  # what comes later is not tried twice


def _twice(number: int) -> int:
    if number % 6 == 5:
        _kill_me()
    return 2 * number


def test_workers_that_die_again_and_again_disturb_no_other_call() -> None:
    def outcome(number: int) -> int | None:
        try:
            return pool.call(_twice, number)
        except BrokenProcessPool:
            return None

    with Pool(2) as pool, ThreadPoolExecutor(3) as threads:
        found = list(threads.map(outcome, range(12)))
    assert found == [None if number % 6 == 5 else 2 * number for number in range(12)]


def test_a_pool_left_by_an_error_stops_its_workers_in_the_middle_of_work() -> None:
    start = time.monotonic()
    with ThreadPoolExecutor(1) as threads:
        pool = Pool(2)
        pool.call(os.getpid)
        waiting = threads.submit(pool.call, time.sleep, 60)
        time.sleep(0.5)
        pool.__exit__(KeyboardInterrupt, None, None)
        with pytest.raises(Closed):
            waiting.result()
    assert time.monotonic() - start < 30
    assert not multiprocessing.active_children()


def test_only_what_can_pass_is_called_passing() -> None:
    with Pool(2) as pool:
        for work in (_hiccup, _explained_hiccup):
            with pytest.raises(Passing) as caught:
                pool.call(attempt, work)
            assert can_pass(caught.value)
        with pytest.raises(OSError, match="full") as lasting:
            pool.call(attempt, _no_space)
        assert not can_pass(lasting.value)
    assert not can_pass(DatasetError("broken"))
