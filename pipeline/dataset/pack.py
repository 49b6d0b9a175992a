"""Batches that share their files: which of them are still wanted, and files put together from the rows of others.

Compaction changes where rows stand, never what is known of them: a record of several batches keeps the name, counts and number of
rows of each (`Part`). So a run after it finds every unchanged batch again. If one of a file's batches changed, the runs of
unchanged ones before and after it are copied out of the file; they are not processed.
"""

from __future__ import annotations

import hashlib
import itertools
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.columns import SCHEMA_VERSION, SCHEMAS
from pipeline.dataset.files import digest, drafts, move, sync_file, sync_folder
from pipeline.dataset.layout import TABLES, Layout, staged
from pipeline.dataset.parquet import group_rows, opened, options, writing
from pipeline.dataset.parquet import schema as schema_of
from pipeline.dataset.record import BatchRecord, Counts, FileRecord, Part
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.settings import Settings

NAME_DIGITS = 16
VERSION_KEY = b"winnow.schema_version"


class Piece(NamedTuple):
    """The parts first … stop - 1 of a record."""

    record: BatchRecord
    first: int
    stop: int


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces whose rows are to stand in one file a table, in this order. Small and picklable."""

    pieces: tuple[Piece, ...]
    zstd_level: int
    row_group_rows: int

    @property
    def parts(self) -> tuple[Part, ...]:
        """The batches in it, in order."""
        return tuple(part for piece in self.pieces for part in piece.record.whole[piece.first : piece.stop])

    @property
    def counts(self) -> Counts:
        """What its batches hold together."""
        return Counts.total(part.counts for part in self.parts)


class Matched(NamedTuple):
    """What of the last commit is still right. `missing` are names of batches to be made, `order` the slots of all records."""

    unchanged: tuple[BatchRecord, ...]
    carried: tuple[Group, ...]
    missing: frozenset[str]
    order: tuple[str, ...]


def match(wanted: Sequence[tuple[str, str]], have: Sequence[BatchRecord], settings: Settings) -> Matched:
    """The batches (slot, name) that are wanted, in order, against the records there are."""
    at = {name: number for number, (_, name) in enumerate(wanted)}
    starts: dict[int, str] = {}
    covered: set[int] = set()
    unchanged: list[BatchRecord] = []
    carried: list[Group] = []
    for record in have:
        for first, stop in _runs([at.get(part.name) for part in record.whole]):
            start = at[record.whole[first].name]
            starts[start] = record.whole[first].slot
            covered.update(range(start, start + stop - first))
            if stop - first == len(record.whole):
                unchanged.append(record)
            else:
                carried.append(Group((Piece(record, first, stop),), settings.zstd_level, settings.row_group_rows))
    missing = {number: pair for number, pair in enumerate(wanted) if number not in covered}
    starts |= {number: slot for number, (slot, _) in missing.items()}
    order = tuple(starts[number] for number in sorted(starts))
    return Matched(tuple(unchanged), tuple(carried), frozenset(name for _, name in missing.values()), order)


def _runs(places: list[int | None]) -> Iterator[tuple[int, int]]:
    """(first, stop) of the longest stretches of places that rise by one."""
    first = 0
    for number, place in enumerate(places):
        after = places[number + 1] if number + 1 < len(places) else None
        if place is None:
            first = number + 1
        elif after != place + 1:
            yield first, number + 1
            first = number + 1


def pack(group: Group, out: Path, staging: Path) -> BatchRecord:
    """The group's rows copied into one staged, synced file a table, in the columns of this version. Can be repeated.

    OSError if they cannot be written, DatasetError if a file is not what its record says.
    """
    parts = group.parts
    made_of = "\0".join((SCHEMA_VERSION, *(part.name for part in parts)))
    name = hashlib.sha256(made_of.encode()).hexdigest()[:NAME_DIGITS]
    files = tuple(_copy(table, group, name, out, staging) for table in TABLES if any(part.rows.get(table) for part in parts))
    sync_folder(staging)
    return BatchRecord(parts[0].slot, name, files, group.counts, parts)


def _copy(table: str, group: Group, name: str, out: Path, staging: Path) -> FileRecord:
    slices = list(_slices(table, group, Layout(out)))
    metadata = schema_of(slices[0][0]).metadata or {}
    about = {key: value for key, value in metadata.items() if key.startswith(b"winnow.")} | {VERSION_KEY: SCHEMA_VERSION.encode()}
    schema = SCHEMAS[table].with_metadata(about)
    path = staged(staging, table, name)
    with drafts(staging) as folder:
        part = folder / path.with_suffix(f".{uuid.uuid4().hex}").name
        return _written(table, group, part, path, schema, slices)


def _written(  # noqa: PLR0913, PLR0917  # one file, and what goes into it
    table: str, group: Group, part: Path, path: Path, schema: pa.Schema, slices: Sequence[tuple[Path, int, int]]
) -> FileRecord:
    """`path`, written as `part`."""
    rows = itertools.chain.from_iterable(_rows(schema, *one) for one in slices)
    with writing(part, schema, **options(table, schema, group.zstd_level)) as writer:
        size = group_rows(table, group.row_group_rows)
        for chunk in _chunks(rows, size):
            writer.write_table(chunk, row_group_size=size)
    sync_file(part)
    with pq.ParquetFile(part) as written:
        count = written.metadata.num_rows
    due = sum(part.rows.get(table, 0) for part in group.parts)
    if count != due:
        cause = f"{count} rows were found where {due} are recorded"
        raise DatasetError(cause, place=str(slices[0][0]), remedy="Say `winnow verify` to see what is wrong, then run again")
    made = FileRecord(table, count, part.stat().st_size, digest(part))
    move(part, path)
    return made


def _slices(table: str, group: Group, layout: Layout) -> Iterator[tuple[Path, int, int]]:
    """(file, first row, row after the last) of each piece that has rows in the table."""
    for record, first, stop in group.pieces:
        before = sum(part.rows.get(table, 0) for part in record.whole[:first])
        length = sum(part.rows.get(table, 0) for part in record.whole[first:stop])
        if length:
            yield layout.published(table, record.slot), before, before + length


def _rows(schema: pa.Schema, path: Path, first: int, stop: int) -> Iterator[pa.Table]:
    """The rows first … stop - 1 of the file, a row group at a time, in the columns of `schema`."""
    with opened(path) as file:
        at = 0
        for number in range(file.num_row_groups):
            count = file.metadata.row_group(number).num_rows
            low, high = max(first - at, 0), min(stop - at, count)
            if low < high:
                yield migrated(file.read_row_group(number).slice(low, high - low), schema, path)
            at += count


def _chunks(tables: Iterator[pa.Table], size: int) -> Iterator[pa.Table]:
    """The same rows in tables of `size` rows, the last of them smaller."""
    held: list[pa.Table] = []
    count = 0
    for table in tables:
        held.append(table)
        count += table.num_rows
        while count >= size:
            joined = pa.concat_tables(held)
            yield joined.slice(0, size)
            held, count = [joined.slice(size)], count - size
    if count:
        yield pa.concat_tables(held)


def migrated(table: pa.Table, schema: pa.Schema, place: Path) -> pa.Table:
    """The rows in the columns of `schema`: what an older version did not have is null, inside of structs too.

    DatasetError for a column that this version does not know, or one of another kind: columns are only ever added.
    """
    strange = set(table.column_names) - set(schema.names)
    if strange:
        cause = f"this version knows no column {', '.join(sorted(strange))}"
        raise DatasetError(cause, place=str(place), remedy="Use the version of winnow that wrote the dataset, or make it anew")
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            columns.append(pa.chunked_array([pa.nulls(table.num_rows, field.type)]))
            continue
        try:
            column = table[field.name]
            columns.append(column if column.type == field.type else column.cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            cause = f"column {field.name} cannot be read as {field.type} ({error})"
            raise DatasetError(cause, place=str(place), remedy="Make the dataset anew from its sources") from error
    return pa.Table.from_arrays(columns, schema=schema)
