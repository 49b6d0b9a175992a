"""The bench of what a page costs: it measures every stage, and its hostile pages are what they say they are."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import cost
from pipeline import blocks
from pipeline.decode import decode

PAGE = (
    "<html><head><title>Heron's Mill</title></head><body><h1>Heron's Mill grinds again</h1>"
    "<p>The mill at the weir ground its first sack of rye in eleven years, and the whole lane came to smell it.</p></body></html>"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    pq.write_table(pa.table({"html": [PAGE.encode()] * 3}), tmp_path / "pages.parquet")
    return tmp_path


def test_every_stage_is_measured_against_the_reference(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cost.run(data, 2, rounds=2, hostile_bytes=20_000, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["pages"] == 2
    assert set(told["ratios"]) == set(cost.STAGES)
    assert all(best > 0 and median > 0 for best, median in told["ratios"].values())
    assert told["ratios"]["whole"][0] > told["ratios"]["read"][0]
    assert set(told["hostile"]) == set(cost.hostile(1000))


def test_the_table_names_every_stage_and_hostile_page(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cost.run(data, 1, rounds=1, hostile_bytes=20_000)
    lines = capsys.readouterr().out
    assert all(name in lines for name in (*cost.STAGES, *cost.hostile(1000)))


@pytest.mark.parametrize(
    ("name", "expected"), [("tiny blocks", 1250), ("one block", 1), ("nested tags", 1), ("list items", 1111), ("attributes", 1)]
)
def test_hostile_pages_have_the_blocks_that_make_them_hostile(name: str, expected: int) -> None:
    assert len(blocks.read(decode(cost.hostile(10_000)[name])).blocks) == expected


def test_a_bar_that_does_not_hold_is_the_exit_code(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "MAX_WHOLE", 0.0)
    assert cost.run(data, 1, rounds=1, hostile_bytes=20_000) == 1
