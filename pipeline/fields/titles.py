"""Which of a page's candidates is its title: headings and declarations, ranked by a small learned model (`train fields`).

A page says its title in up to a dozen places, in its own spelling, with or without the site's name. Each distinct spelling is
one candidate; its features tell where it stands, which other places say the same, and what the address and the others say.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline import learned
from pipeline.evidence import TITLES, cuts, is_site, path_of, site_names, without_site
from pipeline.surface import fold, is_prose, likeness_key, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.learned import Weights
    from pipeline.model import Block, Hints, Node, Segment

FILE = "fields"
MODEL = "title"
RULE = "title.ranked."
# Places that declare a title, besides those of evidence.TITLES.
MORE = ("json-ld.name", "json-ld.page.name")
ADDRESSES = ("link.canonical", "meta.og:url", "json-ld.url")
# What content systems call the element of an article's title.
TITLE_TOKENS = frozenset(("headline", "title"))
ENTRY_TOKENS = frozenset(("entry", "post", "article", "story"))
HEADINGS = ("h1", "h2", "h3")
# Headings are looked for so far behind the first prose; more than these, but for h1, and longer ones, are of something else.
BEHIND, MOST_HEADINGS, MAX_TITLE = 3, 12, 300
# A headline has at least so many words; a stump of one ends so.
MIN_WORDS, _CUT_OFF = 3, ("...", "…")
# A part of a title is no candidate below so many characters of its key.
MIN_PART = 8
FAR = 99
# What may join a kicker to its headline.
_JOINTS = " :|/-\N{EN DASH}\N{EM DASH}\N{MIDDLE DOT}\N{BULLET}"
KICKERLESS, HEADLINE, NEWS = "kickerless", "json-ld.headline", "NewsArticle"
# Declared for readers and programs alike; <title> may be written for searchers.
DECLARED = frozenset(TITLES) - {"title"}
FOR_READERS = frozenset(("h1", "heading", "meta.og:title", "meta.twitter:title"))
# How sure a title is that heading and declaration share, or that a newsroom declares.
AGREED = 0.85
PLACES = ("h1", "heading", KICKERLESS, "classed", "crumb", *TITLES, *MORE)
_GROUPS = ("h1", KICKERLESS, "json-ld.headline", "meta.og:title", "meta.twitter:title", "title")
FEATURES = (
    *(f"is.{place}" for place in PLACES),
    *(f"says.{place}" for place in _GROUPS),
    *(f"page.{place}" for place in _GROUPS),
    *(
        "current",
        "stripped",
        "part",
        "places",
        "group",
        "rival",
        "candidates",
        "headings",
        "position",
        "behind",
        "entry",
        "named",
    ),
    *("length", "words", "is_site", "upper", "bar", "ellipsis", "inside", "holds", "slug", "slug_best"),
    *("near_h1", "near_ld", "near_title", "share", "news", "blog", "organised", "one_meta"),
)


class Candidate:
    """One spelling of a title and the places that have it; `position` is where, in blocks, as from the first prose."""

    __slots__ = ("behind", "entry", "key", "named", "part", "places", "position", "stripped", "value", "words")

    def __init__(self, value: str) -> None:
        self.value = value
        self.key = likeness_key(value)
        self.words = frozenset(words(value))
        self.places: list[str] = []
        self.position = FAR
        self.behind = self.entry = self.named = False
        self.stripped = self.part = True


class Choice(NamedTuple):
    """The title chosen, the surest of the places that have it, and the model's probability of it."""

    value: str
    place: str
    probability: float


def choose(segment: Segment, hints: Hints, current: str | None, weights: Weights | None = None) -> Choice | None:
    """The candidate that heading and declaration agree on behind a kicker, or that the model ranks first, but for newsrooms' own.

    None where there is nothing to choose from, one spelling or none.

    `current` is what the rules would say: a feature among others. `weights` replaces the shipped ones.
    """
    found = candidates(segment, hints)
    if len({each.value for each in found}) < 2:  # noqa: PLR2004
        return None
    agreed = _behind_kicker(found)
    if agreed is not None:
        return Choice(agreed.value, KICKERLESS, AGREED)
    model = (weights or learned.load(FILE)).models[MODEL]
    odds = model.log_odds(table(found, hints, current)[:, _columns(model.features)])
    best = found[int(np.argmax(odds))]
    reported = _reported(found, best, odds, hints)
    if reported is not None:
        return Choice(reported.value, HEADLINE, AGREED)
    return Choice(best.value, best.places[0], float(np.round(1 / (1 + np.exp(-odds.max())), 4)))


