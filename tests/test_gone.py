"""Setting keep_deleted: the rows of files that are gone stay, marked, until their files come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from containers import zipped
from dataset_samples import content, make_raw, prose, rows, sound

from pipeline import dataset
from pipeline.settings import Settings, load
from pipeline.table import GONE, OK

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load(raw=make_raw(tmp_path / "raw"), out=tmp_path / "out", batch_files=3, keep_deleted=True)


def of(found: dict[str, list[dict[str, Any]]], uri: str) -> dict[str, Any]:
    """The rows of one file, but for its status."""
    documents = [{**row, "status": None} for row in found["documents"] if row["uri"] == uri]
    ids = {row["document_id"] for row in documents}
    others = {table: [row for row in found[table] if row["document_id"] in ids] for table in ("articles", "ledger")}
    return {"documents": documents} | others


def statuses(settings: Settings) -> dict[str, str]:
    return {row["uri"]: row["status"] for row in rows(settings.out)["documents"]}


def test_rows_of_a_deleted_file_stay_and_say_so(settings: Settings) -> None:
    dataset.build(settings)
    before = rows(settings.out)
    (settings.raw / "story 4.txt").unlink()
    (settings.raw / "empty.txt").unlink()
    made = dataset.build(settings)
    assert (made.totals.sources, made.totals.articles) == (10, 9)
    found = statuses(settings)
    assert (found["story 4.txt"], found["story 5.txt"]) == (GONE, OK)
    assert "empty.txt" not in found  # there was nothing of it to keep
    assert of(rows(settings.out), "story 4.txt") == of(before, "story 4.txt")
    sound(settings)
    assert not dataset.build(settings).changed


def test_a_file_that_comes_back_takes_its_rows_place(settings: Settings, tmp_path: Path) -> None:
    dataset.build(settings)
    left = (settings.raw / "story 4.txt").read_bytes()
    for name in ("story 4.txt", "story 5.txt"):
        (settings.raw / name).unlink()
    dataset.build(settings)
    (settings.raw / "story 4.txt").write_bytes(left + b"\nThe harbour master had the last word on that, as ever.\n")
    dataset.build(settings)
    assert (statuses(settings)["story 4.txt"], statuses(settings)["story 5.txt"]) == (OK, GONE)
    sound(settings)
    (settings.raw / "story 4.txt").write_bytes(left)
    (settings.raw / "story 5.txt").write_text(prose(5), encoding="utf-8")
    dataset.build(settings)
    sound(settings)
    whole = settings.model_copy(update={"out": tmp_path / "anew"})
    dataset.build(whole)
    assert content(settings.out / "articles") == content(whole.out / "articles")


def test_without_the_setting_they_go(settings: Settings) -> None:
    dataset.build(settings)
    (settings.raw / "story 4.txt").unlink()
    dataset.build(settings)
    dataset.build(settings.model_copy(update={"keep_deleted": False}))
    assert "story 4.txt" not in statuses(settings)
    sound(settings)


def test_a_file_that_moved_is_not_gone_and_neither_is_one_left_out(settings: Settings) -> None:
    dataset.build(settings)
    (settings.raw / "story 0.txt").rename(settings.raw / "zuletzt.txt")
    dataset.build(settings.model_copy(update={"exclude": ("story 6.txt",)}))
    found = statuses(settings)
    assert "story 0.txt" not in found
    assert "story 6.txt" not in found
    assert GONE not in found.values()


def test_other_rules_leave_what_is_gone_as_it_is(settings: Settings) -> None:
    dataset.build(settings)
    (settings.raw / "story 4.txt").unlink()
    dataset.build(settings)
    before = rows(settings.out)
    other = settings.model_copy(update={"keep_captions": True, "ledger_text": False})
    dataset.build(other)
    assert of(rows(settings.out), "story 4.txt") == of(before, "story 4.txt")
    sound(other)
    assert not dataset.build(other).changed


def test_files_put_together_give_up_their_gone_rows_once(settings: Settings) -> None:
    with (settings.raw / "two.zip").open("wb") as file:
        file.write(zipped({"a.txt": prose(21), "b.txt": prose(22)}))
    dataset.build(settings)
    dataset.compact(settings)
    for name in ("two.zip", "story 2.txt"):
        (settings.raw / name).unlink()
    made = dataset.build(settings)
    assert made.totals.articles == 11
    sound(settings)
    dataset.compact(settings)
    sound(settings)
    assert sorted(uri for uri, status in statuses(settings).items() if status == GONE) == ["story 2.txt", "two.zip"]
    assert not dataset.build(settings).changed
