"""Datasets in object stores: the files that a folder has, exactly once, whatever fails or dies."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import fsspec
import pytest
from dataset_samples import content, make_raw
from disturbed import WORKS, Work, make_base, settings_in
from stores import bucket, in_folder, objects, settings_at, start_at, whole

from pipeline import dataset
from pipeline.dataset import lease, store
from pipeline.dataset.layout import TABLES, Layout
from pipeline.errors import DatasetError, DatasetLocked
from pipeline.settings import Settings

CHANGES = ("put", "create", "upload", "copy", "delete")
FEW = {"first run": 31, "ingest": 31, "compact": 7, "dedupe": 5}  # every so manieth call in `make test`


@pytest.fixture
def memory() -> Iterator[str]:
    yield "memory://quay"
    fsspec.filesystem("memory").store.clear()


@pytest.fixture
def s3() -> Iterator[str]:
    with bucket():
        yield "s3://harbour"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "here"
    make_base(folder)
    return folder


@pytest.fixture(scope="module")
def wanted(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    return {name: in_folder(base, tmp_path_factory.mktemp("want") / "here", work) for name, work in WORKS.items()}


# --- the same as in a folder ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_every_work_leaves_the_files_that_it_leaves_in_a_folder(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    url = f"{request.getfixturevalue(kind)}/x"
    raw = make_raw(tmp_path / "raw")
    here, there = settings_in(tmp_path), settings_at(url, tmp_path)
    works: list[tuple[Callable[[Path], None], Callable[[Settings], dataset.Commit]]] = [
        (WORKS[name].change if name != "first run" else lambda _: None, WORKS[name].act)
        for name in (("first run", "ingest", "compact", "dedupe") if kind == "memory" else ("first run", "ingest"))
    ]
    pinned = None
    for number, (change, act) in enumerate(works, start=1):
        change(raw)
        local, made = act(here), act(there)
        assert (made.number, made.changed, made.added, made.retired) == (number, True, local.added, local.retired)
        assert made.newly_rejected == local.newly_rejected
        assert objects(there.out) == content(here.out)
        pinned = pinned or (dataset.open(url, commit=1), dataset.open(url, commit=1).to_table())
        if number == 2:
            assert pinned[0].to_table().equals(pinned[1])
    assert not dataset.build(there).changed
    assert dataset.verify(there.out, raw) == []
    assert dataset.diff(there.out, here.out).equal
    assert dataset.checksum(there.out) == dataset.checksum(here.out)
    assert not (tmp_path / f"{kind}:").exists()


def test_every_reader_reads_a_commit_and_duckdb_the_globs(memory: str, tmp_path: Path) -> None:
    make_raw(tmp_path / "raw")
    settings = settings_at(memory, tmp_path)
    articles = dataset.build(settings).totals.articles
    assert dataset.open(memory).count_rows() == articles
    assert len(dataset.open(memory, reader="duckdb").fetchall()) == articles
    assert dataset.open(memory, reader="polars").collect().height == articles
    connection = duckdb.connect()
    connection.register_filesystem(fsspec.filesystem("memory"))
    assert connection.read_parquet(f"{memory}/articles/*.parquet").shape[0] == articles


def test_a_dataset_is_shared_from_a_store_and_made_whole_in_one(memory: str, tmp_path: Path) -> None:
    raw = make_raw(tmp_path / "raw")
    settings = settings_at(memory, tmp_path)
    dataset.build(settings)
    shared, again = settings_at(f"{memory}/shared", tmp_path).out, settings_at(f"{memory}/again", tmp_path).out
    dataset.share(settings.out, shared, settings)
    assert dataset.rehydrate(shared, raw, again, settings).problems == []
    assert dataset.checksum(again) == dataset.checksum(settings.out)


def test_verify_says_what_is_wrong_with_objects(memory: str, tmp_path: Path) -> None:
    make_raw(tmp_path / "raw")
    settings = settings_at(memory, tmp_path)
    made = dataset.build(settings)
    layout = Layout(settings.out)
    (batch, *_), stray = made.batches, layout.published("articles", "stray")
    store.copy(layout.published("documents", batch.slot), stray)
    store.delete(layout.published("documents", batch.slot))
    store.delete(layout.marker)
    causes = {problem.cause for problem in dataset.verify(settings.out)}
    assert {"the file is missing", "this file is not part of the dataset", "a commit was begun and not finished"} <= causes
    store.delete(stray)
    dataset.build(settings)
    assert dataset.verify(settings.out, settings.raw) == []


def test_partitions_are_not_written_to_a_store(memory: str, tmp_path: Path) -> None:
    make_raw(tmp_path / "raw")
    settings = settings_at(memory, tmp_path)
    dataset.build(settings)
    with pytest.raises(DatasetError, match="rename"):
        dataset.partition(settings.out, settings.out / "by", ["language"])
    assert dataset.partition(settings.out, tmp_path / "by", ["language"])


# --- disturbances -----------------------------------------------------------------------------------------------------


class Died(BaseException):
    """The process ends here: nothing catches it."""


class Fault:
    """Counts the calls that change the store; one of them fails, or is the last that the process makes."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, *, after: bool, dies: bool) -> None:
        self.left, self.after, self.dies = at, after, dies
        self.counting = threading.Lock()
        self.dead = False
        for name in CHANGES:
            patch.setattr(store, name, self._guarded(getattr(store, name)))

    def _guarded(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> None:
            with self.counting:
                self.left -= 1
                now = self.left == 0
                self.dead = self.dead or (now and self.dies)
                gone = self.dead and not now
            if gone:
                raise Died
            if not now or self.after:
                real(*args)
            if now:
                raise Died if self.dies else OSError(5, "the service is tired")

        return call


def disturb(work: Work, base: Settings, raw: Path, want: dict[str, bytes], step: int) -> int:
    """How many calls the work makes; of every `step`th, what follows its failure is the whole dataset."""
    number = 1
    while True:
        if raw.exists():
            shutil.rmtree(raw)
        shutil.copytree(base.raw, raw, symlinks=True)
        settings = start_at(base, f"memory://quay/{number}", work, raw)
        ways = number // step % 4
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, number, after=bool(ways & 1), dies=bool(ways & 2))
            with contextlib.suppress(Died, DatasetError, OSError):
                work.act(settings)
        if fault.left > 0:
            return number
        whole(settings, work, want)
        store.delete_tree(settings.out)
        number += step


