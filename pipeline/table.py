"""Outcomes → Arrow record batches of the columns that columns.py describes. Missing is null, never "" or "unknown"."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.columns import (
    ARTICLES,
    DOCUMENTS,
    EVIDENCE,
    KEPT,
    LANGUAGE_SHARE,
    LEDGER,
    MEASURES,
    QUALITY,
    REFERENCE,
    SCHEMA_VERSION,
    TOPIC,
    list_of,
)
from pipeline.model import Action
from pipeline.steps import of_step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipeline.model import Article, Entry, LanguageShare, Outcome, Topic
    from pipeline.process import Context


OK, PARTIAL, REJECTED, GONE = "ok", "partial", "rejected", "gone"


def to_batches(outcomes: Iterable[Outcome], context: Context) -> dict[str, pa.RecordBatch]:
    """One record batch a table: "articles", "ledger", "documents"; by uri, in a container's order, by position or start.

    Of the tables and columns only those of the setting `step`. Lone surrogates, which no UTF-8 file can hold, become U+FFFD here
    and in `pipeline.steps` only; no length changes by that.
    """
    ordered = sorted(outcomes, key=lambda outcome: outcome.source.uri)
    step = context.settings.step
    tables = {"documents": _documents(ordered, context)}
    if step != "clean":
        tables["articles"] = _articles(ordered, context)
    if step == "all":
        tables["ledger"] = _ledger(ordered, with_text=context.settings.ledger_text)
    return of_step(step, tables, ordered)


def file_metadata(table: str, context: Context) -> dict[bytes, bytes]:
    """What each Parquet file of `table` says about itself, beside its columns. Nothing in it depends on the clock."""
    values = {
        "table": table,
        "schema_version": SCHEMA_VERSION,
        "pipeline_version": context.version,
        "ruleset": context.ruleset,
        "settings": context.settings.digest,
    }
    return {f"winnow.{key}".encode(): value.encode() for key, value in values.items()}


def characters(outcome: Outcome) -> dict[str, int]:
    """Source code points by what became of them: kept, each action of the ledger, quarantined."""
    counts = dict.fromkeys(("kept", *Action, "quarantined"), 0)
    counts["kept"] = sum(kept.end - kept.start for article in outcome.articles for kept in article.kept)
    for entry in outcome.ledger:
        counts[entry.action] += entry.end - entry.start
    if outcome.rejections and outcome.decoded is not None:
        whole = 0 if outcome.articles else len(outcome.decoded.text)
        parts = sum(rejection.span.end - rejection.span.start for rejection in outcome.rejections if rejection.span)
        counts["quarantined"] = whole or parts
    return {str(name): count for name, count in counts.items()}


def status(outcome: Outcome) -> str:
    """What the documents table says: ok, partial or rejected."""
    if not outcome.articles:
        return REJECTED
    return PARTIAL if outcome.rejections else OK


def _articles(outcomes: Sequence[Outcome], context: Context) -> pa.RecordBatch:
    pairs = [(outcome, article) for outcome in outcomes for article in sorted(outcome.articles, key=lambda a: a.position)]
    found = [article for _, article in pairs]
    owners = [outcome for outcome, _ in pairs]
    columns = _article_columns(found)
    columns |= {
        "document_id": [outcome.document_id for outcome in owners],
        "source_file": [outcome.source.uri for outcome in owners],
        "source_member": [outcome.source.member or None for outcome in owners],
        "source_sha256": [outcome.source.sha256 or None for outcome in owners],
        "encoding": [outcome.decoded.encoding if outcome.decoded else None for outcome in owners],
        "ruleset": [context.ruleset] * len(found),
        "pipeline_version": [context.version] * len(found),
    }
    return _batch(ARTICLES, columns)


def _article_columns(found: Sequence[Article]) -> dict[str, Any]:
    plain = (
        "id position url headline text date_published date_precision date_modified publisher section"
        " language language_score word_count char_count split_by split_confidence"
    )
    columns: dict[str, Any] = {name: [getattr(article, name) for article in found] for name in plain.split()}
    columns["author"] = _lists("author", [article.author for article in found])
    columns["keywords"] = _lists("keywords", [article.keywords for article in found])
    columns["derived_keywords"] = _lists("derived_keywords", [article.derived_keywords for article in found])
    columns["topics"] = _lists("topics", [article.topics for article in found])
    columns["language_shares"] = _lists("language_shares", [article.language_shares for article in found])
    columns["references"] = _lists("references", [article.references for article in found])
    columns["kept"] = _lists("kept", [article.kept for article in found])
    columns["evidence"] = _evidence([article.evidence for article in found])
    measures = [dict(article.quality) for article in found]
    columns["quality"] = pa.StructArray.from_arrays(
        [pa.array([measure.get(name) for measure in measures], pa.float32()) for name in QUALITY],
        fields=list(MEASURES),
        mask=pa.array([not measure for measure in measures], pa.bool_()),
    )
    return columns


def _ledger(outcomes: Sequence[Outcome], *, with_text: bool) -> pa.RecordBatch:
    owners: list[str] = []
    articles: list[str | None] = []
    entries: list[Entry] = []
    for outcome in outcomes:
        ids: dict[int | None, str] = {article.position: article.id for article in outcome.articles}
        for entry in sorted(outcome.ledger, key=lambda entry: (entry.start, entry.end, entry.action, entry.rule)):
            owners.append(outcome.document_id)
            articles.append(ids.get(entry.article))
            entries.append(entry)
    columns: dict[str, Any] = {
        "document_id": owners,
        "article_id": articles,
        "action": [str(entry.action) for entry in entries],
        "start": [entry.start for entry in entries],
        "end": [entry.end for entry in entries],
        "label": [str(entry.label) for entry in entries],
        "rule": [entry.rule for entry in entries],
        "confidence": [entry.confidence for entry in entries],
        "text": [entry.text if with_text else None for entry in entries],
        "replacement": [entry.replacement for entry in entries],
    }
    return _batch(LEDGER, columns)


def _documents(outcomes: Sequence[Outcome], context: Context) -> pa.RecordBatch:
    sources = [outcome.source for outcome in outcomes]
    decoded = [outcome.decoded for outcome in outcomes]
    first = [outcome.rejections[0] if outcome.rejections else None for outcome in outcomes]
    counts = [characters(outcome) for outcome in outcomes]
    tiled = ("kept", "taken", "dropped", "separator")
    columns: dict[str, Any] = {
        "uri": [source.uri for source in sources],
        "member": [source.member or None for source in sources],
        "sha256": [source.sha256 or None for source in sources],
        "size": [source.size if source.sha256 else None for source in sources],
        "media_type": [source.media_type for source in sources],
        "encoding": [text.encoding if text else None for text in decoded],
        "encoding_evidence": [text.evidence if text else None for text in decoded],
        "lossy": [text.lossy if text else None for text in decoded],
        "articles": [len(outcome.articles) for outcome in outcomes],
        "warnings": [list(outcome.warnings) or None for outcome in outcomes],
        "characters_visible": [sum(count[name] for name in tiled) for count in counts],
        "status": [status(outcome) for outcome in outcomes],
        "stage": [rejection.stage if rejection else None for rejection in first],
        "reason": [rejection.reason if rejection else None for rejection in first],
        "detail": ["; ".join(rejection.detail for rejection in outcome.rejections) or None for outcome in outcomes],
        "remedy": [rejection.remedy if rejection else None for rejection in first],
        "ruleset": [context.ruleset] * len(outcomes),
        "pipeline_version": [context.version] * len(outcomes),
    }
    for name in ("document_id", "text_sha256", "declared", "export"):
        columns[name] = [getattr(outcome, name) for outcome in outcomes]
    for name in tiled:
        columns[f"characters_{name}"] = [count[name] for count in counts]
    columns["characters_quarantined"] = [
        None if outcome.decoded is None else count["quarantined"] for outcome, count in zip(outcomes, counts, strict=True)
    ]
    return _batch(DOCUMENTS, columns)


def _batch(schema: pa.Schema, columns: dict[str, Any]) -> pa.RecordBatch:
    arrays = [
        values if isinstance(values, pa.Array) else _array(values, field.type)
        for field, values in ((field, columns[field.name]) for field in schema)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_string(kind):
        return pa.array(values, kind)
    try:
        return pa.array(values, kind)
    except UnicodeEncodeError:
        return pa.array([value and _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value) for value in values], kind)


_SURROGATE = re.compile("[\ud800-\udfff]")


def _lists(column: str, lists: Sequence[tuple[Any, ...]]) -> pa.Array:
    """A list column of `column`'s type; an empty tuple is null."""
    kind = ARTICLES.field(column).type
    flat = list(itertools.chain.from_iterable(lists))
    return pa.ListArray.from_arrays(_offsets(lists), _CHILD[column](flat), type=kind)


