from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from dataset_samples import content, make_raw, module, prose, rows
from typer.testing import CliRunner

from pipeline import dataset
from pipeline.cli import app
from pipeline.dataset.layout import Layout
from pipeline.errors import DatasetError, SettingsError
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (
    "<html><head><title>Wool fair</title></head><body><nav><a href='/'>Home</a> &raquo; <a href='/w'>Wool</a></nav>"
    "<h1>Wool &amp; thread</h1><p>The wool fair drew more sellers\n  than buyers this year, and so the prices fell by a third "
    "before the first evening was over, said the keeper of the scales.</p>"
    "<p>Those who stayed until Sunday went home with more than they had come for.</p>"
    "<div>You may also like</div></body></html>"
)
# UTF-8 that somebody once read as windows-1252: a repair, with its note in the ledger.
GARBLED = (
    "The lamps of Tolby\n\nThe lamps of Tolby were lit again in the CafÃ© on Sunday, after a winter in which the town had gone "
    "without them. The lamplighter needed an hour for the whole of the high street.\n"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    raw = make_raw(tmp_path / "raw")
    (raw / "page.html").write_text(PAGE, encoding="utf-8")
    (raw / "garbled.txt").write_text(GARBLED, encoding="utf-8")
    (raw / "latin.txt").write_bytes((prose(3) + "Der Kapitän grüßte die Möwen über dem Fluß.\n").encode("cp1252"))
    (raw / "binary.txt").write_bytes(bytes(range(256)) * 8)
    made = load(raw=raw, out=tmp_path / "out", batch_files=4)
    dataset.build(made)
    return made


@pytest.fixture
def shared(settings: Settings, tmp_path: Path) -> Path:
    dataset.share(settings.out, tmp_path / "shared", settings)
    return tmp_path / "shared"


def whole(shared: Path, settings: Settings, out: Path, raw: Path | None = None) -> dataset.Rehydrated:
    return dataset.rehydrate(shared, raw or settings.raw, out, settings)


def texts(values: Any) -> list[str]:
    if isinstance(values, dict):
        return [text for value in values.values() for text in texts(value)]
    if isinstance(values, list):
        return [text for value in values for text in texts(value)]
    return [values] if isinstance(values, str) else []


def test_the_rows_come_back_identical_with_one_checksum(settings: Settings, shared: Path, tmp_path: Path) -> None:
    said = dataset.share(settings.out, shared, settings).checksum
    made = whole(shared, settings, tmp_path / "again")
    assert made.problems == []
    assert rows(tmp_path / "again") == rows(settings.out)
    assert said == made.checksum == dataset.checksum(tmp_path / "again") == dataset.checksum(settings.out)
    assert dataset.verify(tmp_path / "again", settings.raw) == []
    assert content(tmp_path / "again") == content(settings.out)  # the files too, with the same libraries
    assert {row["action"] for row in rows(settings.out)["ledger"]} >= {"repaired", "dropped"}


def test_a_run_goes_on_from_a_rehydrated_dataset(settings: Settings, shared: Path, tmp_path: Path) -> None:
    whole(shared, settings, tmp_path / "again")
    onward = load(raw=settings.raw, out=tmp_path / "again", batch_files=4)
    assert not dataset.build(onward).changed


def test_no_sentence_of_the_sources_is_given_away(settings: Settings, shared: Path) -> None:
    given = texts(rows(shared))
    assert not any("autumn catch" in text or "wool fair drew" in text or "You may also like" in text for text in given)
    assert any("autumn catch" in text for text in texts(rows(settings.out)))
    assert all(row["text"] is None for table in ("articles", "ledger") for row in rows(shared)[table])


def test_sharing_and_rehydrating_again_change_nothing(settings: Settings, shared: Path, tmp_path: Path) -> None:
    assert not dataset.share(settings.out, shared, settings).commit.changed
    first = whole(shared, settings, tmp_path / "again")
    second = whole(shared, settings, tmp_path / "again")
    assert first.commit is not None
    assert second.commit is not None
    assert first.commit.changed
    assert not second.commit.changed
    assert second.checksum == first.checksum


def test_what_changed_is_shared_and_rehydrated_anew(settings: Settings, shared: Path, tmp_path: Path) -> None:
    whole(shared, settings, tmp_path / "again")
    (settings.raw / "story 5.txt").write_text(prose(55), encoding="utf-8")
    dataset.build(settings)
    said = dataset.share(settings.out, shared, settings)
    assert 0 < len(said.commit.added) < sum(len(batch.files) for batch in said.commit.batches)
    assert whole(shared, settings, tmp_path / "again").checksum == dataset.checksum(settings.out) == said.checksum
    assert rows(tmp_path / "again") == rows(settings.out)


def test_files_that_differ_or_are_missing_are_named_and_nothing_is_written(
    settings: Settings, shared: Path, tmp_path: Path
) -> None:
    (settings.raw / "story 2.txt").write_text(prose(22), encoding="utf-8")
    (settings.raw / "page.html").unlink()
    made = whole(shared, settings, tmp_path / "again")
    assert made.commit is None
    digests = {row["uri"]: row["sha256"] for row in rows(shared)["documents"]}
    assert [(one.document, one.place) for one in made.problems] == [("page.html", "sha256"), ("story 2.txt", "sha256")]
    for one in made.problems:
        assert digests[one.document] in one.cause
    assert "another" in made.problems[1].cause
    assert not list((tmp_path / "again").rglob("*.parquet"))
    assert not Layout(tmp_path / "again").staging.exists()


def test_a_file_is_found_by_its_digest_wherever_it_lies(settings: Settings, shared: Path, tmp_path: Path) -> None:
    (settings.raw / "elsewhere").mkdir()
    (settings.raw / "page.html").rename(settings.raw / "elsewhere" / "saved.htm")
    assert whole(shared, settings, tmp_path / "again").problems == []
    assert rows(tmp_path / "again") == rows(settings.out)


def test_members_of_containers_come_back_identical(settings: Settings, tmp_path: Path) -> None:
    raw = settings.raw
    with zipfile.ZipFile(raw / "week.zip", "w") as archive:
        archive.writestr("monday/page.html", PAGE)
        archive.writestr("tuesday.txt", prose(11))
        inner = io.BytesIO()
        with tarfile.open(fileobj=inner, mode="w:gz") as tar:
            data = prose(12).encode()
            about = tarfile.TarInfo("deep.txt")
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))
        archive.writestr("inner.tar.gz", inner.getvalue())
    (raw / "single.txt.gz").write_bytes(gzip.compress(prose(13).encode(), mtime=0))
    lines = [json.dumps({"text": prose(number)}) for number in (14, 15)]
    (raw / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (raw / "rows.csv").write_text("id,text\n" + "".join(f'{n},"{prose(n)}"\n' for n in (16, 17)), encoding="utf-8")
    dataset.build(settings)
    members = {row["member"] for row in rows(settings.out)["documents"]} - {None}
    assert members == {"monday/page.html", "tuesday.txt", "inner.tar.gz!/deep.txt", "1", "2"}
    said = dataset.share(settings.out, tmp_path / "given", settings)
    made = whole(tmp_path / "given", settings, tmp_path / "again")
    assert made.problems == []
    assert made.checksum == said.checksum == dataset.checksum(settings.out)
    assert rows(tmp_path / "again") == rows(settings.out)
    assert dataset.verify(tmp_path / "again", raw) == []
    with zipfile.ZipFile(raw / "week.zip", "a") as archive:
        archive.writestr("wednesday.txt", prose(16))
    # What the archive had is there still; what came after it belongs to no row.
    assert whole(tmp_path / "given", settings, tmp_path / "grown").checksum == said.checksum
    with zipfile.ZipFile(raw / "week.zip", "w") as archive:
        archive.writestr("monday/page.html", PAGE)
        archive.writestr("tuesday.txt", prose(17))
    told = whole(tmp_path / "given", settings, tmp_path / "other")
    assert told.commit is None
    assert [one.document for one in told.problems] == [f"week.zip!/{name}" for name in ("tuesday.txt", "inner.tar.gz!/deep.txt")]


def test_columns_left_out_stay_null_and_the_checksum_says_so(settings: Settings, tmp_path: Path) -> None:
    said = dataset.share(settings.out, tmp_path / "less", settings, ["headline", "ledger.text"])
    assert said.left_out == ("articles.headline", "ledger.text")
    assert said.checksum != dataset.checksum(settings.out)
    made = whole(tmp_path / "less", settings, tmp_path / "again")
    assert made.left_out == said.left_out
    assert made.checksum == said.checksum == dataset.checksum(tmp_path / "again")
    again, first = rows(tmp_path / "again"), rows(settings.out)
    assert {row["headline"] for row in again["articles"]} == {None}
    assert [row["text"] for row in again["articles"]] == [row["text"] for row in first["articles"]]
    assert {row["text"] for row in again["ledger"]} == {None}


@pytest.mark.parametrize("column", ["kept", "articles.text", "nothing", "documents.uri", "ledger.start"])
def test_what_rebuilding_needs_cannot_be_left_out(column: str, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no column that can be left out"):
        dataset.share(settings.out, tmp_path / "shared", settings, [column])


def test_other_blocks_are_noticed(settings: Settings, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A winnow that reads files differently says which span it cannot rebuild, and for which rule."""
    monkeypatch.setattr(module("rehydrate"), "crc", lambda _: -1)
    made = whole(shared, settings, tmp_path / "again")
    assert made.commit is None
    assert {one.table for one in made.problems} == {"ledger"}
    assert "comes back another" in made.problems[0].cause


def test_a_forged_row_does_not_pass(settings: Settings, shared: Path, tmp_path: Path) -> None:
    state = dataset.load(shared)
    assert state is not None
    batch, file = state.files("articles")[0]
    path = Layout(shared).stored("articles", batch.name)
    read = pq.read_table(path)
    forged = read.to_pylist()
    forged[0]["headline"] = "Another headline"
    pq.write_table(read.from_pylist(forged, schema=read.schema), path)
    assert file.rows == len(forged)
    made = whole(shared, settings, tmp_path / "again")
    assert made.commit is None
    assert [(one.table, one.place) for one in made.problems] == [("documents", "rows_sha256")]
    assert made.problems[0].document == forged[0]["source_file"]


def test_the_wrong_kind_of_dataset_is_refused(settings: Settings, shared: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no text already"):
        dataset.share(shared, tmp_path / "twice", settings)
    with pytest.raises(DatasetError, match="another dataset is here"):
        dataset.share(settings.out, settings.out, settings)
    with pytest.raises(DatasetError, match="no shared dataset"):
        whole(settings.out, settings, tmp_path / "again")
    with pytest.raises(DatasetError, match="a shared dataset is here"):
        whole(shared, settings, shared)
    with pytest.raises(DatasetError, match="no dataset here"):
        dataset.share(tmp_path / "nowhere", tmp_path / "shared", settings)


def test_the_commands_print_one_checksum(settings: Settings, tmp_path: Path) -> None:
    runner = CliRunner()
    given = runner.invoke(app, ["--json", "share", str(settings.out), str(tmp_path / "given")])
    back = runner.invoke(app, ["--json", "rehydrate", str(tmp_path / "given"), str(settings.raw), str(tmp_path / "back")])
    assert given.exit_code == back.exit_code == 0
    assert json.loads(given.stdout)["checksum"] == json.loads(back.stdout)["checksum"] == dataset.checksum(settings.out)
    for path in settings.raw.glob("story*"):
        path.write_text("Something else.", encoding="utf-8")
    told = runner.invoke(app, ["rehydrate", str(tmp_path / "given"), str(settings.raw), str(tmp_path / "other")])
    assert told.exit_code == 1
    assert "story 0.txt" in told.stdout
    assert "9 problems; nothing was written" in told.stdout
