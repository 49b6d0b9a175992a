"""What a source's rows say against what its bytes say: law 1 (tiling), law 2 (verbatim) and the digests."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from pipeline import blocks
from pipeline.blocks.derive import VERBATIM, derive
from pipeline.dataset.problem import EDITED, REPORT, RERUN, Problem
from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources import INSIDE, Listed, Part, extract, opened
from pipeline.table import REJECTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.model import Decoded

Row = dict[str, Any]
_TILING = frozenset({"taken", "dropped", "separator"})
# As many characters of a text as a message shows.
_SHOWN = 40


class Rows(NamedTuple):
    """The rows of one source."""

    document: Row
    articles: list[Row]
    ledger: list[Row]


def check_file(uri: str, rows: dict[str, Rows], settings: Settings) -> Iterator[Problem]:
    """What is wrong with the rows of one file's sources, by member, if it is still what it was; else just that."""
    seen: set[str] = set()
    try:
        with opened(Listed(uri, path_of(settings, uri)), settings) as file:
            for part in file.parts():
                member = part.source.member
                seen.add(member)
                if member in rows:
                    yield from _check(rows[member], part)
                else:
                    yield Problem("documents", uri, member, "this source has no row", RERUN)
    except Rejected as error:
        read = next((member for member, its in rows.items() if its.document["sha256"] is not None), None)
        if read is not None:  # else it could not be read when the rows were made either, as they say
            yield Problem("documents", uri, read, f"the source cannot be read: {error.cause}", RERUN)
        return
    for member, its in rows.items():
        if member not in seen:
            why = "there is no such member" if member else "the file has members, and is no source itself"
            if its.document["sha256"] is not None or member:
                yield Problem("documents", uri, member, f"{why}: the source has changed since it was processed", RERUN)


def _check(rows: Rows, part: Part) -> Iterator[Problem]:
    document, articles, ledger = rows
    uri = _place(document)
    if part.refusal is not None:
        if document["sha256"] is not None:
            yield Problem("documents", uri, "", f"the source cannot be read: {part.refusal.detail}", RERUN)
        return
    if part.source.sha256 != document["sha256"]:
        yield Problem("documents", uri, "sha256", "the source has changed since it was processed", RERUN)
        return
    try:
        # What was accepted once under another bound must be read again here: the bound is not what is checked.
        decoded = extract.text_of(part.data, part.source.declared_charset, max_lossy_share=1.0)
    except Rejected as error:
        if document["status"] != REJECTED:
            yield Problem("documents", uri, "status", f"it is {document['status']}, and cannot be decoded: {error.cause}", EDITED)
        return
    if document["text_sha256"] is None:
        return  # rejected before or while decoding, for its loss
    yield from _decoding(document, decoded)
    yield from _verbatim(uri, articles, decoded.text)
    yield from _inside(uri, ledger, decoded.text)
    try:
        pieces = _visible(decoded)
    except Rejected as error:
        yield Problem("documents", uri, "status", f"it is {document['status']}, and has no blocks: {error.cause}", EDITED)
    else:
        yield from _tiling(uri, articles, ledger, decoded.text, pieces)


def _place(document: Row) -> str:
    return f"{document['uri']}{INSIDE}{document['member']}" if document["member"] else str(document["uri"])


def path_of(settings: Settings, uri: str) -> str:
    """The path, or the URL, of the file with this uri."""
    relative = os.fsdecode(unquote_to_bytes(uri))
    if settings.raw_url is not None:
        return f"{settings.raw_url.rstrip('/')}/{relative}"
    return os.path.join(settings.raw, relative)  # noqa: PTH118  the path may be no valid Unicode


def _decoding(document: Row, decoded: Decoded) -> Iterator[Problem]:
    found = {
        "encoding": decoded.encoding,
        "encoding_evidence": decoded.evidence,
        "lossy": decoded.lossy,
        "text_sha256": hashlib.sha256(decoded.text.encode("utf-8", "surrogatepass")).hexdigest(),
    }
    for name, value in found.items():
        if document[name] != value:
            yield Problem("documents", document["uri"], name, f"{document[name]!r}, and the source gives {value!r}", EDITED)


def _verbatim(uri: str, articles: Iterable[Row], text: str) -> Iterator[Problem]:
    """Law 2: each piece of an article is what its function makes of its source slice."""
    for article in articles:
        for kept in article["kept"] or ():
            mine = article["text"][kept["at"] : kept["at"] + kept["length"]]
            theirs = text[kept["start"] : kept["end"]]
            place = f"{article['id']} kept {kept['start']}–{kept['end']}"
            if kept["end"] > len(text):
                yield Problem("articles", uri, place, "the span reaches beyond the source", EDITED)
                continue
            try:
                due = theirs if kept["how"] == VERBATIM else derive(kept["how"], theirs)
            except KeyError as error:
                yield Problem("articles", uri, place, f"there is no function {error} that could have made it", EDITED)
                continue
            if mine != due:
                # From just before the first difference on.
                first = next((at for at, pair in enumerate(zip(mine, due, strict=False)) if pair[0] != pair[1]), 0)
                here = max(0, first - _SHOWN // 4)
                cause = f"text has {_shown(mine[here:])} where the source gives {_shown(due[here:])}"
                yield Problem("articles", uri, place, cause, EDITED)


def _inside(uri: str, ledger: Iterable[Row], text: str) -> Iterator[Problem]:
    """Entries lie inside the source. Their text may be made from the slice (entities), so it is not compared."""
    for entry in ledger:
        if entry["end"] > len(text):
            yield Problem("ledger", uri, f"{entry['start']}–{entry['end']}", "the span reaches beyond the source", EDITED)


def _tiling(
    uri: str, articles: Iterable[Row], ledger: Iterable[Row], text: str, pieces: list[tuple[int, int]]
) -> Iterator[Problem]:
    """Law 1: each character of `pieces`, the visible text, that is not blank is covered exactly once."""
    spans = [(kept["start"], kept["end"]) for article in articles for kept in article["kept"] or ()]
    spans += [(entry["start"], entry["end"]) for entry in ledger if entry["action"] in _TILING]
    number = 0
    for start, end, times in _covered(spans, len(text)):
        if times == 1:
            continue
        while number < len(pieces) and pieces[number][1] <= start:
            number += 1
        for first, last in itertools.islice(pieces, number, None):
            if first >= end:
                break
            here, stop = max(start, first), min(end, last)
            if text[here:stop].strip():
                what = f"accounted for {times} times" if times else "nowhere accounted for"
                yield Problem("ledger", uri, f"{here}–{stop}", f"{_shown(text[here:stop])} is {what}", REPORT)


def _visible(decoded: Decoded) -> list[tuple[int, int]]:
    """The source spans of visible text, rising, without those whose text is blank (a folded or written-out space)."""
    page = blocks.read(decoded)
    return sorted((run.start, run.end) for block in page.blocks for run in block.runs if run.text.strip())


def _covered(spans: Iterable[tuple[int, int]], length: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, how many of `spans` cover it) for each stretch of 0…length, rising."""
    steps: Counter[int] = Counter()
    for start, end in spans:
        steps[start] += 1
        steps[end] -= 1
    here = times = 0
    for point in sorted(steps):
        if point > here:
            yield here, point, times
        here, times = max(here, point), times + steps[point]
    if here < length:
        yield here, length, times


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
