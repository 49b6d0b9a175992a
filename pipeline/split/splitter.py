"""What a splitter must offer to be found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from pipeline.marks import Marks
from pipeline.model import Page


class Cut(NamedTuple):
    """An article begins at block number `at`, says `rule`, with `confidence` 0…1."""

    at: int
    rule: str
    confidence: float


class Splitter(NamedTuple):
    """A way to find where articles begin."""

    name: str
    cuts: Callable[[Page, Marks], Iterable[Cut]]
