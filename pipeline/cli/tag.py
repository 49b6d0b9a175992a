"""`winnow tag FILE…`: the metadata of each article as JSON."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import typer  # typer reads the signatures at run time

from pipeline.cli.common import Code, Files, options, out_json, processed, settings_of

if TYPE_CHECKING:
    from pipeline.cli.common import Given
    from pipeline.model import Article, Outcome

# The text is what `clean` prints; where it comes from is in the dataset.
LEFT_OUT = frozenset({"text", "kept"})


def tag(context: typer.Context, files: Files) -> int:
    """Print the metadata of each article as JSON, one object a line; missing is null or an empty list.

    The names are the columns of the articles table. What is rejected is told on standard error, and the exit code is 1.
    """
    rejects: list[str] = []
    for item, outcome in processed(files, settings_of(options(context)), rejects):
        for article in outcome.articles:
            out_json(metadata(item, outcome, article))
    return Code.REJECTED if rejects else Code.OK


def metadata(item: Given, outcome: Outcome, article: Article) -> dict[str, object]:
    """The row of an article without its text, ready for JSON: dates as ISO strings, pairs as objects."""
    row: dict[str, object] = {"file": item.name, "id": article.id, "document_id": outcome.document_id}
    for field in fields(article):
        if field.name not in LEFT_OUT:
            row[field.name] = getattr(article, field.name)
    row["references"] = [reference._asdict() for reference in article.references]
    row["evidence"] = dict(article.evidence)
    row["quality"] = dict(article.quality)
    row["encoding"] = outcome.decoded.encoding if outcome.decoded is not None else None
    return row
