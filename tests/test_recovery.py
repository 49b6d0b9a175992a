from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from dataset_samples import content, make_raw, module, prose, rows, sound

from pipeline import dataset
from pipeline.dataset.layout import TABLES, Layout
from pipeline.errors import DatasetError, DatasetLocked
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(raw=make_raw(tmp_path / "raw"), out=tmp_path / "out", batch_files=3)


def test_two_writers_at_once_are_refused_by_name(settings: Settings) -> None:
    with dataset.locked(settings.out), pytest.raises(DatasetLocked, match=rf"process {os.getpid()} on .*Wait until"):
        dataset.build(settings)
    assert dataset.build(settings).number == 1


def owned(settings: Settings, **said: Any) -> Path:
    settings.out.mkdir(exist_ok=True)
    owner = Layout(settings.out).owner
    owner.write_text(json.dumps({"pid": 7, "host": "elsewhere", "since": "2024-05-06T07:08:09+00:00"} | said))
    return owner


def test_a_living_owner_on_another_host_is_believed_without_a_lock(settings: Settings) -> None:
    owner = owned(settings)
    with pytest.raises(DatasetLocked, match="process 7 on elsewhere since 2024-05-06"):
        dataset.build(settings)
    assert owner.exists()
    silent = time.time() - module("lock").DEAD_SECONDS - 5
    os.utime(owner, (silent, silent))
    assert dataset.build(settings).number == 1
    assert not owner.exists()


def test_a_dead_owner_on_this_host_is_in_nobodys_way(settings: Settings) -> None:
    owned(settings, host=socket.gethostname())
    assert dataset.build(settings).number == 1


@pytest.mark.parametrize("said", ["", "{", "[]", '{"pid": 7}'])
def test_a_torn_note_of_the_owner_is_in_nobodys_way(said: str, settings: Settings) -> None:
    owned(settings).write_text(said)
    assert dataset.build(settings).number == 1


def test_the_owner_gives_signs_of_life(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module("beat"), "BEAT_SECONDS", 0.01)
    owner = Layout(settings.out).owner
    with dataset.locked(settings.out):
        os.utime(owner, (1, 1))
        until = time.monotonic() + 30
        while owner.stat().st_mtime == 1:
            assert time.monotonic() < until
            time.sleep(0.01)


def test_a_report_that_is_missing_stops_the_commit(settings: Settings) -> None:
    with dataset.locked(settings.out):
        todo = dataset.plan(settings)
        reports = [dataset.work(batch, settings, todo.staging) for batch in todo.batches]
        with pytest.raises(DatasetError, match="not reported"):
            dataset.commit(todo, reports[1:])
    assert rows(settings.out) == {table: [] for table in TABLES}


def test_a_torn_record_is_said(settings: Settings) -> None:
    dataset.build(settings)
    Layout(settings.out).record(1).write_text("{")
    with pytest.raises(DatasetError, match="record cannot be read"):
        dataset.build(settings)


