"""Compaction: the same rows in other files, whatever comes before, between and after."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dataset_samples import content, make_raw, module, prose, rows, sound
from test_recovery import Killed, Killer

from pipeline import columns, dataset
from pipeline.dataset.layout import TABLES, Layout
from pipeline.errors import DatasetError
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(raw=make_raw(tmp_path / "raw"), out=tmp_path / "out", batch_files=2, row_group_rows=3, allow_empty=True)


def files(settings: Settings) -> int:
    return len(list((settings.out / "documents").glob("*.parquet")))


def test_the_rows_are_the_same_in_fewer_files(settings: Settings) -> None:
    dataset.build(settings)
    before, ordered, count = rows(settings.out), dataset.open_dataset(settings.out).to_table(), files(settings)
    done = dataset.compact(settings)
    assert (done.number, done.changed, files(settings)) == (2, True, 1)
    assert count > 3
    assert rows(settings.out) == before
    assert dataset.open_dataset(settings.out).to_table() == ordered == dataset.open_dataset(settings.out, commit=1).to_table()
    path = next((settings.out / "articles").iterdir())
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [3, 3, 3]
    assert dataset.load(settings.out) == done
    assert done.totals == dataset.load(settings.out, 1).totals  # type: ignore[union-attr]
    sound(settings)


def test_a_second_compaction_and_a_run_have_nothing_to_do(settings: Settings) -> None:
    dataset.build(settings)
    dataset.compact(settings)
    before = content(settings.out)
    assert not dataset.compact(settings).changed
    assert not dataset.build(settings).changed
    assert content(settings.out) == before


def test_files_stay_below_the_target(settings: Settings) -> None:
    dataset.build(settings)
    sizes = {part.name: part.bytes for batch in dataset.load(settings.out).batches for part in batch.whole}  # type: ignore[union-attr]
    target = 3 * max(sizes.values())
    done = dataset.compact(settings, target)
    assert 1 < len(done.batches) < len(sizes)
    assert all(sum(part.bytes for part in batch.whole) <= target for batch in done.batches)
    assert not dataset.compact(settings, target).changed
    sound(settings)


def _add(raw: Path) -> None:
    (raw / "story 3 and a half.txt").write_text(prose(35), encoding="utf-8")


def _change(raw: Path) -> None:
    (raw / "story 5.txt").write_text(prose(55), encoding="utf-8")


def _remove(raw: Path) -> None:
    (raw / "story 4.txt").unlink()


def _remove_last(raw: Path) -> None:
    (raw / "story 8.txt").unlink()
    (raw / "story 7.txt").unlink()
    (raw / "story 6.txt").unlink()


def _empty(raw: Path) -> None:
    for path in raw.iterdir():
        path.unlink()


@pytest.mark.parametrize("change", [_add, _change, _remove, _remove_last, _empty])
def test_a_change_after_it_costs_its_batch_and_gives_the_rows_of_a_fresh_run(
    change: Callable[[Path], None], settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = settings.model_copy(update={"out": tmp_path / "plain"})
    dataset.build(plain)
    dataset.build(settings)
    dataset.compact(settings)
    change(settings.raw)
    worked: list[str] = []
    real = module("write").process

    def process(source: Any, *rest: Any) -> Any:
        worked.append(source.uri)
        return real(source, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(module("write"), "process", process)
        dataset.build(settings)
        mine = worked.copy()
        dataset.build(plain)
    assert mine == worked[len(mine) :]  # what a run over the small files does
    again = settings.model_copy(update={"out": tmp_path / "fresh"})
    dataset.build(again)
    assert rows(settings.out) == rows(again.out)
    assert dataset.open_dataset(settings.out).to_table() == dataset.open_dataset(again.out).to_table()
    sound(settings)
    assert not dataset.build(settings).changed
    dataset.compact(settings)
    assert rows(settings.out) == rows(again.out)
    assert files(settings) <= 1
    sound(settings)


def test_other_settings_make_everything_anew(settings: Settings, tmp_path: Path) -> None:
    dataset.build(settings)
    dataset.compact(settings)
    other = settings.model_copy(update={"ledger_text": False})
    assert dataset.build(other).changed
    again = other.model_copy(update={"out": tmp_path / "fresh"})
    dataset.build(again)
    for table in TABLES:
        assert content(other.out / table) == content(again.out / table)
    sound(other)


def _older(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset as an older version would have made it: without two columns, and one part of a struct."""
    dataset.build(settings)
    newer = str(int(columns.SCHEMA_VERSION) + 1)
    measures = pa.struct([*columns.MEASURES, pa.field("novel", pa.string())])
    fields = [pa.field("quality", measures) if field.name == "quality" else field for field in columns.ARTICLES]
    wider = {**columns.SCHEMAS, "articles": pa.schema([*fields, pa.field("added", pa.string())])}
    for name in ("compact", "pack", "verify", "read"):
        monkeypatch.setattr(module(name), "SCHEMAS", wider, raising=False)
        monkeypatch.setattr(module(name), "SCHEMA_VERSION", newer, raising=False)


