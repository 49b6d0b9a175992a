from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from dataset_samples import make_raw, prose
from typer.testing import CliRunner, Result

from pipeline import dataset
from pipeline.cli import app
from pipeline.errors import DatasetError
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from pathlib import Path


RULE = {
    "id": "test.harbour-master",
    "label": "boilerplate",
    "scope": "block",
    "pattern": "(?s)The work cost .*",
    "source": "a test",
    "hits": ["The work cost nothing."],
    "misses": ["The harbour of Hale was opened again."],
}


def page(*texts: str) -> str:
    """A web page that parts its texts by lines of stars."""
    parts = (part for text in texts for part in (*text.split("\n\n"), "***"))
    return "<!doctype html><html><body>" + "".join(f"<p>{part.strip()}</p>" for part in list(parts)[:-1]) + "</body></html>"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load(raw=make_raw(tmp_path / "raw"), out=tmp_path / "out", batch_files=3)
    dataset.build(made)
    return made


def winnow(*args: str) -> Result:
    return CliRunner().invoke(app, [*args])


def test_a_dataset_is_equal_to_itself_and_to_one_made_elsewhere(settings: Settings, tmp_path: Path) -> None:
    other = load(raw=settings.raw, out=tmp_path / "other", batch_files=2)
    dataset.build(other)
    for path in (settings.out, other.out):
        found = dataset.diff(settings.out, path)
        assert found.equal
        assert (found.documents.same, found.articles.same) == (11, 9)
        assert not found.columns
        assert not found.rules


def test_batches_of_one_name_are_not_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.raw / "story 5.txt").write_text(prose(55), encoding="utf-8")
    dataset.build(settings)
    seen: list[str] = []
    real = pq.ParquetFile

    def noted(path: Path, **more: Any) -> pq.ParquetFile:
        seen.append(path.stem)
        return real(path, **more)

    monkeypatch.setattr(pq, "ParquetFile", noted)
    dataset.diff(settings.out, settings.out, 1, 2)
    states = [dataset.load(settings.out, number) for number in (1, 2)]
    names = [{batch.name for batch in state.batches} for state in states if state is not None]
    assert set(seen) == names[0] ^ names[1]
    assert names[0] & names[1]


def test_documents_that_came_went_and_changed_are_named(settings: Settings) -> None:
    (settings.raw / "story 2.txt").unlink()
    (settings.raw / "story 5.txt").write_text(prose(5).replace("storm", "flood"), encoding="utf-8")
    (settings.raw / "zebra.txt").write_text(prose(14), encoding="utf-8")
    dataset.build(settings)
    found = dataset.diff(settings.out, settings.out, 1, 2)
    assert not found.equal
    assert found.documents.examples == {"removed": ["story 2.txt"], "changed": ["story 5.txt"], "added": ["zebra.txt"]}
    assert (found.documents.added, found.documents.removed, found.documents.changed, found.documents.same) == (1, 1, 1, 9)
    assert (found.articles.added, found.articles.removed, found.articles.changed, found.articles.same) == (1, 1, 1, 7)
    assert {"articles.text", "articles.source_sha256", "documents.sha256", "documents.text_sha256"} == found.columns.keys()
    (example,) = found.columns["articles.text"].examples
    assert example.document == "story 5.txt"
    assert "the storm had" in example.before
    assert "the flood had" in example.after
    assert not found.identity


def test_a_rule_is_told_by_the_characters_it_drops(settings: Settings, tmp_path: Path) -> None:
    ruled = load(raw=settings.raw, out=tmp_path / "ruled", rule=(RULE,), batch_files=3)
    dataset.build(ruled)
    found = dataset.diff(settings.out, ruled.out)
    assert found.identity.keys() == {"ruleset"}
    assert found.documents.changed == found.articles.changed == 9
    before, after = found.rules["dropped test.harbour-master"]
    assert before == 0
    kept = found.characters["kept"]
    assert after == kept[0] - kept[1] == found.characters["dropped"][1] - found.characters["dropped"][0]
    spans = found.spans["dropped test.harbour-master"]
    assert spans.count == 9
    assert len(spans.examples) == 3
    assert spans.examples[0].before == "∅"
    assert spans.examples[0].after.startswith("The work cost")
    assert "articles.ruleset" not in found.columns  # said once, in identity


def test_articles_match_by_what_they_share_of_the_source(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "two.html").write_text(page(prose(1), prose(2)), encoding="utf-8")
    one = load(raw=tmp_path / "raw", out=tmp_path / "one")
    two = load(raw=tmp_path / "raw", out=tmp_path / "two", split_threshold=1.0)
    dataset.build(one)
    dataset.build(two)
    assert dataset.open_dataset(one.out).count_rows() == 2
    found = dataset.diff(one.out, two.out)
    tally = found.articles
    assert dataset.open_dataset(two.out).count_rows() == 1
    assert (tally.added, tally.removed, tally.changed) == (0, 1, 1)
    back = dataset.diff(two.out, one.out).articles
    assert (back.added, back.removed, back.changed) == (tally.removed, tally.added, tally.changed)


def test_first_span_moved_is_a_change_and_no_loss(settings: Settings, tmp_path: Path) -> None:
    """A rule that drops the beginning gives the article another id: it is still the same article."""
    rule = {**RULE, "pattern": "The harbour of .*", "hits": ["The harbour of Hale."], "misses": ["The work cost nothing."]}
    ruled = load(raw=settings.raw, out=tmp_path / "ruled", rule=(rule,))
    dataset.build(ruled)
    found = dataset.diff(settings.out, ruled.out)
    assert found.columns["articles.id"].count == 9
    assert (found.articles.added, found.articles.removed, found.articles.changed) == (0, 0, 9)


def test_the_command_says_it_as_diff_does(settings: Settings) -> None:
    out = str(settings.out)
    (settings.raw / "story 5.txt").write_text(prose(5).replace("storm", "flood"), encoding="utf-8")
    dataset.build(settings)
    same = winnow("diff", out, f"{out}@2")
    assert same.exit_code == 0
    assert "All rows are the same" in same.stdout
    told = winnow("diff", f"{out}@1", f"{out}@2")
    assert told.exit_code == 1
    assert "changed: story 5.txt" in told.stdout
    assert "articles.text: 1" in told.stdout
    said = json.loads(winnow("--json", "diff", f"{out}@1", f"{out}@2").stdout)
    assert said["equal"] is False
    assert said["columns"]["articles.text"]["examples"][0]["document"] == "story 5.txt"
    for wrong in (f"{out}@9", str(settings.raw)):
        assert winnow("diff", out, wrong).exit_code == 2


def test_a_commit_that_is_no_longer_kept_is_said(settings: Settings) -> None:
    kept = settings.model_copy(update={"keep_commits": 0})
    (settings.raw / "story 5.txt").write_text(prose(55), encoding="utf-8")
    dataset.build(kept)
    with pytest.raises(DatasetError, match="a file of commit 1 is gone"):
        dataset.diff(settings.out, settings.out, 1, 2)
