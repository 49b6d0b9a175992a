"""Datasets of one step, for those who want no more: which tables and columns they have, of those of a whole one.

A step's rows are what `winnow clean`, `split` and `tag` print of the same files, and so the rows of a whole dataset without what
belongs to other steps. Every one has `documents`, which says what became of each source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from pipeline.columns import ARTICLES
from pipeline.model import Outcome

BETWEEN = "\n\n* * *\n\n"  # the articles of one source, as `winnow clean` divides them
_TEXT = pa.field(
    "text", pa.string(), metadata={"description": "the clean text of the source's articles, divided by a line * * *"}
)
_SURROGATE = re.compile("[\ud800-\udfff]")  # as in the articles table: no UTF-8 file can hold them
_SPLIT = (
    *("id", "document_id", "position", "source_file", "source_member", "source_sha256", "headline", "text"),
    *("split_by", "split_confidence", "kept", "encoding", "ruleset", "pipeline_version"),
)
_TAG = tuple(name for name in ARTICLES.names if name not in {"text", "kept"})
_COLUMNS = {"split": _SPLIT, "tag": _TAG}


def of_step(step: str, tables: dict[str, pa.RecordBatch], outcomes: Sequence[Outcome]) -> dict[str, pa.RecordBatch]:
    """The tables of the step from those of a whole dataset. `outcomes` are in the order of the rows of `documents`."""
    if step == "all":
        return tables
    if step == "clean":
        return {"documents": _with_text(tables["documents"], outcomes)}
    return {"articles": tables["articles"].select(list(_COLUMNS[step])), "documents": tables["documents"]}


def _with_text(documents: pa.RecordBatch, outcomes: Sequence[Outcome]) -> pa.RecordBatch:
    joined = (BETWEEN.join(article.text for article in outcome.articles) for outcome in outcomes)
    texts = pa.array([_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text) or None for text in joined], pa.string())
    return pa.RecordBatch.from_arrays([*documents.columns, texts], schema=documents.schema.append(_TEXT))
