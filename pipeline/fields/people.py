"""The names in a byline or an author line."""

from __future__ import annotations

import re

from pipeline.surface import fold

_AND = re.compile(r"\s*(?:,|;|&|/|\band\b|\bund\b|\bet\b|\by\b|\ben\b|\boch\b|\bog\b|、|،)\s*")
# Names that a content system fills in where nobody is named.
_NOBODY = frozenset(
    [
        "admin",
        "administrator",
        "author",
        "editor",
        "redaktion",
        "redacción",
        "rédaction",
        "redazione",
        "webmaster",
        "unknown",
        "anonymous",
        "user",
    ]
)


def people(text: str) -> tuple[str, ...]:
    """The names in a byline, apart; no URLs, no addresses, nobody that a content system made up."""
    parts = (fold(part).strip(" .·|-–") for part in _AND.split(text))
    names = (name for name in parts if name and "://" not in name and "@" not in name and name.casefold() not in _NOBODY)
    return tuple(dict.fromkeys(names))
