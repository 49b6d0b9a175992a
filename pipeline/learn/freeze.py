"""What is remembered of a site → its template: the only place that decides what recurs and what of that may go.

Real prose recurs as well. It is protected three times: copies of one article count as one; what the learned score keeps goes
only if a good share of the site's articles has it; what it is sure of goes only if half of them do. Titles recur as teasers on
other pages: a line that could be one is left to the score, which drops teasers, and to the labeler of titles.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from pipeline.surface import could_be_title, is_dense
from pipeline.templates import BODY, BOILERPLATE, Known, Template, Zone, ZoneKey, zones_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipeline.learn.state import Document, Line

MIN_SUPPORT = 2
# Two documents are copies if they share so much of the prose of the one that has more: then they count once.
COPY_SHARE = 0.5
# Shorter texts recur for any reason ("Pros", "2.", "The competition"): they tell places apart, and nothing else.
SHORT_CHARS, SHORT_DENSE_CHARS = 20, 8
# What the score keeps, and what it is sure of, must stand in so large a share of the articles (the latter in SURE_SUPPORT, too).
KEPT, KEPT_SHARE = 0.5, 0.1
SURE, SURE_SHARE, SURE_SUPPORT = 0.9, 0.5, 3
# Of a pair of lines that are met around a zone, in documents: fewer help no other document.
MIN_ZONES = 2


class _Seen(NamedTuple):
    line: Line
    articles: frozenset[str]
    scores: tuple[float, ...]


def freeze(
    site: str, documents: Mapping[str, Document], min_support: int = MIN_SUPPORT, before: Template | None = None
) -> Template | None:
    """The template of a site; None if nothing recurs in it. `before`: the one there is, whose `keep` marks are kept.

    The version is that of `before` if nothing changed, else one more.
    """
    groups = _articles(documents)
    chosen = {key: documents[key] for key, article in groups.items() if key == article}
    seen = _seen(documents, groups)
    blocks = {name: _known(one, len(chosen)) for name, one in seen.items() if len(one.articles) >= max(min_support, MIN_SUPPORT)}
    if before is not None:
        for name, known in before.blocks.items():
            if known.keep:
                blocks[name] = blocks.get(name, known)._replace(keep=True)
    if not blocks:
        return None
    version = before.version if before is not None else 1
    made = Template(site, version, len(chosen), blocks, _zones(chosen.values(), set(blocks)), frozenset(chosen))
    if before is not None and made != before:
        return Template(site, version + 1, made.documents, made.blocks, made.zones, made.learned_from)
    return made


def _articles(documents: Mapping[str, Document]) -> dict[str, str]:
    """For each document the smallest key among its copies, copies of copies included."""
    keys = sorted(documents)
    cores = {key: {line.id: line.prose for line in documents[key].lines if line.prose} for key in keys}
    first = {key: key for key in keys}

    def root(key: str) -> str:
        while first[key] != key:
            key = first[key]
        return key

    for at, key in enumerate(keys):
        for other in keys[:at]:
            if _are_copies(cores[key], cores[other]):
                low, high = sorted((root(key), root(other)))
                first[high] = low
    return {key: root(key) for key in keys}


def _are_copies(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    fewer, more = sorted((one, other), key=len)
    shared = sum(length for name, length in fewer.items() if name in more)
    return shared > 0 and shared >= COPY_SHARE * max(sum(one.values()), sum(other.values()))


def _seen(documents: Mapping[str, Document], groups: Mapping[str, str]) -> dict[str, _Seen]:
    """Each block with the articles that have it, and its score in each document; sampled from the document with the least key."""
    lines: dict[str, Line] = {}
    articles: defaultdict[str, set[str]] = defaultdict(set)
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for key in sorted(documents):
        for line in {line.id: line for line in reversed(documents[key].lines)}.values():
            lines.setdefault(line.id, line)
            articles[line.id].add(groups[key])
            scores[line.id].append(line.score)
    return {name: _Seen(line, frozenset(articles[name]), tuple(scores[name])) for name, line in lines.items()}


def _known(seen: _Seen, articles: int) -> Known:
    support = len(seen.articles)
    score = round(sum(seen.scores) / len(seen.scores), 4)
    label = BOILERPLATE if _may_go(seen.line.text, score, support, articles) else BODY
    return Known(seen.line.text, seen.line.kind, support, score, label)


def _may_go(text: str, score: float, support: int, articles: int) -> bool:
    if len(text) <= (SHORT_DENSE_CHARS if is_dense(text) else SHORT_CHARS) or could_be_title(text):
        return False
    if score >= SURE:
        return support >= max(SURE_SUPPORT, SURE_SHARE * articles)
    return score < KEPT or support >= KEPT_SHARE * articles


def _zones(documents: Collection[Document], known: set[str]) -> dict[ZoneKey, Zone]:
    """The zones of plain documents that at least MIN_ZONES of them have."""
    found: defaultdict[ZoneKey, list[Zone]] = defaultdict(list)
    for document in documents:
        if document.plain:
            lines = document.lines
            scores, words = [line.score for line in lines], [line.words for line in lines]
            for key, zone in zones_of([line.id for line in lines], known, scores, words).items():
                found[key].append(zone)
    return {
        key: Zone(round(sum(zone.article for zone in each), 2), round(sum(zone.words for zone in each), 2))
        for key, each in found.items()
        if len(each) >= MIN_ZONES
    }
