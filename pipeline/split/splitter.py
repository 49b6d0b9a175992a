"""What a splitter must offer to be found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from pipeline.learned import Reason
from pipeline.marks import Marks
from pipeline.model import Page


class Cut(NamedTuple):
    """An article begins at block number `at`, says `rule`, with `confidence` 0…1."""

    at: int
    rule: str
    confidence: float


class Splitter(NamedTuple):
    """A way to find where articles begin.

    `explain` gives the features that made the confidence of a cut at a block, the strongest first; it is asked about cuts whose
    rule is `name` or begins so with a dot.
    """

    name: str
    cuts: Callable[[Page, Marks], Iterable[Cut]]
    explain: Callable[[Page, Marks, int], Sequence[Reason]] | None = None
