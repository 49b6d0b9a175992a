from __future__ import annotations

import errno
import json
import multiprocessing
import os
import random
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dataset_samples import content, make_raw, module, prose, rows, sound

from pipeline import dataset
from pipeline.dataset.layout import TABLES, Layout
from pipeline.errors import DatasetError
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(raw=make_raw(tmp_path / "raw"), out=tmp_path / "out", batch_files=3, allow_empty=True)


def times(out: Path) -> dict[Path, int]:
    """When each file was last written; the lock is touched by every run."""
    return {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file() and path.name != ".lock"}


def fresh(settings: Settings, out: Path, **changes: Any) -> Path:
    dataset.build(settings.model_copy(update={"out": out, **changes}))
    return out


def test_a_run_ends_with_every_source_as_a_row(settings: Settings) -> None:
    made = dataset.build(settings)
    assert (made.number, made.changed, made.totals.sources, made.totals.rejected) == (1, True, 11, 2)
    assert [refused.reason for refused in made.newly_rejected] == ["empty", "dangling-link"]
    found = rows(settings.out)
    assert [row["uri"] for row in sorted(found["documents"], key=lambda row: row["uri"])] == sorted(
        path.name for path in settings.raw.iterdir()
    )
    assert len(found["articles"]) == made.totals.articles >= 9
    assert sum(len(row["text"]) for row in found["articles"]) > 0
    assert made.totals.characters["kept"] == sum(row["characters_kept"] for row in found["documents"])
    assert made.totals.bytes == sum(path.stat().st_size for path in settings.raw.glob("story*"))
    sound(settings)


def test_a_run_without_change_changes_nothing(settings: Settings) -> None:
    first = dataset.build(settings)
    before = times(settings.out)
    again = dataset.build(settings)
    assert not again.changed
    assert again.newly_rejected == ()
    assert (again.number, again.totals) == (first.number, first.totals)
    assert times(settings.out) == before


def _add(raw: Path) -> None:
    (raw / "story 3 and a half.txt").write_text(prose(35), encoding="utf-8")


def _remove(raw: Path) -> None:
    (raw / "story 4.txt").unlink()


def _change(raw: Path) -> None:
    (raw / "story 5.txt").write_text(prose(55), encoding="utf-8")


def _move(raw: Path) -> None:
    (raw / "story 0.txt").rename(raw / "zuletzt.txt")


def _spoil(raw: Path) -> None:
    (raw / "story 6.txt").write_bytes(b"\x00\x01\x02\x03" * 100)


def _empty(raw: Path) -> None:
    for path in raw.iterdir():
        path.unlink()


CHANGES = (_add, _remove, _change, _move, _spoil, _empty)


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_the_dataset_is_as_if_made_anew(
    change: Callable[[Path], None], settings: Settings, tmp_path: Path
) -> None:
    dataset.build(settings)
    change(settings.raw)
    made = dataset.build(settings)
    assert (made.number, made.changed) == (2, True)
    assert rows(settings.out) == rows(fresh(settings, tmp_path / "fresh"))
    for table in TABLES:
        assert content(settings.out / table) == content(tmp_path / "fresh" / table)
    sound(settings)
    assert [refused.uri for refused in made.newly_rejected] == (["story 6.txt"] if change is _spoil else [])
    assert not dataset.build(settings).changed


@pytest.mark.parametrize("left", ["nothing", "dangling links"])
def test_a_raw_folder_that_is_suddenly_empty_retires_nothing(left: str, settings: Settings) -> None:
    """A disk that is not mounted is an empty folder, or one of links that lead nowhere."""
    careful = settings.model_copy(update={"allow_empty": False})
    dataset.build(careful)
    before = content(careful.out)
    _empty(careful.raw)
    if left == "dangling links":
        for number in range(9):
            (careful.raw / f"story {number}.txt").symlink_to(f"unmounted/{number}.txt")
    with pytest.raises(DatasetError, match=r"no file to read here, and the dataset has rows of 9.*allow_empty"):
        dataset.build(careful)
    assert content(careful.out) == before
    assert dataset.numbers(careful.out) == [1]
    assert dataset.build(settings).totals.articles == 0


