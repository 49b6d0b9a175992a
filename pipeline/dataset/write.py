"""The work on one batch: read, process, write staged Parquet files. Runs in any process and can be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.dataset.files import explained
from pipeline.dataset.plan import UNREAD, batch_name, identity, refused_key
from pipeline.dataset.record import BatchRecord, Refused
from pipeline.dataset.tables import Tables
from pipeline.errors import Rejected
from pipeline.model import Rejection
from pipeline.process import prepare, process, rejected
from pipeline.sources import Changed, Listed, changed_while_read, opened, unread

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.dataset.plan import Batch, Item
    from pipeline.process import Context
    from pipeline.settings import Settings

# What may be otherwise at the next run, which reads the file again: no plan makes a key of these.
_PASSING = frozenset({"vanished", "changed"})


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
    changed: set[str] = set()
    while True:
        with explained(staging), Tables(staging, context) as tables:
            try:
                # Named by what was really read: a file that changed since the plan must not pass for the one that was planned.
                keys = [(item.uri, item.member, _add(item, tables, context, changed)) for item in batch.items]
            except Changed as error:
                changed.add(error.place)  # its first rows may be written already: begin again, without it
                continue
            name = batch_name(keys, identity(context))
            files = tables.finish(name)
            return Report(BatchRecord(batch.slot, name, files, tables.counts), tuple(tables.refused))


def _add(item: Item, tables: Tables, context: Context, changed: set[str]) -> str:
    """The key of what was read of the file, whose outcomes are added to `tables`. Raises Changed."""
    if item.refused is not None:
        tables.add(rejected(*item.refused))
        return item.key
    listed = Listed(item.uri, item.path)
    refused: Rejected
    try:
        if item.uri in changed:
            raise changed_while_read(item.uri)
        with opened(listed, context.settings) as file:
            for part in file.parts():
                refusal = part.refusal
                tables.add(process(part.source, part.data, context) if refusal is None else rejected(part.source, refusal))
            return context.decisions.key(file.digest)
    except Changed as error:
        if item.uri not in changed:
            raise
        refused = error
    except Rejected as error:
        refused = error
    tables.add(rejected(unread(listed), Rejection(refused.stage, refused.reason, refused.cause, refused.remedy)))
    return refused_key(refused.reason) if refused.reason in _PASSING else UNREAD
