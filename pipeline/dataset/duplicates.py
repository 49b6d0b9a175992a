"""The duplicates table: signatures of each batch's articles, remembered; from all of them the table, committed as the others are.

Signatures stand under the name of their batch, which says all that its rows depend on: an unchanged batch is never looked at
again, not even when its rows were put into other files. They are a cache: whatever is missing or unreadable is made again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import dedupe
from pipeline.columns import DUPLICATES, SCHEMA_VERSION
from pipeline.dataset.commit import install, succeeding, unchanged
from pipeline.dataset.compact import current, new_staging
from pipeline.dataset.files import digest, explained, make_folder, move, remove, remove_tree, sync_file, sync_folder
from pipeline.dataset.layout import Layout, staged
from pipeline.dataset.lock import locked
from pipeline.dataset.pack import NAME_DIGITS
from pipeline.dataset.parquet import options
from pipeline.dataset.record import BatchRecord, Commit, Counts, FileRecord
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipeline.settings import Settings

TABLE = SLOT = "duplicates"
COLUMNS = ("id", "date_published", "publisher", "url", "char_count")
ROWS = 500  # articles whose texts are in memory at a time


class Unsigned(NamedTuple):
    """Articles first … first + rows - 1 of a file, whose signatures are to be written to `signatures`."""

    file: Path
    first: int
    rows: int
    signatures: Path
    scratch: Path


@dataclass(frozen=True, slots=True)
class Deduplication:
    """The work of one run: `todo` are the batches whose articles have no signatures yet, `signatures` the files of all."""

    settings: Settings
    staging: Path
    started: str
    previous: Commit
    todo: tuple[Unsigned, ...]
    signatures: tuple[Path, ...]
    name: str


def plan_dedupe(settings: Settings) -> Deduplication:
    """What there is to do to make the table. The caller holds the lock. DatasetError if there is no dataset of this version."""
    started = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    state = current(settings)
    if state.identity.schema_version != SCHEMA_VERSION:
        cause = f"its columns are those of version {state.identity.schema_version}"
        raise DatasetError(cause, place=str(settings.out), remedy="Say `winnow flow compact` first, or run again")
    layout = Layout(settings.out)
    staging = new_staging(settings.out)
    todo: list[Unsigned] = []
    every: list[Path] = []
    names = [SCHEMA_VERSION, dedupe.algorithm()]
    for batch in state.batches:
        at = 0
        for part in batch.whole:
            rows = part.rows.get("articles", 0)
            key = hashlib.sha256(f"{part.name} {dedupe.algorithm()}".encode()).hexdigest()[:NAME_DIGITS]
            path = layout.signatures / f"{key}.parquet"
            names.append(part.name)
            if rows:
                every.append(path)
                if not _is_sound(path, rows):
                    todo.append(Unsigned(layout.published("articles", batch.slot), at, rows, path, staging / f"{key}.signatures"))
            at += rows
    name = hashlib.sha256("\0".join(names).encode()).hexdigest()[:NAME_DIGITS]
    with explained(layout.signatures):
        make_folder(layout.signatures)
    return Deduplication(settings, staging, started, state, tuple(todo), tuple(every), name)


def _is_sound(path: Path, rows: int) -> bool:
    try:
        return bool(pq.read_metadata(path).num_rows == rows)
    except (OSError, pa.ArrowInvalid):
        return False


def work_dedupe(todo: Unsigned) -> int:
    """How many articles were signed; their signatures are durable. Runs in any process and can be repeated."""
    with explained(todo.signatures), pq.ParquetFile(todo.file) as file:
        parts: list[pa.Table] = []
        at = 0
        for batch in file.iter_batches(ROWS, columns=[*COLUMNS, "text"]):
            low, high = max(todo.first - at, 0), min(todo.first + todo.rows - at, batch.num_rows)
            if low < high:
                parts.append(_signed(batch.slice(low, high - low)))
            at += batch.num_rows
        pq.write_table(pa.concat_tables(parts), todo.scratch, compression="zstd")
        sync_file(todo.scratch)
        move(todo.scratch, todo.signatures)
        sync_folder(todo.signatures.parent)
    return todo.rows


def _signed(rows: pa.RecordBatch) -> pa.Table:
    signed = dedupe.sign([text or "" for text in rows["text"].to_pylist()])
    width = signed.signatures.shape[1] * signed.signatures.itemsize
    flat = pa.py_buffer(np.ascontiguousarray(signed.signatures, dtype="<u4").tobytes())
    table = pa.table({name: rows[name] for name in COLUMNS})
    table = table.append_column("digest", pa.array(signed.digests, pa.binary(32)))
    table = table.append_column("shingles", pa.array(signed.shingles, pa.int64()))
    return table.append_column("signature", pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), rows.num_rows, [None, flat]))


def commit_dedupe(plan: Deduplication) -> Commit:
    """The table of all duplicates, published with the same articles; the commit that is there, if it has that table already."""
    previous, out = plan.previous, plan.settings.out
    layout = Layout(out)
    with explained(out):
        _forget(layout, {path.name for path in plan.signatures})
        there = layout.published(TABLE, SLOT).exists()
        if there and [batch.name for batch in previous.derived] == [plan.name]:
            remove_tree(layout.staging)
            return unchanged(previous)
        record = _write(plan, _table(plan.signatures))
        kept = dataclasses.replace(unchanged(previous), started=plan.started, derived=(record,), changed=True)
        new = succeeding(previous, kept)
        install(out, plan.staging, new, previous, (record,), plan.settings.keep_commits)
    return new


def _table(paths: Iterable[Path]) -> pa.Table:
    tables = [pq.read_table(path) for path in paths]
    if not tables:
        return DUPLICATES.empty_table()
    rows = pa.concat_tables(tables).combine_chunks()
    flat = b"".join(rows["signature"].to_pylist())
    signatures = np.frombuffer(flat, dtype="<u4").reshape(rows.num_rows, dedupe.PERMUTATIONS)
    signed = dedupe.Signed(rows["digest"].to_pylist(), rows["shingles"].to_numpy(), signatures)
    copies = [dedupe.Copy(*values) for values in zip(*(rows[name].to_pylist() for name in COLUMNS), strict=True)]
    found = dedupe.duplicates(copies, signed)
    columns = [[getattr(row, field.name) for row in found] for field in DUPLICATES]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, DUPLICATES, strict=True)]
    return pa.Table.from_arrays(arrays, schema=DUPLICATES)


def _write(plan: Deduplication, table: pa.Table) -> BatchRecord:
    made_by = plan.previous.identity
    said = {"table": TABLE, "schema_version": SCHEMA_VERSION, "pipeline_version": made_by.pipeline_version}
    said |= {"ruleset": made_by.ruleset, "settings": made_by.settings, "dedupe": dedupe.algorithm()}
    about = table.replace_schema_metadata({f"winnow.{key}": value for key, value in said.items()})
    path = staged(plan.staging, TABLE, plan.name)
    pq.write_table(
        about,
        path,
        row_group_size=plan.settings.row_group_rows,
        **options(TABLE, about.schema, plan.settings.zstd_level),
    )
    sync_file(path)
    sync_folder(plan.staging)
    file = FileRecord(TABLE, table.num_rows, path.stat().st_size, digest(path))
    return BatchRecord(SLOT, plan.name, (file,), Counts())


def _forget(layout: Layout, wanted: set[str]) -> None:
    """Removes the signatures of batches that are no longer there."""
    for path in layout.signatures.glob("*.parquet"):
        if path.name not in wanted:
            remove(path)


def find_duplicates(
    settings: Settings,
    map: Callable[..., Iterable[int]] = map,  # noqa: A002  it stands for the builtin
) -> Commit:
    """The dataset with its duplicates table. `map` runs the work: the builtin, or an executor's."""
    with locked(settings.out):
        todo = plan_dedupe(settings)
        for _ in map(work_dedupe, todo.todo):
            pass
        return commit_dedupe(todo)