def test_an_empty_folder_makes_an_empty_dataset(settings: Settings) -> None:
    _empty(settings.raw)
    first = dataset.build(settings.model_copy(update={"allow_empty": False}))
    assert (first.number, first.totals.sources) == (1, 0)


def test_a_change_costs_its_batch_not_the_dataset(tmp_path: Path) -> None:
    raw = make_raw(tmp_path / "raw")
    for number in range(60):
        (raw / f"more {number:02}.txt").write_text(prose(number), encoding="utf-8")
    settings = load(raw=raw, out=tmp_path / "out", batch_files=6)
    dataset.build(settings)
    for change in CHANGES[:5]:
        change(raw)
        with dataset.locked(settings.out):
            todo = dataset.plan(settings)
            assert len(todo.batches) <= 4
            assert todo.sources == len(list(raw.iterdir()))
            dataset.commit(todo, [dataset.work(batch, settings, todo.staging) for batch in todo.batches])


def test_other_rules_settings_or_versions_make_all_rows_anew(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset.build(settings)
    other = settings.model_copy(update={"ledger_text": False})
    assert dataset.build(other).number == 2
    assert {row["text"] for row in rows(settings.out)["ledger"]} <= {None}
    assert not dataset.build(other.model_copy(update={"zstd_level": 9, "row_group_rows": 5})).changed
    monkeypatch.setattr(module("plan"), "SCHEMA_VERSION", "next")
    assert dataset.build(other).number == 3


@pytest.mark.parametrize("batch_files", [1, 2, 7, 1000])
def test_rows_do_not_depend_on_batches_or_their_order(batch_files: int, settings: Settings, tmp_path: Path) -> None:
    dataset.build(settings)
    out = tmp_path / "other"

    def shuffled(work: Callable[..., Any], *columns: list[Any]) -> Iterator[Any]:
        calls = list(zip(*columns, strict=True))
        random.Random(batch_files).shuffle(calls)  # noqa: S311  an order, not a secret
        return (work(*call) for call in calls)

    dataset.build(settings.model_copy(update={"out": out, "batch_files": batch_files}), map=shuffled)
    assert rows(out) == rows(settings.out)


@pytest.mark.parametrize("workers", [2, pytest.param(4, marks=pytest.mark.long)])
def test_rows_do_not_depend_on_workers(workers: int, settings: Settings, tmp_path: Path) -> None:
    dataset.build(settings)
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        dataset.build(settings.model_copy(update={"out": tmp_path / "other"}), map=pool.map)
    for table in TABLES:
        assert content(tmp_path / "other" / table) == content(settings.out / table)


def test_rows_do_not_depend_on_where_a_run_was_interrupted(settings: Settings, tmp_path: Path) -> None:
    """Stopped after each of its batches, and resumed in batches of other sizes."""
    dataset.build(settings)
    want = rows(settings.out)

    class Stop(Exception):  # noqa: N818
        pass

    def stopping(after: int) -> Callable[[dataset.Plan, dataset.Report | None], None]:
        done: list[dataset.Report] = []

        def progress(todo: dataset.Plan, report: dataset.Report | None) -> None:
            del todo
            if report is not None:
                done.append(report)
            if len(done) == after:
                raise Stop

        return progress

    for after in range(1, 5):
        broken = settings.model_copy(update={"out": tmp_path / f"{after}", "batch_files": after})
        with pytest.raises(Stop):
            dataset.build(broken, progress=stopping(after))
        assert dataset.load(broken.out) is None
        resumed = broken.model_copy(update={"batch_files": 5 - after})
        dataset.build(resumed)
        assert rows(resumed.out) == want
        sound(resumed)


def test_a_file_that_vanishes_during_the_run_is_a_row(settings: Settings) -> None:
    with dataset.locked(settings.out):
        todo = dataset.plan(settings)
        (settings.raw / "story 2.txt").unlink()
        made = dataset.commit(todo, [dataset.work(batch, settings, todo.staging) for batch in todo.batches])
    assert "vanished" in {refused.reason for refused in made.newly_rejected}
    assert dataset.verify(settings.out, settings.raw) == []
    assert made.totals.sources == 11
    later = dataset.build(settings)
    assert (later.changed, later.totals.sources) == (True, 10)
    sound(settings)


def test_a_file_that_changes_during_the_run_is_not_taken_for_the_one_planned(settings: Settings) -> None:
    path = settings.raw / "story 2.txt"
    with dataset.locked(settings.out):
        todo = dataset.plan(settings)
        path.write_text(prose(22), encoding="utf-8")
        dataset.commit(todo, [dataset.work(batch, settings, todo.staging) for batch in todo.batches])
    path.write_text(prose(2), encoding="utf-8")
    assert dataset.build(settings).changed
    sound(settings)


def test_what_cannot_be_read_is_a_row_and_read_when_it_can(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, settings.raw / "story 1.txt")
    first = dataset.build(settings)
    assert ("story 1.txt", "unreadable") in {(refused.uri, refused.reason) for refused in first.newly_rejected}
    assert not dataset.build(settings).changed
    monkeypatch.undo()
    assert dataset.build(settings).totals.rejected == first.totals.rejected - 1
    sound(settings)


def refuse(monkeypatch: pytest.MonkeyPatch, refused: Path) -> None:
    """Opening the file fails, for root too."""
    real = open

    def guarded(file: Any, *rest: Any, **more: Any) -> Any:
        if file == str(refused):
            raise PermissionError(errno.EACCES, "Permission denied", str(file))
        return real(file, *rest, **more)

    monkeypatch.setattr("builtins.open", guarded)


def test_names_with_newlines_and_bytes_that_are_no_utf8(settings: Settings) -> None:
    for name in (b"line\nbreak.txt", b"latin-\xe9.txt", b"per%cent.txt"):
        Path(os.fsdecode(os.path.join(os.fsencode(settings.raw), name))).write_text(prose(7), encoding="utf-8")  # noqa: PTH118
    dataset.build(settings)
    assert {"line%0Abreak.txt", "latin-%E9.txt", "per%25cent.txt"} <= {row["uri"] for row in rows(settings.out)["documents"]}
    sound(settings)


def test_a_missing_or_cut_file_is_made_again(settings: Settings) -> None:
    dataset.build(settings)
    before = content(settings.out)
    first, second = sorted((settings.out / "articles").iterdir())[:2]
    first.unlink()
    os.replace(shutil.copy(second, settings.out / "copy"), second)  # noqa: PTH105  breaks the link: the store stays whole
    with second.open("r+b") as file:
        file.truncate(100)
    assert dataset.build(settings).changed
    assert content(settings.out) == before
    sound(settings)


def test_commits_can_be_opened_as_they_were(settings: Settings) -> None:
    dataset.build(settings)
    states = {1: dataset.open_dataset(settings.out).to_table()}
    early = dataset.open_dataset(settings.out, commit=1)
    for number, change in enumerate((_change, _remove), start=2):
        change(settings.raw)
        dataset.build(settings)
        states[number] = dataset.open_dataset(settings.out).to_table()
    for number, state in states.items():
        assert dataset.open_dataset(settings.out, commit=number).to_table() == state
    assert early.to_table() == states[1]
    assert states[1].num_rows == states[2].num_rows > states[3].num_rows
    _add(settings.raw)
    dataset.build(settings)
    with pytest.raises(DatasetError, match="is gone"):
        dataset.open_dataset(settings.out, commit=1)
    with pytest.raises(DatasetError, match="no commit 77"):
        dataset.open_dataset(settings.out, commit=77)
    assert dataset.numbers(settings.out) == [1, 2, 3, 4]


def test_without_commits_to_keep_there_are_no_second_names(settings: Settings) -> None:
    lean = settings.model_copy(update={"keep_commits": 0})
    dataset.build(lean)
    _change(settings.raw)
    dataset.build(lean)
    assert not list((settings.out / "_files").rglob("*.parquet"))
    assert dataset.open_dataset(settings.out, "documents").count_rows() == 11
    sound(lean)


def test_the_record_says_what_was_added_and_retired(settings: Settings) -> None:
    dataset.build(settings)
    _change(settings.raw)
    made = dataset.build(settings)
    record = json.loads(Layout(settings.out).record(2).read_text())
    assert record["added"] == list(made.added)
    assert record["retired"] == list(made.retired)
    assert {"started", "finished", "identity", "batches", "totals", "newly_rejected"} <= set(record)
    assert dataset.load(settings.out) == made
