"""Copies among articles: which they are, in whatever order, and a table of them that is committed exactly once."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from dataset_samples import PLACES, module, sound
from test_recovery import Killed, Killer

from bench.dedupe import BAR, corpus, measure
from pipeline import dataset, dedupe
from pipeline.dataset.clusters import check_duplicates
from pipeline.dataset.layout import Layout
from pipeline.errors import DatasetError
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2021, 3, 4)


@pytest.mark.parametrize("dense", [False, True])
def test_known_copies_are_found_and_no_others(dense: bool) -> None:  # noqa: FBT001
    scores = measure(corpus(1000, seed=7, dense=dense))
    assert min(scores.precision, scores.recall) >= BAR
    assert scores.same


def kinds(*stories: tuple[str, dt.date | None, str | None]) -> list[str | None]:
    """The kind of each (text, date, publisher); "alone" for what is in no cluster."""
    texts = [text for text, _, _ in stories]
    copies = [dedupe.Copy(f"{n:032x}", date, name, None, len(text)) for n, (text, date, name) in enumerate(stories)]
    found = {row.id: row.kind for row in dedupe.duplicates(copies, dedupe.sign(texts))}
    return [found.get(copy.id, "alone") for copy in copies]


STORY = " ".join(corpus(1, seed=3)[0][0].split()[:200])
OTHER = corpus(1, seed=4)[0][0]
LONGER = f"{STORY} {' '.join(OTHER.split()[:60])}"


def test_the_same_words_are_exact_whatever_case_width_and_punctuation() -> None:
    shouted = STORY.upper().replace(" ", " — \n", 5)
    assert kinds((STORY, DAY, "Post"), (shouted, DAY, "Post"), (OTHER, DAY, "Post")) in (
        [None, "exact", "alone"],
        ["exact", None, "alone"],
    )


def test_copies_elsewhere_are_near_and_later_or_longer_ones_of_the_same_outlet_updates() -> None:
    later = DAY + dt.timedelta(days=2)
    assert kinds((STORY, DAY, "Post"), (LONGER, later, "Herald")) == [None, "near"]
    assert kinds((STORY, DAY, "Post"), (LONGER, later, "The Post")) == [None, "near"]
    assert kinds((STORY, DAY, "Post"), (LONGER, later, "POST")) == [None, "update"]
    assert kinds((STORY, DAY, "Post"), (LONGER, None, "Post")) == [None, "near"]
    assert kinds((LONGER, later, "Post"), (STORY, DAY, "Post"), (LONGER, later, "Herald")) == ["update", None, "exact"]
    # Of one day the longest stands for all; a version that grew since is an update of the shorter one, whatever stands for them.
    assert kinds((STORY, DAY, "Post"), (LONGER, DAY, "Post")) == ["near", None]
    assert kinds((OTHER + STORY, DAY, "Wire"), (STORY, DAY, "Post"), (LONGER, DAY, "Post"))[1:] == ["near", "update"]


def test_short_texts_are_copies_only_if_exact() -> None:
    assert kinds(("Rain in the north", None, None), ("Rain in the south", None, None)) == ["alone", "alone"]
    assert kinds(("Rain in the north", None, None), ("rain in the north.", None, None)) == ["exact", None]
    assert kinds(("…", None, None), ("!!", None, None), ("!!", None, None)) == ["alone", None, "exact"]


def test_a_family_of_thousands_costs_no_square_of_it() -> None:
    draw = random.Random(5)  # noqa: S311
    words = STORY.split()
    texts = [" ".join([*words, *(draw.choice(words) for _ in range(12))]) for _ in range(3000)]
    signed = dedupe.sign(texts)
    copies = [dedupe.Copy(f"{number:032x}", None, None, None, len(text)) for number, text in enumerate(texts)]
    compared: list[int] = []
    real = dedupe._are_near

    def counted(number: int, others: Any, of: dedupe.Signed) -> Any:
        compared.append(len(others))
        return real(number, others, of)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dedupe, "_are_near", counted)
        found = dedupe.duplicates(copies, signed)
    assert len({row.cluster for row in found}) == 1
    assert len(found) == len(texts)
    assert sum(compared) < dedupe.BANDS * len(texts)


# --- the table --------------------------------------------------------------------------------------------------------


def story(number: int) -> str:
    """A story unlike all others."""
    place, words = PLACES[number % len(PLACES)], corpus(1, seed=100 + number)[0][0].split()[:120]
    parts = [" ".join(words[at : at + 30]).capitalize() for at in range(0, 120, 30)]
    return f"{place} waits for its crane\n\n" + "\n\n".join(f"{part}." for part in parts) + "\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six stories, an exact copy, and one that lost a paragraph."""
    folder = tmp_path_factory.mktemp("built")
    raw = folder / "raw"
    raw.mkdir()
    for number in range(6):
        (raw / f"{number}.txt").write_text(story(number), encoding="utf-8")
    (raw / "again 2.txt").write_text(story(2), encoding="utf-8")
    (raw / "cut 3.txt").write_text(story(3).rpartition("\n\n")[0], encoding="utf-8")
    dataset.build(load(raw=raw, out=folder / "out", batch_files=2, keep_commits=1))
    return folder


