"""What a reader of containers must offer to be found, and how all of them refuse."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import NamedTuple

from pipeline.errors import Rejected
from pipeline.model import Decoded

STAGE = "extract"
# Bytes that a container may declare to unfold to: a news database's largest export is a tenth of that.
MAX_UNFOLDED = 256 * 2**20
# Share of empty paragraphs from which on they are a document's blank lines.
EMPTY_SHARE = 0.2


class Extractor(NamedTuple):
    """A container format. `recognise` looks at the bytes alone, never at a name; `extract` gives the text or raises Rejected."""

    name: str
    media_type: str
    recognise: Callable[[bytes], bool]
    extract: Callable[[bytes], Decoded]


def evidence(library: str) -> str:
    """What `Decoded.evidence` says of text that a library took out of a container: provenance ends there."""
    return f"container ({library})"


def library(module: str, package: str, extra: str) -> ModuleType:
    """The library, imported when the first such file comes. Raises Rejected (no-library) naming what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Rejected(
            STAGE,
            "no-library",
            f"reading this file needs {package}, which is not installed",
            remedy=f"Install it: pip install 'winnow[{extra}]', then run again",
        ) from error


def laid_out(paragraphs: Iterable[str]) -> str:
    """The paragraphs as text, with a blank line between them.

    Where every so many is empty, the writer has put the blank lines there, or pasted a text in: then each is a line.
    """
    paragraphs = list(paragraphs)
    empty = sum(not paragraph.strip() for paragraph in paragraphs)
    return ("\n" if empty >= EMPTY_SHARE * len(paragraphs) else "\n\n").join(paragraphs)


def broken(cause: str, remedy: str) -> Rejected:
    """The refusal of a container that cannot be read."""
    return Rejected(STAGE, "broken", cause, remedy=remedy)


def encrypted() -> Rejected:
    """The refusal of a container that only a password opens."""
    return Rejected(STAGE, "encrypted", "a password protects the file", remedy="Save it without a password, then run again")


def oversized(what: str) -> Rejected:
    """The refusal of a container that would unfold to more than anybody's articles."""
    return Rejected(STAGE, "oversized", what, remedy="Export it in smaller parts; if it came from somewhere else, distrust it")