def test_an_older_dataset_is_read_and_migrated(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    _older(settings, monkeypatch)
    before = rows(settings.out)["articles"]
    told = dataset.verify(settings.out)
    assert told
    assert all("winnow flow compact" in str(problem) for problem in told)
    read = dataset.open_dataset(settings.out).to_table()
    assert read["added"].null_count == read.num_rows == len(before)
    done = dataset.compact(settings, 1)
    assert int(done.identity.schema_version) == int(columns.SCHEMA_VERSION) + 1
    after = rows(settings.out)["articles"]
    assert [{**row, "added": None, "quality": {**row["quality"], "novel": None}} for row in before] == after
    assert dataset.verify(settings.out) == []
    assert dataset.open_dataset(settings.out, commit=1).to_table() == read
    assert not dataset.compact(settings, 1).changed
    monkeypatch.setattr(module("plan"), "SCHEMA_VERSION", module("pack").SCHEMA_VERSION)
    with dataset.locked(settings.out):
        todo = dataset.plan(settings)  # the version is part of what a batch is made by: a run fills the new columns
    assert (len(todo.batches), todo.unchanged, todo.carried) == (len(todo.order), (), ())


def test_a_newer_dataset_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset.build(settings)
    monkeypatch.setattr(module("compact"), "SCHEMA_VERSION", "1")
    with pytest.raises(DatasetError, match="Use a newer winnow"):
        dataset.compact(settings)


def test_a_missing_file_is_said_and_nothing_is_changed(settings: Settings) -> None:
    with pytest.raises(DatasetError, match="no dataset here"):
        dataset.compact(settings)
    dataset.build(settings)
    next((settings.out / "articles").iterdir()).unlink()
    with pytest.raises(DatasetError, match=r"missing.*Run again"):
        dataset.compact(settings)
    dataset.build(settings)
    sound(settings)


FEW = range(3, 60, 9)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [*FEW, *(pytest.param(at, marks=pytest.mark.long) for at in range(1, 60) if at not in FEW)])
def test_killed_at_any_call_the_next_compaction_makes_it_whole(
    after: bool,  # noqa: FBT001
    at: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    built: Path,
) -> None:
    shutil.copytree(built, tmp_path / "here", symlinks=True)
    settings = load(raw=tmp_path / "here" / "raw", out=tmp_path / "here" / "out", batch_files=2, keep_commits=1)
    before, small = rows(settings.out), len(content(settings.out / "documents"))
    with monkeypatch.context() as patch:
        killer = Killer(patch, at, after=after)
        with contextlib.suppress(Killed):
            dataset.compact(settings)
    assert killer.done or at > 40
    if not Layout(settings.out).journal.exists():
        assert rows(settings.out) == before
    dataset.compact(settings)
    assert rows(settings.out) == before
    assert (files(settings), small > 1, dataset.numbers(settings.out)) == (1, True, [1, 2])
    assert not dataset.build(settings).changed
    sound(settings)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    dataset.build(load(raw=make_raw(folder / "raw"), out=folder / "out", batch_files=2, keep_commits=1))
    return folder
