"""How files are named: a uri says which, a path where."""

from __future__ import annotations

import os
from typing import NamedTuple
from urllib.parse import quote


class Listed(NamedTuple):
    """A file that was there when the folder was listed; nothing of it has been read."""

    uri: str
    path: str


def uri_of(relative: str) -> str:
    """The uri of a path relative to the folder."""
    return "".join(_escaped(char) if not char.isprintable() or char == "%" else char for char in relative)


def _escaped(char: str) -> str:
    return quote(os.fsencode(char) if "\udc80" <= char <= "\udcff" else char.encode("utf-8", "surrogatepass"), safe="")