def disturbed(name: str, base: Path, tmp_path: Path, want: dict[str, bytes], step: int) -> None:
    shutil.copytree(base / "raw", tmp_path / "raw", symlinks=True)
    first = settings_at("memory://quay/base", tmp_path)
    dataset.build(first)
    assert disturb(WORKS[name], first, tmp_path / "here" / "raw", want, step) > 10


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("name", WORKS)
def test_what_follows_a_failed_call_or_a_death_makes_it_whole(
    name: str, base: Path, tmp_path: Path, wanted: dict[str, dict[str, bytes]]
) -> None:
    disturbed(name, base, tmp_path, wanted[name], FEW[name])


@pytest.mark.long
@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("name", WORKS)
def test_every_call_of_a_work_fails(name: str, base: Path, tmp_path: Path, wanted: dict[str, dict[str, bytes]]) -> None:
    disturbed(name, base, tmp_path, wanted[name], 1)


# --- one writer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_of_writers_that_start_at_once_one_writes(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"{request.getfixturevalue(kind)}/x"
    make_raw(tmp_path / "raw")
    settings = settings_at(url, tmp_path)
    gate = threading.Barrier(4)
    inside: list[int] = []

    def write(number: int) -> int | str:
        gate.wait()
        try:
            with dataset.locked(settings.out):
                inside.append(number)
                assert inside == [number]
                ended.wait(60)
                inside.remove(number)
        except DatasetLocked as error:
            return str(error)
        return number

    ended = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(write, number) for number in range(4)]
        while sum(future.done() for future in futures) < 3:
            assert not ended.wait(0.01)
        ended.set()
        answers = [future.result() for future in futures]
    assert sum(isinstance(answer, int) for answer in answers) == 1
    assert all(f"process {os.getpid()} on" in answer for answer in answers if isinstance(answer, str))
    with dataset.locked(settings.out, wait=1):
        pass


