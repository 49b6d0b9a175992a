"""date_published and date_modified: what the page declares and what stands near its title, where the two bear each other out.

Dates of cited works, comments and teasers are never looked at.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from pipeline.evidence import path_of
from pipeline.fields.day import Day, dates_in, parse, parse_in
from pipeline.fields.near import MAX_LINE, heads_page, is_others, is_scored, language_hint, near_title, scored, title_of
from pipeline.marks import group, proposed, resolve
from pipeline.model import Block, Found, Hints, Label, Segment, Span

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
_YEAR, _NUMBER = re.compile(r"(?:19|20)\d\d"), re.compile(r"\d{1,2}")
# Midnight is not everywhere at the same time: what is shown may be the day before or after what is declared.
ZONES = dt.timedelta(days=1)
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
    shown = _shown(near_title(segment, title_of(segment)), languages)
    if not alone:
        visible = _visible(shown, found)
        return [visible, *found] if visible else found
    published = _published(hints, shown, found, languages)
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


def _published(hints: Hints, shown: Day | None, found: list[Found], languages: Sequence[str]) -> Found | None:
    """The declared day, as it is shown if that is the same but for the time zone; else the shown; else weaker evidence."""
    visible = _visible(shown, found)
    declared = _declared(hints, PUBLISHED, "date_published", languages)
    if declared is not None:
        close = shown is not None and isinstance(declared.value, Day) and abs(shown.date - declared.value.date) <= ZONES
        return visible if close else declared
    if visible is not None:
        return visible
    general = _declared(hints, GENERAL, "date_published", languages)
    if general is not None or any(one.field == "date_published" for one in found):
        return general
    return _timed(hints, languages) or _in_path(hints)


def _declared(hints: Hints, keys: tuple[str, ...], field: str, languages: Sequence[str]) -> Found | None:
    for key in keys:
        for value in hints.structured.get(key, ()):
            day = parse_in(value, [*languages, "en"])
            if day is not None:
                return Found(field, day, None, key, DECLARED, Label.DATELINE)
    return None


def _shown(near: Sequence[Block], languages: Sequence[str]) -> Day | None:
    """The first day in a line near the title that speaks of no update."""
    before = ""
    for block in near:
        text = block.text
        if len(text) <= MAX_LINE and not is_others(block.node):
            days = dates_in(text, languages)
            if days and not _UPDATED.search(text) and not (len(before) < MAX_LABEL and _UPDATED.search(before)):
                return days[0]
        before = text
    return None


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
