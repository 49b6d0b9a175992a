"""Doubtful cuts wait for review; what was decided is honoured, for these bytes only, and re-processes what it touches."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from dataset_samples import rows, sound
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from pipeline import blocks, dataset, decisions, process, review
from pipeline.cli import app
from pipeline.cli.app import hoisted
from pipeline.decisions import ACCEPT, FILE, MOVE, REJECT, Decision, Decisions, parse, written
from pipeline.errors import SettingsError
from pipeline.learned import Reason
from pipeline.model import Action, Label, Outcome
from pipeline.settings import Settings, load
from pipeline.sources import from_bytes
from pipeline.split.splitter import Cut, Splitter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.marks import Marks
    from pipeline.model import Page

SCENES = """\
The tailor who sewed at night

Nobody in the lane had ever seen the tailor at his table by day, though his coats were ready each morning on the hook by the door.

* * *

The baker across the lane kept a list of the lights he had seen, and he read it aloud to whoever bought more than two loaves.

In the end it was the baker's daughter who went over and knocked, and it was she who told us later what there was to be told.

* * *

The lane is quiet now. The hook is still there by the door, and on some mornings there is a coat on it that nobody has ordered.
"""
BAKER, DAUGHTER, LANE = (SCENES.index(words) for words in ("The baker across", "In the end", "The lane is"))
COUNTED = (Action.TAKEN, Action.DROPPED, Action.SEPARATOR)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


SOURCE = digest_of(SCENES)


def doubts(page: Page, marks: Marks) -> Iterator[Cut]:
    """A splitter that thinks little of separators."""
    del marks
    yield from (Cut(at, "separator", 0.3) for at in range(2, len(page.blocks)) if page.blocks[at - 1].text == "* * *")


DOUBTS = Splitter("separator", doubts, lambda page, _, at: [Reason("stars", 3.0, len(page.blocks[at - 1].text) / 2)])


@pytest.fixture(autouse=True, scope="module")
def _one_splitter() -> Iterator[None]:
    """What is queued is tested here, not how sure the shipped splitters are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipeline.split.splitters", lambda: (DOUBTS,))
        yield


def decided(*given: Decision) -> Decisions:
    return parse(written(given), "a test")


def traced(text: str = SCENES, known: Decisions | None = None, name: str = "scenes.txt", **changed: Any) -> process.Trace:
    context = process.prepare(load(**changed))
    data = text.encode()
    found = process.trace(from_bytes(name, data), data, context if known is None else _with(context, known))
    assert isinstance(found, process.Trace)
    return found


def _with(context: process.Context, known: Decisions) -> process.Context:
    from dataclasses import replace

    return replace(context, decisions=known)


def starts(outcome: Outcome) -> list[int]:
    return [article.kept[0].start for article in outcome.articles]


def flags(outcome: Outcome) -> list[int]:
    return [one.start for one in outcome.ledger if one.action is Action.FLAGGED and one.label is Label.SEPARATOR]


def tiles(found: process.Trace) -> None:
    source = found.decoded.text
    seen = [0] * len(source)
    spans = [(kept.start, kept.end) for article in found.outcome.articles for kept in article.kept]
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    spans += [(entry.start, entry.end) for entry in found.outcome.ledger if entry.action in COUNTED]
    for start, end in spans:
        for at in range(start, end):
            seen[at] += 1
    assert all(seen[at] == 1 for span in blocks.visible(found.page) for at in range(*span) if not source[at].isspace())
    assert max(seen) == 1


# --- the queue --------------------------------------------------------------------------------------------------------


def test_what_is_neither_sure_nor_hopeless_is_flagged_and_not_cut() -> None:
    found = traced()
    assert len(found.outcome.articles) == 1
    assert flags(found.outcome) == [BAKER, LANE]
    assert {entry.article for entry in found.outcome.ledger} == {0}
    assert found.outcome.ledger == tuple(sorted(found.outcome.ledger, key=lambda entry: (entry.start, entry.end)))
    tiles(found)


def test_the_thresholds_are_settings() -> None:
    assert flags(traced(review_threshold=0.9).outcome) == []
    sure = traced(split_threshold=0.25).outcome
    assert len(sure.articles) == 3
    assert flags(sure) == []


def test_a_place_shows_its_lines_and_where_it_stands() -> None:
    found = traced()
    first, second = review.places(from_bytes("scenes.txt", SCENES.encode()), found, 2)
    assert (first.at, first.line, second.at, second.line) == (BAKER, 7, LANE, 13)
    assert [line.by for line in first.lines] == [-2, -1, 0, 1, 2]
    assert [line.text[:10] for line in first.lines] == ["Nobody in ", "* * *", "The baker ", "In the end", "* * *"]
    assert all(SCENES.startswith(line.text, line.at) for line in first.lines)
    assert (first.rule, first.confidence, first.made, first.source) == ("separator", 0.3, False, SOURCE)
    assert first.why == ("stars=3 +2.50",)
    assert first.decided(MOVE, 1) == Decision(
        SOURCE, BAKER, MOVE, first.quote, DAUGHTER, decisions.quote_of(SCENES[DAUGHTER:]), "scenes.txt"
    )


