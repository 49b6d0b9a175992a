"""How the Parquet files are written: the same for files made from sources and for those that compaction puts together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

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


def options(table: str, schema: pa.Schema, zstd_level: int) -> dict[str, Any]:
    """What `pyarrow.parquet.write_table` and `ParquetWriter` are told for a file of `table`."""
    return {
        "compression": "zstd",
        "compression_level": zstd_level,
        "use_dictionary": _DICTIONARY[table],
        "write_statistics": [field.name for field in schema if field.name not in _NO_STATISTICS],
        "write_page_index": True,
    }
