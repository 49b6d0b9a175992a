from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from dataset_samples import make_raw, prose

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


# --- all of every table, in every reader ------------------------------------------------------------------------------

# What a column of each Arrow type is called.
TYPES = {
    "duckdb": {
        "string": "VARCHAR",
        "int64": "BIGINT",
        "double": "DOUBLE",
        "date32[day]": "DATE",
        "list<element: string>": "VARCHAR[]",
    },
    "polars": {
        "string": "String",
        "int64": "Int64",
        "double": "Float64",
        "date32[day]": "Date",
        "list<element: string>": "List(String)",
    },
    "pandas": {name: f"{name}[pyarrow]" for name in ("string", "int64", "double", "date32[day]", "list<element: string>")},
    "huggingface": {
        "string": "Value('string')",
        "int64": "Value('int64')",
        "double": "Value('float64')",
        "date32[day]": "Value('date32')",
        "list<element: string>": "List(Value('string'))",
    },
    "spark": {
        "string": "string",
        "int64": "bigint",
        "double": "double",
        "date32[day]": "date",
        "list<element: string>": "array<string>",
    },
}
Whole = tuple[dict[str, str], list[dict[str, Any]]]


def all_by_duckdb(folder: Path) -> Whole:
    relation = duckdb.connect().read_parquet(str(folder / "*.parquet"))
    names = relation.columns
    types = dict(zip(names, map(str, relation.types), strict=True))
    return types, [dict(zip(names, row, strict=True)) for row in relation.fetchall()]


def all_by_polars(folder: Path) -> Whole:
    frame = pl.scan_parquet(str(folder / "*.parquet")).collect()
    return {name: str(kind) for name, kind in frame.schema.items()}, frame.to_dicts()


