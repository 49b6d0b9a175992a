"""Which words go on across a gap: shares of what stands below it that was said above it, and the other way round.

A word is known by its first letters (endings apart), a script without spaces by pairs of its characters; words that are common
in the file itself weigh nothing, so no language's list is needed. Every measure is a sum over links between a word and its
last occurrence, spread over the gaps that lie between: linear in the text (after Hearst, TextTiling, 1997, vocabulary
introduction, and Morris & Hirst, lexical chains, 1991).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.split.features import words as vocabulary
from pipeline.split.features.characters import Kind, code_points, tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Letters by which a word is known, and those of its spelling.
STEM, SPELLING = 6, 10
# A word of which there is one in e**COMMON weighs nothing, rarer ones up to HEAVIEST.
COMMON, HEAVIEST = 4.0, 4.0
# A short text counts as one of so many words: what it is about stands in each hundred of them, and is not common for that.
FEW_WORDS = 2500
FAR = 1 << 40
PRIME = np.uint64(1_000_003)
# Evidence (in weight) that every share is drawn towards the file's own by.
PRIOR = 8.0
# Words below and above a gap: the lead against the page above, an article against an article, the lead against all.
WINDOWS = ((40, 150), (120, 400), (300, 1000), (80, FAR))
BACK = ((100, 250),)
NAMES = ((60, 300), (150, FAR))
SPANS = (60, 250)
INTRODUCED = 80
SPELLED, SPELLED_BACK = 200, 800


@dataclass(frozen=True, slots=True)
class Tokens:
    """The words of a text in order.

    `start`: offset; `id`: number of the stem; `before`, `after`: places of the same stem, or ±FAR; `weight`: how much a link of
    this word says; `group`: of the vocabulary, from 1; the rest as Lexicon.
    """

    start: Ints
    id: Ints
    spelling: NDArray[np.uint64]
    before: Ints
    after: Ints
    weight: Floats
    name: NDArray[np.bool_]
    shouted: NDArray[np.bool_]
    bracketed: NDArray[np.bool_]
    group: NDArray[np.int8]
    rare: Floats
    lead: Floats
    last: Floats


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of common words, by rising numbers of stems (`key`).

    `rare`: 0 (in every text) … 1 (in few); `lead`, `last`: how much more often (log) a word stands in the first, the last lines
    of articles than in others.
    """

    key: NDArray[np.uint64]
    rare: Floats
    lead: Floats
    last: Floats


def lexicon(known: Mapping[str, Sequence[float]]) -> Lexicon:
    """From stems (the first STEM letters of words, lower case) to their `rare`, `lead` and `last`, hundredths."""
    stems = list(known)
    codes = code_points("\n".join([*stems, ""])).astype(np.uint64)
    size = np.array([len(stem) for stem in stems], dtype=np.int64)
    start = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(size + 1)))[:-1]
    key = _hash(codes, start, start + size, STEM) if stems else np.zeros(0, dtype=np.uint64)
    order = np.argsort(key)
    values = np.array([known[stem] for stem in stems], dtype=np.float64).reshape(-1, 3)[order] / 100
    return Lexicon(key[order], *values.T)


def _known_words(stem: NDArray[np.uint64], words: Lexicon) -> tuple[Floats, Floats, Floats]:
    """`rare`, `lead` and `last` of each word; a word that is not known is rare and says nothing else."""
    if not len(words.key):
        return np.ones(len(stem)), np.zeros(len(stem)), np.zeros(len(stem))
    place = np.minimum(np.searchsorted(words.key, stem), len(words.key) - 1)
    known = words.key[place] == stem
    return (
        np.where(known, words.rare[place], 1.0),
        np.where(known, words.lead[place], 0.0),
        np.where(known, words.last[place], 0.0),
    )


@functools.cache
def _groups() -> tuple[NDArray[np.uint64], NDArray[np.int8]]:
    """The known words as numbers, rising, and the group of each, from 1; a word of several groups counts in the last."""
    known: dict[int, int] = {}
    for number, group in enumerate(vocabulary.GROUPS, start=1):
        for word in group:
            codes = code_points(word).astype(np.uint64)
            stem = _hash(codes, np.zeros(1, dtype=np.int64), np.array([len(word)]), STEM)
            known[int(stem[0])] = number
    keys = sorted(known)
    return np.array(keys, dtype=np.uint64), np.array([known[key] for key in keys], dtype=np.int8)


def _grouped(stem: NDArray[np.uint64]) -> NDArray[np.int8]:
    """The group of each word, 0 for most."""
    keys, groups = _groups()
    place = np.minimum(np.searchsorted(keys, stem), len(keys) - 1)
    return np.where(keys[place] == stem, groups[place], 0).astype(np.int8)


