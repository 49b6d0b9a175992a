"""What the learned scores look at: blocks measured into tables of numbers (a row a feature, a column a block)."""

from __future__ import annotations

from pathlib import Path

# Part of the rule set's digest: another word may change a score.
VOCABULARIES = tuple(sorted(Path(__file__).parent.glob("*.toml")))