def _behind_kicker(found: Sequence[Candidate]) -> Candidate | None:
    """What a heading says behind its kicker, if the page declares just that: the title as the page itself cuts it."""
    agreed = [each for each in found if KICKERLESS in each.places and not DECLARED.isdisjoint(each.places)]
    return min(agreed, key=lambda each: each.position, default=None)


def _reported(found: Sequence[Candidate], best: Candidate, odds: np.typing.NDArray[np.float64], hints: Hints) -> Candidate | None:
    """The headline that a news article's JSON-LD gives, where it is another than the best candidate and no stump or label of it.

    Where <title> repeats it against the heading and og:title, both are written for searchers, and it is none.
    """
    if not any(kind.endswith(NEWS) for kind in hints.structured.get("json-ld.type", ())) or HEADLINE in best.places:
        return None
    said = [(odds[number], -number) for number, each in enumerate(found) if HEADLINE in each.places]
    if not said:
        return None
    headline = found[-max(said)[1]]
    if headline.words.isdisjoint(best.words):
        return None  # the site's own, on every page
    stump = headline.value.endswith(_CUT_OFF) or best.key.startswith(headline.key) or len(headline.words) < MIN_WORDS
    ours, its = ({place for each in found if each.key == one.key for place in each.places} for one in (best, headline))
    searched = "title" in its and its.isdisjoint(FOR_READERS) and {"h1", "meta.og:title"} <= ours
    return None if stump or searched else headline


@functools.cache
def _columns(names: tuple[str, ...]) -> list[int]:
    """Where these features stand in FEATURES."""
    return [FEATURES.index(name) for name in names]


def candidates(segment: Segment, hints: Hints) -> list[Candidate]:
    """Every spelling of a title that the page has, each once, in the order of trust of where it stands first."""
    sites = site_names(hints)
    found: dict[str, Candidate] = {}
    _headings(found, segment, sites)
    structured = hints.structured
    for place in (*TITLES, *MORE):
        for raw in structured.get(place, ())[:1]:
            _add(found, raw, place, sites)
    for raw in structured.get("json-ld.breadcrumb", ())[-1:]:
        _add(found, raw, "crumb", sites)
    return [each for each in found.values() if each.key and each.key not in sites]


def _headings(found: dict[str, Candidate], segment: Segment, sites: frozenset[str]) -> None:
    first = next((i for i, block in enumerate(segment.blocks) if block.kind == "p" and is_prose(block.text)), len(segment.blocks))
    others = 0
    for index, block in enumerate(segment.blocks):
        kind = block.kind if block.kind in HEADINGS else _inside(block.node)
        if kind is None and not _classed(block):
            continue
        if kind != "h1":
            others += 1
            if others > MOST_HEADINGS or index > first + BEHIND:
                continue
        noted = _add(found, block.text, "h1" if kind == "h1" else "heading" if kind else "classed", sites)
        rest = _kickerless(block)
        if rest:
            noted += _add(found, rest, KICKERLESS, sites)
        for each in noted:
            each.position = min(each.position, abs(index - first))
            each.behind = each.behind or index > first
            tokens = _tokens(block.node)
            each.entry = each.entry or not tokens.isdisjoint(ENTRY_TOKENS)
            each.named = each.named or not tokens.isdisjoint(TITLE_TOKENS)


def _inside(node: Node | None) -> str | None:
    """The kind of the heading in which an element stands that is a block of its own."""
    parent = node.parent if node is not None else None
    return parent.tag if parent is not None and parent.tag in HEADINGS else None


def _kickerless(block: Block) -> str:
    """A heading without its kicker: what stands behind a first part that is an element of its own; "" where there is none."""
    if block.kind not in HEADINGS or len(block.runs) == 1 or block.node is None or block.node.tag == block.kind:
        return ""
    text = "".join([run.text for run in block.runs[1:]]).lstrip(_JOINTS)
    return text if len(likeness_key(text)) >= MIN_PART and not text[:1].islower() else ""


def _classed(block: Block) -> bool:
    node = block.node
    if node is None or not block.links < len(block.text) <= MAX_TITLE:
        return False
    parent = node.parent
    return not node.tokens.isdisjoint(TITLE_TOKENS) or (parent is not None and not parent.tokens.isdisjoint(TITLE_TOKENS))


def _tokens(node: Node | None) -> frozenset[str]:
    if node is None:
        return frozenset()
    return node.tokens | node.parent.tokens if node.parent is not None else node.tokens


