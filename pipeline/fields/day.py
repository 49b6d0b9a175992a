"""A calendar day out of what a line says, in any language dateparser knows."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from pipeline.surface import DATE_IN_LINE, SHORT_DATE

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

# Before the web there is little to save from it; a date in the far future is a mistake of the page.
EARLIEST = dt.date(1900, 1, 1)
# The clock may not decide what a row says, so this moves with the releases.
LATEST = dt.date(2028, 1, 1)
# What a content system says when it knows no date.
EPOCH = dt.date(1970, 1, 1)
_LATIN = ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "pl", "cs", "fi", "hu", "ro", "tr", "id")
_SCRIPTS = (
    (re.compile("[\u0400-\u04ff]"), ("ru", "uk", "bg")),
    (re.compile("[\u0600-\u06ff]"), ("ar", "fa", "ur")),
    (re.compile("[\u0370-\u03ff]"), ("el",)),
    (re.compile("[\u3040-\u9fff\uac00-\ud7af]"), ("zh", "ja", "ko")),
)
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


DAY_FIRST = ("de",)


def has_date(text: str) -> bool:
    """Whether there is something like a whole date in the line."""
    return DATE_IN_LINE.search(text) is not None


def without_date(text: str) -> str:
    """The line without its dates and what follows the last: a clock time, a section."""
    return DATE_IN_LINE.split(text)[0] if DATE_IN_LINE.split(text)[0].strip(" |·•,–-") else DATE_IN_LINE.split(text)[-1]


def dates_in(text: str, languages: Sequence[str], *, short: bool = False) -> list[Day]:
    """The days that a line names, in order, tried in these languages first, then in those of its script.

    `short`: where there is none, also those with two digits for the year ("28.09.19").
    """
    found = [match.group() for match in DATE_IN_LINE.finditer(text)]
    if short and not found:
        found = [match.group() for match in SHORT_DATE.finditer(text)]
    return [
        day for day in (_parse(one, None) if _ISO.match(one) else parse_in(one, guesses(one, languages)) for one in found) if day
    ]


def guesses(text: str, languages: Sequence[str]) -> tuple[str, ...]:
    """The languages in which to read a date: those declared, then those of the script of its letters."""
    for script, names in _SCRIPTS:
        if script.search(text):
            return (*languages, *names)
    if any(char.isalpha() for char in text):
        return (*languages, *_LATIN)
    # Between dots the day comes first wherever dates are written so; between slashes the language says.
    return DAY_FIRST if "." in text else (*languages, "en")


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
    """A parser; one that knows its language keeps nothing of one date for the next, so it is kept."""
    return _made(language, month=month) if language is None else _kept(language, month=month)


@functools.lru_cache(maxsize=128)
def _kept(language: str, *, month: bool) -> DateDataParser:
    return _made(language, month=month)


def _made(language: str | None, *, month: bool) -> DateDataParser:
    from dateparser.date import DateDataParser  # 180 ms to import, and most files have no dateline

    settings = _MONTH_SETTINGS if month else _SETTINGS
    return DateDataParser(languages=None if language is None else [language], settings=settings)


def _words_only(text: str) -> str:
    """Without clock time and zone, which dateparser may take for parts of the date."""
    return re.sub(r"(?:,? (?:at|um|à|a las|om|kl\.?))?[ ,T–-]*\b\d{1,2}[:h]\d{2}(?::\d{2})?.*$", "", text).strip(" ,.|–-")


def _in_range(day: dt.date) -> Day | None:
    return Day(day, "day") if EARLIEST <= day < LATEST and day != EPOCH else None
