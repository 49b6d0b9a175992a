"""Undelimited text: every gap between two lines gets a score, and the whole file is cut where the scores together are best.

Two learned looks at each gap (`learned/boundaries.json`): the first sees the lines around it and which words go on across it,
the second, where the first saw a chance, also what the first thought of the other gaps. A cut's confidence is calibrated on
articles never seen in training: of cuts with .9, nine of ten are right.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline import learned
from pipeline.marks import SCORE
from pipeline.split.features.again import FEATURES as AGAIN
from pipeline.split.features.again import again
from pipeline.split.features.decode import best_cuts
from pipeline.split.features.links import Lexicon, lexicon
from pipeline.split.features.table import Table, table
from pipeline.split.splitter import Cut, Splitter
from pipeline.surface import is_prose

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.learned import Ensemble, Reason, Weights
    from pipeline.marks import Marks
    from pipeline.model import Block, Mark, Page

RULE = "prose"
FILE = "boundaries"
# A long file is read in windows of at most so many characters and lines, which overlap by a fifth: time and memory stay linear.
WINDOW_CHARS, WINDOW_LINES = 150_000, 1_500
OVERLAP = 5
# What is not cut, though it may be an article's beginning, is proposed with less than even odds.
UNCUT = 0.49
MIN_LINES = 2
# Of 58 dumps of pages 50 have more than half of their lines called furniture, of files of several articles hardly any a third.
DUMP_SHARE = 0.4


class Look(NamedTuple):
    """A window's gaps: their features, the final log-odds, and what the second look saw of the gaps it looked at."""

    table: Table
    odds: NDArray[np.float64]
    looked: NDArray[np.bool_]
    second: NDArray[np.float32]


class Scores(NamedTuple):
    """A file's gaps: the number of the block below each, its log-odds, and the length of each line, one more than gaps."""

    at: NDArray[np.int64]
    odds: NDArray[np.float64]
    worth: NDArray[np.float64]


def cuts(page: Page, marks: Marks) -> Iterator[Cut]:
    """Cuts of a plain text, the best of the whole file first decided; doubtful places too, below any threshold of even odds."""
    if len(page.blocks) < MIN_LINES or page.blocks[0].kind != "line" or _is_dump(marks):
        return
    weights = learned.load(FILE)
    scores = score(page.blocks, marks, weights)
    settings = weights.settings
    chosen = set(best_cuts(scores.odds, scores.worth, settings["cut"]).tolist())
    # A menu above an article is no article: it is cut off only where more is cut.
    if len(chosen) == 1 and not any(is_prose(block.text) for block in page.blocks[: int(scores.at[min(chosen)])]):
        return
    sure = confidence(scores.odds, weights)
    taken = {near for place in chosen for near in (place - 1, place + 1)}
    for place in np.flatnonzero(sure >= settings["review"]).tolist():
        if place in chosen:
            yield Cut(int(scores.at[place]), RULE, float(sure[place]))
        elif place not in taken and scores.odds[place] >= settings["calibration"]["odds"][0]:  # below, nobody knows how sure
            yield Cut(int(scores.at[place]), RULE, min(float(sure[place]), UNCUT))


def _is_dump(marks: Marks) -> bool:
    """Whether the learned score of lines calls so many furniture that the file is the dump of one web page."""
    furniture = sum(any(mark.rule.startswith(SCORE) for mark in each) for each in marks)
    return furniture > DUMP_SHARE * len(marks)


def score(blocks: Sequence[Block], marks: Sequence[Sequence[Mark]], weights: Weights | None = None) -> Scores:
    """The log-odds of every gap between lines of text; separators belong to the gap they stand in."""
    weights = weights or learned.load(FILE)
    at, odds, worth = [], [], []
    for low, start, end, high in _windows(blocks):
        seen = look(blocks[low:high], marks[low:high], weights)
        if seen is None:
            continue
        numbers = seen.table.at + low
        mine = (numbers >= start) & (numbers < end)
        # The first line of a window has no gap above it, the first of the file never has one.
        at.append(numbers[mine])
        odds.append(np.concatenate((np.full(1, -np.inf), seen.odds))[mine])
        worth.append(seen.table.worth[mine])
    if not at:
        return Scores(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(1))
    return Scores(np.concatenate(at)[1:], np.concatenate(odds)[1:], np.concatenate(worth))