@pytest.fixture
def settings(built: Path, tmp_path: Path) -> Settings:
    shutil.copytree(built, tmp_path / "here")
    return load(raw=tmp_path / "here" / "raw", out=tmp_path / "here" / "out", batch_files=2, keep_commits=1)


def table(settings: Settings) -> list[dict[str, Any]]:
    files = {row["id"]: row["source_file"] for row in dataset.open_dataset(settings.out).to_table().to_pylist()}
    rows = dataset.open_dataset(settings.out, "duplicates").to_table().to_pylist()
    assert rows == pq.read_table(settings.out / "duplicates").to_pylist()
    return [{**row, "file": files[row["id"]]} for row in rows]


def test_the_table_names_all_copies_and_drops_nothing(settings: Settings) -> None:
    with pytest.raises(DatasetError, match="winnow flow dedupe"):
        dataset.open_dataset(settings.out, "duplicates")
    before = dataset.open_dataset(settings.out).to_table()
    done = dataset.find_duplicates(settings)
    assert (done.number, done.changed, done.added) == (2, True, (f"duplicates/{done.derived[0].name}",))
    found = table(settings)
    assert {row["file"] for row in found} == {"2.txt", "again 2.txt", "3.txt", "cut 3.txt"}
    assert sorted(str(row["kind"]) for row in found) == ["None", "None", "exact", "near"]
    assert dataset.open_dataset(settings.out).to_table() == before
    assert not dataset.find_duplicates(settings).changed
    assert not dataset.build(settings).changed
    sound(settings)


def test_only_new_batches_are_signed_and_compaction_keeps_the_table(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset.find_duplicates(settings)
    found = table(settings)
    signed: list[int] = []
    real = dedupe.sign

    def sign(texts: list[str]) -> dedupe.Signed:
        signed.append(len(texts))
        return real(texts)

    monkeypatch.setattr(dedupe, "sign", sign)
    dataset.compact(settings)
    assert table(settings) == found
    assert not dataset.find_duplicates(settings).changed
    assert signed == []
    (settings.raw / "cut 3.txt").unlink()
    dataset.build(settings)
    sound(settings)
    assert not list((settings.out / "duplicates").iterdir())
    dataset.find_duplicates(settings)
    assert sum(signed) <= 3
    assert {row["file"] for row in table(settings)} == {"2.txt", "again 2.txt"}
    sound(settings)


def test_signatures_that_are_broken_or_gone_are_made_again(settings: Settings) -> None:
    dataset.find_duplicates(settings)
    found = table(settings)
    first, second = sorted(Layout(settings.out).signatures.iterdir())[:2]
    first.write_bytes(b"PAR1")
    second.unlink()
    (settings.out / "duplicates" / "duplicates.parquet").unlink()
    assert dataset.find_duplicates(settings).changed
    assert table(settings) == found
    sound(settings)


def test_verify_checks_what_the_table_refers_to() -> None:
    first, second = "0" * 32, "1" * 32
    rows: list[dict[str, Any]] = [
        {"id": first, "cluster": first, "kind": None, "representative": first, "similarity": 1.0},
        {"id": second, "cluster": first, "kind": "near", "representative": first, "similarity": 0.5},
    ]
    known = {("articles", first), ("articles", second)}
    assert not list(check_duplicates(rows, known))
    changes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"id": "2" * 32}, "no such article"),
        ({"id": first}, "occurs twice"),
        ({"kind": "like"}, "kind is 'like'"),
        ({"kind": None}, "kind is None"),
        ({"similarity": 1.5}, "similarity is 1.5"),
        ({"cluster": second}, "one member"),
        ({"representative": second}, "representative is not one"),
    )
    for change, told in changes:
        causes = [problem.cause for problem in check_duplicates([rows[0], {**rows[1], **change}], known)]
        assert any(told in cause for cause in causes), (change, causes)


FEW = range(3, 60, 9)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [*FEW, *(pytest.param(at, marks=pytest.mark.long) for at in range(1, 60) if at not in FEW)])
def test_killed_at_any_call_the_next_run_makes_it_whole(
    after: bool,  # noqa: FBT001
    at: int,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        killer = Killer(patch, at, after=after)
        with contextlib.suppress(Killed):
            dataset.find_duplicates(settings)
    assert killer.done or at > 30
    dataset.find_duplicates(settings)
    assert dataset.numbers(settings.out) == [1, 2]
    assert len(table(settings)) == 4
    assert not dataset.build(settings).changed
    sound(settings)


def test_an_older_dataset_is_migrated_first(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module("duplicates"), "SCHEMA_VERSION", "99")
    with pytest.raises(DatasetError, match="winnow flow compact"):
        dataset.find_duplicates(settings)
