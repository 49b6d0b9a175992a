from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pytest

from pipeline import dataset
from pipeline.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

STORIES = {
    "bridge.txt": (
        "A bridge for Ostwick\n\nBy Ada Alder\nOstwick Gazette, May 5, 2018\n\n"
        "The bridge was opened on Tuesday by the oldest ferryman of the town, who had rowed people across for forty years. "
        "He said that he would miss the mornings most.\n\n"
        "Some two hundred people walked over it before noon, and the first cart followed in the afternoon.\n\n"
        "You may also like\n"
    ),
    "größe.html": (
        "<html><head><title>Der Müller</title></head><body><h1>Der Müller &amp; sein Rad</h1>"
        "<p>Das Rad drehte sich wieder, nachdem der Bach drei Wochen trocken gelegen hatte, und alle kamen, um es zu sehen.</p>"
        "<p>Es klapperte lauter als früher, sagte der Müller, aber das sei ihm nur recht.</p></body></html>"
    ),
    "emoji.txt": (
        "Кот вернулся домой 🐈\n\nКот по имени Барсик вернулся домой через два месяца после того, как пропал у реки. "
        "Хозяйка сказала, что он стал толще.\n"
    ),
    "empty.txt": "",
}

Row = tuple[str, int, str, tuple[str, ...], dt.date | None, int]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readers")
    (folder / "raw").mkdir()
    for name, text in STORIES.items():
        (folder / "raw" / name).write_text(text, encoding="utf-8")
    dataset.build(load(raw=folder / "raw", out=folder / "out", batch_files=1))
    assert len(list((folder / "out" / "articles").glob("*.parquet"))) == 3
    return folder / "out"


COLUMNS = ["id", "char_count", "text", "author", "date_published", "kept"]


def by_duckdb(glob: str) -> Iterable[dict[str, Any]]:
    relation = duckdb.connect().execute(f"SELECT {', '.join(COLUMNS)} FROM read_parquet('{glob}')")  # noqa: S608  our own path
    return [dict(zip(COLUMNS, row, strict=True)) for row in relation.fetchall()]


def by_polars(glob: str) -> Iterable[dict[str, Any]]:
    return pl.scan_parquet(glob).select(COLUMNS).collect().to_dicts()


def by_pandas(glob: str) -> Iterable[dict[str, Any]]:
    frame = pd.concat([pd.read_parquet(path, columns=COLUMNS) for path in Path(glob).parent.glob(Path(glob).name)])
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def by_pyarrow(glob: str) -> Iterable[dict[str, Any]]:
    rows: list[dict[str, Any]] = ds.dataset(str(Path(glob).parent)).to_table(columns=COLUMNS).to_pylist()
    return rows


def plain(row: dict[str, Any]) -> Row:
    author, day = row["author"], row["date_published"]
    return (
        row["id"],
        int(row["char_count"]),
        row["text"],
        () if author is None or isinstance(author, float) else tuple(author),
        day if isinstance(day, dt.date) and not pd.isna(day) else None,
        sum(int(kept["length"]) for kept in row["kept"]),
    )


@pytest.mark.parametrize("reader", [by_duckdb, by_polars, by_pandas, by_pyarrow])
def test_readers_agree_by_glob(reader: Callable[[str], Iterable[dict[str, Any]]], out: Path) -> None:
    want = sorted(plain(row) for row in dataset.open_dataset(out).to_table(columns=COLUMNS).to_pylist())
    found = sorted(plain(row) for row in reader(str(out / "articles" / "*.parquet")))
    assert len(found) == 3
    assert checksum(found) == checksum(want)
    assert found == want


def checksum(rows: Iterable[Row]) -> str:
    return hashlib.sha256("\0".join(row[2] for row in rows).encode()).hexdigest()


@pytest.mark.parametrize("table", dataset.TABLES)
def test_every_column_can_be_read(table: str, out: Path) -> None:
    glob = str(out / table / "*.parquet")
    columns = dataset.open_dataset(out, table).schema.names
    relation = duckdb.connect().execute(f"SELECT * FROM read_parquet('{glob}')")  # noqa: S608  our own path
    assert [column[0] for column in relation.description or ()] == columns
    count = len(relation.fetchall())
    assert count == dataset.open_dataset(out, table).count_rows()
    frame = pl.read_parquet(glob)
    assert (frame.columns, frame.height) == (columns, count)
    tables = [pd.read_parquet(path) for path in (out / table).glob("*.parquet")]
    assert sum(len(one) for one in tables) == count
    assert all(list(one.columns) == columns for one in tables)
