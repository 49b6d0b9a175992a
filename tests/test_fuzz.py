"""What the fuzzer found stays mended, and a minute of fuzzing finds nothing new."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.targets import FOLDER, FOUND, seeds, targets

TARGETS = targets()
# One target a room, 12 s each: a minute.
SMOKE = ("decode", "blocks", "split", "sources", "process")


@pytest.mark.parametrize("case", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_was_found_stays_mended(case: Path) -> None:
    TARGETS[case.parent.name](case.read_bytes())


@pytest.mark.parametrize("target", SMOKE)
def test_the_promises_hold_for_what_the_fuzzer_begins_with(target: str) -> None:
    given = seeds(target)
    assert given
    for data in given.values():
        TARGETS[target](data)


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this system")
@pytest.mark.parametrize("target", SMOKE)
def test_a_little_fuzzing_finds_nothing(target: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, FOLDER, target, "12"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stderr[-3000:]}\n{[path.name for path in tmp_path.iterdir()]}"
    assert "Done " in done.stderr
