from __future__ import annotations

import dataclasses
import datetime as dt
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import columns, table
from pipeline.model import (
    Action,
    Article,
    Decoded,
    Entry,
    Kept,
    Label,
    LanguageShare,
    Outcome,
    Reference,
    Rejection,
    Source,
    Span,
    Topic,
)

CONTEXT: Any = SimpleNamespace(
    settings=SimpleNamespace(ledger_text=True, digest="s" * 64, step="all"), ruleset="r" * 64, version="9.9"
)


def article(position: int = 0, **changes: Any) -> Article:
    text = "The ferry sails again.\n\nTickets cost less."
    kept = (Kept(0, 22, 10, 32, "verbatim"), Kept(24, 18, 40, 58, "verbatim"))
    plain = Article(f"{position:032x}", position, text, kept, "start", 1.0, char_count=len(text), word_count=7)
    return dataclasses.replace(plain, **changes)


def outcome(
    uri: str = "a.txt", *articles: Article, ledger: tuple[Entry, ...] = (), rejections: tuple[Rejection, ...] = ()
) -> Outcome:
    source = Source(uri, "b" * 64, 70, media_type="text/plain")
    decoded = Decoded("x" * 70, "utf-8", "utf-8")
    return Outcome("d" * 32, source, decoded, articles, ledger, rejections, "c" * 64)


def entry(start: int, end: int, action: Action = Action.DROPPED, position: int | None = None) -> Entry:
    return Entry(action, start, end, Label.BOILERPLATE, "boilerplate.test", 0.75, "x" * (end - start), article=position)


def rows(name: str, *outcomes: Outcome, context: Any = CONTEXT) -> list[dict[str, Any]]:
    batch = table.to_batches(outcomes, context)[name]
    batch.validate(full=True)
    assert batch.schema == columns.SCHEMAS[name]
    found: list[dict[str, Any]] = batch.to_pylist(maps_as_pydicts="strict")
    return found


def fields(schema: Any) -> list[pa.Field]:
    found = []
    for field in schema:
        found.append(field)
        inner = field.type.value_type if pa.types.is_list(field.type) else field.type
        if pa.types.is_struct(inner):
            found += fields(inner)
    return found


@pytest.mark.parametrize("name", columns.SCHEMAS)
def test_every_column_is_documented_and_nullable(name: str) -> None:
    for field in fields(columns.SCHEMAS[name]):
        assert field.metadata[b"description"], field.name
        assert field.nullable
        assert set(field.metadata) <= {b"description", b"unit", b"source"}
        assert all(field.metadata.values())


def test_no_outcomes_give_empty_batches_of_the_same_columns() -> None:
    assert [rows(name) for name in columns.SCHEMAS] == [[], [], []]


def test_documentation_survives_parquet(tmp_path: Any) -> None:
    for name, batch in table.to_batches([outcome("a.txt", article())], CONTEXT).items():
        path = tmp_path / f"{name}.parquet"
        whole = pa.Table.from_batches([batch]).replace_schema_metadata(table.file_metadata(name, CONTEXT))
        pq.write_table(whole, path)
        back = pq.read_table(path)
        assert back.schema.equals(columns.SCHEMAS[name], check_metadata=False)
        assert back.schema.metadata[b"winnow.ruleset"] == b"r" * 64
        assert back.schema.metadata[b"winnow.settings"] == b"s" * 64
        for field in columns.SCHEMAS[name]:
            assert back.schema.field(field.name).metadata[b"description"] == field.metadata[b"description"]
        assert back.to_pylist() == whole.to_pylist()


def test_every_value_of_an_article_arrives() -> None:
    full = article(
        1,
        url="https://example.org/a",
        headline="Ferry returns",
        author=("Ada Alder", "Bo Birch"),
        date_published=dt.date(2021, 3, 4),
        date_precision="day",
        date_modified=dt.date(2021, 3, 5),
        publisher="The Quay",
        section="Harbour",
        language="en",
        language_score=0.98,
        language_shares=(LanguageShare("en", 0.75), LanguageShare("fr", 0.25)),
        keywords=("ferry",),
        derived_keywords=("pier", "crane"),
        topics=(Topic("Port", ("quay", "pier"), 3), Topic("Rail", ("tram",), 1)),
        references=(Reference(None, "A report", ()), Reference(2, "A map", ("https://example.org/m",), 1, 3)),
        evidence=(("headline", "title.first"),),
        quality=(("alpha_share", 0.5), ("repeated_share", 0.0)),
    )
    bare, row = rows("articles", outcome("a.txt", article(0), full))
    for name in ("url", "headline", "date_published", "date_precision", "date_modified", "publisher", "section", "language"):
        assert row[name] == getattr(full, name)
        assert bare[name] is None
    assert row["author"] == ["Ada Alder", "Bo Birch"]
    assert row["keywords"] == ["ferry"]
    assert row["derived_keywords"] == ["pier", "crane"]
    assert row["topics"] == [
        {"topic": "Port", "phrases": ["quay", "pier"], "times": 3},
        {"topic": "Rail", "phrases": ["tram"], "times": 1},
    ]
    assert row["language_shares"] == [{"language": "en", "share": 0.75}, {"language": "fr", "share": 0.25}]
    assert row["references"] == [
        {"number": None, "text": "A report", "urls": None, "same_as": None, "cited": 0},
        {"number": 2, "text": "A map", "urls": ["https://example.org/m"], "same_as": 1, "cited": 3},
    ]
    assert row["evidence"] == [{"field": "headline", "rule": "title.first"}]
    assert row["quality"] == {"alpha_share": 0.5, "mean_paragraph_chars": None, "repeated_share": 0.0}
    assert row["kept"][1] == {"at": 24, "length": 18, "start": 40, "end": 58, "how": "verbatim"}
    assert (row["source_file"], row["source_member"], row["encoding"]) == ("a.txt", None, "utf-8")
    assert [bare[name] for name in ("author", "keywords", "derived_keywords", "topics", "evidence")] == [None] * 5
    assert (bare["references"], bare["quality"]) == (None, None)


