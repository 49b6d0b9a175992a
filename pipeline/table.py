"""Outcomes → Arrow record batches with explicit, documented schemas: the columns of the dataset.

Every column says in its field metadata what it means (`description`), its `unit` and the `source` of its name; so each Parquet
footer does. Missing is null, never "" or "unknown". `python -m pipeline.table` prints the columns as Markdown for the README.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.model import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pipeline.model import Article, Entry, Outcome
    from pipeline.process import Context

SCHEMA_VERSION = "2"
QUALITY = ("alpha_share", "mean_paragraph_chars", "repeated_share")

OK, PARTIAL, REJECTED = "ok", "partial", "rejected"

_SCHEMA_ORG = "schema.org NewsArticle"
_DUBLIN_CORE = "Dublin Core"
_CODE_POINTS = "code points"
_OFFSET = "code points from the start of the decoded source text"


def _field(name: str, kind: pa.DataType, description: str, unit: str = "", source: str = "") -> pa.Field:
    metadata = {"description": description, "unit": unit, "source": source}
    return pa.field(name, kind, metadata={key: value for key, value in metadata.items() if value})


def _list(kind: pa.DataType) -> pa.DataType:
    # "element" is the name that the Parquet standard wants; pyarrow's own default was "item" for long.
    return pa.list_(pa.field("element", kind))


_DOCUMENT_ID = _field("document_id", pa.string(), "sha256 of the source's uri and member, first 32 hex digits")
_RULESET = _field("ruleset", pa.string(), "digest of all rules and frozen inputs that made this row", "hex digits of sha256")
_VERSION = _field("pipeline_version", pa.string(), "version of winnow that made this row")
_KEPT = pa.struct(
    [
        _field("at", pa.int64(), "where the piece stands in text", "code points from the start of text"),
        _field("length", pa.int64(), "how long the piece is in text", _CODE_POINTS),
        _field("start", pa.int64(), "where the piece begins in the source", _OFFSET),
        _field("end", pa.int64(), "where the piece ends in the source", _OFFSET),
        _field("how", pa.string(), "verbatim, or the +-joined functions that make the piece from its source slice"),
    ]
)
_REFERENCE = pa.struct(
    [
        _field("number", pa.int64(), "the number as printed; null: unnumbered"),
        _field("text", pa.string(), "the reference without its number"),
        _field("urls", _list(pa.string()), "the addresses in it"),
    ]
)
_EVIDENCE = pa.struct(
    [_field("field", pa.string(), "the column"), _field("rule", pa.string(), "the rule, or what the page declares it in")]
)
_QUALITY = pa.struct(
    [
        _field("alpha_share", pa.float32(), "letters among the characters that are not white space", "share 0…1"),
        _field("mean_paragraph_chars", pa.float32(), "mean length of a paragraph", _CODE_POINTS),
        _field("repeated_share", pa.float32(), "characters in paragraphs that occurred before in the same text", "share 0…1"),
    ]
)

ARTICLES = pa.schema(
    [
        _field("id", pa.string(), "sha256 of document_id and first kept offset, first 32 hex digits", "", _DUBLIN_CORE),
        _DOCUMENT_ID,
        _field("position", pa.int64(), "which article of its source this is", "ordinal from 0", _SCHEMA_ORG),
        _field("url", pa.string(), "the article's own address, as the source declares it", "", _SCHEMA_ORG),
        _field("headline", pa.string(), "the title", "", _SCHEMA_ORG),
        _field("text", pa.string(), "the clean text; paragraphs are parted by a blank line", "", "schema.org articleBody"),
        _field("author", _list(pa.string()), "the authors' names, in the order printed", "", _SCHEMA_ORG),
        _field("date_published", pa.date32(), "day of first publication, never of what is only cited", "", _SCHEMA_ORG),
        _field("date_precision", pa.string(), "what of date_published the source says: year, month or day"),
        _field("date_modified", pa.date32(), "day of the last change, as the source says", "", _SCHEMA_ORG),
        _field("publisher", pa.string(), "name of the outlet", "", _SCHEMA_ORG),
        _field("section", pa.string(), "the outlet's section the article stood in", "", "schema.org articleSection"),
        _field("language", pa.string(), "language of text; null: not sure enough", "BCP 47 tag", "schema.org inLanguage"),
        _field("language_score", pa.float64(), "how sure the language is; null: it is stated", "0…1"),
        _field("keywords", _list(pa.string()), "the publisher's own keywords", "", _SCHEMA_ORG),
        _field("references", _list(_REFERENCE), "the cited works, parsed out of the body", "", f"{_DUBLIN_CORE} references"),
        _field("word_count", pa.int64(), "words of text", "words", "schema.org wordCount"),
        _field("char_count", pa.int64(), "length of text", _CODE_POINTS),
        _field("split_by", pa.string(), "rule that made the cut before this article"),
        _field("split_confidence", pa.float64(), "how sure that cut is", "0…1"),
        _field("kept", _list(_KEPT), "where text comes from: text[at:at+length] is made from source[start:end]"),
        # A list of pairs and not a map: Hugging Face datasets refuses maps.
        _field("evidence", _list(_EVIDENCE), "for each field that was found, the rule that found it"),
        _field("quality", _QUALITY, "measures of text to filter by"),
        _field("source_file", pa.string(), "path or address of the source, relative to the folder of raw files"),
        _field("source_member", pa.string(), "part inside the source (path in an archive, mail number …); null: the file itself"),
        _field("source_sha256", pa.string(), "digest of the source's bytes", "hex digits of sha256"),
        _field("encoding", pa.string(), "character encoding the source was decoded with", "", "Python codec names"),
        _RULESET,
        _VERSION,
    ]
)

LEDGER = pa.schema(
    [
        _DOCUMENT_ID,
        _field("article_id", pa.string(), "id of the article this belongs to; null: between articles"),
        _field(
            "action",
            pa.string(),
            "dropped, taken (as metadata) or separator: not in text; flagged or repaired: a note on kept text",
        ),
        _field("start", pa.int64(), "where the span begins", _OFFSET),
        _field("end", pa.int64(), "where the span ends", _OFFSET),
        _field("label", pa.string(), "what the span was found to be"),
        _field("rule", pa.string(), "id of the rule, field or model that said so"),
        _field("confidence", pa.float64(), "how sure it was", "0…1"),
        _field("text", pa.string(), "text of the span; null if the setting ledger_text is off"),
        _field("replacement", pa.string(), "what a repair put in its place"),
    ]
)

DOCUMENTS = pa.schema(
    [
        _DOCUMENT_ID,
        _field("uri", pa.string(), "path or address of the source, relative to the folder of raw files"),
        _field("member", pa.string(), "part inside the source; null: the file itself"),
        _field("sha256", pa.string(), "digest of the source's bytes; null: could not be read", "hex digits of sha256"),
        _field("text_sha256", pa.string(), "digest of the decoded text as UTF-8, in which spans count", "hex digits of sha256"),
        _field("size", pa.int64(), "length of the source; null: could not be read", "bytes"),
        _field("media_type", pa.string(), "kind of content", "IANA media type"),
        _field("encoding", pa.string(), "character encoding it was decoded with", "", "Python codec names"),
        _field("encoding_evidence", pa.string(), "how that was found: bom, utf-8, header, declared, guessed …"),
        _field("lossy", pa.int64(), "replacement characters (U+FFFD) that decoding put in", _CODE_POINTS),
        _field("articles", pa.int64(), "articles found in it", "rows of the articles table"),
        _field("declared", pa.int64(), "articles the source itself says it holds; null: it says nothing"),
        _field("export", pa.string(), "layout of the news database's export that it was read as; null: none"),
        _field("warnings", _list(pa.string()), "what looked odd though nothing was lost"),
        _field("characters_visible", pa.int64(), "kept, taken, dropped and separator characters together", _CODE_POINTS),
        _field("characters_kept", pa.int64(), "source characters in spans that text comes from", _CODE_POINTS),
        _field("characters_taken", pa.int64(), "source characters in spans that became metadata", _CODE_POINTS),
        _field("characters_dropped", pa.int64(), "source characters in spans that were dropped", _CODE_POINTS),
        _field("characters_separator", pa.int64(), "source characters in spans that part articles", _CODE_POINTS),
        _field("characters_quarantined", pa.int64(), "length of the decoded text, where it was rejected", _CODE_POINTS),
        _field("status", pa.string(), "ok: nothing was rejected; partial: some was; rejected: all was"),
        _field("stage", pa.string(), "where it was rejected"),
        _field("reason", pa.string(), "short stable code of the rejection"),
        _field("detail", pa.string(), "what exactly was wrong"),
        _field("remedy", pa.string(), "what can be done about it"),
        _RULESET,
        _VERSION,
    ]
)

SCHEMAS = {"articles": ARTICLES, "ledger": LEDGER, "documents": DOCUMENTS}


def to_batches(outcomes: Iterable[Outcome], context: Context) -> dict[str, pa.RecordBatch]:
    """One record batch a table: "articles", "ledger", "documents"; rows by (uri, member), then by position or start.

    Lone surrogates, which no UTF-8 file can hold, become U+FFFD here and only here; no length changes by that.
    """
    ordered = sorted(outcomes, key=lambda outcome: (outcome.source.uri, outcome.source.member))
    return {
        "articles": _articles(ordered, context),
        "ledger": _ledger(ordered, with_text=context.settings.ledger_text),
        "documents": _documents(ordered, context),
    }


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
    columns["references"] = _lists("references", [article.references for article in found])
    columns["kept"] = _lists("kept", [article.kept for article in found])
    columns["evidence"] = _evidence([article.evidence for article in found])
    measures = [dict(article.quality) for article in found]
    columns["quality"] = pa.StructArray.from_arrays(
        [pa.array([measure.get(name) for measure in measures], pa.float32()) for name in QUALITY],
        fields=list(_QUALITY),
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
    columns = list(zip(*spans, strict=True)) or [() for _ in _KEPT]
    return pa.StructArray.from_arrays(
        [_array(column, field.type) for column, field in zip(columns, _KEPT, strict=True)], fields=list(_KEPT)
    )


def _references(references: Sequence[Any]) -> pa.Array:
    urls = [reference.urls for reference in references]
    children = [
        _array([reference.number for reference in references], pa.int64()),
        _array([reference.text for reference in references], pa.string()),
        pa.ListArray.from_arrays(_offsets(urls), _strings(list(itertools.chain.from_iterable(urls))), type=_list(pa.string())),
    ]
    return pa.StructArray.from_arrays(children, fields=list(_REFERENCE))


_CHILD: dict[str, Callable[[Sequence[Any]], pa.Array]] = {
    "author": _strings,
    "keywords": _strings,
    "kept": _kept,
    "references": _references,
}


def _evidence(pairs: Sequence[tuple[tuple[str, str], ...]]) -> pa.Array:
    flat = list(itertools.chain.from_iterable(pairs))
    keys, rules = _strings([key for key, _ in flat]), _strings([rule for _, rule in flat])
    children = pa.StructArray.from_arrays([keys, rules], fields=list(_EVIDENCE))
    return pa.ListArray.from_arrays(_offsets(pairs), children, type=ARTICLES.field("evidence").type)


def columns_markdown() -> str:
    """The columns of the three tables as Markdown tables, for the README."""
    lines: list[str] = []
    for name, schema in SCHEMAS.items():
        lines += [f"### `{name}/`", "", "| column | type | meaning | unit | name from |", "|---|---|---|---|---|"]
        lines += [row for field in schema for row in _markdown(field, "")]
        lines.append("")
    return "\n".join(lines)


def _markdown(field: pa.Field, above: str) -> list[str]:
    said = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    inner = field.type.value_type if pa.types.is_list(field.type) else field.type
    nested = pa.types.is_struct(inner)
    kind = str(inner).replace("date32[day]", "date") if not nested else "struct"
    if inner is not field.type:
        kind = f"list of {kind}"
    cells = (f"`{above}{field.name}`", kind, said["description"], said.get("unit", ""), said.get("source", ""))
    rows = [f"| {' | '.join(cells)} |"]
    return rows + [row for child in inner for row in _markdown(child, f"{above}{field.name}.")] if nested else rows


if __name__ == "__main__":
    print(columns_markdown())  # noqa: T201  the whole point of running it
