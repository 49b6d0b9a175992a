"""Modes: what precision keeps balanced keeps, what balanced keeps recall keeps; and where they are explained."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from documents import furniture, line, markup, prose
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import blocks, label, rules
from pipeline.marks import SCORE
from pipeline.model import Decoded, Label

MODES = ("precision", "balanced", "recall")
ROOT = Path(__file__).parent.parent
# A crude dump: menus, share lines and teasers, each on a line of its own, around a few paragraphs.
dump = st.lists(furniture | line | st.sampled_from(("Home", "News", "Share", "12 comments", "Log in")), min_size=12, max_size=40)
dumps = st.tuples(dump, st.lists(prose, min_size=1, max_size=5), dump).map(
    lambda parts: "\n".join(parts[0] + parts[1] + parts[2])
)


def kept(text: str, mode: str) -> set[int]:
    """The blocks that no learned score proposes to drop."""
    page = blocks.read(Decoded(text, "utf-8", "utf-8"))
    marks = label.label(page, rules.load(), mode, {})
    return {
        index
        for index, each in enumerate(marks)
        if not any(mark.rule.startswith(SCORE) and mark.label is Label.BOILERPLATE for mark in each)
    }


@settings(max_examples=150)
@given(markup | dumps)
def test_each_mode_keeps_what_the_stricter_one_keeps(text: str) -> None:
    strict, balanced, lenient = (kept(text, mode) for mode in MODES)
    assert strict <= balanced <= lenient


def test_modes_differ() -> None:
    teaser = '<p><a href="/a">The ferry</a> leaves at noon, and the cranes stay.</p>'
    text = "<!doctype html><html><body>" + ("<p>" + "The harbour council met again on Tuesday. " * 4 + "</p>" + teaser) * 6
    text += "".join(f"<div><p>Part {n}: the ferries of the town and who paints them</p></div>" for n in range(12))
    assert len(kept(text, "precision")) < len(kept(text, "recall"))


def test_they_are_documented() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "run", "--help"],
        capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "140"},
    ).stdout  # fmt: skip
    for mode in MODES:
        assert f"`{mode}`" in readme
        assert mode in shown
    assert "keep_captions" in readme
    assert "keep_captions" in shown
