"""What the Parquet settings cost and bring: the same rows written in several ways, and what reading them takes."""

from __future__ import annotations

import io
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq

from pipeline import dataset
from pipeline.dataset.parquet import group_rows, options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

ROUNDS = 3
# What the dataset is written with, if nobody sets it otherwise.
LEVEL, ROWS = 6, 2000
VARIANTS: dict[str, dict[str, Any]] = {
    "zstd 1": {"compression_level": 1},
    "zstd 3": {"compression_level": 3},
    "zstd 6, as it is": {},
    "zstd 9": {"compression_level": 9},
    "zstd 15": {"compression_level": 15},
    "100 rows": {"row_group_size": 100},
    "500 rows": {"row_group_size": 500},
    "10,000 rows": {"row_group_size": 10_000},
    "100,000 rows": {"row_group_size": 100_000},
    "no page index": {"write_page_index": False},
    "dictionary everywhere": {"use_dictionary": True},
    "no dictionary": {"use_dictionary": False},
    "content-defined chunks": {"use_content_defined_chunking": True},
}
COLUMNS = {"articles": "source_file", "documents": "uri", "ledger": "document_id"}


class Cost(NamedTuple):
    """Of one way to write: MB of the file, CPU ms to write and to read it all, KB read to look up one source."""

    size: float
    write: float
    read: float
    look_up: float


class Counted(io.BytesIO):
    """A file that counts the bytes that are read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """As any file."""
        data = super().read(size)
        self.taken += len(data)
        return data


def measure(table: str, rows: pa.Table, **changed: Any) -> Cost:
    """The cost of the rows written as the dataset does, but for what is `changed`."""
    how = options(table, rows.schema, LEVEL) | {"row_group_size": group_rows(table, ROWS)} | changed
    write = _best(lambda: pq.write_table(rows, io.BytesIO(), **how))
    made = io.BytesIO()
    pq.write_table(rows, made, **how)
    data = made.getvalue()
    read = _best(lambda: pq.read_table(io.BytesIO(data)))
    column = COLUMNS[table]
    wanted = rows[column][rows.num_rows // 2].as_py()
    counted = Counted(data)
    pq.read_table(counted, filters=[(column, "=", wanted)])
    return Cost(len(data) / 1e6, write, read, counted.taken / 1e3)


def _best(work: Callable[[], object]) -> float:
    """CPU milliseconds of the fastest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * min(times)


def run(folder: Path) -> int:
    """Print the costs for each table of the dataset; 0."""
    for table in COLUMNS:
        rows = dataset.open_dataset(folder, table).to_table().combine_chunks()
        sys.stdout.write(f"{table}: {rows.num_rows:,} rows, {rows.nbytes / 1e6:.1f} MB in memory\n")
        sys.stdout.write(f"{'':24} {'MB':>8} {'write ms':>9} {'read ms':>8} {'look-up KB':>11}\n")
        for name, changed in VARIANTS.items():
            cost = measure(table, rows, **changed)
            sys.stdout.write(f"{name:24} {cost.size:8.3f} {cost.write:9.1f} {cost.read:8.1f} {cost.look_up:11.1f}\n")
    return 0
