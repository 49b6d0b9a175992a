"""date_published and date_modified: what the page declares and what stands near its title, where the two bear each other out.

Dates of cited works, comments and teasers are never looked at.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from pipeline.evidence import path_of
from pipeline.fields.day import Day, dates_in, parse, parse_in
from pipeline.fields.near import BELOW, MAX_LINE, heads_page, is_others, is_scored, language_hint, near_title, scored, title_of
from pipeline.marks import group, proposed, resolve
from pipeline.model import Block, Found, Hints, Label, Segment, Span
from pipeline.surface import is_prose

# Said of the article itself, by a machine.
PUBLISHED = (
    "json-ld.datePublished",
    "meta.article:published_time",
    "meta.datepublished",
    "microdata.datepublished",
    "meta.og:published_time",
    "meta.parsely-pub-date",
    "meta.sailthru.date",
    "meta.publishdate",
    "meta.publish-date",
    "meta.publish_date",
    "meta.publication_date",
    "meta.og:release_date",
    "meta.published",
    "meta.published-date",
    "meta.published_on",
    "meta.published_time",
    "meta.published-time",
    "meta.publish_time",
    "meta.og:article:published_time",
    "meta.dc.date.issued",
    "meta.dcterms.issued",
    "front-matter.date",
    "container.date",
)
# May as well be of the page's last change: a date near the title outweighs them.
GENERAL = ("meta.dc.date", "meta.dcterms.date", "meta.dc.date.created", "meta.date", "meta.pubdate")
MODIFIED = (
    "json-ld.dateModified",
    "meta.article:modified_time",
    "meta.datemodified",
    "microdata.datemodified",
    "meta.og:updated_time",
    "meta.last-modified",
    "json-ld.page.dateModified",
    "meta.dcterms.modified",
)
ADDRESSES = ("link.canonical", "meta.og:url", "json-ld.url")
_UPDATED = re.compile(
    r"updated?|modified|revised|edited|reviewed|aktualisiert|geändert|stand:|mis[e]? à jour|modifié|actualiza|aggiornat|atualizad"
    r"|bijgewerkt|gewijzigd|oppdatert|uppdatera|opdateret|обновлен|изменен|تحديث|更新|수정|copyright|©",
    re.IGNORECASE,
)
# What content systems call the line of a name and a date, wherever on the page it stands.
SIGNED = frozenset(("submitted", "posted", "postmetadata", "postmeta", "byline", "dateline", "published", "pubdate", "postdate"))
# An agency's or an office's text begins with its day: "29.11.2022 – Seven ...", "Press release of 25 January 2022 | ..."
_LEADS_PROSE = re.compile(r"[^\d.!?\n]{0,30}?(?P<date>\d[^–—|„“\"-]{5,25}?|\d{4}-\d\d-\d\d) ?[–—|„“\"-]")
_YEAR, _NUMBER = re.compile(r"(?:19|20)\d\d"), re.compile(r"\d{1,2}")
# Midnight is not everywhere at the same time: what is shown may be the day before or after what is declared.
ZONES = dt.timedelta(days=1)
# So many paragraphs may stand above the text's first: summaries.
SUMMARIES = 3
# A day inside one part of an address: 2022-01-04-title, t20220104_77.html.
_IN_PART = re.compile(r"(?<!\d)((?:19|20)\d\d)(-?)([01]\d)\2([0-3]\d)(?!\d)")
_DATED = (Label.DATELINE, Label.BYLINE)
DECLARED, SHOWN, TIMED, IN_PATH = 0.9, 0.8, 0.6, 0.6


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """Dates with the claims of the lines that hold nothing else. A line that does not parse claims nothing and stays text."""
    languages = _languages(hints) or [name for name in (language_hint(segment),) if name]
    found: list[Found] = []
    for index in proposed(segment.marks, *_DATED):
        block, mark = segment.blocks[index], resolve(segment.marks[index])
        if mark.label not in _DATED:
            continue
        for name, field in (("date", "date_published"), ("modified", "date_modified")):
            text = group(block, mark, name)
            day = (_first(dates_in(text, languages)) or parse(text)) if text else None
            if day is not None:
                claim = Span(block.start, block.end)
                found.append(Found(field, day, claim, mark.rule, mark.confidence, mark.label))
    chosen = _scored(segment, languages)
    if chosen or is_scored(segment):
        return [*chosen, *found]
    if not alone and not heads_page(segment):
        return found
    title = title_of(segment)
    shown, below = _shown(near_title(segment, title), segment.blocks[title], languages)
    if not alone:
        visible = _visible(shown, found)
        return [visible, *found] if visible else found
    published = _published(hints, shown, found, languages, below=below) or _behind(segment, title, found, languages)
    modified = _declared(hints, MODIFIED, "date_modified", languages)
    return [one for one in (published, modified) if one is not None] + found


def _scored(segment: Segment, languages: Sequence[str]) -> list[Found]:
    """In a dump: the day in the line that the learned score chose."""
    for block, mark, claim in scored(segment, Label.DATELINE):
        day = _first(dates_in(block.text, languages, short=True))
        if day is not None:
            return [Found("date_published", day, claim, mark.rule, mark.confidence, Label.DATELINE)]
    return []


def _first(days: Sequence[Day]) -> Day | None:
    return days[0] if days else None


def _visible(shown: Day | None, found: list[Found]) -> Found | None:
    """The day shown near the title, by the line's own mark if a rule knows it."""
    if shown is None:
        return None
    marked = (one for one in found if one.field == "date_published" and one.value == shown)
    return next(marked, Found("date_published", shown, None, "dateline.near-title", SHOWN, Label.DATELINE))


