"""A dataset without its text, to be given away; whoever has the same raw files makes the same rows of it (rehydrate.py).

The shared dataset has the same tables, rows and files, but:

- `articles.text`, `ledger.text` and `ledger.replacement` are null (WITHHELD): they are rebuilt from the spans;
- `ledger/` has a column `text_crc32`, the CRC-32 of the withheld text as UTF-8, which says whether it was rebuilt rightly;
- `documents/` has a column `rows_sha256`, the checksum of the document's rows in the three tables as they must come back;
- columns that were left out for good are null, here and after rehydration. They may be any that can be null.

All other columns are given away: names, days, addresses, counts, the rules. Of those, `headline`, `keywords` and `references` are
short pieces of the source, and so is a title that `detail` may name: leave them out where that is too much.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from pipeline.columns import SCHEMAS
from pipeline.dataset.checksum import of_rows, total
from pipeline.dataset.derived import Made, batches, footer, publish, state_of
from pipeline.dataset.lock import locked
from pipeline.dataset.parquet import table as table_of
from pipeline.dataset.plan import NAME_DIGITS
from pipeline.dataset.record import load
from pipeline.errors import DatasetError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.dataset.record import BatchRecord, Commit
    from pipeline.settings import Settings

Row = dict[str, Any]
Rows = dict[str, list[Row]]

WITHHELD = {"articles": ("text",), "ledger": ("text", "replacement")}
# Without these no row can be rebuilt, or told from another; `text` and `replacement` come back by themselves.
_NEEDED = {
    "articles": {"id", "document_id", "position", "kept", "char_count", "text"},
    "ledger": {"document_id", "article_id", "action", "start", "end", "rule", "replacement"},
    "documents": {"document_id", "uri", "member", "sha256", "text_sha256", "articles", "status"},
}
CRC = pa.field("text_crc32", pa.int64(), metadata={"description": "CRC-32 of the withheld text as UTF-8; null: there was none"})
SUM = pa.field(
    "rows_sha256",
    pa.string(),
    metadata={
        "description": "sum modulo 2**256 of the sha256 of the document's rows as they must come back",
        "unit": "hex digits",
    },
)
SHARED = {
    "articles": SCHEMAS["articles"],
    "ledger": SCHEMAS["ledger"].append(CRC),
    "documents": SCHEMAS["documents"].append(SUM),
}
# The key in a file's footer that tells a shared dataset from others: the columns left out, as JSON.
LEFT_OUT = "left_out"
# The key of the name that the batch has in the dataset that was shared.
BATCH = "batch"
_FORMAT = "1"


class Shared(NamedTuple):
    """What was given away: the commit, and the checksum that all rows have when they are whole again (but for `left_out`)."""

    commit: Commit
    checksum: str
    left_out: tuple[str, ...]


def share(source: Path, out: Path, settings: Settings, leave_out: Sequence[str] = ()) -> Shared:
    """The newest commit of the dataset in `source`, without its text, as a dataset in `out`.

    `leave_out`: columns to be null for good, as "headline" (of articles/) or "table.column". DatasetError if `source` is no
    dataset, or shared itself, or `out` is another kind of dataset; SettingsError for a column that is not there or that
    rebuilding needs.
    """
    left_out = tuple(sorted({_column(name) for name in leave_out}))
    state = state_of(source)
    if is_shared(source, state):
        raise DatasetError(
            "this dataset has no text already", place=str(source), remedy="Copy it as it is, or rehydrate it first"
        )
    with locked(out):
        before = load(out)
        if before is not None and before.batches and not is_shared(out, before):
            raise DatasetError("another dataset is here", place=str(out), remedy="Name a new folder to share into")
        new = publish(source, state, out, settings, lambda batch, files: _made(batch, files, left_out))
    if new is None:
        raise AssertionError(out)  # taking away can always be done
    return Shared(new, shared_checksum(out, new), left_out)


def is_shared(path: Path, state: Commit) -> bool:
    """Whether the commit is one without its text."""
    return any(LEFT_OUT in footer(files["documents"]) for _, files in batches(path, _first(state)))


def shared_checksum(path: Path, state: Commit) -> str:
    """The checksum of all rows, as the documents of a shared dataset say."""
    sums = (table_of(files["documents"], columns=[SUM.name])[SUM.name].to_pylist() for _, files in batches(path, state))
    return total(total(part) for part in sums)


def document_sums(rows: Rows) -> dict[str, str]:
    """The checksum of each document's rows in the three tables, by document_id."""
    of: dict[str, list[str]] = {}
    for table, found in rows.items():
        for row in found:
            of.setdefault(row["document_id"], []).append(of_rows(table, [row]))
    return {key: total(parts) for key, parts in of.items()}


def crc(text: str) -> int:
    """CRC-32 of the text as UTF-8."""
    return zlib.crc32(text.encode())


def _first(state: Commit) -> Commit:
    return dataclasses.replace(state, batches=state.batches[:1])


def _column(name: str) -> str:
    """The column as table.column. SettingsError if it cannot be left out."""
    table, _, column = name.rpartition(".")
    table = table or "articles"
    known = [f"{each}.{field.name}" for each, schema in SCHEMAS.items() for field in schema if field.name not in _NEEDED[each]]
    if f"{table}.{column}" not in known:
        remedy = f"What can be left out: {', '.join(known)}"
        raise SettingsError(f"{name} is no column that can be left out", place="--leave-out", remedy=remedy)
    return f"{table}.{column}"


def _made(batch: BatchRecord, files: dict[str, Path], left_out: tuple[str, ...]) -> Made:
    key = json.dumps([_FORMAT, batch.name, left_out])
    name = hashlib.sha256(key.encode()).hexdigest()[:NAME_DIGITS]
    return Made(name, lambda: _dehydrated(batch, files, left_out))


def _dehydrated(batch: BatchRecord, files: dict[str, Path], left_out: tuple[str, ...]) -> dict[str, pa.Table]:
    read = {table: table_of(path) for table, path in files.items()}
    rows: Rows = {table: found.to_pylist() for table, found in read.items()}
    for column in left_out:
        table, name = column.split(".")
        for row in rows.get(table, ()):
            row[name] = None
    sums = document_sums(rows)
    for row in rows["documents"]:
        row[SUM.name] = sums[row["document_id"]]
    for row in rows.get("ledger", ()):
        row[CRC.name] = None if row["text"] is None else crc(row["text"])
    for table, columns in WITHHELD.items():
        for row in rows.get(table, ()):
            row.update(dict.fromkeys(columns))
    tables = {}
    for table, found in rows.items():
        said = {**(read[table].schema.metadata or {}), **_said(LEFT_OUT, json.dumps(left_out)), **_said(BATCH, batch.name)}
        tables[table] = pa.Table.from_pylist(found, schema=SHARED[table].with_metadata(said))
    return tables


def _said(key: str, value: str) -> dict[bytes, bytes]:
    return {f"winnow.{key}".encode(): value.encode()}