def elsewhere(out: Path) -> Path:
    """A lock that a process of another machine holds, since now."""
    path = Layout(out).lock / "00000007.json"
    said = b'{"machine": "m", "host": "far", "pid": 7, "born": "1", "since": "noon", "token": "t"}'
    store.put(path, said)
    return path


def test_an_owner_elsewhere_is_believed_until_it_was_silent_for_long(
    memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = settings_at(memory, tmp_path).out
    held = elsewhere(out)
    with pytest.raises(DatasetLocked, match="process 7 on far since noon"), dataset.locked(out):
        pass
    monkeypatch.setattr(lease, "DEAD_SECONDS", 0.0)
    with dataset.locked(out):
        assert [path.name for path in store.below(Layout(out).lock) if path.suffix] == ["00000008.json"]
    assert not store.size(held)


def test_a_process_of_this_machine_that_has_ended_holds_nothing(memory: str, tmp_path: Path) -> None:
    out = settings_at(memory, tmp_path).out
    with contextlib.suppress(Died), dataset.locked(out):
        (token,) = lease._held
        kept = store.read(Layout(out).lock / "00000001.json")
        raise Died
    assert token.encode() in kept
    store.put(Layout(out).lock / "00000001.json", kept.replace(b'"born": "', b'"born": "1'))
    with dataset.locked(out):
        assert store.listed(Layout(out).lock).keys() == {"00000002.json"}


def test_who_was_silent_and_then_replaced_does_nothing_more(memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_raw(tmp_path / "raw")
    settings = settings_at(memory, tmp_path)
    with dataset.locked(settings.out):
        plan = dataset.plan(settings)
        reports = [dataset.work(batch, settings, plan.staging) for batch in plan.batches]
        elsewhere(settings.out)
        monkeypatch.setattr(lease, "SURE_SECONDS", -1.0)
        with pytest.raises(DatasetLocked, match="another may be writing"):
            dataset.commit(plan, reports)
    assert dataset.numbers(settings.out) == []
    assert store.size(Layout(settings.out).lock / "00000007.json")


def test_a_commit_that_another_made_first_is_not_made_again(memory: str, tmp_path: Path) -> None:
    make_raw(tmp_path / "raw")
    settings = settings_at(memory, tmp_path)
    with dataset.locked(settings.out):
        plan = dataset.plan(settings)
        reports = [dataset.work(batch, settings, plan.staging) for batch in plan.batches]
        store.put(Layout(settings.out).record(1), b"another's")
        with pytest.raises(DatasetLocked, match="nothing of this one was published"):
            dataset.commit(plan, reports)
    assert store.read(Layout(settings.out).record(1)) == b"another's"
    assert all(not store.listed(settings.out / table) for table in TABLES)


def test_a_record_whose_answer_was_lost_is_ours(memory: str, tmp_path: Path) -> None:
    path = settings_at(memory, tmp_path).out / "one"
    store.create(path, b"mine")
    store.create(path, b"mine")
    with pytest.raises(FileExistsError):
        store.create(path, b"other")


def test_a_store_that_does_not_create_exclusively_is_refused(
    memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = type(fsspec.filesystem("memory"))
    real = system.pipe_file

    def careless(self: Any, path: str, value: bytes, mode: str = "") -> None:
        del mode
        real(self, path, value)

    monkeypatch.setattr(system, "pipe_file", careless)
    with (
        pytest.raises(DatasetError, match="two writers could not be kept apart"),
        dataset.locked(settings_at(memory, tmp_path).out),
    ):
        pass


@pytest.mark.parametrize("url", ["ftp://there/x", "https://there/x"])
def test_a_service_that_cannot_lock_is_refused(url: str) -> None:
    with pytest.raises(DatasetError, match="keep two writers apart"), dataset.locked(Path(url)):
        pass


def test_a_store_that_is_away_is_said_to_be(s3: str, tmp_path: Path) -> None:
    make_raw(tmp_path / "raw")
    with pytest.raises(DatasetError) as error:
        dataset.build(settings_at(f"{s3}-no-such/x", tmp_path))
    assert error.value.place.startswith("s3://harbour-no-such") or "harbour-no-such" in str(error.value)