def _published(hints: Hints, shown: Day | None, found: list[Found], languages: Sequence[str], *, below: bool) -> Found | None:
    """The declared day, as it is shown if that is the same but for the time zone; else the shown; else weaker evidence."""
    visible = _visible(shown, found)
    declared = _declared(hints, PUBLISHED, "date_published", languages)
    if declared is not None:
        if shown is None or not isinstance(declared.value, Day):
            return declared
        return visible if _bears_out(shown, declared.value, hints, languages, below=below) else declared
    if visible is not None:
        return visible
    general = _declared(hints, GENERAL, "date_published", languages)
    if general is not None or any(one.field == "date_published" for one in found):
        return general
    return _timed(hints, languages) or _in_path(hints)


def _behind(segment: Segment, title: int, found: list[Found], languages: Sequence[str]) -> Found | None:
    """Where neither the page nor a line near the title says when: the day that the text begins with, or that signs it behind."""
    if any(one.field == "date_published" for one in found) or segment.blocks[title].kind == "line":
        return None
    prose = [block.text for block in segment.blocks[title : title + BELOW] if is_prose(block.text)]
    for opening in (_LEADS_PROSE.match(text) for text in prose[:SUMMARIES]):
        day = _first(dates_in(opening["date"], languages)) if opening is not None else None
        if day is not None:
            return Found("date_published", day, None, "dateline.opens-text", TIMED, Label.DATELINE)
    for block in segment.blocks[title + 1 :]:
        if len(block.text) > MAX_LINE or block.node is None or block.node.tokens.isdisjoint(SIGNED) or is_others(block.node):
            continue
        day = None if _UPDATED.search(block.text) else _first(dates_in(block.text, languages))
        if day is not None:
            return Found("date_published", day, None, "dateline.signed", TIMED, Label.DATELINE)
    return None


def _bears_out(shown: Day, declared: Day, hints: Hints, languages: Sequence[str], *, below: bool) -> bool:
    """Whether the shown day is surer than the declared.

    It is of the same hour somewhere; or shown below the title and earlier (what is shown was out by then); or declared elsewhere.
    """
    if abs(shown.date - declared.date) <= ZONES or (below and shown.date < declared.date):
        return True
    others = (
        parse_in(value, [*languages, "en"]) for key in (*PUBLISHED, *GENERAL) for value in hints.structured.get(key, ())[:1]
    )
    return any(day is not None and day.date == shown.date for day in others)


def _declared(hints: Hints, keys: tuple[str, ...], field: str, languages: Sequence[str]) -> Found | None:
    for key in keys:
        for value in hints.structured.get(key, ()):
            day = parse_in(value, [*languages, "en"])
            if day is not None:
                return Found(field, day, None, key, DECLARED, Label.DATELINE)
    return None


def _shown(near: Sequence[Block], title: Block, languages: Sequence[str]) -> tuple[Day | None, bool]:
    """The first day in a line near the title that stands behind no word of an update, and whether it stands below the title.

    Above the title a page may say what day it is: that counts only where no line below says another. Where the title itself is in
    an element called as those of others are, the name says nothing.
    """
    before, inside = "", is_others(title.node)
    above: Day | None = None
    for block in near:
        text = block.text
        if len(text) <= MAX_LINE and (inside or not is_others(block.node)):
            day = _first(dates_in(_UPDATED.split(text, maxsplit=1)[0], languages))
            if day is not None and not (len(before) < MAX_LABEL and _UPDATED.search(before)):
                if block.start > title.start:
                    return day, True
                above = above or day
        before = text
    return above, False


MAX_LABEL = 20  # "Last updated:" in a line of its own, above the date


def _timed(hints: Hints, languages: Sequence[str]) -> Found | None:
    """The day of the page's <time> elements, if they all name the same and it is not that of its last change."""
    days = {day for value in hints.structured.get("time.datetime", ()) if (day := parse_in(value, ["en"]))}
    modified = _declared(hints, MODIFIED, "date_modified", languages)
    if len(days) != 1 or (modified is not None and modified.value in days):
        return None
    return Found("date_published", days.pop(), None, "time.datetime", TIMED, Label.DATELINE)


def _in_path(hints: Hints) -> Found | None:
    """The day in the page's own address: /2014/05/18/."""
    for key in ADDRESSES:
        for value in hints.structured.get(key, ()):
            parts = path_of(value)
            for year, month, day in zip(parts, parts[1:], parts[2:], strict=False):
                if _YEAR.fullmatch(year) and _NUMBER.fullmatch(month) and _NUMBER.fullmatch(day):
                    found = parse(f"{year}-{int(month):02}-{int(day):02}")
                    return Found("date_published", found, None, "url.date", IN_PATH, Label.DATELINE) if found else None
            for part in _IN_PART.finditer(" ".join(parts)):
                found = parse(f"{part[1]}-{part[3]}-{part[4]}")
                if found is not None:
                    return Found("date_published", found, None, "url.date", IN_PATH, Label.DATELINE)
    return None


def _languages(hints: Hints) -> list[str]:
    """The language that the page declares, if dateparser may know it: two letters."""
    declared = [
        _ALIASES.get(value[:2].lower(), value[:2].lower())
        for key in ("html.lang", "meta.og:locale")
        for value in hints.structured.get(key, ())
    ]
    return [name for name in dict.fromkeys(declared) if name.isascii() and name.isalpha() and name in KNOWN]


_ALIASES = {"no": "nb", "nn": "nb"}
# Of dateparser's languages, those with pages of their own.
KNOWN = frozenset(
    "af ar az be bg bn ca cs da de el en es et eu fa fi fr gl he hi hr hu hy id is it ja ka ko lt lv mk ms nb nl pl pt ro ru sk sl sq sr sv sw ta te th tr uk ur vi zh".split()  # noqa: SIM905, E501
)
