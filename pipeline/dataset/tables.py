"""The Parquet files of one batch while they are written: rows come source by source, and memory holds a part of them."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dataset.files import digest, drafts, move, sync_file, sync_folder
from pipeline.dataset.layout import TABLES, staged
from pipeline.dataset.parquet import give_up, group_rows, options, writing
from pipeline.dataset.record import Counts, FileRecord, Refused
from pipeline.table import characters, file_metadata, to_batches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from pipeline.model import Outcome
    from pipeline.process import Context
    from pipeline.settings import Settings


class Tables:
    """The files of all tables. As a context it removes what was begun and not finished."""

    def __init__(self, staging: Path, context: Context) -> None:
        self._staging = staging
        self._ended = contextlib.ExitStack()
        self._drafts = staging
        self._context = context
        self._waiting: list[Outcome] = []
        self._bytes = 0
        self._writers: dict[str, pq.ParquetWriter] = {}
        # A name of its own until it is whole: a task that was given up may still be writing while its second try does.
        self._part = uuid.uuid4().hex
        self._rows: Counter[str] = Counter()
        self._parts: list[Counts] = []
        self.refused: list[Refused] = []

    def __enter__(self) -> Self:
        self._drafts = self._ended.enter_context(drafts(self._staging))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        del kind, error, at
        for table, writer in self._writers.items():
            give_up(writer)
            self._path(table).unlink(missing_ok=True)
        self._ended.close()

    @property
    def counts(self) -> Counts:
        """What became of all that was added."""
        return Counts.total(self._parts)

    def add(self, outcome: Outcome) -> None:
        """The rows of one source, behind those before it."""
        settings = self._context.settings
        self._waiting.append(outcome)
        self._bytes += outcome.source.size
        if len(self._waiting) >= settings.row_group_rows or self._bytes >= settings.batch_bytes:
            self._flush()

    def finish(self, name: str) -> tuple[FileRecord, ...]:
        """The files, whole, synced and named; of tables that have rows."""
        self._flush()
        made: list[FileRecord] = []
        for table in TABLES:
            writer = self._writers.get(table)
            if writer is None:
                continue
            writer.close()
            del self._writers[table]
            part = self._path(table)
            sync_file(part)
            made.append(FileRecord(table, self._rows[table], part.stat().st_size, digest(part)))
            move(part, staged(self._staging, table, name))
        sync_folder(self._staging)
        return tuple(made)

    def _flush(self) -> None:
        outcomes, self._waiting, self._bytes = self._waiting, [], 0
        self._parts = [Counts.total([*self._parts, _counts(outcomes)])]
        self.refused += _refused(outcomes)
        for table, rows in to_batches(outcomes, self._context).items():
            if rows.num_rows:
                self._rows[table] += rows.num_rows
                self._writer(table, rows.schema).write_table(
                    pa.Table.from_batches([rows]).replace_schema_metadata(self._about(table)),
                    group_rows(table, self._context.settings.row_group_rows),
                )

    def _writer(self, table: str, schema: pa.Schema) -> pq.ParquetWriter:
        if table not in self._writers:
            settings = self._context.settings
            about = schema.with_metadata(self._about(table))
            self._writers[table] = pq.ParquetWriter(self._path(table), about, **options(table, about, settings.zstd_level))
        return self._writers[table]

    def _about(self, table: str) -> dict[bytes, bytes]:
        return file_metadata(table, self._context)

    def _path(self, table: str) -> Path:
        return self._drafts / f"{table}.{self._part}"


def write_file(table: str, rows: pa.Table, name: str, staging: Path, settings: Settings) -> FileRecord:
    """Rows that are there already in one staged and synced Parquet file, which says of itself what their schema does."""
    with drafts(staging) as folder:
        part = folder / f"{table}.{uuid.uuid4().hex}"
        with writing(part, rows.schema, **options(table, rows.schema, settings.zstd_level)) as writer:
            writer.write_table(rows, group_rows(table, settings.row_group_rows))
        sync_file(part)
        made = FileRecord(table, rows.num_rows, part.stat().st_size, digest(part))
        move(part, staged(staging, table, name))
    return made


def _counts(outcomes: Sequence[Outcome]) -> Counts:
    sums: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    spans: Counter[str] = Counter()
    for outcome in outcomes:
        sums.update(characters(outcome))
        for entry in outcome.ledger:
            rule = f"{entry.action} {entry.rule}"
            entries[rule] += 1
            spans[rule] += entry.end - entry.start
    return Counts(
        sources=len(outcomes),
        rejected=sum(1 for outcome in outcomes if outcome.rejections),
        articles=sum(len(outcome.articles) for outcome in outcomes),
        bytes=sum(outcome.source.size for outcome in outcomes),
        characters=dict(sums),
        rules={rule: (entries[rule], spans[rule]) for rule in sorted(entries)},
    )


def _refused(outcomes: Sequence[Outcome]) -> tuple[Refused, ...]:
    return tuple(
        Refused(source.uri, source.member, source.sha256, rejection.stage, rejection.reason, rejection.detail, rejection.remedy)
        for source, rejection in ((outcome.source, outcome.rejections[0]) for outcome in outcomes if outcome.rejections)
    )
