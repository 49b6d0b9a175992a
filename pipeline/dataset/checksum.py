"""One number for all rows of a dataset, whatever their order and the files they stand in."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pipeline.dataset.layout import TABLES
from pipeline.dataset.read import open_dataset

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MODULUS = 2**256
_DIGITS = 64


def checksum(out: Path, commit: int | None = None) -> str:
    """The checksum of all rows and columns of the three tables at `commit`, the newest by default: 64 hex digits.

    DatasetError if there is no such commit.
    """
    return total(of_rows(table, batch.to_pylist()) for table in TABLES for batch in open_dataset(out, table, commit).to_batches())


def of_rows(table: str, rows: Iterable[dict[str, Any]]) -> str:
    """The checksum of some rows of `table`: the sum of the rows' sha256 modulo 2**256, so their order does not matter."""
    return _hex(sum(int.from_bytes(hashlib.sha256(_canonical(table, row)).digest(), "big") for row in rows))


def total(parts: Iterable[str]) -> str:
    """The checksum of the rows of all `parts` together."""
    return _hex(sum(int(part, 16) for part in parts))


def _canonical(table: str, row: dict[str, Any]) -> bytes:
    """The row as bytes that are the same for the same values; a day is written as ISO 8601."""
    return json.dumps([table, row], sort_keys=True, default=str).encode()


def _hex(number: int) -> str:
    return f"{number % _MODULUS:0{_DIGITS}x}"
