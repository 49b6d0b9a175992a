from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline import dataset
from pipeline.dataset.layout import Layout
from pipeline.errors import DatasetError
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STORIES = {
    "a.txt": (
        "The lamps of Tolby\n\n"
        "The lamps of Tolby were lit again on Sunday after a winter in which the town had gone without them. "
        "The lamplighter needed an hour for the whole of the high street.\n\n"
        "People stood at their doors and watched, and a few of them clapped when he reached the last lamp.\n\n"
        "You may also like\n"
    ),
    "b.html": (
        "<html><head><title>Wool fair</title></head><body><h1>Wool &amp; thread</h1>"
        "<p>The wool fair drew more sellers than buyers this year, and so the prices fell by a third before the first "
        "evening was over.</p>"
        "<p>Those who stayed until Sunday went home with more than they had come for.</p></body></html>"
    ),
    "empty.txt": "",
}

Row = dict[str, Any]
Rows = dict[str, list[Row]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "raw").mkdir()
    for name, text in STORIES.items():
        (tmp_path / "raw" / name).write_text(text, encoding="utf-8")
    made = load(raw=tmp_path / "raw", out=tmp_path / "out", batch_files=100)
    dataset.build(made)
    return made


def problems(settings: Settings) -> list[dataset.Problem]:
    return dataset.verify(settings.out, settings.raw)


def published(settings: Settings, table: str) -> Path:
    (path,) = (settings.out / table).glob("*.parquet")
    return path


