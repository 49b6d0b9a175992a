"""Datasets of one step: the whole one's rows without what belongs to other steps, kept apart from it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from dataset_samples import make_raw, prose

from pipeline import dataset
from pipeline.errors import DatasetError
from pipeline.settings import load
from pipeline.steps import BETWEEN

STEPS = ("clean", "split", "tag")
SEVERAL = Path(__file__).parent.parent / "raw" / "articles-between-stars.txt"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = make_raw(tmp_path / "raw")
    shutil.copy(SEVERAL, folder)
    return folder


def _rows(out: Path, table: str) -> list[dict[str, Any]]:
    found = [row for path in sorted((out / table).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    return sorted(found, key=lambda row: (row["document_id"], row.get("position") or 0))


def _without_digests(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "ruleset"} for row in rows]


def test_rows_of_a_step_are_the_whole_datasets(raw: Path, tmp_path: Path) -> None:
    for step in ("all", *STEPS):
        dataset.build(load(raw=raw, out=tmp_path / step, step=step, workers=1))
    articles, documents = (_without_digests(_rows(tmp_path / "all", table)) for table in ("articles", "documents"))
    assert any(row["articles"] > 1 for row in documents)
    assert any(row["status"] == "rejected" for row in documents)

    clean = _without_digests(_rows(tmp_path / "clean", "documents"))
    texts: dict[str, list[str]] = {}
    for row in articles:
        texts.setdefault(row["document_id"], []).append(row["text"])
    assert clean == [row | {"text": BETWEEN.join(texts.get(row["document_id"], ())) or None} for row in documents]
    assert not (tmp_path / "clean" / "articles").exists()

    for step, absent in (("split", {"author", "language", "references"}), ("tag", {"text", "kept"})):
        assert _without_digests(_rows(tmp_path / step, "documents")) == documents
        found = _without_digests(_rows(tmp_path / step, "articles"))
        assert len(found) == len(articles)
        assert not absent & set(found[0])
        assert found == [{key: row[key] for key in found[0]} for row in articles]
        assert not (tmp_path / step / "ledger").exists()


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_brought_up_to_date_as_a_whole_dataset_is(step: str, raw: Path, tmp_path: Path) -> None:
    settings = load(raw=raw, out=tmp_path / "out", step=step, batch_files=3, keep_commits=0)
    assert dataset.build(settings).changed
    assert not dataset.build(settings).changed
    (raw / "story 1.txt").write_text(prose(77), encoding="utf-8")
    (raw / "story 2.txt").unlink()
    made = dataset.build(settings)
    assert made.number == 2
    assert made.totals.sources == 11
    assert {row["uri"] for row in _rows(settings.out, "documents")} == {path.name for path in raw.iterdir()}


def test_a_step_never_takes_the_place_of_the_whole(raw: Path, tmp_path: Path) -> None:
    whole = load(raw=raw, out=tmp_path / "out", workers=1)
    dataset.build(whole)
    with pytest.raises(DatasetError, match=r"a dataset that is whole, and one of step tag is needed.*another folder"):
        dataset.build(whole.model_copy(update={"step": "tag"}))
    tagged = load(raw=raw, out=tmp_path / "tag", step="tag")
    dataset.build(tagged)
    for refuse in (dataset.compact, dataset.find_duplicates, dataset.build):
        with pytest.raises(DatasetError, match="of step tag, and one that is whole is needed"):
            refuse(tagged.model_copy(update={"step": "all"}))


def test_the_digest_of_a_whole_dataset_does_not_know_of_steps() -> None:
    digests = {load(step=step).digest for step in STEPS} | {load().digest}
    assert len(digests) == 4
