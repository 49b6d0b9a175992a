"""A calendar day out of what a line says, in any language dateparser knows."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

# Before the web there is little to save from it; a date in the far future is a mistake of the page.
EARLIEST = dt.date(1900, 1, 1)
LATEST = dt.date(2100, 1, 1)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]|$)")
_HAS_DAY = re.compile(r"\d\D+\d|\d{6}")
# Day, month and year must all be there: a parser that fills in today's would invent dates and break determinism.
_SETTINGS = {"STRICT_PARSING": True, "RETURN_AS_TIMEZONE_AWARE": False, "PREFER_LOCALE_DATE_ORDER": True}
_MONTH_SETTINGS = {**_SETTINGS, "STRICT_PARSING": False, "REQUIRE_PARTS": ["month", "year"]}


class Day(NamedTuple):
    """A calendar day with how much of it the source said: day, month or year."""

    date: dt.date
    precision: str


def parse(text: str) -> Day | None:
    """The day that a dateline names, in any language dateparser knows; None for no date, a date without a day or out of range."""
    return _parse(text, None)


def parse_in(text: str, languages: Sequence[str]) -> Day | None:
    """The same where the languages are known (BCP 47), tried in their order; a month without a day is its first, "month".

    A newspaper's date costs 1 ms where its language is known, up to some seconds where all are tried.
    """
    for language in dict.fromkeys(languages):
        day = _parse(text, language) or _month(text, language)
        if day is not None:
            return day
    return None


# The articles of an export share their days.
@functools.lru_cache(maxsize=4096)
def _parse(text: str, language: str | None) -> Day | None:
    iso = _ISO.match(text)
    if iso:
        try:
            return _in_range(dt.date(int(iso[1]), int(iso[2]), int(iso[3])))
        except ValueError:
            return None
    if not _HAS_DAY.search(text):
        return None
    data = _parser(language, month=False).get_date_data(_words_only(text))
    if data is None or data.date_obj is None:
        return None
    return _in_range(data.date_obj.date())


@functools.lru_cache(maxsize=4096)
def _month(text: str, language: str) -> Day | None:
    if not re.fullmatch(r"\D{3,20}\d{4}", text):
        return None
    found = _parser(language, month=True).get_date_data(text).date_obj
    return Day(found.date().replace(day=1), "month") if found is not None and EARLIEST <= found.date() < LATEST else None


def _parser(language: str | None, *, month: bool) -> DateDataParser:
    from dateparser.date import DateDataParser  # 180 ms to import, and most files have no dateline

    settings = _MONTH_SETTINGS if month else _SETTINGS
    return DateDataParser(languages=None if language is None else [language], settings=settings)


def _words_only(text: str) -> str:
    """Without clock time and zone, which dateparser may take for parts of the date."""
    return re.sub(r"(?:,? (?:at|um|à|a las|om|kl\.?))?[ ,T–-]*\b\d{1,2}[:h]\d{2}(?::\d{2})?.*$", "", text).strip(" ,.|–-")


def _in_range(day: dt.date) -> Day | None:
    return Day(day, "day") if EARLIEST <= day < LATEST else None
