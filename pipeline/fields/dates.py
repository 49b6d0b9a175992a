"""date_published and date_modified: datelines, bylines and what the page declares. Dates of cited works are never looked at."""

from __future__ import annotations

import datetime as dt
import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from pipeline.marks import group, resolve
from pipeline.model import Found, Hints, Label, Segment, Span

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

PUBLISHED = (
    "json-ld.datePublished",
    "meta.article:published_time",
    "meta.datepublished",
    "meta.og:published_time",
    "meta.dc.date.issued",
    "meta.dc.date",
    "meta.date",
    "meta.pubdate",
    "meta.parsely-pub-date",
    "meta.sailthru.date",
)
MODIFIED = (
    "json-ld.dateModified",
    "meta.article:modified_time",
    "meta.datemodified",
    "meta.og:updated_time",
    "meta.last-modified",
)
# Before the web there is little to save from it; a date in the far future is a mistake of the page.
EARLIEST = dt.date(1900, 1, 1)
LATEST = dt.date(2100, 1, 1)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ]|$)")
_HAS_DAY = re.compile(r"\d\D+\d|\d{6}")


class Day(NamedTuple):
    """A calendar day with how much of it the source said: day, month or year."""

    date: dt.date
    precision: str


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """Dates with the claims of the lines that hold nothing else. A line that does not parse claims nothing and stays text."""
    found: list[Found] = []
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        mark = resolve(marks)
        if mark.label not in (Label.DATELINE, Label.BYLINE):
            continue
        for name, field in (("date", "date_published"), ("modified", "date_modified")):
            text = group(block, mark, name)
            day = parse(text) if text else None
            if day is not None:
                claim = Span(block.start, block.end)
                found.append(Found(field, day, claim, mark.rule, mark.confidence, mark.label))
    if alone:
        for keys, field in ((PUBLISHED, "date_published"), (MODIFIED, "date_modified")):
            declared = _declared(hints, keys, field)
            if declared is not None:
                found.insert(0, declared)
    return found


def _declared(hints: Hints, keys: tuple[str, ...], field: str) -> Found | None:
    for key in keys:
        for value in hints.structured.get(key, ()):
            day = parse(value)
            if day is not None:
                return Found(field, day, None, key, 0.9, Label.DATELINE)
    return None


def parse(text: str) -> Day | None:
    """The day that a dateline names, in any language dateparser knows; None for no date, a date without a day or out of range."""
    iso = _ISO.match(text)
    if iso:
        try:
            return _in_range(dt.date(int(iso[1]), int(iso[2]), int(iso[3])))
        except ValueError:
            return None
    if not _HAS_DAY.search(text):
        return None
    data = _parser().get_date_data(_words_only(text))
    if data is None or data.date_obj is None:
        return None
    return _in_range(data.date_obj.date())


@functools.cache
def _parser() -> DateDataParser:
    """One for all dates: making one costs as much as parsing, and it remembers nothing of the dates that it read."""
    from dateparser.date import DateDataParser  # 180 ms to import, and most files have no dateline

    # Day, month and year must all be there: a parser that fills in today's would invent dates and break determinism.
    return DateDataParser(
        try_previous_locales=False,
        settings={"STRICT_PARSING": True, "RETURN_AS_TIMEZONE_AWARE": False, "PREFER_LOCALE_DATE_ORDER": True},
    )


def _words_only(text: str) -> str:
    """Without clock time and zone, which dateparser may take for parts of the date."""
    return re.sub(r"(?:,? (?:at|um|à|a las|om|kl\.?))?[ ,T–-]*\b\d{1,2}[:h]\d{2}(?::\d{2})?.*$", "", text).strip(" ,.|–-")


def _in_range(day: dt.date) -> Day | None:
    return Day(day, "day") if EARLIEST <= day < LATEST else None
