"""`python -m bench train KIND DATA_DIR`: the learned parts, made anew from public gold. Only here is LightGBM needed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pipeline import learned
from pipeline.errors import SettingsError

FOLDS = Path(__file__).parent.parent / "folds"
KINDS = ("blocks", "lines", "heads", "boundaries", "fields", "letters")


def run(kind: str, data: Path) -> int:
    """Trains `kind` on DATA_DIR and writes its weights, those of all pages and those of each fold. Raises SettingsError."""
    if kind == "letters":
        from bench.train import letters

        return letters.run(data)
    if importlib.util.find_spec("lightgbm") is None:
        raise SettingsError("LightGBM is not installed", remedy="Install lightgbm to train")
    if not (data / "pages.parquet").is_file():
        raise SettingsError("there is no pages.parquet", place=str(data), remedy="Name the folder that holds it")
    if kind == "blocks":
        from bench.train import blocks

        return blocks.run(data, learned.HOME / "blocks_html.json", FOLDS)
    if kind == "lines":
        from bench.train import lines

        return lines.run(data, learned.HOME / "lines.json", FOLDS)
    if kind == "heads":
        from bench.train import heads

        return heads.run(data, learned.HOME / "heads.json", FOLDS)
    if kind == "fields":
        from bench.train import fields

        return fields.run(data, learned.HOME / "fields.json", FOLDS)
    if kind == "boundaries":
        from bench.train import boundaries

        return boundaries.run(data, learned.HOME / "boundaries.json")
    raise ValueError(f"unknown kind {kind}")
