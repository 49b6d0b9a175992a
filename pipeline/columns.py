"""The columns of the dataset: Arrow schemas, with each column's meaning, unit and source for the Parquet footer.

Adding a column is an entry here, its values in table.py, and the README's tables printed by `python -m pipeline.columns`.
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = "3"
QUALITY = ("alpha_share", "mean_paragraph_chars", "repeated_share")

_SCHEMA_ORG = "schema.org NewsArticle"
_DUBLIN_CORE = "Dublin Core"
_CODE_POINTS = "code points"
_OFFSET = "code points from the start of the decoded source text"


def _field(name: str, kind: pa.DataType, description: str, unit: str = "", source: str = "") -> pa.Field:
    metadata = {"description": description, "unit": unit, "source": source}
    return pa.field(name, kind, metadata={key: value for key, value in metadata.items() if value})


def list_of(kind: pa.DataType) -> pa.DataType:
    """A list of `kind`, as Parquet names its parts."""
    # "element" is the name that the Parquet standard wants; pyarrow's own default was "item" for long.
    return pa.list_(pa.field("element", kind))


_DOCUMENT_ID = _field("document_id", pa.string(), "sha256 of the source's uri and member, first 32 hex digits")
_RULESET = _field("ruleset", pa.string(), "digest of all rules and frozen inputs that made this row", "hex digits of sha256")
_VERSION = _field("pipeline_version", pa.string(), "version of winnow that made this row")
KEPT = pa.struct(
    [
        _field("at", pa.int64(), "where the piece stands in text", "code points from the start of text"),
        _field("length", pa.int64(), "how long the piece is in text", _CODE_POINTS),
        _field("start", pa.int64(), "where the piece begins in the source", _OFFSET),
        _field("end", pa.int64(), "where the piece ends in the source", _OFFSET),
        _field("how", pa.string(), "verbatim, or the +-joined functions that make the piece from its source slice"),
    ]
)
REFERENCE = pa.struct(
    [
        _field("number", pa.int64(), "the number as printed; null: unnumbered"),
        _field("text", pa.string(), "the reference without its number"),
        _field("urls", list_of(pa.string()), "the addresses in it, or in the entry that an ibid. stands for"),
        _field("same_as", pa.int64(), "number of the entry that an ibid. stands for; null: it stands for itself"),
        _field("cited", pa.int64(), "marks in the text that name its number: [1], ¹", "marks"),
    ]
)
TOPIC = pa.struct(
    [
        _field("topic", pa.string(), "the topic, as [taxonomy] in winnow.toml names it"),
        _field("phrases", list_of(pa.string()), "its phrases that the article has, the most frequent first"),
        _field("times", pa.int64(), "how often they stand in headline and text", "occurrences"),
    ]
)
LANGUAGE_SHARE = pa.struct(
    [
        _field("language", pa.string(), "one of the text's languages", "BCP 47 tag"),
        _field("share", pa.float64(), "how much of the text is in it", "share 0…1"),
    ]
)
EVIDENCE = pa.struct(
    [_field("field", pa.string(), "the column"), _field("rule", pa.string(), "the rule, or what the page declares it in")]
)
MEASURES = pa.struct(
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
        _field("author", list_of(pa.string()), "the authors' names, in the order printed", "", _SCHEMA_ORG),
        _field("date_published", pa.date32(), "day of first publication, never of what is only cited", "", _SCHEMA_ORG),
        _field("date_precision", pa.string(), "what of date_published the source says: year, month or day"),
        _field("date_modified", pa.date32(), "day of the last change, as the source says", "", _SCHEMA_ORG),
        _field("publisher", pa.string(), "name of the outlet", "", _SCHEMA_ORG),
        _field("section", pa.string(), "the outlet's section the article stood in", "", "schema.org articleSection"),
        _field("language", pa.string(), "language of text; null: not sure enough", "BCP 47 tag", "schema.org inLanguage"),
        _field("language_score", pa.float64(), "how often so sure an answer is right; null: the source states it", "0…1"),
        _field("language_shares", list_of(LANGUAGE_SHARE), "the languages of a text in several, the largest first"),
        _field("keywords", list_of(pa.string()), "the publisher's own keywords", "", _SCHEMA_ORG),
        _field(
            "derived_keywords",
            list_of(pa.string()),
            "words typical of text, by TF-IDF with the frequencies that flow learn froze",
        ),
        _field("topics", list_of(TOPIC), "topics of the user's taxonomy, with the phrases found", "", "schema.org about"),
        _field("references", list_of(REFERENCE), "the cited works, parsed out of the body", "", f"{_DUBLIN_CORE} references"),
        _field("word_count", pa.int64(), "words of text", "words", "schema.org wordCount"),
        _field("char_count", pa.int64(), "length of text", _CODE_POINTS),
        _field("split_by", pa.string(), "rule that made the cut before this article"),
        _field("split_confidence", pa.float64(), "how sure that cut is", "0…1"),
        _field("kept", list_of(KEPT), "where text comes from: text[at:at+length] is made from source[start:end]"),
        # A list of pairs and not a map: Hugging Face datasets refuses maps.
        _field("evidence", list_of(EVIDENCE), "for each field that was found, the rule that found it"),
        _field("quality", MEASURES, "measures of text to filter by"),
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
            "dropped, taken (as metadata) or separator: not in text; flagged or repaired: a note",
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
        _field("warnings", list_of(pa.string()), "what looked odd though nothing was lost"),
        _field("characters_visible", pa.int64(), "kept, taken, dropped and separator characters together", _CODE_POINTS),
        _field("characters_kept", pa.int64(), "source characters in spans that text comes from", _CODE_POINTS),
        _field("characters_taken", pa.int64(), "source characters in spans that became metadata", _CODE_POINTS),
        _field("characters_dropped", pa.int64(), "source characters in spans that were dropped", _CODE_POINTS),
        _field("characters_separator", pa.int64(), "source characters in spans that part articles", _CODE_POINTS),
        _field("characters_quarantined", pa.int64(), "length of the decoded text, where it was rejected", _CODE_POINTS),
        _field(
            "status",
            pa.string(),
            "ok: nothing was rejected; partial: some was; rejected: all was; gone: kept though its file was deleted",
        ),
        _field("stage", pa.string(), "where it was rejected"),
        _field("reason", pa.string(), "short stable code of the rejection"),
        _field("detail", pa.string(), "what exactly was wrong"),
        _field("remedy", pa.string(), "what can be done about it"),
        _RULESET,
        _VERSION,
    ]
)

DUPLICATES = pa.schema(
    [
        _field("id", pa.string(), "id of an article that has copies"),
        _field("cluster", pa.string(), "smallest id among the copies"),
        _field(
            "kind",
            pa.string(),
            "exact: the same words as one before it; update: its outlet's later or longer version; near: another copy;"
            " null: the representative itself",
        ),
        _field("representative", pa.string(), "id of the copy that stands for all: the earliest, of one day the longest"),
        _field("similarity", pa.float64(), "estimated share of shingles in common with the representative", "Jaccard index 0…1"),
    ]
)

SCHEMAS = {"articles": ARTICLES, "ledger": LEDGER, "documents": DOCUMENTS}
# Tables that are made from the others, by flows of their own.
DERIVED = {"duplicates": DUPLICATES}


def columns_markdown() -> str:
    """The columns of all tables as Markdown tables, for the README."""
    lines: list[str] = []
    for name, schema in (SCHEMAS | DERIVED).items():
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
