"""SIGKILL at random instants of a run, a compaction, a deduplication: the next one leaves what an undisturbed one leaves."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess as Process
from pathlib import Path
from typing import Any, Self

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from dataset_samples import rows
from disturbed import WORKS, make_base, make_whole, settings_in, start, undisturbed

from pipeline import dataset
from pipeline.dataset.layout import TABLES
from pipeline.errors import DatasetLocked

KILLS = 1  # a work in `make test`; `make test-all` adds the rest of 200
ALL_KILLS = 52
WORKERS = 2
PUBLISHING_SECONDS = 0.03
LOOK_SECONDS = 0.002
FORK = multiprocessing.get_context("forkserver")


@pytest.fixture(scope="module", autouse=True)
def _forkserver() -> None:
    """Processes are forked from one that has loaded everything, and so are at work at once."""
    FORK.set_forkserver_preload(["warmed"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # the server is not told where this process imports from
        ended = FORK.Process(target=os.getpid)
        ended.start()
        ended.join()


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "here"
    make_base(folder)
    return folder


class Readers:
    """Readers by glob and of a pinned commit that look again and again until they are left."""

    def __init__(self, out: Path, pinned: int) -> None:
        self.out, self.pinned = out, pinned
        self.looks = 0
        self.broken: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._open = {table: dataset.open_dataset(self.out, table, self.pinned) for table in TABLES} if self.pinned else {}
        self._want = {table: seen(one) for table, one in self._open.items()}
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            for table in TABLES:
                for path in sorted((self.out / table).glob("*.parquet")):
                    # A file that is retired between the look at the folder and the look at the file is no broken file.
                    with contextlib.suppress(FileNotFoundError):
                        self._look(path)
            for table, one in self._open.items():
                if seen(one) != self._want[table]:
                    self.broken.append(f"{table} of commit {self.pinned}: other rows")
            self.looks += 1

    def _look(self, path: Path) -> None:
        # Opened once: who opens a name twice, for the footer and for the rows, may get two files.
        with path.open("rb") as file:
            try:
                pq.read_table(file)
            except (OSError, ValueError) as error:
                self.broken.append(f"{path.name}: {error}")


def seen(one: ds.Dataset) -> tuple[int, str]:
    """How many rows there are, and a digest of all they say."""
    table = one.to_table()
    return table.num_rows, hashlib.sha256(repr(table.to_pylist()).encode()).hexdigest()


def _act(name: str, folder: Path, said: Connection, workers: int) -> None:
    """The work, in a process that leads a group of its own."""
    os.setsid()
    settings = settings_in(folder)
    if workers > 1:
        with ProcessPoolExecutor(workers, multiprocessing.get_context("fork")) as pool:
            pool.submit(os.getpid).result()
            said.send("at work")
            dataset.build(settings, map=pool.map)
    else:
        said.send("at work")
        WORKS[name].act(settings)
    said.send("done")


def killed(name: str, folder: Path, after: Callable[[Process], None], workers: int = 1) -> bool:
    """Whether the work was killed before its end; `after` waits for the instant."""
    told, said = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_act, args=(name, folder, said, workers))
    process.start()
    said.close()
    assert told.recv() == "at work"
    after(process)
    assert process.pid is not None
    with contextlib.suppress(ProcessLookupError):  # it has ended
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    try:
        return bool(told.recv() != "done")
    except EOFError:
        return True


def lasts(name: str, folder: Path) -> float:
    """Seconds that the work takes undisturbed, in a process as those that are killed."""
    told, said = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_act, args=(name, folder, said, 1))
    process.start()
    told.recv()
    began = time.perf_counter()
    assert told.recv() == "done"
    process.join()
    return time.perf_counter() - began


def found(out: Path) -> str:
    """What the kill left of the work."""
    if (out / "_commits" / ".journal.json").exists():
        return "half published"
    return "half written" if (out / ".staging").exists() else "as before"


def kill_again_and_again(name: str, kills: int, base: Path, tmp_path: Path, workers: int = 1) -> None:
    work = WORKS[name]
    want = undisturbed(base, tmp_path / "undisturbed", work)
    start(base, tmp_path / "timed", work)
    seconds = lasts(name, tmp_path / "timed")
    draw = random.Random(f"{name} {workers}")  # noqa: S311  reproducible is what it must be

    def anywhere(process: Process) -> None:
        del process
        time.sleep(draw.random() * seconds)

    def publishing(process: Process) -> None:
        """Between the journal and the end, which is the smaller part of the time."""
        while process.is_alive() and found(settings.out) != "half published":
            time.sleep(0)
        time.sleep(draw.random() * PUBLISHING_SECONDS)

    left: Counter[str] = Counter()
    done = tries = 0
    while done < kills:
        tries += 1
        assert tries <= 3 * kills + 10, "most end before they are killed"
        folder = tmp_path / f"{tries}"
        settings = start(base, folder, work)
        before = rows(settings.out) if work.base else {}
        with Readers(settings.out, work.base) as readers:
            done += killed(name, folder, publishing if tries % 2 else anywhere, workers)
            left[found(settings.out)] += 1
            if name in ("compact", "dedupe") and found(settings.out) != "half published":
                assert rows(settings.out) == before
            make_whole(settings, work, want)
        assert not readers.broken
        assert readers.looks
        shutil.rmtree(folder)
    sys.stdout.write(f"{name}, {workers} workers: {done} of {tries} were killed before their end; they left it {dict(left)}\n")


@pytest.mark.parametrize("name", WORKS)
def test_killed_at_a_random_instant_the_next_makes_it_whole(name: str, base: Path, tmp_path: Path) -> None:
    kill_again_and_again(name, KILLS, base, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", WORKS)
def test_killed_at_many_random_instants(name: str, base: Path, tmp_path: Path) -> None:
    kill_again_and_again(name, ALL_KILLS - KILLS, base, tmp_path)


@pytest.mark.long
def test_a_run_is_killed_with_its_workers(base: Path, tmp_path: Path) -> None:
    kill_again_and_again("first run", 12, base, tmp_path, WORKERS)


# --- two writers ------------------------------------------------------------------------------------------------------


def _race(folder: Path, gate: Any, said: Connection) -> None:
    gate.wait()
    try:
        said.send(dataset.build(settings_in(folder)).number)
    except DatasetLocked as error:
        said.send(str(error))


def test_of_writers_that_start_at_once_one_writes_and_the_others_say_who(base: Path, tmp_path: Path) -> None:
    work = WORKS["ingest"]
    want = undisturbed(base, tmp_path / "undisturbed", work)
    settings = start(base, tmp_path / "here", work)
    gate = FORK.Barrier(4)
    ends = [FORK.Pipe(duplex=False) for _ in range(4)]
    writers = [FORK.Process(target=_race, args=(tmp_path / "here", gate, said)) for _, said in ends]
    for process in writers:
        process.start()
    answers = [told.recv() for told, _ in ends]
    for process in writers:
        process.join()
    assert 2 in answers
    assert all(answer == 2 or "another run is writing this dataset" in str(answer) for answer in answers), answers
    make_whole(settings, work, want)