def _offsets(lists: Sequence[tuple[Any, ...]]) -> pa.Array:
    """Where each list begins among all items, and the end; a null makes its list null."""
    starts = itertools.accumulate((len(items) for items in lists), initial=0)
    return pa.array(
        [start if items is None or items else None for start, items in zip(starts, [*lists, None], strict=True)], pa.int32()
    )


def _strings(values: Sequence[str]) -> pa.Array:
    return _array(values, pa.string())


def _kept(spans: Sequence[Any]) -> pa.Array:
    columns = list(zip(*spans, strict=True)) or [() for _ in KEPT]
    return pa.StructArray.from_arrays(
        [_array(column, field.type) for column, field in zip(columns, KEPT, strict=True)], fields=list(KEPT)
    )


def _references(references: Sequence[Any]) -> pa.Array:
    urls = [reference.urls for reference in references]
    children = [
        _array([reference.number for reference in references], pa.int64()),
        _array([reference.text for reference in references], pa.string()),
        pa.ListArray.from_arrays(_offsets(urls), _strings(list(itertools.chain.from_iterable(urls))), type=list_of(pa.string())),
        _array([reference.same_as for reference in references], pa.int64()),
        _array([reference.cited for reference in references], pa.int64()),
    ]
    return pa.StructArray.from_arrays(children, fields=list(REFERENCE))


