"""What went wrong before a text was saved, mended inside a block: mojibake, letters parted or joined, invisible characters."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from pipeline.repair.characters import CODECS, MARK, bits
from pipeline.repair.invisible import composed, unligated, visible
from pipeline.repair.misread import repaired, reread, undoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

REPAIRS: dict[str, Callable[[str], str]] = {
    "repaired": repaired,
    **{f"reread-{codec}": functools.partial(reread, codec=codec) for codec in CODECS},
    "composed": composed,
    "unligated": unligated,
    "visible": visible,
}


def plan(texts: Iterable[str]) -> tuple[str, ...]:
    """The names in REPAIRS of what the texts of one file are to go through, in order; nothing for a clean file."""
    whole = "\n".join(text for text in texts if not (text.isascii() and text.isprintable()))
    roles = bits(whole)
    return (*undoing(whole, roles), *(("composed", "unligated", "visible") if np.any(roles & MARK) else ()))


def mojibake(whole: str) -> tuple[str, ...]:
    """Of `plan`, what undoes the mojibake of a file's whole text."""
    return () if whole.isascii() else undoing(whole, bits(whole))
