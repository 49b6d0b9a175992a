"""SIGKILL at random instants of works on a dataset behind a real S3 API: the next one leaves what an undisturbed one leaves."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import random
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

import pyarrow.parquet as pq
import pytest
from dataset_samples import make_raw
from disturbed import WORKS, make_base
from stores import BUCKET, bucket, in_folder, objects, settings_at, start_at, whole

from pipeline import dataset
from pipeline.dataset import store
from pipeline.dataset.layout import TABLES
from pipeline.errors import DatasetLocked
from pipeline.settings import Settings

KILLS = 5  # a work
LOOK_SECONDS = 0.3  # the server has one thread of Python, which the work needs, too
FORK = multiprocessing.get_context("forkserver")


@pytest.fixture(scope="module", autouse=True)
def _forkserver() -> None:
    FORK.set_forkserver_preload(["warmed"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        ended = FORK.Process(target=os.getpid)
        ended.start()
        ended.join()


@pytest.fixture(scope="module", autouse=True)
def _s3() -> Iterator[None]:
    with bucket():
        yield


def reach() -> dict[str, str]:
    """What a process needs to know of the bucket."""
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}


def act(name: str, settings: Settings, known: dict[str, str], said: Connection, gate: Any) -> None:
    os.environ.update(known)
    if gate is not None:
        gate.wait()
    said.send("at work")
    try:
        said.send(WORKS[name].act(settings).number)
    except DatasetLocked as error:
        said.send(str(error))


class Readers:
    """A reader by glob, and one of a pinned commit, that look again and again until they are left."""

    def __init__(self, settings: Settings, pinned: int) -> None:
        self.settings, self.pinned = settings, pinned
        self.looks = 0
        self.broken: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._open = dataset.open(self.settings.out, commit=1) if self.pinned else None
        self._want = self._open.to_table() if self._open is not None else None
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            for table in TABLES:
                for path in (self.settings.out / table / name for name in store.listed(self.settings.out / table)):
                    # An object that is retired between the look at the folder and the look at it is no broken one.
                    with contextlib.suppress(FileNotFoundError):
                        self._look(path)
            if self._open is not None and not self._open.to_table().equals(self._want):
                self.broken.append("other rows of a pinned commit")
            self.looks += 1

    def _look(self, path: Path) -> None:
        data = store.read(path)
        try:
            pq.read_table(io.BytesIO(data))
        except (OSError, ValueError) as error:
            self.broken.append(f"{path}: {error}")


@pytest.mark.long
@pytest.mark.parametrize("name", WORKS)
def test_killed_at_a_random_instant_the_next_makes_it_whole(name: str, tmp_path: Path) -> None:
    work = WORKS[name]
    make_base(tmp_path / "base")
    want = in_folder(tmp_path / "base", tmp_path / "want", work)
    shutil.copytree(tmp_path / "base" / "raw", tmp_path / "raw", symlinks=True)
    first = settings_at(f"s3://{BUCKET}/{name}/base", tmp_path)
    dataset.build(first)
    draw = random.Random(name)  # noqa: S311  reproducible is what it must be
    seconds = 0.0
    left: Counter[str] = Counter()
    for number in range(KILLS + 1):
        folder = tmp_path / f"{number}"
        shutil.copytree(tmp_path / "raw", folder / "raw", symlinks=True)
        settings = start_at(first, f"s3://{BUCKET}/{name}/{number}", work, folder / "raw")
        with Readers(settings, work.base) as readers:
            told, said = FORK.Pipe(duplex=False)
            process = FORK.Process(target=act, args=(name, settings, reach(), said, None))
            process.start()
            said.close()
            assert told.recv() == "at work"
            began = time.perf_counter()
            if not number:  # this one is timed
                assert told.recv() == 1 + bool(work.base)
                seconds = time.perf_counter() - began
            else:
                time.sleep(draw.random() * seconds)
            assert process.pid is not None
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.join()
            known = dataset.numbers(settings.out)
            left["committed" if len(known) > bool(work.base) else "written" if objects(settings.out) else "nothing"] += 1
            whole(settings, work, want, verified=number == KILLS)  # it takes a minute of a server in Python
        assert not readers.broken
        assert readers.looks
    sys.stdout.write(f"{name}: {seconds:.1f} s undisturbed; the kills left it {dict(left)}\n")


def test_of_processes_that_start_at_once_one_writes_and_the_others_say_who(tmp_path: Path) -> None:
    make_raw(tmp_path / "raw")
    settings = settings_at(f"s3://{BUCKET}/race", tmp_path)
    gate = FORK.Barrier(3)
    ends = [FORK.Pipe(duplex=False) for _ in range(3)]
    writers = [FORK.Process(target=act, args=("first run", settings, reach(), said, gate)) for _, said in ends]
    for process in writers:
        process.start()
    answers = [(told.recv(), told.recv())[1] for told, _ in ends]
    for process in writers:
        process.join()
    assert 1 in answers
    assert all(answer == 1 or "another run is writing this dataset" in str(answer) for answer in answers), answers
    assert not dataset.build(settings).changed
    assert dataset.verify(settings.out, settings.raw) == []
