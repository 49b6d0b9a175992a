"""The duplicates table: signatures of each batch's articles, remembered; from all of them the table, committed as the others are.

Signatures stand under the name of their batch, which says all that its rows depend on: an unchanged batch is never looked at
again, not even when its rows were put into other files. They are a cache: whatever is missing or unreadable is made again.
"""

from __future__ import annotations

import bisect
import dataclasses
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pyarrow as pa

from pipeline import dedupe
from pipeline.columns import DUPLICATES, SCHEMA_VERSION
from pipeline.dataset.commit import install, succeeding, unchanged
from pipeline.dataset.compact import current, new_staging
from pipeline.dataset.files import (
    digest,
    drafts,
    exists,
    explained,
    listed,
    make_folder,
    move,
    remove,
    remove_tree,
    sync_file,
    sync_folder,
)
from pipeline.dataset.layout import Layout, staged
from pipeline.dataset.lock import locked
from pipeline.dataset.pack import NAME_DIGITS
from pipeline.dataset.parquet import opened, options, writing
from pipeline.dataset.parquet import table as table_of
from pipeline.dataset.record import BatchRecord, Commit, Counts, FileRecord
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

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
        with opened(path) as file:
            return bool(file.metadata.num_rows == rows)
    except (OSError, pa.ArrowInvalid):
        return False


def work_dedupe(todo: Unsigned) -> int:
    """How many articles were signed; their signatures are durable. Runs in any process and can be repeated."""
    with explained(todo.signatures), opened(todo.file) as file, drafts(todo.scratch.parent) as folder:
        parts: list[pa.Table] = []
        at = 0
        for batch in file.iter_batches(ROWS, columns=[*COLUMNS, "text"]):
            low, high = max(todo.first - at, 0), min(todo.first + todo.rows - at, batch.num_rows)
            if low < high:
                parts.append(_signed(batch.slice(low, high - low)))
            at += batch.num_rows
        made = pa.concat_tables(parts)
        scratch = folder / todo.scratch.name
        with writing(scratch, made.schema, compression="zstd") as writer:
            writer.write_table(made)
        sync_file(scratch)
        move(scratch, todo.signatures)
        sync_folder(todo.signatures.parent)
    return todo.rows


def _signed(rows: pa.RecordBatch) -> pa.Table:
    signed = dedupe.sign([text or "" for text in rows["text"].to_pylist()])
    width = dedupe.PERMUTATIONS * 4
    flat = pa.py_buffer(np.ascontiguousarray(signed.signatures[: rows.num_rows], dtype="<u4").tobytes())
    table = pa.table({name: rows[name] for name in COLUMNS})
    table = table.append_column("digest", pa.array(signed.digests.tolist(), pa.binary(32)))
    table = table.append_column("shingles", pa.array(signed.shingles, pa.int64()))
    return table.append_column("signature", pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), rows.num_rows, [None, flat]))


def commit_dedupe(plan: Deduplication) -> Commit:
    """The table of all duplicates, published with the same articles; the commit that is there, if it has that table already."""
    previous, out = plan.previous, plan.settings.out
    layout = Layout(out)
    with explained(out):
        _forget(layout, {path.name for path in plan.signatures})
        there = exists(layout.published(TABLE, SLOT))
        if there and [batch.name for batch in previous.derived] == [plan.name]:
            remove_tree(layout.staging)
            return unchanged(previous)
        with drafts(plan.staging) as folder:
            record = _write(plan, _table(plan.signatures, folder / "all.signatures"), folder)
        kept = dataclasses.replace(unchanged(previous), started=plan.started, derived=(record,), changed=True)
        new = succeeding(previous, kept)
        install(out, plan.staging, new, previous, (record,), plan.settings.keep_commits)
    return new


class _Kept:
    """Signatures that stand in a file, one behind the other, of which only those are read that are asked for."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> NDArray[np.uint32]:
        if isinstance(rows, slice):
            return self._read(rows.start, rows.stop - rows.start)
        return np.concatenate([self._read(row, 1) for row in rows.tolist()] or [self._read(0, 0)])

    def _read(self, first: int, count: int) -> NDArray[np.uint32]:
        self._file.seek(first * dedupe.PERMUTATIONS * 4)
        data = self._file.read(count * dedupe.PERMUTATIONS * 4)
        return np.frombuffer(data, dtype="<u4").reshape(-1, dedupe.PERMUTATIONS)


def _table(paths: Sequence[Path], scratch: Path) -> pa.Table:
    """The rows of the table. Memory holds some fifty bytes an article, and what tells apart those that have copies."""
    ids, digests, shingles, starts = bytearray(), bytearray(), bytearray(), [0]
    with scratch.open("wb") as file:
        for path in paths:
            rows = table_of(path, columns=["id", "digest", "shingles", "signature"])
            ids += "".join(rows["id"].to_pylist()).encode("ascii")
            digests += b"".join(rows["digest"].to_pylist())
            shingles += rows["shingles"].to_numpy().astype("<i8").tobytes()
            file.writelines(rows["signature"].to_pylist())
            starts.append(starts[-1] + rows.num_rows)
    with _Kept(scratch) as signatures:
        signed = dedupe.Signed(dedupe.voids(bytes(digests), 32), np.frombuffer(bytes(shingles), "<i8"), signatures)
        found = dedupe.clusters(dedupe.voids(bytes(ids), 32), signed)
        told = dedupe.told(found, _copies(paths, starts, sorted(number for members in found for number in members)), signed)
    columns = [[getattr(row, field.name) for row in told] for field in DUPLICATES]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, DUPLICATES, strict=True)]
    return pa.Table.from_arrays(arrays, schema=DUPLICATES)


def _copies(paths: Sequence[Path], starts: Sequence[int], numbers: Sequence[int]) -> dict[int, dedupe.Copy]:
    """What tells copies apart, of the articles with these rising numbers; `starts`: the number of each file's first."""
    found: dict[int, dedupe.Copy] = {}
    at = 0
    for path, start, stop in zip(paths, starts, starts[1:], strict=False):
        end = bisect.bisect_left(numbers, stop, at)
        if at < end:
            rows = table_of(path, columns=list(COLUMNS)).take([number - start for number in numbers[at:end]])
            values = zip(*(rows[name].to_pylist() for name in COLUMNS), strict=True)
            found |= {number: dedupe.Copy(*one) for number, one in zip(numbers[at:end], values, strict=True)}
        at = end
    return found


def _write(plan: Deduplication, table: pa.Table, folder: Path) -> BatchRecord:
    made_by = plan.previous.identity
    said = {"table": TABLE, "schema_version": SCHEMA_VERSION, "pipeline_version": made_by.pipeline_version}
    said |= {"ruleset": made_by.ruleset, "settings": made_by.settings, "dedupe": dedupe.algorithm()}
    about = table.replace_schema_metadata({f"winnow.{key}": value for key, value in said.items()})
    path, there = staged(folder, TABLE, plan.name), staged(plan.staging, TABLE, plan.name)
    with writing(path, about.schema, **options(TABLE, about.schema, plan.settings.zstd_level)) as writer:
        writer.write_table(about, plan.settings.row_group_rows)
    sync_file(path)
    sync_folder(plan.staging)
    file = FileRecord(TABLE, table.num_rows, path.stat().st_size, digest(path))
    if path != there:
        move(path, there)
    return BatchRecord(SLOT, plan.name, (file,), Counts())


def _forget(layout: Layout, wanted: set[str]) -> None:
    """Removes the signatures of batches that are no longer there."""
    for path in listed(layout.signatures, ".parquet"):
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
