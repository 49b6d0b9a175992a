"""Weights that never saw a page's site, for figures that must not be in-sample: those of its fold, kept in bench/folds."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

from bench.run import context
from bench.train import blocks
from pipeline import learned
from pipeline.process import Context

HOME = Path(__file__).parent / "folds"
HTML, LINES, HEADS, TITLES = "blocks_html", "lines", "heads", "fields"
FILES = (HTML, LINES, HEADS, TITLES)


def context_for(url: str | None, name: str) -> Context:
    """Default settings with the weights of the page's fold; a page without an address goes by its name."""
    return _context(blocks.fold_of(url, name))


def without_folds() -> list[str]:
    """The learned files of which no folds are stored: figures that they have a part in are in-sample."""
    return [file for file in FILES if not _path(file, 0).exists()]


@functools.cache
def _context(fold: int) -> Context:
    weights = {file: learned.read(_path(file, fold)) for file in FILES if _path(file, fold).exists()}
    return dataclasses.replace(context(), weights=weights)


def _path(file: str, fold: int) -> Path:
    return HOME / f"{file}.{fold}.json"