@functools.cache
def _shipped() -> Lexicon:
    return lexicon(learned.load(FILE).settings["words"])


def _lexicon(weights: Weights) -> Lexicon:
    """What the weights know of common words."""
    return _shipped() if weights is learned.load(FILE) else lexicon(weights.settings["words"])


def look(blocks: Sequence[Block], marks: Sequence[Sequence[Mark]], weights: Weights) -> Look | None:
    """Both looks at one window; None where it has no gap."""
    seen = table(blocks, marks, _lexicon(weights))
    if seen is None:
        return None
    one, two = weights.models["first"], weights.models["second"]
    odds = one.log_odds(columns(seen.rows, seen.names, one))
    looked = odds > weights.settings["look_again"]
    names = [*seen.names, *AGAIN]
    second = columns(np.concatenate((seen.rows[looked], again(seen, odds)[looked]), axis=1), names, two)
    if looked.any():
        odds = odds.copy()
        odds[looked] = two.log_odds(second)
    return Look(seen, odds, looked, second)


def columns(rows: NDArray[np.float32], names: Sequence[str], model: Ensemble) -> NDArray[np.float32]:
    """The columns that a model was taught, in its order."""
    place = {name: number for number, name in enumerate(names)}
    return rows[:, [place[name] for name in model.features]]


def confidence(odds: NDArray[np.float64], weights: Weights) -> NDArray[np.float64]:
    """How likely a cut at each gap is right, 0…1: log-odds looked up in the calibration table."""
    known = weights.settings["calibration"]
    found: NDArray[np.float64] = np.round(np.interp(odds, known["odds"], known["right"]), 4)
    return found


def explain(blocks: Sequence[Block], marks: Sequence[Sequence[Mark]], block: int, most: int = 5) -> list[Reason]:
    """The features that made the score of the gap above a block, the strongest first; nothing where there is no gap."""
    weights = learned.load(FILE)
    for low, start, end, high in _windows(blocks):
        if not start <= block < end:
            continue
        seen = look(blocks[low:high], marks[low:high], weights)
        row = np.flatnonzero(seen.table.at[1:] == block - low) if seen is not None else np.zeros(0)
        if seen is None or not len(row):
            return []
        gap = int(row[0])
        if seen.looked[gap]:
            return weights.models["second"].explain(seen.second[int(seen.looked[:gap].sum())])[:most]
        first = weights.models["first"]
        return first.explain(columns(seen.table.rows, seen.table.names, first)[gap])[:most]
    return []


def _windows(blocks: Sequence[Block]) -> Iterator[tuple[int, int, int, int]]:
    """(first block seen, first owned, end of owned, end of seen): each block is owned once, its surroundings are seen with it."""
    start = 0
    while start < len(blocks):
        end = _reach(blocks, start, WINDOW_CHARS, WINDOW_LINES)
        high = _reach(blocks, end, WINDOW_CHARS // OVERLAP, WINDOW_LINES // OVERLAP)
        low = start
        room = WINDOW_CHARS // OVERLAP
        while low and start - low < WINDOW_LINES // OVERLAP and room > 0:
            low -= 1
            room -= len(blocks[low].text)
        yield low, start, end, high
        start = end


def _reach(blocks: Sequence[Block], start: int, chars: int, lines: int) -> int:
    """The block behind those that fit, at least one further on."""
    end = start
    while end < len(blocks) and end - start < lines and chars > 0:
        chars -= len(blocks[end].text)
        end += 1
    return end


SPLITTER = Splitter(RULE, cuts, lambda page, marks, at: explain(page.blocks, marks, at))