def test_rows_are_sorted_whatever_the_order_of_outcomes() -> None:
    several = [outcome(uri, article(1), article(0), ledger=(entry(60, 65), entry(0, 5))) for uri in ("b", "a", "B", "ä", "a/b")]
    for name in columns.SCHEMAS:
        assert rows(name, *several) == rows(name, *reversed(several))
    assert [row["uri"] for row in rows("documents", *several)] == ["B", "a", "a/b", "b", "ä"]
    assert [row["position"] for row in rows("articles", *several)] == [0, 1] * 5
    assert [row["start"] for row in rows("ledger", *several)] == [0, 60] * 5


def test_ledger_names_the_article_by_its_id() -> None:
    first, second, between = rows(
        "ledger", outcome("a", article(0), article(1), ledger=(entry(0, 1, position=0), entry(2, 3, position=1), entry(4, 5)))
    )
    assert (first["article_id"], second["article_id"]) == (f"{0:032x}", f"{1:032x}")
    assert between["article_id"] is None
    assert (first["action"], first["label"], first["confidence"], first["text"]) == ("dropped", "boilerplate", 0.75, "x")


def test_ledger_text_can_be_left_out() -> None:
    lean: Any = SimpleNamespace(**{**vars(CONTEXT), "settings": SimpleNamespace(ledger_text=False, digest="", step="all")})
    assert rows("ledger", outcome("a", article(), ledger=(entry(0, 5),)), context=lean)[0]["text"] is None


def test_documents_count_characters_by_what_became_of_them() -> None:
    ledger = (entry(0, 5), entry(5, 9, Action.TAKEN), entry(60, 62, Action.SEPARATOR), entry(10, 12, Action.FLAGGED))
    (row,) = rows("documents", outcome("a", article(), ledger=ledger))
    counts = {key.removeprefix("characters_"): value for key, value in row.items() if key.startswith("characters_")}
    assert counts == {"visible": 51, "kept": 40, "taken": 4, "dropped": 5, "separator": 2, "quarantined": 0}
    assert (row["status"], row["articles"], row["reason"]) == ("ok", 1, None)


def test_documents_say_why_a_source_was_rejected() -> None:
    unread = Outcome("e" * 32, Source("x", "", 0), None, (), (), (Rejection("sources", "unreadable", "denied", "chmod"),))
    refused = outcome("y", rejections=(Rejection("split", "no-article", "nothing", "look"),))
    partial = outcome("z", article(), rejections=(Rejection("blocks", "part", "torn", "mend", Span(1, 4)),))
    first, second, third = rows("documents", unread, refused, partial)
    assert [first[name] for name in ("status", "stage", "reason", "detail", "remedy")] == [
        *("rejected", "sources", "unreadable", "denied", "chmod")
    ]
    assert [first[name] for name in ("sha256", "size", "encoding", "lossy", "characters_quarantined")] == [None] * 5
    assert (second["status"], second["characters_quarantined"]) == ("rejected", 70)
    assert (third["status"], third["characters_quarantined"], third["detail"]) == ("partial", 3, "torn")


def test_lone_surrogates_become_replacement_characters_and_nul_stays() -> None:
    odd = article(headline="a\ud800b\x00c", text="\udfffxy", author=("\ud9ab",), evidence=(("headline", "\udead"),))
    (row,) = rows("articles", outcome("a", odd))
    assert row["headline"] == "a\N{REPLACEMENT CHARACTER}b\x00c"
    assert row["text"] == "\N{REPLACEMENT CHARACTER}xy"
    assert row["author"] == ["\N{REPLACEMENT CHARACTER}"]
    assert row["evidence"] == [{"field": "headline", "rule": "\N{REPLACEMENT CHARACTER}"}]


def test_columns_are_rendered_for_the_readme() -> None:
    text = columns.columns_markdown()
    for name, schema in columns.SCHEMAS.items():
        assert f"### `{name}/`" in text
        for field in schema:
            assert f"| `{field.name}` |" in text
    assert "`kept.how`" in text
    assert "`references.urls`" in text
