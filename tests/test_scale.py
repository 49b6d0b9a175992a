"""The benches that need no data: each step and each way to write is measured, on a few files."""

from __future__ import annotations

from pathlib import Path

import pytest
from dataset_samples import make_raw

from bench import layout, scale
from pipeline import dataset
from pipeline.settings import load


def test_ways_to_write_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset.build(load(raw=make_raw(tmp_path / "raw"), out=tmp_path / "out", workers=1))
    assert layout.run(tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert all(told.count(f"\n{name} ") == len(layout.COLUMNS) for name in layout.VARIANTS)
    assert "articles: 9 rows" in told


def test_invented_files_are_the_same_each_time_and_some_are_copies(tmp_path: Path) -> None:
    for name in ("one", "two"):
        scale.make(tmp_path / name, 41)
    texts = [[path.read_text() for path in sorted((tmp_path / name).rglob("*.txt"))] for name in ("one", "two")]
    assert texts[0] == texts[1]
    assert (len(texts[0]), len(set(texts[0]))) == (41, 39)


@pytest.mark.long
def test_every_step_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scale.run(tmp_path, [30, 60])
    told = capsys.readouterr().out
    assert all(told.count(f"{name:14}") == 2 for name in scale.STEPS)
    assert "memory, x: first run" in told
