"""The work on one batch: read, process, write staged Parquet files. Runs in any process and can be repeated."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dataset.files import digest, explained, move, sync_file, sync_folder
from pipeline.dataset.layout import staged
from pipeline.dataset.parquet import options
from pipeline.dataset.plan import UNREAD, batch_name, identity, refused_key
from pipeline.dataset.record import BatchRecord, Counts, FileRecord, Refused
from pipeline.errors import Rejected
from pipeline.model import Rejection
from pipeline.process import prepare, process, rejected
from pipeline.sources import Listed, read, unread
from pipeline.table import characters, file_metadata, to_batches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.dataset.plan import Batch, Item
    from pipeline.model import Outcome
    from pipeline.process import Context
    from pipeline.settings import Settings

# The file was there when it was planned. If it is back at the next run it is read again: no plan makes this key.
_GONE = "vanished"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one batch: small, picklable. `record.name` says what was read, which may differ from what was planned."""

    record: BatchRecord
    refused: tuple[Refused, ...]


def work(batch: Batch, settings: Settings, staging: Path) -> Report:
    """The batch processed and written under `staging`, one synced Parquet file for each table that has rows.

    Sources that cannot be read or processed become rows that say why. DatasetError if the files cannot be written.
    """
    context = prepare(settings)
    pairs = [_one(item, context) for item in batch.items]
    outcomes = [outcome for outcome, _ in pairs]
    # Named by what was really read: a file that changed since the plan must not pass for the one that was planned.
    keys = ((item.uri, item.member, key) for item, (_, key) in zip(batch.items, pairs, strict=True))
    name = batch_name(keys, identity(context))
    tables = to_batches(outcomes, context)
    with explained(staging):
        files = tuple(_write(table, rows, name, staging, context) for table, rows in tables.items() if rows.num_rows)
        sync_folder(staging)
    return Report(BatchRecord(batch.slot, name, files, _counts(outcomes)), _refused(outcomes))


def _one(item: Item, context: Context) -> tuple[Outcome, str]:
    """What became of the source, and the key of what was read."""
    if item.refused is not None:
        return rejected(*item.refused), item.key
    listed = Listed(item.uri, item.path)
    try:
        source, data = read(listed, context.settings)
    except Rejected as error:
        rejection = Rejection(error.stage, error.reason, error.cause, error.remedy)
        return rejected(unread(listed), rejection), refused_key(_GONE) if error.reason == _GONE else UNREAD
    return process(source, data, context), source.sha256


def _write(table: str, rows: pa.RecordBatch, name: str, staging: Path, context: Context) -> FileRecord:
    path = staged(staging, table, name)
    # A name of its own until it is whole: a task that was given up may still be writing while its second try does.
    part = path.with_suffix(f".{uuid.uuid4().hex}")
    settings = context.settings
    about = pa.Table.from_batches([rows]).replace_schema_metadata(file_metadata(table, context))
    pq.write_table(
        about,
        part,
        row_group_size=settings.row_group_rows,
        **options(table, about.schema, settings.zstd_level),
    )
    sync_file(part)
    made = FileRecord(table, rows.num_rows, part.stat().st_size, digest(part))
    move(part, path)
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