# --- decisions are honoured -------------------------------------------------------------------------------------------


def test_an_accepted_cut_is_made_by_review_and_certain() -> None:
    found = traced(known=decided(Decision(SOURCE, BAKER, ACCEPT)))
    assert [(article.split_by, article.split_confidence) for article in found.outcome.articles] == [("whole", 1), ("review", 1)]
    assert starts(found.outcome)[1] == BAKER
    assert flags(found.outcome) == [LANE]
    assert [entry.article for entry in found.outcome.ledger if entry.start == LANE] == [1]
    tiles(found)


def test_a_rejected_cut_is_never_made_however_sure() -> None:
    found = traced(known=decided(Decision(SOURCE, BAKER, REJECT)), split_threshold=0.25)
    assert starts(found.outcome)[1:] == [LANE]
    assert flags(found.outcome) == []
    tiles(found)


def test_a_moved_cut_is_made_where_it_was_moved() -> None:
    found = traced(known=decided(Decision(SOURCE, BAKER, MOVE, to=DAUGHTER)), split_threshold=0.25)
    assert starts(found.outcome)[1:] == [DAUGHTER, LANE]
    assert [article.split_by for article in found.outcome.articles] == ["whole", "review", "separator"]
    tiles(found)


def test_a_cut_nobody_proposed_can_be_made() -> None:
    assert starts(traced(known=decided(Decision(SOURCE, DAUGHTER, ACCEPT))).outcome)[1:] == [DAUGHTER]


def test_other_bytes_are_asked_about_again_and_another_name_is_not() -> None:
    known = decided(Decision(SOURCE, BAKER, ACCEPT))
    assert len(traced(known=known, name="elsewhere/renamed.text").outcome.articles) == 2
    changed = traced(SCENES + "\nOne more line.\n", known).outcome
    assert len(changed.articles) == 1
    assert BAKER in flags(changed)
    assert changed.warnings == ()


@pytest.mark.parametrize(
    "one",
    [
        Decision(SOURCE, BAKER + 1, ACCEPT),
        Decision(SOURCE, BAKER, ACCEPT, quote="The butcher"),
        Decision(SOURCE, 0, ACCEPT),
        Decision(SOURCE, BAKER, MOVE, to=10**9),
        Decision(SOURCE, BAKER, MOVE, to=DAUGHTER, to_quote="In the beginning"),
    ],
)
def test_a_decision_that_fits_no_line_is_not_honoured_and_said(one: Decision) -> None:
    found = traced(known=decided(one)).outcome
    assert len(found.articles) == 1
    assert flags(found) == [BAKER, LANE]
    assert [f"{one.decision} at {one.at}" in warning for warning in found.warnings] == [True]


def test_an_export_keeps_its_own_parts_and_says_so() -> None:
    text = (
        "1 of 2 DOCUMENTS\n\nThe Fen Letter\n\nMarch 3, 2011 Thursday\n\nA bell\n\nBYLINE: Ada Quill\n\nLENGTH: 12 words\n\n"
        "The bell was cast twice and rang once, and then it was sold.\n\nLOAD-DATE: March 3, 2011\n\n\n"
        "2 of 2 DOCUMENTS\n\nThe Fen Letter\n\nMarch 4, 2011 Friday\n\nA rope\n\nBYLINE: Ada Quill\n\nLENGTH: 12 words\n\n"
        "The rope was kept, and nobody could say what for in the end.\n\nLOAD-DATE: March 4, 2011\n"
    )
    at = text.index("The rope was")
    found = traced(text, decided(Decision(digest_of(text), at, ACCEPT)))
    assert found.outcome.export is not None
    assert len(found.outcome.articles) == 2
    assert any("not honoured" in warning for warning in found.outcome.warnings)
    with pytest.raises(SettingsError, match="its own lines decide"):
        list(review.checked([Decision(digest_of(text), at, ACCEPT)], from_bytes("a", text.encode()), found, "rows"))


texts = st.lists(
    st.sampled_from(["* * *", "By Ada Quill", "A bell", "The bell was cast twice and rang once. " * 3, ""]), max_size=14
)


