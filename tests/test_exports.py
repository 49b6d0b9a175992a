"""Readers of news databases' exports: what each recognises, that no article is lost, and that a lost one is seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from golden.regenerate import FOLDER, documents, expected, owner
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import blocks, split, table
from pipeline.decode import decode
from pipeline.model import Action, Outcome
from pipeline.process import prepare, process
from pipeline.settings import Settings
from pipeline.sources import extract, from_bytes
from pipeline.split.export import RECOGNISED, RESEMBLES

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = prepare(Settings.model_construct())
LAYOUTS = {layout.name: layout for layout in split.formats()}
MODULES = {f"split.{name.replace('-', '_')}": name for name in LAYOUTS}
# The other layouts are read from markup, and have tests of their own.
EXPORTS = [path for path in documents() if owner(path) in MODULES and path.suffix == ".txt"]
OTHERS = [path for path in documents() if owner(path) not in MODULES and not expected(path).get("export")]
COUNTED = [path for path in EXPORTS if "lost" not in path.name and "unnumbered" not in path.name]
# Numbers without a total, where only what is missing before the last can be seen.
OPEN_ENDED = {"split.mediargus.fr.txt"}


def outcome_of(data: bytes) -> Outcome:
    return process(from_bytes("export.txt", data), data, CONTEXT)


def said(outcome: Outcome) -> list[tuple[object, ...]]:
    names = ("headline", "text", "author", "date_published", "publisher", "section", "language", "keywords")
    return [tuple(getattr(article, name) for name in names) for article in outcome.articles]


def name(path: Path) -> str:
    return path.name


def starts(outcome: Outcome) -> list[int]:
    """Where the articles begin, and where the last ends."""
    spans: dict[int, list[int]] = {article.position: [kept.start for kept in article.kept] for article in outcome.articles}
    ends = [kept.end for article in outcome.articles for kept in article.kept]
    for entry in outcome.ledger:
        if entry.article is not None:
            spans[entry.article].append(entry.start)
            ends.append(entry.end)
    return [*(min(spans[position]) for position in sorted(spans)), max(ends)]


@pytest.mark.parametrize("path", EXPORTS, ids=name)
def test_a_layout_knows_its_own_exports_and_no_other_does(path: Path) -> None:
    page = blocks.read(decode(path.read_bytes()))
    sure = [layout.name for layout in LAYOUTS.values() if layout.recognise(page) >= RECOGNISED]
    assert sure == [MODULES[owner(path)]]


@pytest.mark.parametrize("path", OTHERS, ids=name)
def test_no_layout_knows_other_files(path: Path) -> None:
    page = blocks.read(extract.text_of(path.read_bytes()))
    assert {layout.name: layout.recognise(page) for layout in LAYOUTS.values() if layout.recognise(page) >= RESEMBLES} == {}


@pytest.mark.parametrize("path", EXPORTS, ids=name)
@pytest.mark.parametrize("change", ["crlf", "cr", "bom", "form feeds", "trailing space", "indented", "blank lines with spaces"])
def test_another_wrapping_changes_no_word(path: Path, change: str) -> None:
    text = path.read_text(encoding="utf-8")
    data = {
        "crlf": text.replace("\n", "\r\n"),
        "cr": text.replace("\n", "\r"),
        "bom": "\N{BYTE ORDER MARK}" + text,
        "form feeds": re.sub(r"\n\n\n+", lambda gap: f"{gap.group()}\f\n", text),
        "trailing space": re.sub(r"(?m)(?<=\S)$", "  ", text),
        "indented": re.sub(r"(?m)^(?=\S)", " ", text),
        "blank lines with spaces": re.sub(r"(?m)^$", "  ", text),
    }[change].encode()
    assert said(outcome_of(data)) == said(outcome_of(text.encode()))


@pytest.mark.parametrize("path", COUNTED, ids=name)
def test_a_lost_article_is_seen_and_costs_no_other(path: Path) -> None:
    """Each article in turn is cut out of the file; what declares the count then stays above or below it."""
    text = path.read_text(encoding="utf-8")
    whole = outcome_of(text.encode())
    assert not whole.rejections
    if whole.declared is None:
        return
    assert whole.declared == len(whole.articles)
    bounds = starts(whole)
    for lost in range(len(whole.articles) - (path.name in OPEN_ENDED)):
        partial = outcome_of((text[: bounds[lost]] + text[bounds[lost + 1] :]).encode())
        assert [rejection.reason for rejection in partial.rejections] == ["wrong-count"], lost
        assert said(partial) == [article for at, article in enumerate(said(whole)) if at != lost]


def test_most_layouts_are_tested_for_a_lost_article() -> None:
    counted = {owner(path) for path in COUNTED if outcome_of(path.read_bytes()).declared is not None}
    assert {
        "split.lexisnexis",
        "split.nexis_uni",
        "split.factiva",
        "split.proquest",
        "split.mediargus",
        "split.digest",
    } <= counted


@pytest.mark.parametrize("path", [path for path in EXPORTS if "lost" in path.name], ids=name)
def test_the_documents_table_says_what_was_declared_and_found(path: Path) -> None:
    row = table.to_batches([outcome_of(path.read_bytes())], CONTEXT)["documents"].to_pylist()[0]
    assert (row["status"], row["stage"], row["reason"]) == ("partial", "split", "wrong-count")
    assert row["declared"] == row["articles"] + 1
    assert row["export"] == MODULES[owner(path)]
    assert str(row["declared"]) in row["detail"]


@pytest.mark.parametrize("file", ["lexisnexis", "lexisnexis.de", "lexisnexis.es-old", "nexis_uni", "proquest", "factiva"])
def test_files_put_one_behind_the_other_are_read_as_both(file: str) -> None:
    text = (FOLDER / f"split.{file}.txt").read_text(encoding="utf-8")
    whole, twice = outcome_of(text.encode()), outcome_of(f"{text}\n\n{text}".encode())
    assert not twice.rejections
    assert said(twice) == 2 * said(whole)


def test_an_article_without_text_is_a_rejection_and_costs_no_other() -> None:
    text = (FOLDER / "split.lexisnexis.de.txt").read_text(encoding="utf-8")
    body = text[text.index("Weil der Bäcker") : text.index("UPDATE: 8.")]
    outcome = outcome_of(text.replace(body, "").encode())
    assert [(rejection.stage, rejection.reason) for rejection in outcome.rejections] == [("compose", "no-text")]
    assert "Im Spritzenhaus wird jetzt gebacken" in outcome.rejections[0].detail
    assert len(outcome.articles) == 1


def test_a_single_article_may_declare_itself() -> None:
    text = (FOLDER / "split.factiva.txt").read_text(encoding="utf-8")
    single = text[text.index("HD  A farm") :].replace("Results Found       3", "Results Found       1")
    outcome = outcome_of(single.encode())
    assert (outcome.declared, len(outcome.articles), outcome.rejections) == (1, 1, ())


def test_an_unforeseen_layout_is_read_as_any_other_text_with_a_warning() -> None:
    prose = "The ferry was late again on Thursday, and nobody on the pier could say when it would come. They waited in the rain."
    one, two, three = (prose.replace("ferry", late) for late in ("ferry", "train", "bus"))
    text = f"1 of 2 DOCUMENTS\n\n{one}\n\n{two}\n\n2 of 2 DOCUMENTS\n\n{three}\n"
    outcome = outcome_of(text.encode())
    assert outcome.export is None
    assert len(outcome.warnings) == 1
    assert "lexisnexis" in outcome.warnings[0]
    assert "".join(article.text for article in outcome.articles).count("nobody on the pier") == 3


def test_a_list_without_its_texts_is_read_as_any_other_text() -> None:
    outcome = outcome_of(
        b"1. Oude sluis\n\nHet Rietblad, 4 maart 2011, p. 1, 40w.\n\n\n2. Brug\n\nHet Rietblad, 5 maart 2011, p. 2, 30w.\n"
    )
    assert (outcome.export, len(outcome.warnings)) == (None, 1)
    assert outcome.articles or outcome.rejections


def test_a_rule_that_drops_to_the_end_ends_with_its_article() -> None:
    text = (FOLDER / "split.lexisnexis.de.txt").read_text(encoding="utf-8")
    ended = text.replace("UPDATE: 5.", "3 Comments\n\nRuben says: I was there, and it was cold.\n\nUPDATE: 5.", 1)
    assert said(outcome_of(ended.encode()))[1] == said(outcome_of(text.encode()))[1]


def test_what_a_database_exports_is_article_even_where_a_page_would_have_furniture() -> None:
    text = (FOLDER / "split.proquest.txt").read_text(encoding="utf-8")
    outcome = outcome_of(text.replace("The port office", "Home\n\nContact\n\nTickets\n\nThe port office").encode())
    scores = [entry for entry in outcome.ledger if entry.rule.startswith("score.")]
    assert not scores
    assert "Tickets" in outcome.articles[0].text


@pytest.mark.parametrize(
    "missing", ["1 of 3 DOCUMENTS|BYLINE:|SECTION:|LENGTH:|DATELINE:|HIGHLIGHT:|LOAD-DATE:|LANGUAGE:", "1 of 3 DOCUMENTS"]
)
def test_an_article_whose_head_is_broken_is_not_taken_for_the_cover_page(missing: str) -> None:
    text = (FOLDER / "split.lexisnexis.txt").read_text(encoding="utf-8")
    first, rest = text.split("2 of 3 DOCUMENTS")
    first = "\n".join(line for line in first.split("\n") if not line.strip().startswith(tuple(missing.split("|"))))
    outcome = outcome_of(f"{first}2 of 3 DOCUMENTS{rest}".encode())
    assert len(outcome.articles) == 3
    assert "Children waved" in outcome.articles[0].text
    assert "Project ID" not in outcome.articles[0].text


def test_a_selection_that_begins_late_has_a_cover_page_and_no_article_above_its_first_number() -> None:
    text = (FOLDER / "split.lexisnexis.txt").read_text(encoding="utf-8")
    cover, rest = text.split("1 of 3 DOCUMENTS")[0], text.split("2 of 3 DOCUMENTS")[1]
    outcome = outcome_of(f"{cover}2 of 3 DOCUMENTS{rest}".encode())
    assert len(outcome.articles) == 2


LINES = sorted({line for path in EXPORTS for line in path.read_text(encoding="utf-8").split("\n") if len(line) < 300})


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=60))
def test_lines_of_exports_in_any_order_are_read_and_accounted_for(lines: list[str]) -> None:
    text = "\n".join(lines)
    outcome = outcome_of(text.encode())
    spans = [(kept.start, kept.end) for article in outcome.articles for kept in article.kept]
    spans += [(entry.start, entry.end) for entry in outcome.ledger if entry.action not in (Action.FLAGGED, Action.REPAIRED)]
    covered = [0] * len(text)
    for start, end in spans:
        for at in range(start, end):
            covered[at] += 1
    assert all(times == 1 for char, times in zip(text, covered, strict=True) if not char.isspace() and char.isprintable())


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(EXPORTS), st.sets(st.integers(0, 400), max_size=12))
def test_missing_lines_lose_no_text(path: Path, missing: set[int]) -> None:
    """Whatever lines an export lacks, what is left of its paragraphs is in some article, or the file is said to be incomplete.

    The latter: a first article whose head is broken may pass for the cover page; then the count is wrong, which is a rejection.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    longest = max(range(len(lines)), key=lambda at: len(lines[at]))
    outcome = outcome_of("\n".join(line for at, line in enumerate(lines) if at not in missing or at == longest).encode())
    kept = " ".join(" ".join(article.text.split()) for article in outcome.articles)
    said = any(rejection.reason == "wrong-count" for rejection in outcome.rejections)
    assert said or " ".join(lines[longest].split())[-60:] in kept