def all_by_pandas(folder: Path) -> Whole:
    frame = pd.read_parquet(folder, dtype_backend="pyarrow")
    columns = {str(name): frame[name].array.__arrow_array__().to_pylist() for name in frame.columns}
    types = {str(name): str(kind) for name, kind in frame.dtypes.items()}
    return types, [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


HUGGINGFACE = """
import json, sys
from datasets import load_dataset
read = load_dataset("parquet", data_files=sys.argv[1] + "/*.parquet", split="train", cache_dir=sys.argv[2])
print(json.dumps([{name: str(kind) for name, kind in read.features.items()}, list(read)], default=str))
"""
SPARK = """
import json, sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", False).config("spark.driver.host", "127.0.0.1")
spark = spark.config("spark.driver.bindAddress", "127.0.0.1").config("spark.local.dir", sys.argv[2]).getOrCreate()
read = spark.read.parquet(sys.argv[1])
print(json.dumps([dict(read.dtypes), [row.asDict(recursive=True) for row in read.collect()]], default=str))
"""


def all_by_program(code: str, folder: Path, scratch: Path) -> Whole:
    env = os.environ | {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(scratch), "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [sys.executable, "-c", code, str(folder), str(scratch)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=scratch)
    assert done.returncode == 0, done.stderr[-3000:]
    types, found = json.loads(done.stdout.splitlines()[-1])
    return types, found


def digest_of(found: list[dict[str, Any]]) -> str:
    """One checksum over all rows and columns, whatever their order."""
    lines = sorted(json.dumps(row, sort_keys=True, default=str, ensure_ascii=False) for row in found)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def agrees(reader: str, read: Whole, out: Path, table: str) -> None:
    want = dataset.open_dataset(out, table)
    types, found = read
    assert len(found) == want.count_rows() > 0
    names = TYPES[reader]
    expected = {field.name: names[str(field.type)] for field in want.schema if str(field.type) in names}
    assert {field.name for field in want.schema if not pa.types.is_nested(field.type)} <= set(expected)
    assert {name: types[name] for name in expected} == expected
    assert list(types) == want.schema.names
    assert digest_of(found) == digest_of(want.to_table().to_pylist())


@pytest.mark.parametrize("table", dataset.TABLES)
@pytest.mark.parametrize("reader", ["duckdb", "polars", "pandas"])
def test_readers_agree_on_types_and_on_all_values(reader: str, table: str, out: Path) -> None:
    read = {"duckdb": all_by_duckdb, "polars": all_by_polars, "pandas": all_by_pandas}[reader]
    agrees(reader, read(out / table), out, table)


@pytest.mark.long
@pytest.mark.parametrize("table", dataset.TABLES)
def test_hugging_face_datasets_agrees(table: str, out: Path, tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="needs the package datasets (dependency group heavy)")
    agrees("huggingface", all_by_program(HUGGINGFACE, out / table, tmp_path), out, table)


@pytest.mark.long
@pytest.mark.parametrize("table", dataset.TABLES)
def test_spark_agrees(table: str, out: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="needs the package pyspark (dependency group heavy)")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    agrees("spark", all_by_program(SPARK, out / table, tmp_path), out, table)


# --- one commit, and little of it -------------------------------------------------------------------------------------


def test_a_pinned_commit_is_read_by_duckdb_and_polars_as_it_was(tmp_path: Path) -> None:
    raw = make_raw(tmp_path / "raw")
    settings = load(raw=raw, out=tmp_path / "out", batch_files=2, workers=1)
    dataset.build(settings)
    want = dataset.open(tmp_path / "out", commit=1).to_table().to_pylist()
    frame = dataset.open(tmp_path / "out", commit=1, reader="polars")
    relation = dataset.open(tmp_path / "out", commit=1, reader="duckdb")
    (raw / "story 5.txt").write_text(prose(55), encoding="utf-8")
    (raw / "story 6.txt").unlink()
    dataset.build(settings)
    assert digest_of(frame.collect().to_dicts()) == digest_of(want)
    names = relation.columns
    assert digest_of([dict(zip(names, row, strict=True)) for row in relation.fetchall()]) == digest_of(want)
    later = dataset.open(tmp_path / "out", reader="duckdb").aggregate("count(*)").fetchall()
    assert later == [(len(want) - 1,)]


class Counted(io.BytesIO):
    """A Parquet file that counts the bytes of its columns that are read, without footer and indexes."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.read_bytes())
        groups = pq.read_metadata(path)
        last = groups.row_group(groups.num_row_groups - 1)
        columns = [last.column(number) for number in range(groups.num_columns)]
        self.end = max((one.dictionary_page_offset or one.data_page_offset) + one.total_compressed_size for one in columns)
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        at = self.tell()
        data = super().read(size)
        self.taken += max(0, min(at + len(data), self.end) - at)
        return data


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred stories in one file a table, in row groups of ten."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "raw").mkdir()
    for number in range(200):
        text = "\n\n".join(prose(number * 7 + part).replace("You may also like", "") for part in range(4))
        (folder / "raw" / f"{number:03}.txt").write_text(text, encoding="utf-8")
    settings = load(raw=folder / "raw", out=folder / "out", row_group_rows=10, batch_files=10_000, workers=1)
    dataset.build(settings)
    dataset.compact(settings)
    return folder / "out"


@pytest.mark.parametrize(("table", "column"), [("articles", "source_file"), ("documents", "uri")])
def test_a_look_up_of_one_source_reads_few_bytes(table: str, column: str, large: Path) -> None:
    [path] = (large / table).glob("*.parquet")
    whole, one = Counted(path), Counted(path)
    every = pq.read_table(whole)
    found = pq.read_table(one, filters=[(column, "=", "123.txt")])
    assert {row[column] for row in found.to_pylist()} == {"123.txt"}
    assert every.num_rows >= 200 > found.num_rows
    groups = pq.read_metadata(path)
    assert groups.num_row_groups >= 20
    assert all(groups.row_group(0).column(number).has_offset_index for number in range(groups.num_columns))
    sys.stdout.write(f"{table}: {one.taken:,} of {whole.taken:,} bytes in {groups.num_row_groups} row groups\n")
    assert one.taken < whole.taken / 10