@given(texts, st.data())
def test_tiling_order_and_determinism_hold_with_decided_cuts(lines: list[str], data: st.DataObject) -> None:
    text = "A first line.\n" + "\n\n".join(lines)
    begins = [block.start for block in traced(text).page.blocks]
    made = data.draw(st.lists(st.sampled_from(begins), unique=True))
    kinds = [data.draw(st.sampled_from([ACCEPT, REJECT])) for _ in made]
    known = decided(*(Decision(digest_of(text), at, kind) for at, kind in zip(made, kinds, strict=True)))
    found = traced(text, known)
    tiles(found)
    assert found.outcome == traced(text, known).outcome
    cuts = {segment.blocks[0].start for segment in found.segments[1:]}
    for at, kind in zip(made, kinds, strict=True):
        assert at == begins[0] or (at in cuts) is (kind == ACCEPT)


# --- the file ---------------------------------------------------------------------------------------------------------


def _line(**changed: Any) -> str:
    return json.dumps({"source": SOURCE, "at": 5, "decision": ACCEPT} | changed)


HOSTILE = [
    (b"\xff\xfe{}", "line 1: this is no JSON object"),
    (b"{", "line 1: this is no JSON object"),
    (b"[" * 100_000, "line 1: this is no JSON object"),
    (b"[]", "line 1: this is no JSON object"),
    (b'{"at": ' + b"9" * 5000 + b"}", "line 1: this is no JSON object"),
    (_line() + "\n\n" + _line(), "line 3: offset 5 was decided on line 1 already"),
    (_line(at=9) + "\n" + _line(decision=MOVE, to=9) + "\n" + _line(at=11), None),
    (_line(at=9, decision=REJECT) + "\n" + _line(decision=MOVE, to=9), "line 2: it contradicts line 1"),
    (_line(decision=MOVE, to=5), "line 1: it is moved to where it is"),
    (_line(decision=MOVE), '"to" says where'),
    (_line(to=9), '"to" says where'),
    (_line(to_quote="x"), '"to" says where'),
    (_line(at=-1), "at is -1, not an offset"),
    (_line(at=True), "at is True, not an offset"),
    (_line(at=5.0), "at is 5.0, not an offset"),
    (_line(at=10**40), "at is too large a number"),
    (_line(source="../../etc"), "source is '../../etc', not the sha256"),
    (_line(source=SOURCE.upper()), "not the sha256"),
    (_line(decision="delete"), "decision is 'delete', not one of accept, reject, move"),
    (_line(decision=["accept"]), "decision is a list"),
    (_line(quote="x" * 61), "quote is"),
    (_line(quote=""), "quote is ''"),
    (_line(decison="x"), "unknown key 'decison', did you mean decision?"),
    (json.dumps({"source": SOURCE, "at": 5}), "line 1: decision is missing"),
]


@pytest.mark.parametrize(("data", "told"), HOSTILE)
def test_a_hostile_file_is_refused_with_place_and_cause(data: str | bytes, told: str | None, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(data if isinstance(data, bytes) else data.encode())
    if told is None:
        assert len(decisions.load(tmp_path).about(SOURCE)) == 3
        return
    with pytest.raises(SettingsError) as refused:
        process.prepare(load(decisions=tmp_path))
    assert told in str(refused.value)
    assert FILE in refused.value.place
    assert refused.value.remedy


def test_a_folder_that_cannot_be_one_is_refused_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    assert decisions.load(tmp_path / "nowhere") == Decisions()
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="file"):
        decisions.load(tmp_path / "file")


def test_what_is_stored_is_read_again_whatever_the_quote(tmp_path: Path) -> None:
    odd = Decision(SOURCE, 5, ACCEPT, 'a \ud800 \u2028 \x85 " line', file="a\nb")
    review.store(tmp_path, [odd, Decision(SOURCE, 9, REJECT)])
    assert decisions.load(tmp_path).about(SOURCE) == (odd, Decision(SOURCE, 9, REJECT))
    review.store(tmp_path, [Decision(SOURCE, 5, REJECT)])
    assert [one.decision for one in decisions.load(tmp_path).about(SOURCE)] == [REJECT, REJECT]
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(SettingsError, match="contradicts"):
        review.store(tmp_path, [Decision(SOURCE, 7, MOVE, to=9)])
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert (tmp_path / FILE).read_bytes() == before


# --- runs -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    for number in range(4):
        text = f"The weather of day {number}\n\nIt rained on the fen until noon, and after that the wind had it all to itself.\n"
        (tmp_path / "raw" / f"day {number}.txt").write_text(text, encoding="utf-8")
    (tmp_path / "raw" / "scenes.txt").write_text(SCENES, encoding="utf-8")
    return load(batch_files=1)


