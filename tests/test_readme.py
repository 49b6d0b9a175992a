"""The README tells the truth: its tables are the schema's, its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from pipeline.columns import columns_markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_column_tables_are_the_schemas() -> None:
    assert columns_markdown().strip() in README, "Replace the tables at the end of README.md by: python -m pipeline.columns"


def test_every_command_it_names_exists_and_every_command_is_named() -> None:
    shown = subprocess.run([sys.executable, "-m", "pipeline.cli", "--help"], capture_output=True, text=True, check=True).stdout
    existing = set(re.findall(r"^│ ([a-z]+) {2,}", shown, re.MULTILINE))
    named = set(re.findall(r"^winnow ([a-z]+) (?:[A-Z\[-]|list)", README, re.MULTILINE))
    assert named == existing


def test_every_make_target_it_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)
    assert len(named) > 2
    assert set(named) <= targets
