"""What a row of a table is: which column is its text, and which says what about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources.containers.container import STAGE, Found

_ABOUT = ("title", "url", "date")


def column(settings: Settings, role: str) -> str:
    """The column that is text, html, title, url, date: as the settings say, else of that name."""
    return cast("dict[str, str]", settings.columns).get(role, role)


def has_text(names: Collection[str], settings: Settings) -> bool:
    """Whether one of these columns holds the text."""
    return column(settings, "text") in names or column(settings, "html") in names


def wanted(names: Collection[str], settings: Settings) -> list[str]:
    """Those of the columns that are read."""
    roles = ("html", "text", *_ABOUT, *(["id"] if "id" in settings.columns else []))
    return [name for name in dict.fromkeys(column(settings, role) for role in roles) if name in names]


def found(row: Mapping[str, Any], number: int, settings: Settings) -> Found:
    """The source in a row, named by its number, or by its id where the settings name a column for it."""
    given = row.get(column(settings, "id")) if "id" in settings.columns else None
    name = str(number) if given in {None, ""} else str(given)
    unique = "id" not in settings.columns
    text = row.get(column(settings, "html")) or row.get(column(settings, "text"))
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode()
    if not isinstance(text, bytes):
        cause = f"the row has no {column(settings, 'text')} and no {column(settings, 'html')}"
        return Found(name, Rejected(STAGE, "no-text", cause, remedy="Name the column of the text in [columns]"), unique=unique)
    about = ((role, row.get(column(settings, role))) for role in _ABOUT)
    return Found(name, text, None, tuple((role, str(value)) for role, value in about if value not in {None, ""}), unique=unique)