def _add(found: dict[str, Candidate], raw: str, place: str, sites: frozenset[str]) -> list[Candidate]:
    """Notes a text, the same without the site's name and, of <title>, its longest part."""
    value = fold(raw.replace("\N{SOFT HYPHEN}", "").replace("\N{ZERO WIDTH SPACE}", ""))
    if not value or len(value) > MAX_TITLE:
        return []
    bare = without_site(value, sites)
    part = max(cuts(bare), key=len, default=bare) if place == "title" else bare
    noted: list[Candidate] = []
    for text, stripped, cut in ((value, False, False), (bare, True, False), (part, True, True)):
        if not noted or text not in (each.value for each in noted):
            each = found.setdefault(text, Candidate(text))
            if place not in each.places:
                each.places.append(place)
            each.stripped, each.part = each.stripped and stripped, each.part and cut
            noted.append(each)
    return noted


def table(found: Sequence[Candidate], hints: Hints, current: str | None) -> np.typing.NDArray[np.float32]:
    """The features of each candidate, a row each, in the order of FEATURES."""
    groups: dict[str, set[str]] = {}
    for each in found:
        groups.setdefault(each.key, set()).update(each.places)
    page = _page(found, hints)
    return np.array([_row(each, found, groups, page, current) for each in found], dtype=np.float32)


class _Page(NamedTuple):
    """What all candidates of a page share: words of the address and of three places, numbers and flags."""

    slug: frozenset[str]
    slug_best: float
    h1: frozenset[str]
    headline: frozenset[str]
    title: frozenset[str]
    headings: int
    flags: tuple[float, ...]
    kinds: tuple[float, ...]
    sites: frozenset[str]


def _page(found: Sequence[Candidate], hints: Hints) -> _Page:
    structured = hints.structured
    slug = _slug(structured)
    kinds = structured.get("json-ld.type", ())

    def of(place: str) -> frozenset[str]:
        return next((each.words for each in found if place in each.places), frozenset())

    metas = {
        likeness_key(value) for place in ("meta.og:title", "meta.twitter:title", "title") for value in structured.get(place, ())
    }
    return _Page(
        slug,
        max((_share(_plain(each.value), slug) for each in found), default=0.0),
        of("h1"),
        of("json-ld.headline"),
        of("title"),
        sum("h1" in each.places for each in found),
        tuple(float(any(place in each.places for each in found)) for place in _GROUPS),
        (
            float(any(kind.endswith("NewsArticle") for kind in kinds)),
            float("BlogPosting" in kinds or "Article" in kinds),
            float("json-ld.publisher" in structured),
            float(len(metas) == 1),
        ),
        site_names(hints),
    )


def _row(
    each: Candidate, found: Sequence[Candidate], groups: Mapping[str, set[str]], page: _Page, current: str | None
) -> list[float]:
    group = groups[each.key]
    rival = max((len(places) for key, places in groups.items() if key != each.key), default=0)
    others = [key for key in groups if key != each.key and len(key) >= MIN_PART]
    value = each.value
    return [
        *(float(place in each.places) for place in PLACES),
        *(float(place in group) for place in _GROUPS),
        *page.flags,
        float(value == current),
        float(each.stripped),
        float(each.part),
        float(len(each.places)),
        float(len(group)),
        float(rival),
        float(len(found)),
        float(page.headings),
        float(each.position),
        float(each.behind),
        float(each.entry),
        float(each.named),
        float(len(value)),
        float(value.count(" ") + 1),
        float(is_site(value, page.sites)),
        float(value.isupper()),
        float("|" in value or "»" in value),
        float(value.endswith(_CUT_OFF)),
        float(sum(each.key in key for key in others) if len(each.key) >= MIN_PART else 0),
        float(sum(key in each.key for key in others)),
        _share(_plain(value), page.slug),
        page.slug_best,
        _share(each.words, page.h1),
        _share(each.words, page.headline),
        _share(each.words, page.title),
        len(value) / max(len(other.value) for other in found),
        *page.kinds,
    ]


_WORD = re.compile(r"[a-z0-9]+")


def _plain(text: str) -> frozenset[str]:
    """The words of a text as addresses spell them."""
    return frozenset(_WORD.findall(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()))


def _slug(structured: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """The words of the last part of the page's address."""
    for place in ADDRESSES:
        for value in structured.get(place, ()):
            for part in reversed(path_of(value)):
                found = frozenset(word for word in _WORD.findall(part.lower()) if not word.isdigit())
                if len(found) > 1:
                    return found
    return frozenset()


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of words that two texts have in common, 0…1 (Dice)."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0
