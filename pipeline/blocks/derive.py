"""The named functions that make a run's text from its source slice: law 2, checked by `winnow verify`."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from pipeline.repair import REPAIRS

VERBATIM = "verbatim"
# White space as HTML folds it; U+00A0 is a character there, not white space.
_FOLD = re.compile(r"[ \t\n\f\r]+")
_XML_REFERENCE = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


def fold(text: str) -> str:
    """`text` with each stretch of HTML white space as one space."""
    # Most text has nothing to fold, and looking costs a tenth of replacing each single space by itself.
    if "\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text:
        return _FOLD.sub(" ", text)
    return text


def unescaped(text: str) -> str:
    """`text` with the references that every XML file may have resolved, once; entities that a file declares are none of them."""
    return _XML_REFERENCE.sub(lambda match: html.unescape(match[0]) or match[0], text)


FUNCTIONS: dict[str, Callable[[str], str]] = {
    VERBATIM: lambda text: text,
    "entity": html.unescape,
    "unescaped": unescaped,
    "space": fold,
    "joined": lambda _: " ",
    "glued": lambda _: "",
    "unhyphenated": lambda text: text[:1],
    **REPAIRS,
}


def derive(how: str, source_slice: str) -> str:
    """What a run's text must be: the `+`-joined functions of `how`, applied from left to right.

    Raises KeyError for a name that is not in FUNCTIONS.
    """
    for name in how.split("+"):
        source_slice = FUNCTIONS[name](source_slice)
    return source_slice