def forge(settings: Settings, change: Callable[[Rows], object]) -> None:
    """The rows changed by someone who knows how to hide it from digests and row counts."""
    tables = {table: pq.read_table(published(settings, table)) for table in dataset.TABLES}
    rows = {table: read.to_pylist() for table, read in tables.items()}
    change(rows)
    record = Layout(settings.out).record(1)
    said = json.loads(record.read_text())
    for table, read in tables.items():
        path = published(settings, table)
        path.unlink()
        pq.write_table(pa.Table.from_pylist(rows[table], schema=read.schema), path)
        stored = Layout(settings.out).stored(table, said["batches"][0]["name"])
        stored.unlink()
        os.link(path, stored)
        for file in said["batches"][0]["files"]:
            if file["table"] == table:
                file.update(rows=len(rows[table]), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    record.write_text(json.dumps(said))


def test_a_sound_dataset_has_no_problems(settings: Settings) -> None:
    assert problems(settings) == []
    forge(settings, lambda _: None)
    assert problems(settings) == []


def test_without_raw_only_the_dataset_is_checked(settings: Settings) -> None:
    for path in settings.raw.iterdir():
        path.unlink()
    assert dataset.verify(settings.out) == []


def test_no_dataset_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no dataset here"):
        dataset.verify(tmp_path)


def _text(rows: Rows) -> None:
    rows["articles"][0]["text"] = rows["articles"][0]["text"].replace("Sunday", "Monday")


def _entity(rows: Rows) -> None:
    article = rows["articles"][1]
    article["text"] = article["text"].replace("sellers", "tellers")


def _longer(rows: Rows) -> None:
    rows["articles"][0]["text"] += " More."


def _article_gone(rows: Rows) -> None:
    del rows["articles"][0]


def _article_twice(rows: Rows) -> None:
    rows["articles"].insert(0, dict(rows["articles"][0]))


def _no_document(rows: Rows) -> None:
    rows["articles"][0]["document_id"] = "0" * 32


def _document_gone(rows: Rows) -> None:
    rows["documents"] = [row for row in rows["documents"] if row["uri"] != "empty.txt"]


def _document_id(rows: Rows) -> None:
    for table in rows.values():
        for row in table:
            row["document_id"] = row["document_id"][::-1]


def _ledger_gone(rows: Rows) -> None:
    rows["ledger"] = [row for row in rows["ledger"] if row["action"] != "dropped"]


def _ledger_moved(rows: Rows) -> None:
    entry = next(row for row in rows["ledger"] if row["action"] == "dropped")
    entry["start"], entry["end"] = entry["start"] - 5, entry["end"] - 5


def _ledger_twice(rows: Rows) -> None:
    rows["ledger"].insert(0, dict(next(row for row in rows["ledger"] if row["action"] == "dropped")))


def _ledger_beyond(rows: Rows) -> None:
    rows["ledger"][-1].update(start=10_000, end=10_005)


def _ledger_backwards(rows: Rows) -> None:
    entry = rows["ledger"][0]
    entry["start"], entry["end"] = entry["end"], entry["start"]


def _ledger_article(rows: Rows) -> None:
    rows["ledger"][0]["article_id"] = "f" * 32


def _ledger_action(rows: Rows) -> None:
    rows["ledger"][0]["action"] = "lost"


def _ledger_label(rows: Rows) -> None:
    rows["ledger"][0]["label"] = "nonsense"


def _ledger_rule(rows: Rows) -> None:
    rows["ledger"][0]["rule"] = None


def _kept_order(rows: Rows) -> None:
    rows["articles"][0]["kept"].reverse()


def _kept_moved(rows: Rows) -> None:
    kept = rows["articles"][0]["kept"][-1]
    kept["start"], kept["end"] = kept["start"] + 1, kept["end"] + 1


def _kept_gone(rows: Rows) -> None:
    del rows["articles"][0]["kept"][-1]


def _kept_how(rows: Rows) -> None:
    rows["articles"][0]["kept"][0]["how"] = "magic"


def _position(rows: Rows) -> None:
    rows["articles"][0]["position"] = 4


def _char_count(rows: Rows) -> None:
    rows["articles"][0]["char_count"] += 1


def _empty_for_null(rows: Rows) -> None:
    rows["articles"][0]["publisher"] = ""


def _bad_id(rows: Rows) -> None:
    rows["articles"][1]["id"] = "short"


def _other_digest(rows: Rows) -> None:
    rows["articles"][0]["source_sha256"] = "0" * 64


def _declared(rows: Rows) -> None:
    rows["documents"][0]["declared"] = 500


def _status(rows: Rows) -> None:
    rows["documents"][0]["status"] = "rejected"


def _gone(rows: Rows) -> None:
    rows["documents"][0]["status"] = "gone"


def _no_reason(rows: Rows) -> None:
    rows["documents"][-1]["reason"] = None


def _counts(rows: Rows) -> None:
    rows["documents"][0]["characters_kept"] += 1


def _encoding(rows: Rows) -> None:
    rows["documents"][0]["encoding"] = "cp1252"
    rows["articles"][0]["encoding"] = "cp1252"


def _text_digest(rows: Rows) -> None:
    rows["documents"][0]["text_sha256"] = "0" * 64


def _unsorted(rows: Rows) -> None:
    rows["documents"].reverse()


def _article_id(rows: Rows) -> None:
    article = rows["articles"][0]
    for entry in rows["ledger"]:
        entry["article_id"] = "e" * 32 if entry["article_id"] == article["id"] else entry["article_id"]
    article["id"] = "e" * 32


def _row_rules(rows: Rows) -> None:
    rows["articles"][1]["ruleset"] = "0" * 64


def _row_version(rows: Rows) -> None:
    rows["documents"][1]["pipeline_version"] = "9.9"


def _ledger_rule_renamed(rows: Rows) -> None:
    rows["ledger"][0]["rule"] = "another.rule"


FORGED = [
    (_article_id, "articles", "a.txt", "the id is not that of this document and first kept offset"),
    (_row_rules, "articles", "b.html", "ruleset is '0000"),
    (_row_version, "documents", "b.html", "pipeline_version is '9.9'"),
    (_ledger_rule_renamed, "ledger", "", "another.rule' where the commit counts 0 of 0"),
    (_ledger_gone, "ledger", "", "where the commit counts"),
    (_text, "articles", "a.txt", "Monday after"),
    (_entity, "articles", "b.html", "where the source gives"),
    (_longer, "articles", "a.txt", "comes from nowhere"),
    (_article_gone, "documents", "a.txt", "1 articles are counted and 0 are there"),
    (_article_twice, "articles", "a.txt", "the id occurs twice"),
    (_no_document, "articles", "a.txt", "is not in the documents table"),
    (_document_gone, "documents", "", "2 sources where 3 went in"),
    (_document_id, "documents", "a.txt", "the id is not that of this uri"),
    (_ledger_gone, "ledger", "a.txt", "'You may also like' is nowhere accounted for"),
    (_ledger_moved, "ledger", "a.txt", "is accounted for 2 times"),
    (_ledger_twice, "ledger", "a.txt", "is accounted for 2 times"),
    (_ledger_beyond, "ledger", "", "beyond the source"),
    (_ledger_backwards, "ledger", "", "ends before it begins"),
    (_ledger_article, "ledger", "", "is no article of this document"),
    (_ledger_action, "ledger", "", "'lost' is no action"),
    (_ledger_label, "ledger", "", "'nonsense' is no label"),
    (_ledger_rule, "ledger", "", "no rule is named"),
    (_kept_order, "articles", "a.txt", "does not rise"),
    (_kept_moved, "articles", "a.txt", "where the source gives"),
    (_kept_gone, "articles", "a.txt", "comes from nowhere"),
    (_kept_how, "articles", "a.txt", "there is no function 'magic'"),
    (_position, "articles", "a.txt", "position 4 where 0 was due"),
    (_char_count, "articles", "a.txt", "and text has"),
    (_empty_for_null, "articles", "a.txt", "missing must be null"),
    (_bad_id, "articles", "b.html", "not 32 hex digits"),
    (_other_digest, "articles", "a.txt", "and the documents table says"),
    (_declared, "documents", "a.txt", "500 articles are declared and"),
    (_status, "documents", "a.txt", "it is rejected, and there are articles"),
    (_gone, "documents", "a.txt", "it is gone, and stands without what is gone"),
    (_no_reason, "documents", "empty.txt", "the reason is None"),
    (_counts, "documents", "a.txt", "characters are counted and the spans hold"),
    (_encoding, "documents", "a.txt", "'cp1252', and the source gives 'utf-8'"),
    (_text_digest, "documents", "a.txt", "and the source gives"),
    (_unsorted, "documents", "", "not sorted"),
]


@pytest.mark.parametrize(("change", "table", "uri", "cause"), FORGED, ids=[case[0].__name__ for case in FORGED])
def test_forged_rows_are_named(change: Callable[[Rows], None], table: str, uri: str, cause: str, settings: Settings) -> None:
    forge(settings, change)
    found = problems(settings)
    named = [one for one in found if one.table == table and uri in one.document and cause in one.cause]
    assert named, found
    assert all(one.remedy for one in found)
    assert all(one.file.endswith(".parquet") and f"/{one.table}/" in one.file for one in named)


def _cut(settings: Settings) -> None:
    os.truncate(published(settings, "articles"), 1000)


def _one_bit(settings: Settings) -> None:
    path = published(settings, "ledger")
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)


