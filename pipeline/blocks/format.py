"""What a block reader must offer to be found."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pipeline.model import Decoded, Page


class Format(NamedTuple):
    """A file format. `sniff` rates the text's first SNIFF_CHARS characters 0…1; the highest rating reads the file."""

    name: str
    media_type: str
    sniff: Callable[[str], float]
    read: Callable[[Decoded], Page]


SNIFF_CHARS = 2**16  # some pages begin with 50,000 characters of style