def test_a_decision_re_processes_the_file_it_is_about_and_no_other(settings: Settings) -> None:
    dataset.build(settings)
    assert dataset.unsure(settings.out) == {"scenes.txt"}
    review.store(settings.decisions, [Decision(SOURCE, BAKER, ACCEPT), Decision(digest_of("elsewhere"), 3, REJECT)])
    with dataset.locked(settings.out):
        todo = dataset.plan(settings)
        assert [item.uri for batch in todo.batches for item in batch.items] == ["scenes.txt"]
        dataset.commit(todo, [dataset.work(batch, settings, todo.staging) for batch in todo.batches])
    assert [row["split_by"] for row in rows(settings.out)["articles"] if row["source_file"] == "scenes.txt"] == [
        "whole",
        "review",
    ]
    sound(settings)
    assert not dataset.build(settings).changed
    (settings.raw / "scenes.txt").rename(settings.raw / "zz.txt")
    assert dataset.build(settings).totals.articles == 6
    (settings.decisions / FILE).unlink()
    assert dataset.build(settings).totals.articles == 5
    fresh = settings.model_copy(update={"out": settings.out.with_name("fresh")})
    dataset.build(fresh)
    assert rows(settings.out) == rows(fresh.out)


# --- the command ------------------------------------------------------------------------------------------------------


def _winnow(*args: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, hoisted([str(arg) for arg in args]), input=stdin, catch_exceptions=False)


def _listed(*args: object) -> list[dict[str, Any]]:
    result = _winnow("review", "--list", "--json", *args)
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("settings")
def test_answers_are_stored_and_what_is_decided_is_not_asked_again() -> None:
    said = _winnow("review", stdin="what?\n+99\n+1\ns\n")
    assert said.exit_code == 0
    assert "scenes.txt:7: does an article begin at >" in said.stdout
    assert said.stdout.count("is none of these") == 2
    assert "1 decisions stored" in said.stdout
    assert [(one["at"], one["line"]) for one in _listed()] == [(LANE, 13)]
    assert _winnow("review", stdin="r\n").exit_code == 0
    assert _listed() == []
    assert [one["at"] for one in _listed("--all")] == []
    known = decisions.load(load().decisions).about(SOURCE)
    assert [(one.at, one.decision, one.to) for one in known] == [(BAKER, MOVE, DAUGHTER), (LANE, REJECT, None)]
    assert all(one.quote and one.file == "scenes.txt" for one in known)


@pytest.mark.usefixtures("settings")
def test_quitting_or_the_end_of_input_keeps_what_was_decided_before() -> None:
    for stdin in ("a\nq\n", "a\n"):
        assert _winnow("review", "raw/scenes.txt", stdin=stdin).exit_code == 0
        assert [one.decision for one in decisions.load(load().decisions).about(SOURCE)] == [ACCEPT]
        (load().decisions / FILE).unlink()


@pytest.mark.usefixtures("settings")
def test_an_answer_that_contradicts_an_earlier_one_is_refused_and_asked_again() -> None:
    said = _winnow("review", stdin="r\n-3\nq\n")
    assert "contradicts" in said.stderr
    assert [one.at for one in decisions.load(load().decisions).about(SOURCE)] == [BAKER]


def test_listed_places_become_decisions(settings: Settings) -> None:
    dataset.build(settings)
    first, second = _listed("processed")
    to = next(line["at"] for line in first["lines"] if line["by"] == 1)
    given = [first | {"decision": MOVE, "to": to}, second | {"decision": ACCEPT}]
    (settings.raw.parent / "given.jsonl").write_text("\n".join(map(json.dumps, given)), encoding="utf-8")
    assert _winnow("review", "--decide", "given.jsonl").exit_code == 0
    dataset.build(settings)
    assert dataset.unsure(settings.out) == set()
    at = {row["uri"]: row["articles"] for row in rows(settings.out)["documents"]}
    assert at["scenes.txt"] == 3
    assert "scenes.txt" not in _winnow("review", "--list").stdout


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("row", "told"),
    [
        (_line(at=BAKER + 1), "no line begins there"),
        (_line(at=BAKER, quote="The butcher"), "no line begins there"),
        (_line(source=digest_of("elsewhere")), "no file with the digest"),
        (_line(at=BAKER, reason="so"), "unknown key 'reason'"),
    ],
)
def test_a_wrong_row_is_refused_and_nothing_is_stored(row: str, told: str) -> None:
    result = _winnow("review", "--decide", "-", stdin=_line(at=LANE) + "\n" + row)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "standard input" in result.stderr
    assert not load().decisions.exists()


def test_cuts_that_are_made_can_be_looked_at_and_rejected(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_SPLIT_THRESHOLD", "0.25")
    assert _listed() == []
    made = _listed("--all")
    assert [(one["at"], one["made"]) for one in made] == [(BAKER, True), (LANE, True)]
    assert _winnow("review", "--decide", "-", stdin=json.dumps(made[0] | {"decision": REJECT})).exit_code == 0
    again = load(batch_files=1)
    assert dataset.build(again).totals.articles == 6
    assert settings.decisions == again.decisions