def _missing_file(settings: Settings) -> None:
    published(settings, "documents").unlink()


def _stray(settings: Settings) -> None:
    path = published(settings, "articles")
    path.with_name("copy.parquet").write_bytes(path.read_bytes())


def _rewritten(settings: Settings) -> None:
    path = published(settings, "articles")
    pq.write_table(pq.read_table(path).slice(0, 1), path)


def _other_columns(settings: Settings) -> None:
    path = published(settings, "articles")
    pq.write_table(pq.read_table(path).drop_columns(["section"]), path)


def _other_rules(settings: Settings) -> None:
    path = published(settings, "articles")
    read = pq.read_table(path)
    pq.write_table(read.replace_schema_metadata({**read.schema.metadata, b"winnow.ruleset": b"other"}), path)


def _raw_changed(settings: Settings) -> None:
    (settings.raw / "a.txt").write_text(STORIES["a.txt"].replace("Sunday", "Monday"), encoding="utf-8")


def _raw_gone(settings: Settings) -> None:
    (settings.raw / "b.html").unlink()


def _record(settings: Settings, **changes: Any) -> None:
    path = Layout(settings.out).record(1)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _second_commit(settings: Settings) -> None:
    (settings.raw / "a.txt").write_text(STORIES["a.txt"].replace("Sunday", "Monday"), encoding="utf-8")
    dataset.build(settings)