def tokens(codes: NDArray[np.uint32], kinds: NDArray[np.uint8], known: Lexicon) -> Tokens:
    """The words of a text of at least one character, the last of which is white space."""
    wordlike = (kinds >= Kind.LOWER) & (kinds <= Kind.MARK) & (kinds != Kind.DENSE)
    edges = np.flatnonzero(np.diff(wordlike.astype(np.int8), prepend=np.int8(0)))
    start, end = edges[::2], edges[1::2]
    lower = tables()[1]
    small = lower[np.minimum(codes, len(lower) - 1)].astype(np.uint64)
    stem = _hash(small, start, end, STEM)
    name, shouted, bracketed = _cases(kinds, start, end)
    loud = np.flatnonzero(shouted)
    spelling = np.zeros(len(start), dtype=np.uint64)
    spelling[loud] = _hash(codes.astype(np.uint64), start[loud], end[loud], SPELLING)
    dense = np.flatnonzero((kinds[:-1] == Kind.DENSE) & (kinds[1:] == Kind.DENSE))
    if len(dense):
        pair = (small[dense] * PRIME) ^ small[dense + 1]
        order = np.argsort(np.concatenate((start, dense)), kind="stable")
        no = np.zeros(len(dense), dtype=bool)
        start = np.concatenate((start, dense))[order]
        stem, spelling = np.concatenate((stem, pair))[order], np.concatenate((spelling, pair))[order]
        name, shouted, bracketed = (np.concatenate((one, no))[order] for one in (name, shouted, bracketed))
    ids, before, after, each = _same(stem)
    # What is known of a word is looked up once, not at each of its places.
    rare, lead, last = _known_words(each, known)
    times = np.maximum(np.bincount(ids, minlength=1), 1)[: len(each)]
    weight = np.clip(np.log(max(len(ids), FEW_WORDS) / times) - COMMON, 0.0, HEAVIEST) * rare
    group = _grouped(each)[ids]
    weight, rare, lead, last = (column[ids] for column in (weight, rare, lead, last))
    return Tokens(start, ids, spelling, before, after, weight, name, shouted, bracketed, group, rare, lead, last)


def _hash(codes: NDArray[np.uint64], start: Ints, end: Ints, letters: int) -> NDArray[np.uint64]:
    """A number for the first letters of each word."""
    found = np.zeros(len(start), dtype=np.uint64)
    last = len(codes) - 1
    for at in range(letters):
        inside = start + at < end
        letter = codes[np.minimum(start + at, last)] + np.uint64(1)
        found = np.where(inside, found * PRIME + letter, found)
    return found


