"""What the header of a mail says of its article, where the mail bears it out: headers are easily forged, and often mean another.

Each is a candidate behind all others, so what the text or page itself states comes first. Subject, From, Date: RFC 5322; List-Id:
RFC 2919; Archived-At: RFC 5064.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from email.utils import parseaddr, parsedate_to_datetime

from pipeline.fields.day import Day
from pipeline.fields.people import is_person, people
from pipeline.model import Found, Hints, Label, Segment
from pipeline.surface import fold, likeness_key

HEADERS = "container.mail."
CONFIDENCE = 0.6
# How answers and forwarded mails are marked in the languages of common mail programs: they speak about another text.
_ANSWER = re.compile(r"(?i)(?:re|aw|antw?|sv|vs|odp|rif|res?|ref|fwd?|wg|tr|rv|enc|vb|转发|回复|轉寄|回覆)(?:\[\d+\])?\s*[:：]")
_TAG = re.compile(r"^\[[^\]]{1,60}\]\s*")
_WORD = re.compile(r"[^\W\d_]{4,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}")
# Of a subject's longer words so many stand in the text that it heads.
BORNE_OUT = 0.5
# Clocks are wrong and mails wait; a date further from the first server's is made up.
MOST_APART = dt.timedelta(days=2)
# No mail is older (RFC 822); what says so has a clock that was never set.
FIRST_YEAR = 1982
MIN_PART = 3


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """Headline, author, date, publisher and url of a mail that is one article; nothing for other files."""
    said = {
        name.removeprefix(HEADERS): values[0] for name, values in hints.structured.items() if name.startswith(HEADERS) and values
    }
    if not said or not alone:
        return []
    text = " ".join(block.text for block in segment.blocks)
    found: dict[str, tuple[object, str, Label]] = {
        "headline": (_headline(said.get("subject", ""), text), "subject", Label.TITLE),
        "author": (_author(said.get("from", "")), "from", Label.BYLINE),
        "date_published": (_date(said.get("date", ""), said.get("received")), "date", Label.DATELINE),
        "publisher": (_publisher(said.get("list-id", ""), said.get("from", ""), text), "list-id", Label.BYLINE),
        "url": (_url(said.get("archived-at", "")), "archived-at", Label.HEADER),
    }
    return [
        Found(field, value, None, f"mail.{rule}", CONFIDENCE, label) for field, (value, rule, label) in found.items() if value
    ]


def _headline(subject: str, text: str) -> str | None:
    """The subject without a list's tag, if half of its words stand in the text and it answers nothing."""
    bare = fold(_TAG.sub("", subject.strip())).strip()
    words = set(_WORD.findall(bare.casefold()))
    if not words or _ANSWER.match(bare):
        return None
    there = text.casefold()
    return bare if sum(word in there for word in words) >= BORNE_OUT * len(words) else None


def _author(sender: str) -> tuple[str, ...]:
    """The sender's name, if it is a person's and their address has a part of it."""
    name, address = parseaddr(sender)
    local = _plain(address.rpartition("@")[0])
    named = [one for one in people(name) if is_person(one) and any(part in local for part in _parts(one))]
    return tuple(named) if len(named) == 1 else ()


def _date(stated: str, received: str | None) -> Day | None:
    """The day of the header, unless the first server that took the mail says that it cannot be."""
    day, first = _time(stated), _time(received or "")
    if day is None or day.year < FIRST_YEAR or (first is not None and abs(day - first) > MOST_APART):
        return None
    return Day(day.date(), "day")


def _time(text: str) -> dt.datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # what it raises for what is no date
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=dt.UTC)


def _publisher(list_id: str, sender: str, text: str) -> str | None:
    """The list's name, if it names itself in the text or is its sender's."""
    name = fold(list_id.partition("<")[0].strip(' "'))
    key = likeness_key(name)
    if len(key) < MIN_PART:
        return None
    return name if key == likeness_key(parseaddr(sender)[0]) or name.casefold() in text.casefold() else None


def _url(address: str) -> str | None:
    bare = address.strip(" <>")
    return bare if bare.startswith(("http://", "https://")) and " " not in bare else None


def _parts(name: str) -> Iterator[str]:
    return (part for part in _plain(name).split() if len(part) >= MIN_PART)


def _plain(text: str) -> str:
    """The text as addresses spell it."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
