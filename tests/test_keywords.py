"""Derived keywords and topics: nothing without a table, the words of a text with one; whole words and any case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline import frequencies
from pipeline.enrich import keywords, topics
from pipeline.errors import SettingsError
from pipeline.model import Article
from pipeline.process import prepare
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

TABLE = frequencies.Frequencies(1, {"en": 100}, {"en": {"the": 100, "harbour": 3, "said": 60}})
TEXT = "The harbour pilot said the Pilot was late. The harbour said nothing, and the pilot said nothing."


def article(text: str = TEXT, language: str | None = "en", headline: str | None = None) -> Article:
    return Article("id", 0, text, (), "whole", 1.0, language=language, headline=headline)


def derived(one: Article, table: frequencies.Frequencies | None = TABLE) -> tuple[str, ...]:
    return keywords.enrich(one, Settings.model_construct(), table).derived_keywords


def test_words_that_the_text_has_more_often_than_others() -> None:
    assert derived(article()) == ("pilot", "nothing", "harbour")


def test_the_title_counts() -> None:
    assert derived(article(headline="Harbour, harbour"))[0] == "harbour"


@pytest.mark.parametrize(("language", "table"), [("en", None), (None, TABLE), ("de", TABLE)])
def test_without_a_table_for_the_language_there_are_none(language: str | None, table: frequencies.Frequencies | None) -> None:
    assert derived(article(language=language), table) == ()


def test_a_table_of_few_documents_is_none() -> None:
    assert derived(article(), frequencies.Frequencies(1, {"en": 19}, {"en": {"the": 19}})) == ()


def test_the_table_counts_documents_and_its_version_rises_with_a_change(tmp_path: Path) -> None:
    seen = [("en", ["pier", "crane"]), ("en", ["pier"]), ("de", ["kran"])]
    made = frequencies.frozen(seen)
    assert (made.version, made.documents, made.words) == (1, {"de": 1, "en": 2}, {"de": {}, "en": {"pier": 2}})
    (tmp_path / frequencies.NAME).write_text(frequencies.to_json(made), encoding="utf-8")
    known = frequencies.load(tmp_path)
    assert known is not None
    assert frequencies.frozen(seen, known).version == 1
    assert frequencies.frozen([*seen, ("en", ["pier"])], known).version == 2


def test_the_table_is_part_of_the_rule_set(tmp_path: Path) -> None:
    settings = Settings.model_construct(templates=tmp_path)
    without = prepare(settings).ruleset
    (tmp_path / frequencies.NAME).write_text(frequencies.to_json(TABLE), encoding="utf-8")
    assert prepare(settings).ruleset != without


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "version": 1, "documents": 3, "words": {}}'])
def test_a_broken_table_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / frequencies.NAME).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="not a table of frequencies"):
        frequencies.load(tmp_path)


def found(text: str, **taxonomy: tuple[str, ...]) -> list[tuple[object, ...]]:
    return [tuple(one) for one in topics.enrich(article(text), Settings.model_construct(taxonomy=taxonomy), None).topics]


def test_phrases_are_found_as_whole_words_in_any_case() -> None:
    text = "The HARBOUR  Board met. A report on the harbour boards was not read."
    assert found(text, Port=("port", "harbour board")) == [("Port", ("harbour board",), 1)]


def test_most_hits_come_first_with_their_phrases() -> None:
    text = "A crane, a crane and a quay. One tram."
    assert found(text, Rail=("tram",), Port=("quay", "crane"), Sky=("moon",)) == [
        ("Port", ("crane", "quay"), 3),
        ("Rail", ("tram",), 1),
    ]


def test_scripts_without_spaces_are_compared_sign_by_sign() -> None:
    assert found("上海港口今天重新开放。", Port=("港口",)) == [("Port", ("港口",), 1)]
