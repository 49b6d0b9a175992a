"""The features of every gap, side by side: what the lines around it look like, what goes on across it, and how style changes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.split.features import links
from pipeline.split.features.characters import KINDS, Kind
from pipeline.split.features.signs import signs
from pipeline.split.features.words import GROUP_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model import Block, Mark
    from pipeline.split.features.signs import Signs

    Floats = NDArray[np.float64]

# Columns of lines that are looked at above and below a gap: how far up, how far down.
AROUND = {
    "size": (4, 4),
    "prose": (0, 0),
    "title": (3, 3),
    "named": (1, 2),
    "ends": (3, 2),
    "last": (2, 2),
    "first": (2, 2),
    "upper": (2, 3),
    "capitals": (2, 3),
    "digits": (2, 2),
    "byline": (3, 3),
    "dateline": (3, 3),
    "reference": (2, 1),
    "boilerplate": (3, 2),
    "section": (1, 2),
    "opening": (2, 3),
    "sentence": (0, 3),
    "wired": (1, 3),
    "again": (2, 2),
    "again_back": (2, 2),
    "again_ahead": (1, 2),
    "parted": (1, 2),
    "gap": (2, 2),
    "own_ahead": (2, 2),
    "own_back": (2, 2),
    **{f"of.{name}": (1, 3) for name in GROUP_NAMES},
    "of.lead": (2, 3),
    "of.last": (3, 2),
}
HERE = ("parted_times", "parted_share", "parted_length", "gap", "parted")
# Lines above and below over which style is compared.
STYLES = (3, 8)
# Signs of a style, as shares of each other.
PAIRS = {
    "quotes": ((Kind.STRAIGHT_QUOTE,), (Kind.CURLY_QUOTE, Kind.ANGLE_QUOTE)),
    "angles": ((Kind.ANGLE_QUOTE,), (Kind.STRAIGHT_QUOTE, Kind.CURLY_QUOTE)),
    "apostrophes": ((Kind.STRAIGHT_APOSTROPHE,), (Kind.CURLY_APOSTROPHE,)),
    "dashes": ((Kind.EM_DASH,), (Kind.EN_DASH,)),
}
RATES = {
    "digit": (Kind.DIGIT,),
    "upper": (Kind.UPPER,),
    "comma": (Kind.COMMA,),
    "quote": (Kind.STRAIGHT_QUOTE, Kind.CURLY_QUOTE, Kind.ANGLE_QUOTE),
    "question": (Kind.QUESTION, Kind.EXCLAMATION),
    "stop": (Kind.STOP,),
    "space": (Kind.SPACE,),
    "letter": (Kind.LETTER, Kind.MARK),
    "dense": (Kind.DENSE,),
    "round": (Kind.ROUND,),
    "hyphen": (Kind.HYPHEN,),
}
# Measures of links that are also set against the gaps around them and against the whole file.
RELATIVE = (
    "known.120.400",
    "known.300.1000",
    "known.40.150",
    "known.80.all",
    "goes_on.100.250",
    "names.60.300",
    "links.60",
    "links.250",
)
NEAR = 4
LINE_WORDS = 200
# Words of a line in which those of a group are counted.
HEAD_WORDS = 40
MIN_LINES = 2


class Table(NamedTuple):
    """One row a gap: the gap before line n of `at` is row n - 1. `worth`: the length of each line of text, in characters.

    `form`: what stands around each gap, as a number; `gaps`: how many of the `words` stand before it.
    """

    at: NDArray[np.int64]
    names: list[str]
    rows: NDArray[np.float32]
    worth: Floats
    form: NDArray[np.int64]
    words: links.Tokens
    gaps: NDArray[np.int64]


def table(blocks: Sequence[Block], marks: Sequence[Sequence[Mark]], known: links.Lexicon) -> Table | None:
    """The features of the gaps of a text; None where it has fewer than two lines that are no separators."""
    seen = signs(blocks, marks)
    if seen is None or len(seen.at) < MIN_LINES:
        return None
    words = links.tokens(seen.codes, seen.kinds, known)
    gaps = np.searchsorted(words.start, seen.offset)
    columns: dict[str, Any] = links.shares(words, gaps)
    columns |= _relative({name: columns[name] for name in RELATIVE})
    lines = seen.columns | _own(words, gaps)
    for name, (up, down) in AROUND.items():
        for step, column in zip(range(-up, down), _beside(lines[name], -up, down, -1.0), strict=True):
            columns[f"{name}{step:+d}"] = column
    for name in HERE:
        columns[name] = lines[name]
    columns |= _groups(lines) | _rhythm(lines["gap"]) | _styles(seen) | _counts(lines)
    rows = np.array([column[1:] for column in columns.values()], dtype=np.float32).T
    return Table(seen.at, list(columns), rows, lines["worth"], _forms(lines)[1:], words, gaps[1:])


def _shifted(column: Floats, step: int) -> Floats:
    """The value `step` lines further on; -1 beyond the ends."""
    found = np.full(len(column), -1.0)
    if step < 0:
        found[-step:] = column[:step]
    elif step < len(column):
        found[: len(column) - step] = column[step:]
    return found


def _beside(column: Floats, low: int, high: int, beyond: float) -> list[Floats]:
    """The values `low` … `high` - 1 lines further on, a column a step."""
    around = max(-low, high)
    padded = np.full(len(column) + 2 * around, beyond)
    padded[around : around + len(column)] = column
    return [padded[around + step : around + step + len(column)] for step in range(low, high)]


def _own(words: links.Tokens, gaps: NDArray[np.int64]) -> dict[str, Floats]:
    """Of a line's own words, the share (by weight) that comes again soon, and that was there not long before."""
    count = len(words.id)
    place = np.arange(count)
    owner = np.repeat(np.arange(len(gaps)), np.diff(np.append(gaps, count)))
    end = np.append(gaps, count)[1:][owner]
    first = gaps[owner]
    head = place - first < links.INTRODUCED
    weight = words.weight * head
    total = np.bincount(owner, weight, len(gaps)) + 1e-9
    ahead = np.bincount(owner, weight * ((words.after >= end) & (words.after < end + LINE_WORDS)), len(gaps)) / total
    back = np.bincount(owner, weight * ((words.before < first) & (words.before >= first - LINE_WORDS)), len(gaps)) / total
    found = {"own_ahead": ahead, "own_back": back}
    opens = place - gaps[owner] < HEAD_WORDS
    words_there = np.bincount(owner[opens], minlength=len(gaps)) + 1.0
    for number, name in enumerate(GROUP_NAMES, start=1):
        found[f"of.{name}"] = np.bincount(owner[opens & (words.group == number)], minlength=len(gaps)) / words_there
    found["of.lead"] = np.bincount(owner[opens], words.lead[opens], len(gaps))
    found["of.last"] = np.bincount(owner[opens], words.last[opens], len(gaps))
    return found


