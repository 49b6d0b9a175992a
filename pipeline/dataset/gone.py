"""Rows of files that are gone from raw/, which setting `keep_deleted` keeps: copied out of their batches, never made anew.

They stand in records of their own, whose slots begin with GONE_SLOT, and their documents say status "gone". A new rule set leaves
them as they are, since there is nothing to read any more. A file that comes back takes its rows' place; one that only moved has
its rows under its new name.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.columns import SCHEMA_VERSION, SCHEMAS
from pipeline.dataset.against import path_of
from pipeline.dataset.files import exists, sync_folder
from pipeline.dataset.layout import Layout
from pipeline.dataset.pack import NAME_DIGITS, VERSION_KEY, migrated
from pipeline.dataset.parquet import table as table_of
from pipeline.dataset.record import BatchRecord, Counts
from pipeline.dataset.tables import write_file
from pipeline.table import GONE, REJECTED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from pipeline.dataset.record import FileRecord
    from pipeline.settings import Settings

GONE_SLOT = "gone-"


@dataclass(frozen=True, slots=True)
class Keeping:
    """The documents (by id) of a record that are to be kept, of files that are gone. `slot` and `name` are those of their own."""

    record: BatchRecord
    documents: tuple[str, ...]
    slot: str
    name: str
    settings: Settings


class Kept(NamedTuple):
    """Records of files that are gone: those that stay as they are, and those to be made."""

    unchanged: tuple[BatchRecord, ...]
    made: tuple[Keeping, ...]

    @property
    def order(self) -> tuple[str, ...]:
        """Their slots, behind those of all that is there."""
        return tuple(sorted([*(record.slot for record in self.unchanged), *(keeping.slot for keeping in self.made)]))


def is_gone(record: BatchRecord) -> bool:
    """Whether these are rows of files that are gone."""
    return record.slot.startswith(GONE_SLOT)


def keep(
    have: Sequence[BatchRecord], wanted: Collection[str], there: dict[str, str], settings: Settings, *, migrate: bool
) -> Kept:
    """What of the last commit's records (`have`) is kept though its files are gone.

    `wanted` are the names of batches of what is there, `there` the keys of files by uri. `migrate`: the rows there are have an
    older version's columns. Raises OSError.
    """
    unchanged: list[BatchRecord] = []
    made: list[Keeping] = []
    keys = set(there.values())
    for record in have:
        if all(part.name in wanted for part in record.whole):
            continue
        rows = _documents(record, settings.out)
        kept = tuple(str(row["document_id"]) for row in rows if row["uri"] not in there and _is_kept(row, keys, settings))
        if is_gone(record) and len(kept) == len(rows) and not migrate:
            unchanged.append(record)
        elif kept:
            made_of = "\0".join(("gone", SCHEMA_VERSION, record.name, *kept))
            name = hashlib.sha256(made_of.encode()).hexdigest()[:NAME_DIGITS]
            made.append(Keeping(record, kept, GONE_SLOT + name, name, settings))
    return Kept(tuple(unchanged), tuple(made))


def _documents(record: BatchRecord, out: Path) -> list[dict[str, str | None]]:
    path = Layout(out).published("documents", record.slot)
    columns = ["document_id", "uri", "member", "sha256", "status"]
    return table_of(path, columns=columns).to_pylist() if exists(path) else []


def _is_kept(row: dict[str, str | None], keys: set[str], settings: Settings) -> bool:
    if row["status"] == GONE:
        return True
    moved = row["member"] is None and row["sha256"] in keys
    return row["status"] != REJECTED and not moved and not _is_left_out(str(row["uri"]), settings)


def _is_left_out(uri: str, settings: Settings) -> bool:
    """Whether the file is there still, and is only no source any more (setting exclude)."""
    return settings.raw_url is None and os.path.lexists(path_of(settings, uri))


def copy(keeping: Keeping, staging: Path) -> BatchRecord:
    """The rows that are kept, in one staged, synced file a table. Can be repeated. Raises OSError."""
    settings = keeping.settings
    files: list[FileRecord] = []
    tables: dict[str, pa.Table] = {}
    for file in keeping.record.files:
        path = Layout(settings.out).published(file.table, keeping.record.slot)
        whole = table_of(path)
        rows = whole.filter(pc.is_in(whole["document_id"], pa.array(keeping.documents)))
        about = rows.schema.metadata | {VERSION_KEY: SCHEMA_VERSION.encode()}
        if settings.step == "all":
            rows = migrated(rows, SCHEMAS[file.table], path)
        if file.table == "documents":
            place = rows.column_names.index("status")
            status = pa.array([GONE] * rows.num_rows, pa.string())
            rows = rows.set_column(place, rows.schema.field(place), status)
        tables[file.table] = rows.replace_schema_metadata(about)
        if rows.num_rows:
            files.append(write_file(file.table, tables[file.table], keeping.name, staging, settings))
    sync_folder(staging)
    return BatchRecord(keeping.slot, keeping.name, tuple(files), _counts(tables))


def _counts(tables: dict[str, pa.Table]) -> Counts:
    documents = tables["documents"].to_pylist()
    characters = Counter(dict.fromkeys(("flagged", "repaired", "quarantined"), 0))
    for name in ("kept", "taken", "dropped", "separator", "quarantined"):
        characters[name] = sum(row[f"characters_{name}"] or 0 for row in documents)
    rules: dict[str, tuple[int, int]] = {}
    for action, rule, length in _entries(tables):
        count, total = rules.get(f"{action} {rule}", (0, 0))
        rules[f"{action} {rule}"] = (count + 1, total + length)
        if action in {"flagged", "repaired"}:
            characters[action] += length
    articles = sum(row["articles"] for row in documents)
    size = sum(row["size"] or 0 for row in documents)
    return Counts(len(documents), 0, articles, size, dict(characters), dict(sorted(rules.items())))


def _entries(tables: dict[str, pa.Table]) -> Iterator[tuple[str, str, int]]:
    if "ledger" in tables:
        columns = (tables["ledger"][name].to_pylist() for name in ("action", "rule", "start", "end"))
        yield from ((action, rule, end - start) for action, rule, start, end in zip(*columns, strict=True))