def _stored(settings: Settings, table: str) -> Path:
    return min(Layout(settings.out).stored(table, "").parent.glob("*.parquet"))


def _record_cut(settings: Settings) -> None:
    os.truncate(Layout(settings.out).record(1), 200)


def _record_number(settings: Settings) -> None:
    _record(settings, number=7)


def _record_added(settings: Settings) -> None:
    _record(settings, added=[])


def _record_retired(settings: Settings) -> None:
    _record(settings, retired=["articles/0123456789abcdef"])


def _batch_twice(settings: Settings) -> None:
    _record(settings, batches=json.loads(Layout(settings.out).record(1).read_text())["batches"] * 2)


def _record_gap(settings: Settings) -> None:
    _second_commit(settings)
    Layout(settings.out).record(1).unlink()


def _old_record_cut(settings: Settings) -> None:
    _second_commit(settings)
    os.truncate(Layout(settings.out).record(1), 200)


def _second_name_gone(settings: Settings) -> None:
    _stored(settings, "ledger").unlink()


def _pinned_damaged(settings: Settings) -> None:
    path = _stored(settings, "articles")
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-9])


def _pinned_stray(settings: Settings) -> None:
    path = _stored(settings, "documents")
    path.with_name("0123456789abcdef.parquet").write_bytes(path.read_bytes())


def _other_schema(settings: Settings) -> None:
    path = published(settings, "ledger")
    read = pq.read_table(path)
    pq.write_table(read.replace_schema_metadata({**read.schema.metadata, b"winnow.schema_version": b"99"}), path)


def _shared(settings: Settings) -> None:
    given = settings.out.with_name("given")
    dataset.share(settings.out, given, settings)
    settings.out.rename(settings.out.with_name("whole"))
    given.rename(settings.out)


def _journal(settings: Settings) -> None:
    Layout(settings.out).journal.write_text("{}")


DAMAGED = [
    (_cut, "articles", "", "no sound Parquet file"),
    (_one_bit, "ledger", "", "not those that were written"),
    (_missing_file, "documents", "", "the file is missing"),
    (_stray, "articles", "", "not part of the dataset"),
    (_rewritten, "articles", "", "1 rows where 2 were written"),
    (_other_columns, "articles", "", "the columns are not those"),
    (_other_rules, "articles", "", "its ruleset is other"),
    (_raw_changed, "documents", "a.txt", "has changed since"),
    (_raw_gone, "documents", "b.html", "cannot be read"),
    (_record_cut, "_commits", "", "cannot be read"),
    (_record_number, "_commits", "", "says it is commit 7"),
    (_record_added, "_commits", "", "says were added"),
    (_record_retired, "_commits", "", "says were retired"),
    (_batch_twice, "_commits", "", "two batches have the slot"),
    (_record_gap, "_commits", "", "the record of this commit is missing"),
    (_old_record_cut, "_commits", "", "cannot be read"),
    (_second_name_gone, "_files", "", "the second name of"),
    (_pinned_damaged, "_files", "", "not those that were written"),
    (_pinned_stray, "_files", "", "no commit knows this file"),
    (_other_schema, "ledger", "", "its schema_version is 99"),
    (_shared, "articles", "", "shared without its text"),
    (_journal, "", "", "begun and not finished"),
]


@pytest.mark.parametrize(("damage", "table", "uri", "cause"), DAMAGED, ids=[case[0].__name__ for case in DAMAGED])
def test_damage_is_named(damage: Callable[[Settings], None], table: str, uri: str, cause: str, settings: Settings) -> None:
    damage(settings)
    found = problems(settings)
    assert [one for one in found if (one.table, one.document) == (table, uri) and cause in one.cause], found


def test_an_older_commit_that_is_sound_is_no_problem(settings: Settings) -> None:
    _second_commit(settings)
    assert problems(settings) == []
    unkept = settings.model_copy(update={"keep_commits": 0})
    (settings.raw / "b.html").unlink()
    dataset.build(unkept)
    assert problems(unkept) == []


def test_a_problem_reads_as_one_line() -> None:
    said = str(dataset.Problem("articles", "a.txt", "12 kept", "it is wrong", "Mend it"))
    assert said == "articles a.txt 12 kept: it is wrong. Mend it"