def _relative(columns: dict[str, Floats]) -> dict[str, Floats]:
    """Measures against the lowest of the gaps around, and their ranks in the file, 0 the lowest."""
    every = np.array(list(columns.values()))
    inner = every[:, 1:]
    gaps = inner.shape[1]
    padded = np.full((len(every), gaps + 2 * NEAR), np.inf)
    padded[:, NEAR : NEAR + gaps] = inner
    near = np.full(every.shape, np.inf)
    near[:, 1:] = np.minimum.reduce([padded[:, step : step + gaps] for step in range(2 * NEAR + 1) if step != NEAR])
    against = np.where(np.isfinite(near), every - near, 0)
    order = np.sort(inner, axis=1)
    deviation = (every - inner.mean(axis=1)[:, None]) / (inner.std(axis=1)[:, None] + 1e-6)
    found: dict[str, Floats] = {}
    for number, name in enumerate(columns):
        rank = np.searchsorted(order[number], every[number]) / max(1, gaps)
        found |= {f"{name}.near": against[number], f"{name}.rank": rank, f"{name}.z": deviation[number]}
    return found


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each line how many lines stand directly above it that are in the mask."""
    place = np.arange(len(mask))
    last = np.maximum.accumulate(np.where(mask, -1, place))
    return np.concatenate((np.zeros(1, dtype=np.int64), (place - last)[:-1]))


def _groups(lines: dict[str, Any]) -> dict[str, Floats]:
    """The lines that are no prose between the prose above a gap and the prose below it: how many, and what is among them."""
    prose = lines["prose"] > 0
    above = _runs(~prose)
    below = _runs(~prose[::-1])[::-1]
    here = (~prose).astype(np.int64)
    # From the line below the gap on, itself included.
    below = np.where(here > 0, np.append(below[:-1], 0) + 1, 0)
    found: dict[str, Floats] = {"tail": np.minimum(above, 20.0), "head": np.minimum(below, 20.0)}
    place = np.arange(len(prose))
    for name in ("byline", "dateline", "title", "named", "boilerplate", "reference", "digits"):
        total = np.concatenate((np.zeros(1), np.cumsum(np.minimum(lines[name], 1))))
        found[f"tail.{name}"] = total[place] - total[place - above]
        found[f"head.{name}"] = total[np.minimum(place + below, len(prose))] - total[place]
    size = lines["size"]
    found["prose_above"] = np.where(place - above > 0, size[np.maximum(place - above - 1, 0)], -1)
    found["prose_above.ends"] = np.where(place - above > 0, lines["ends"][np.maximum(place - above - 1, 0)], -1)
    lead = np.minimum(place + below, len(prose) - 1)
    inside = place + below < len(prose)
    for name in ("size", "sentence", "opening", "wired", "of.lead", "of.last", *(f"of.{name}" for name in GROUP_NAMES)):
        found[f"lead.{name}"] = np.where(inside, lines[name][lead], -1)
    after = np.minimum(lead + 1, len(prose) - 1)
    found["lead.against_next"] = np.where(inside, size[lead] - size[after], 0)
    return found


def _rhythm(gap: Floats) -> dict[str, Floats]:
    """Blank lines against what the file usually has, and how many gaps have as many."""
    usual = float(np.median(gap[1:]))
    wide = np.searchsorted(np.sort(gap[1:]), gap, side="left")
    return {"gap.more": gap - usual, "gap.usual": np.full(len(gap), usual), "gap.share": 1 - wide / max(1, len(gap) - 1)}


def _styles(seen: Signs) -> dict[str, Floats]:
    """How much the lines above a gap and those below it differ in their signs and lengths."""
    found: dict[str, Floats] = {}
    prose = seen.columns["prose"]
    totals = np.column_stack((seen.counts @ _selector(), seen.columns["size"] * prose, prose, seen.counts.sum(axis=1)))
    sums = np.concatenate((np.zeros((1, totals.shape[1])), np.cumsum(totals, axis=0)))
    place = np.arange(len(totals))
    for reach in STYLES:
        above = sums[place] - sums[np.maximum(place - reach, 0)]
        below = sums[np.minimum(place + reach, len(totals))] - sums[place]
        pairs = 2 * len(PAIRS)
        shares = [(side[:, :pairs:2] + 0.5) / (side[:, :pairs:2] + side[:, 1:pairs:2] + 1.0) for side in (above, below)]
        for number, name in enumerate(PAIRS):
            found[f"style.{name}.{reach}"] = np.abs(shares[0][:, number] - shares[1][:, number])
        rates = [side[:, pairs:-3] / (side[:, -1:] + 50.0) for side in (above, below)]
        for number, name in enumerate(RATES):
            found[f"style.{name}.{reach}"] = rates[1][:, number] - rates[0][:, number]
        means = [side[:, -3] / np.maximum(side[:, -2], 1) for side in (above, below)]
        found[f"style.prose.{reach}"] = means[1] - means[0]
    return found


@functools.cache
def _selector() -> Floats:
    """Which kinds of characters make each side of each pair, and each rate: a column each."""
    columns = [*(side for pair in PAIRS.values() for side in pair), *RATES.values()]
    chosen = np.zeros((KINDS, len(columns)))
    for number, kinds in enumerate(columns):
        chosen[list(kinds), number] = 1.0
    return chosen


def _counts(lines: dict[str, Any]) -> dict[str, Floats]:
    """Of the whole file, as shares of its prose, and what stood above this gap."""
    found: dict[str, Floats] = {}
    prose = max(1.0, float(lines["prose"].sum()))
    for name in ("byline", "dateline", "title", "parted", "boilerplate"):
        found[f"file.{name}"] = np.full(len(lines["prose"]), float(np.minimum(lines[name], 1).sum()) / prose)
    for place, name in ((0, "opens"), (-1, "closes")):
        # All articles of a file begin and end in one form: so does the first, so does the last.
        for sign in ("prose", "title", "byline", "dateline", "ends", "size", "boilerplate", "section"):
            found[f"file.{name}.{sign}"] = np.full(len(lines["prose"]), float(lines[sign][place]))
    found["prose_so_far"] = np.minimum(np.cumsum(lines["prose"]) - lines["prose"], 12)
    found["prose_to_come"] = np.minimum(np.cumsum(lines["prose"][::-1])[::-1], 12)
    return found


def _forms(lines: dict[str, Any]) -> NDArray[np.int64]:
    """A number for what stands around a gap; articles of one file part in one form."""
    kind: NDArray[np.int64] = (lines["prose"] > 0).astype(np.int64)
    for number, name in enumerate(("title", "boilerplate", "reference", "dateline", "byline"), start=2):
        kind[lines[name] > 0] = number
    form: NDArray[np.int64] = (np.minimum(lines["parted"], 1) * 10 + np.minimum(lines["gap"], 9)).astype(np.int64)
    for step in (-1, 0, 1):
        form = form * 8 + _shifted(kind.astype(np.float64), step).astype(np.int64) + 1
    return form