def _topics(topics: Sequence[Topic]) -> pa.Array:
    phrases = [topic.phrases for topic in topics]
    children = [
        _strings([topic.topic for topic in topics]),
        pa.ListArray.from_arrays(
            _offsets(phrases), _strings(list(itertools.chain.from_iterable(phrases))), type=list_of(pa.string())
        ),
        _array([topic.times for topic in topics], pa.int64()),
    ]
    return pa.StructArray.from_arrays(children, fields=list(TOPIC))


def _language_shares(shares: Sequence[LanguageShare]) -> pa.Array:
    children = [_strings([share.language for share in shares]), _array([share.share for share in shares], pa.float64())]
    return pa.StructArray.from_arrays(children, fields=list(LANGUAGE_SHARE))


_CHILD: dict[str, Callable[[Sequence[Any]], pa.Array]] = {
    "author": _strings,
    "keywords": _strings,
    "kept": _kept,
    "language_shares": _language_shares,
    "references": _references,
    "derived_keywords": _strings,
    "topics": _topics,
}


def _evidence(pairs: Sequence[tuple[tuple[str, str], ...]]) -> pa.Array:
    flat = list(itertools.chain.from_iterable(pairs))
    keys, rules = _strings([key for key, _ in flat]), _strings([rule for _, rule in flat])
    children = pa.StructArray.from_arrays([keys, rules], fields=list(EVIDENCE))
    return pa.ListArray.from_arrays(_offsets(pairs), children, type=ARTICLES.field("evidence").type)
