"""parquet: rows with a column of text or HTML, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources.containers import row
from pipeline.sources.containers.container import STAGE, Container, Found, Reading

_ROWS = 16  # at a time


def _recognise(head: bytes, settings: Settings) -> bool:
    del settings
    return head.startswith(b"PAR1")


def _members(reading: Reading) -> Iterator[Found]:
    import pyarrow.parquet as pq  # 0.2 s to load

    settings = reading.settings
    with pq.ParquetFile(reading.seekable()) as file:
        names = file.schema_arrow.names
        if not row.has_text(names, settings):
            cause = f"none of its columns is the text: {', '.join(names)}"
            raise Rejected(STAGE, "no-text-column", cause, remedy="Name the column of the text in [columns] of winnow.toml")
        number = 0
        for batch in file.iter_batches(_ROWS, columns=row.wanted(names, settings), use_threads=False):
            for values in batch.to_pylist():
                number += 1
                yield row.found(values, number, settings)


CONTAINERS = (Container("parquet", _recognise, _members),)
