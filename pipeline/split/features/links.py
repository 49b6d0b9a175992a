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
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Letters by which a word is known, and those of its spelling.
STEM, SPELLING = 6, 10
# A word of which there is one in e**COMMON weighs nothing, rarer ones up to HEAVIEST.
COMMON, HEAVIEST = 4.0, 4.0
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
    """The words of a text in order. `start`: offset; `id`: number of the stem; `before`, `after`: places of the same stem, or ±FAR."""

    start: Ints
    id: Ints
    spelling: Ints
    before: Ints
    after: Ints
    weight: Floats
    name: NDArray[np.bool_]
    shouted: NDArray[np.bool_]
    bracketed: NDArray[np.bool_]
    group: NDArray[np.int8]


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


def tokens(codes: NDArray[np.uint32], kinds: NDArray[np.uint8]) -> Tokens:
    """The words of a text of at least one character, the last of which is white space."""
    wordlike = (kinds >= Kind.LOWER) & (kinds <= Kind.MARK) & (kinds != Kind.DENSE)
    edges = np.flatnonzero(np.diff(wordlike.astype(np.int8), prepend=np.int8(0)))
    start, end = edges[::2], edges[1::2]
    lower = tables()[1]
    small = lower[np.minimum(codes, len(lower) - 1)].astype(np.uint64)
    stem = _hash(small, start, end, STEM)
    spelling = _hash(codes.astype(np.uint64), start, end, SPELLING)
    name, shouted, bracketed = _cases(codes, kinds, start, end)
    dense = np.flatnonzero((kinds[:-1] == Kind.DENSE) & (kinds[1:] == Kind.DENSE))
    if len(dense):
        pair = (small[dense] * PRIME) ^ small[dense + 1]
        order = np.argsort(np.concatenate((start, dense)), kind="stable")
        no = np.zeros(len(dense), dtype=bool)
        start = np.concatenate((start, dense))[order]
        stem, spelling = np.concatenate((stem, pair))[order], np.concatenate((spelling, pair))[order]
        name, shouted, bracketed = (np.concatenate((one, no))[order] for one in (name, shouted, bracketed))
    _, ids, counts = np.unique(stem, return_inverse=True, return_counts=True)
    weight = np.clip(np.log(max(len(ids), 1) / counts) - COMMON, 0.0, HEAVIEST)[ids]
    before, after = _neighbours(ids)
    return Tokens(start, ids, spelling.view(np.int64), before, after, weight, name, shouted, bracketed, _grouped(stem))


def _hash(codes: NDArray[np.uint64], start: Ints, end: Ints, letters: int) -> NDArray[np.uint64]:
    """A number for the first letters of each word."""
    found = np.zeros(len(start), dtype=np.uint64)
    last = len(codes) - 1
    for at in range(letters):
        inside = start + at < end
        letter = codes[np.minimum(start + at, last)] + np.uint64(1)
        found = np.where(inside, found * PRIME + letter, found)
    return found


