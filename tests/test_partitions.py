"""A partitioned copy holds all rows once, in every reader."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pyarrow.dataset as ds
import pytest
from dataset_samples import prose

from pipeline import dataset
from pipeline.dataset.partitions import partition
from pipeline.errors import DatasetError, SettingsError
from pipeline.settings import load

GERMAN = (
    "Der Müller und sein Rad\n\nVon Ada Erle\nOstwicker Bote, 5. Mai 2018\n\n"
    "Das Rad drehte sich wieder, nachdem der Bach drei Wochen trocken gelegen hatte, und alle kamen, um es zu sehen. "
    "Es klapperte lauter als früher, sagte der Müller, aber das sei ihm nur recht.\n"
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("here")
    (folder / "raw").mkdir()
    for number in range(4):
        (folder / "raw" / f"{number}.txt").write_text(prose(number), encoding="utf-8")
    (folder / "raw" / "mill.txt").write_text(GERMAN, encoding="utf-8")
    dataset.build(load(raw=folder / "raw", out=folder / "out", workers=1))
    return folder / "out"


def test_all_rows_stand_in_the_folders_of_their_values(out: Path, tmp_path: Path) -> None:
    want = dataset.open_dataset(out).to_table().to_pylist()
    years = {row["id"]: row["date_published"].year if row["date_published"] else None for row in want}
    made = partition(out, tmp_path / "parts", ["language", "year"])
    assert made == len(list((tmp_path / "parts").rglob("*.parquet"))) > 1
    read = ds.dataset(tmp_path / "parts", partitioning="hive").to_table().to_pylist()
    assert {row.pop("id"): row.pop("year") for row in [dict(row) for row in read]} == years
    whole = {row["id"]: row for row in want}
    assert len(read) == len(want)
    assert all({**row, "year": None} == {**whole[row["id"]], "year": None} for row in read)
    german = [row["id"] for row in want if row["language"] == "de"]
    assert german
    glob = str(tmp_path / "parts" / "**" / "*.parquet")
    found = duckdb.connect().execute(f"SELECT id FROM read_parquet('{glob}', hive_partitioning = true) WHERE language = 'de'")  # noqa: S608  our own path
    assert [row[0] for row in found.fetchall()] == german
    frame = pl.scan_parquet(glob, hive_partitioning=True).filter(pl.col("language") == "de").collect()
    assert frame["id"].to_list() == german


def test_it_is_made_whole_or_not_at_all(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"no key to partition by: author.*language, year, publisher"):
        partition(out, tmp_path / "parts", ["author"])
    with monkeypatch.context() as patch:
        patch.setattr("pipeline.dataset.partitions.MOST", 1)
        with pytest.raises(DatasetError, match="too many values"):
            partition(out, tmp_path / "parts", ["language"])
    assert list(tmp_path.iterdir()) == []
    partition(out, tmp_path / "parts", ["publisher"])
    with pytest.raises(DatasetError, match="something here already"):
        partition(out, tmp_path / "parts", ["publisher"])
