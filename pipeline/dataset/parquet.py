"""How the Parquet files are written: the same for files made from sources and for those that compaction puts together."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from pipeline.dataset import store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    import pyarrow.fs as pafs

# Columns with few values, where a dictionary pays; text never does.
_DICTIONARY = {
    "articles": [
        *("document_id", "date_precision", "publisher", "section", "language", "split_by"),
        *("source_file", "encoding", "ruleset", "pipeline_version"),
    ],
    "ledger": ["document_id", "article_id", "action", "label", "rule"],
    "documents": [
        *("media_type", "encoding", "encoding_evidence", "export", "status", "stage", "reason", "remedy"),
        *("ruleset", "pipeline_version"),
    ],
    "duplicates": ["cluster", "kind", "representative"],
}
# Smallest and largest value help nobody to skip a row group by these, and would put long texts into the footer.
_NO_STATISTICS = frozenset(
    {"text", "replacement", "headline", "detail", "remedy", "references", "kept", "evidence", "keywords", "warnings"}
)

# Entries of the ledger are short: with ten times the rows in a row group its files are an eighth smaller, and read faster.
_LEDGER_ROWS = 10


def group_rows(table: str, row_group_rows: int) -> int:
    """Rows in a row group of `table`, where the setting `row_group_rows` is that of articles."""
    return row_group_rows * _LEDGER_ROWS if table == "ledger" else row_group_rows


def options(table: str, schema: pa.Schema, zstd_level: int) -> dict[str, Any]:
    """What `pyarrow.parquet.write_table` and `ParquetWriter` are told for a file of `table`."""
    return {
        "compression": "zstd",
        "compression_level": zstd_level,
        "use_dictionary": _DICTIONARY[table],
        "write_statistics": [field.name for field in schema if field.name not in _NO_STATISTICS],
        "write_page_index": True,
    }


@contextlib.contextmanager
def writing(path: Path, schema: pa.Schema, **how: Any) -> Iterator[pq.ParquetWriter]:
    """The writer of a file, which is whole at the end of the context. Raises OSError. `how`: `options`."""
    writer = pq.ParquetWriter(path, schema, **how)
    try:
        yield writer
        writer.close()
    except BaseException:
        give_up(writer)
        raise


def give_up(writer: pq.ParquetWriter) -> None:
    """Leaves the file as it is, broken: on a full disk its end could not be written either, and would fail once more later."""
    writer.is_open = False  # else it would close itself when it is collected, and complain where nobody can answer
    if writer.file_handle is not None:
        writer.file_handle.close()


def opened(path: Path) -> pq.ParquetFile:
    """The file, its footer read, wherever it is. Raises OSError, ArrowInvalid."""
    place, system = _place(path)
    return pq.ParquetFile(place, filesystem=system)


def table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of the file. Raises OSError, ArrowInvalid."""
    with opened(path) as file:
        return file.read(None if columns is None else list(columns))


def schema(path: Path) -> pa.Schema:
    """The columns of the file and what it says of itself."""
    place, system = _place(path)
    return pq.read_schema(place, filesystem=system)


def _place(path: Path) -> tuple[Path | str, pafs.FileSystem | None]:
    return store.arrow(path) if store.is_object(path) else (path, None)