def _cases(kinds: NDArray[np.uint8], start: Ints, end: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Words with a capital inside a sentence; with more than one capital; capitals in brackets (an acronym introduced)."""
    capital = kinds[start] == Kind.UPPER
    before = kinds[np.maximum(start - 1, 0)]
    before_that = kinds[np.maximum(start - 2, 0)]
    inside = (
        (start > 1)
        & (before == Kind.SPACE)
        & ((before_that >= Kind.LOWER) & (before_that <= Kind.MARK) | (before_that == Kind.COMMA))
    )
    second = kinds[np.minimum(start + 1, len(kinds) - 1)] == Kind.UPPER
    shouted = second & (end - start > 1)
    bracketed = shouted & (before == Kind.ROUND) & (kinds[np.minimum(end, len(kinds) - 1)] == Kind.ROUND)
    return capital & inside & (end - start > 1), shouted, bracketed


def _same(keys: NDArray[np.uint64]) -> tuple[Ints, Ints, Ints, NDArray[np.uint64]]:
    """A number for each key, the same for the same; where it stood last and stands next, -FAR and FAR where nowhere; the keys."""
    order = np.argsort(keys, kind="stable")
    ranked = keys[order]
    same = ranked[1:] == ranked[:-1]
    numbers = np.zeros(len(keys), dtype=np.int64)
    numbers[order[1:]] = np.cumsum(~same)
    before = np.full(len(keys), -FAR, dtype=np.int64)
    after = np.full(len(keys), FAR, dtype=np.int64)
    before[order[1:][same]] = order[:-1][same]
    after[order[:-1][same]] = order[1:][same]
    each = ranked[np.concatenate((np.full(min(1, len(keys)), fill_value=True), ~same))]
    return numbers, before, after, each


def shares(words: Tokens, gaps: Ints) -> dict[str, Floats]:
    """Every measure, one number a gap; `gaps`: how many words stand before each."""
    found: dict[str, Floats] = {}
    count = len(words.id)
    place = np.arange(count, dtype=np.int64)
    heavy = words.weight > 0
    at, before, after, weight = place[heavy], words.before[heavy], words.after[heavy], words.weight[heavy]
    for below, above in WINDOWS:
        found[f"known.{below}.{_far(above)}"] = _known(at, before, weight, (below, above), gaps, count)
    for above, below in BACK:
        found[f"goes_on.{above}.{below}"] = _known(-at - 1, -after - 1, weight, (above, below), -gaps, count)
    named = heavy & words.name
    at, before, weight = place[named], words.before[named], words.weight[named]
    for below, above in NAMES:
        found[f"names.{below}.{_far(above)}"] = _known(at, before, weight, (below, above), gaps, count)
    for reach in SPANS:
        found[f"links.{reach}"] = _over(place[heavy], words.before[heavy], words.weight[heavy], reach, gaps, count)
    found.update(_introductions(words, place, gaps, count))
    return found


def _far(words: int) -> str:
    return "all" if words == FAR else str(words)


def spread(low: Ints, high: Ints, weight: Floats, gaps: Ints, count: int) -> Floats:
    """For each gap the weight of the ranges low ≤ gap < high that it is in. Gaps may be negative: all are, then."""
    shift = count + 1 if len(gaps) and gaps.min() < 0 else 0
    low, high = (np.minimum(np.maximum(edge + shift, 0), count + 2) for edge in (low, high))
    # A range that is empty adds and takes at the same place.
    steps = np.bincount(low, weight, count + 3) - np.bincount(np.maximum(low, high), weight, count + 3)
    total: Floats = np.cumsum(steps)[gaps + shift]
    return total


def _known(  # noqa: PLR0913, PLR0917 - columns of the words, and the places
    at: Ints, before: Ints, weight: Floats, window: tuple[int, int], gaps: Ints, count: int
) -> Floats:
    """Of the words that first stand in the window below a gap, the share (by weight) that also stands in the one above."""
    below, above = window
    low = np.maximum(before, at - below) + 1
    total = spread(low, at + 1, weight, gaps, count)
    known = spread(low, np.minimum(at, before + above) + 1, weight, gaps, count)
    usual = known.sum() / max(total.sum(), 1e-9)
    share: Floats = (known + PRIOR * usual) / (total + PRIOR)
    return share


def _over(  # noqa: PLR0913, PLR0917 - columns of the words, and the places
    at: Ints, before: Ints, weight: Floats, reach: int, gaps: Ints, count: int
) -> Floats:
    """The weight of the links that cross a gap and are no longer than `reach`."""
    short = at - before <= reach
    return spread(before[short] + 1, at[short] + 1, weight[short], gaps, count)


def _introductions(words: Tokens, place: Ints, gaps: Ints, count: int) -> dict[str, Floats]:
    """Names as used below a gap: in full and new, in full although known, by the last name alone; acronyms; spellings."""
    near = words.start[1:] - words.start[:-1] < SPELLING + STEM
    full = np.zeros(count, dtype=bool)
    full[1:] = words.name[1:] & words.name[:-1] & near
    led = np.where(words.before > 0, words.id[np.maximum(words.before - 1, 0)], -1)
    leads = np.concatenate((np.full(1, -1), words.id[:-1])) if count else words.id
    known = words.before >= 0
    alone = words.name & ~full & known
    one = np.ones(count)

    def soon(mask: NDArray[np.bool_], window: int = INTRODUCED) -> Floats:
        at = place[mask]
        return spread(at - window + 1, at + 1, one[mask], gaps, count)

    crossing = alone & ~np.concatenate((full[1:], np.zeros(1, dtype=bool)))[:count]
    at, before = place[crossing], words.before[crossing]
    anaphora = spread(np.maximum(before, at - INTRODUCED) + 1, np.minimum(at, before + 300) + 1, one[crossing], gaps, count)
    loud = words.shouted & (words.weight > 0)
    at = place[loud]
    earlier = _same(words.spelling[loud])[1]
    folded, exact = words.before[loud], np.where(earlier >= 0, at[np.maximum(earlier, 0)] if len(at) else earlier, -FAR)
    low = np.maximum(folded, at - SPELLED) + 1
    seen = spread(low, np.minimum(at, folded + SPELLED_BACK) + 1, words.weight[loud], gaps, count)
    low = np.maximum(np.maximum(exact, folded), at - SPELLED) + 1
    spelled = spread(low, np.minimum(at, exact + SPELLED_BACK) + 1, words.weight[loud], gaps, count)
    return {
        "names.new_in_full": soon(full & ~known),
        "names.again_in_full": soon(full & known & (led != leads)),
        "names.alone": anaphora,
        "names.any": soon(words.name),
        "acronym.new": soon(words.bracketed & ~known),
        "acronym.again": soon(words.bracketed & known),
        "spelling.other": seen - spelled,
        "spelling.same": spelled,
    }
