"""The articles of one commit as a Hive-partitioned folder, for readers who always ask for some languages, years or outlets.

A copy beside the dataset, never the dataset itself: with partitions each batch would be as many files as it has values, and a
batch made anew could not replace its rows at one instant.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.columns import ARTICLES
from pipeline.dataset import store
from pipeline.dataset.files import explained, make_folder, move, remove_tree, sync_file, sync_folder
from pipeline.dataset.read import open_dataset
from pipeline.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow.dataset as ds

# `year` is that of date_published; null is Hive's __HIVE_DEFAULT_PARTITION__.
KEYS = {"language": pa.string(), "year": pa.int32(), "publisher": pa.string()}
MOST = 1000  # folders for the rows of one file: more would be slower to list than the whole table to read


def partition(out: Path, folder: Path, by: Sequence[str], commit: int | None = None) -> int:
    """How many files `folder` has: `language=en/year=2020/part-0.parquet` for `by` of language and year, all rows in one of them.

    It is there whole or not at all. A column that is partitioned by stands in the folders' names only. SettingsError
    for an unknown key, DatasetError if there is no such commit, if `folder` is there already, or if the disk refuses.
    """
    import pyarrow.dataset as ds  # 0.5 s and all of pandas, where that is installed, which a run need not wait for

    unknown = [key for key in by if key not in KEYS]
    if unknown or not by or len(set(by)) < len(by):
        raise SettingsError(f"no key to partition by: {', '.join(unknown or by)}", place="by", remedy=f"Known: {', '.join(KEYS)}")
    if store.is_object(folder):
        remedy = "Name a folder of this machine, then copy it"
        raise DatasetError("partitions are published by a rename, which no store has", place=store.called(folder), remedy=remedy)
    if folder.exists():
        raise DatasetError("there is something here already", place=str(folder), remedy="Name a new folder, or remove this one")
    rows = open_dataset(out, "articles", commit)
    schema = pa.schema([*(field for field in ARTICLES if field.name not in by), *(pa.field(key, KEYS[key]) for key in by)])
    staging = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    with explained(folder):
        make_folder(folder.parent)
        try:
            ds.write_dataset(
                _with_keys(rows, by, schema),
                staging,
                schema=schema,
                format="parquet",
                partitioning=ds.partitioning(pa.schema([pa.field(key, KEYS[key]) for key in by]), flavor="hive"),
                max_partitions=MOST,
                max_open_files=64,
                file_options=ds.ParquetFileFormat().make_write_options(compression="zstd", write_page_index=True),
                preserve_order=True,
            )
            made = sorted(staging.rglob("*.parquet"))
            for path in made:
                sync_file(path)
            for place in {path.parent for path in made} | {staging}:
                sync_folder(place)
            move(staging, folder)
            sync_folder(folder.parent)
        except pa.ArrowInvalid as error:
            cause = f"these keys have too many values ({error})"
            raise DatasetError(cause, place=str(folder), remedy="Partition by fewer keys") from error
        finally:
            remove_tree(staging)
    return len(made)


def _with_keys(rows: ds.Dataset, by: Sequence[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in rows.to_batches():
        keys = {"year": pc.cast(pc.year(batch["date_published"]), KEYS["year"])} if "year" in by else {}
        columns = [keys[field.name] if field.name in keys else batch[field.name] for field in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