def test_a_full_disk_names_the_path(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere/x.parquet")

    with monkeypatch.context() as patch:
        patch.setattr(module("tables").pq, "ParquetWriter", full)
        with pytest.raises(DatasetError, match=r"somewhere/x.parquet: cannot write: No space left.*run again"):
            dataset.build(settings)
    assert dataset.build(settings).number == 1
    sound(settings)


def test_without_hard_links_files_are_copied(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: Any, **__: Any) -> None:
        raise OSError(errno.EOPNOTSUPP, "no links here")

    monkeypatch.setattr(os, "link", refuses)
    dataset.build(settings)
    (settings.raw / "story 5.txt").write_text(prose(55), encoding="utf-8")
    dataset.build(settings)
    sound(settings)


class Killed(BaseException):
    """What ends the run in a test, as a kill would: nothing catches it."""


class Killer:
    """Counts the calls that change the disk and raises at one of them, before or after it is done."""

    CALLS = ("replace", "link", "unlink", "mkdir", "rmdir", "fsync")

    def __init__(self, patch: pytest.MonkeyPatch, at: int, *, after: bool) -> None:
        self.left, self.after, self.done = at, after, False
        for name in self.CALLS:
            patch.setattr(os, name, self.guarded(getattr(os, name) if name != "fsync" else lambda _: None))

    def guarded(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if self.done:
                return real(*args, **more)
            self.left -= 1
            self.done = self.left == 0
            if self.done and not self.after:
                raise Killed
            result = real(*args, **more)
            if self.done:
                raise Killed
            return result

        return call


@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_call_the_next_run_makes_it_whole(
    after: bool,  # noqa: FBT001
    step: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "first" / "raw").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "first" / "raw" / f"story {number}.txt").write_text(prose(number), encoding="utf-8")
    dataset.build(load(raw=tmp_path / "first" / "raw", out=tmp_path / "first" / "out", batch_files=1, keep_commits=1))

    def start(folder: Path) -> Settings:
        shutil.copytree(tmp_path / "first", folder)
        made = load(raw=folder / "raw", out=folder / "out", batch_files=1, keep_commits=1)
        (folder / "raw" / "story 0.txt").write_text(prose(10), encoding="utf-8")
        (folder / "raw" / "story 1.txt").unlink()
        (folder / "raw" / "story 3.txt").write_text(prose(3), encoding="utf-8")
        return made

    undisturbed = start(tmp_path / "undisturbed")
    before = rows(undisturbed.out)
    dataset.build(undisturbed)
    want = rows(undisturbed.out)
    at, done = 0, True
    while done:
        at += step
        settings = start(tmp_path / f"{at}")
        with monkeypatch.context() as patch:
            killer = Killer(patch, at, after=after)
            with contextlib.suppress(Killed):
                dataset.build(settings)
            done = killer.done
        if not Layout(settings.out).journal.exists():
            assert rows(settings.out) in (before, want)
        made = dataset.build(settings)
        assert made.number == 2
        assert rows(settings.out) == want
        assert content(settings.out) == content(undisturbed.out)
        sound(settings)
    assert at > 40


def test_leavings_of_a_killed_run_are_cleared(settings: Settings) -> None:
    with dataset.locked(settings.out):
        todo = dataset.plan(settings)
        dataset.work(todo.batches[0], settings, todo.staging)
        (todo.staging / "torn.articles.parquet").write_bytes(b"PAR1")
    dataset.build(settings)
    sound(settings)


def test_a_journal_whose_file_is_gone_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module("commit"), "recover", lambda _: None)
        dataset.build(settings)
    shutil.rmtree(Layout(settings.out).staging)
    with pytest.raises(DatasetError, match="unfinished commit is gone"):
        dataset.build(settings)
    Layout(settings.out).journal.unlink()
    assert dataset.build(settings).number == 1
    sound(settings)


def test_a_second_try_of_a_batch_gives_the_same_files(settings: Settings) -> None:
    with dataset.locked(settings.out):
        todo = dataset.plan(settings)
        first = [dataset.work(batch, settings, todo.staging) for batch in todo.batches]
        names = sorted(path.name for path in todo.staging.iterdir())
        assert [dataset.work(batch, settings, todo.staging) for batch in todo.batches] == first
        assert sorted(path.name for path in todo.staging.iterdir()) == names
        dataset.commit(todo, reversed(first))
    sound(settings)


def test_a_reader_by_glob_never_sees_a_broken_or_missing_batch(settings: Settings) -> None:
    """While one batch is re-written again and again, each look finds all sources once and all files whole."""
    dataset.build(settings)
    names = sorted(path.name for path in settings.raw.iterdir())
    stop = threading.Event()
    looks: list[list[str]] = []

    def look() -> None:
        while not stop.is_set():
            paths = sorted((settings.out / "documents").glob("*.parquet"))
            looks.append(sorted(uri for path in paths for uri in pq.read_table(path, columns=["uri"])["uri"].to_pylist()))

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(12):
        (settings.raw / "story 5.txt").write_text(prose(60 + number), encoding="utf-8")
        dataset.build(settings)
    stop.set()
    reader.join()
    assert looks
    assert all(seen == names for seen in looks)