def _cases(
    codes: NDArray[np.uint32], kinds: NDArray[np.uint8], start: Ints, end: Ints
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Words with a capital inside a sentence; with more than one capital; capitals in brackets (an acronym introduced)."""
    del codes
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


def _neighbours(ids: Ints) -> tuple[Ints, Ints]:
    """Where the same number stood last and stands next; -FAR and FAR where it does not."""
    order = np.argsort(ids, kind="stable")
    same = ids[order[1:]] == ids[order[:-1]]
    before = np.full(len(ids), -FAR, dtype=np.int64)
    after = np.full(len(ids), FAR, dtype=np.int64)
    before[order[1:][same]] = order[:-1][same]
    after[order[:-1][same]] = order[1:][same]
    return before, after


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


def _spread(low: Ints, high: Ints, weight: Floats, gaps: Ints, count: int) -> Floats:
    """For each gap the weight of the ranges low ≤ gap < high that it is in. Gaps may be negative: all are, then."""
    shift = count + 1 if len(gaps) and gaps.min() < 0 else 0
    low, high = np.clip(low + shift, 0, count + 2), np.clip(high + shift, 0, count + 2)
    real = low < high
    steps = np.bincount(low[real], weight[real], count + 3) - np.bincount(high[real], weight[real], count + 3)
    return np.cumsum(steps)[gaps + shift]


def _known(at: Ints, before: Ints, weight: Floats, window: tuple[int, int], gaps: Ints, count: int) -> Floats:
    """Of the words that first stand in the window below a gap, the share (by weight) that also stands in the one above."""
    below, above = window
    low = np.maximum(before, at - below) + 1
    total = _spread(low, at + 1, weight, gaps, count)
    known = _spread(low, np.minimum(at, before + above) + 1, weight, gaps, count)
    usual = known.sum() / max(total.sum(), 1e-9)
    return (known + PRIOR * usual) / (total + PRIOR)


def _over(at: Ints, before: Ints, weight: Floats, reach: int, gaps: Ints, count: int) -> Floats:
    """The weight of the links that cross a gap and are no longer than `reach`."""
    short = at - before <= reach
    return _spread(before[short] + 1, at[short] + 1, weight[short], gaps, count)


def _introductions(words: Tokens, place: Ints, gaps: Ints, count: int) -> dict[str, Floats]:
    """Names as they are used below a gap: in full and new, in full although known, by the last name alone; acronyms; spellings."""
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
        return _spread(at - window + 1, at + 1, one[mask], gaps, count)

    crossing = alone & ~np.concatenate((full[1:], np.zeros(1, dtype=bool)))[:count]
    at, before = place[crossing], words.before[crossing]
    anaphora = _spread(np.maximum(before, at - INTRODUCED) + 1, np.minimum(at, before + 300) + 1, one[crossing], gaps, count)
    loud = words.shouted & (words.weight > 0)
    sames = np.full(count, -FAR, dtype=np.int64)
    sames[:] = _neighbours(np.unique(words.spelling, return_inverse=True)[1])[0]
    at = place[loud]
    folded, exact = words.before[loud], sames[loud]
    low = np.maximum(folded, at - SPELLED) + 1
    seen = _spread(low, np.minimum(at, folded + SPELLED_BACK) + 1, words.weight[loud], gaps, count)
    low = np.maximum(np.maximum(exact, folded), at - SPELLED) + 1
    spelled = _spread(low, np.minimum(at, exact + SPELLED_BACK) + 1, words.weight[loud], gaps, count)
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


def between(words: Tokens, gaps: Ints, likely: NDArray[np.bool_]) -> dict[str, Floats]:
    """The same shares with windows that reach to the next likely gap on either side, and how alike these parts of the text are.

    `gaps`: how many words stand before each gap; `likely`: which of them may be cut.
    """
    cuts = gaps[likely]
    found: dict[str, Floats] = {}
    heavy = words.weight > 0
    for name, chosen in (("known", heavy), ("names", heavy & words.name)):
        at, before, after = (column[chosen] for column in (np.arange(len(words.id)), words.before, words.after))
        weight = words.weight[chosen]
        found[f"part.{name}"], found[f"part.{name}.size"] = _part(at, before, weight, cuts, gaps, len(words.id), likely)
        back = _part(-at - 1, -after - 1, weight, -cuts[::-1], -gaps[::-1], len(words.id), likely[::-1])
        found[f"part.back.{name}"], found[f"part.back.{name}.size"] = (column[::-1] for column in back)
    columns = alike(words, cuts)
    for name, column in columns.items():
        found[name] = np.full(len(gaps), -1.0)
        found[name][likely] = column
    return found


def alike(words: Tokens, cuts: Ints) -> dict[str, Floats]:
    """For each cut how alike the parts above and below it are (cosine of tf-idf, idf over the parts), in itself, against the parts
    of the file that don't touch, and whether a part further off is more like the one below."""
    count = len(cuts) + 1
    part = np.searchsorted(cuts, np.arange(len(words.id)), side="right")
    keys, times = np.unique(part * (int(words.id.max(initial=0)) + 1) + words.id, return_counts=True)
    parts, ids = np.divmod(keys, int(words.id.max(initial=0)) + 1)
    spread = np.bincount(ids)
    common = spread[ids] > 1
    idf = np.log((count + 1) / spread[ids])
    value = (1 + np.log(times)) * idf
    norm = np.sqrt(np.bincount(parts, value**2, count)) + 1e-6
    _, columns = np.unique(ids[common], return_inverse=True)
    rows = np.zeros((count, int(columns.max(initial=0)) + 1), dtype=np.float32)
    rows[parts[common], columns] = value[common]
    rows /= norm[:, None]
    below = np.arange(1, count)
    near = (rows[1:] * rows[:-1]).sum(axis=1).astype(np.float64)
    found = {"alike": near}
    total = rows.sum(axis=0)
    others = max(count - 2, 1)
    mean = ((rows[1:] @ total - (rows[1:] ** 2).sum(axis=1) - near) / others).astype(np.float64)
    found["alike.others"] = mean
    found["alike.more"] = near - mean
    best = np.zeros(len(near))
    for step in (2, 3, 4):
        far = np.zeros(len(near))
        if count > step:
            far[step - 1 :] = (rows[step:] * rows[:-step]).sum(axis=1)
        best = np.maximum(best, far)
    found["alike.past"] = best
    return {name: np.round(column, 4)[below - 1] for name, column in found.items()}


def _part(  # noqa: PLR0913, PLR0917 - the columns of the words, and the places
    at: Ints, before: Ints, weight: Floats, cuts: Ints, gaps: Ints, count: int, likely: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """For each gap, of the words that first stand between it and the next likely one, the share that stands in the part above."""
    part = np.searchsorted(cuts, at, side="right")
    edges = np.concatenate((np.full(1, -FAR), cuts))
    edge = edges[part]
    low = np.maximum(before, edge) + 1
    inside = before >= edge
    total = _spread(low, at + 1, weight, gaps, count)
    known = _spread(low[inside], at[inside] + 1, weight[inside], gaps, count)
    # A likely gap itself: the whole part below it against the whole part above it.
    first = before < edge
    above = first & (before >= edges[np.maximum(part - 1, 0)]) & (part > 0)
    total[likely] = np.bincount(part[first], weight[first], len(edges))[1:]
    known[likely] = np.bincount(part[above], weight[above], len(edges))[1:]
    rest = ~likely
    usual = known[rest].sum() / max(total[rest].sum(), 1e-9)
    return (known + PRIOR * usual) / (total + PRIOR) - usual, np.log1p(total)
