"""Marks from the learned score of head lines: which lines of a crude dump are its title, its bylines, its dateline.

Three ensembles look at the lines around its text: `title` first, then `byline` and `dateline`, which also see where the title
was found. What rules propose for these lines is among what they see, so in a dump the score's word holds instead of the rules'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline import learned
from pipeline.label.features import heads
from pipeline.marks import CERTAIN, HEAD, SCORE
from pipeline.model import Label, Mark
from pipeline.surface import is_prose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.label.features.heads import Lines
    from pipeline.learned import Weights
    from pipeline.marks import Marks
    from pipeline.model import Page

FILE = "heads"
LABELS = {"title": Label.TITLE, "byline": Label.BYLINE, "dateline": Label.DATELINE}
# A file that no score took for a dump is one if it has so many lines, of which at most this share is prose, and so many are
# furniture by certain rules, or its first line stands below again (the rule of label/titles).
MIN_LINES, MOST_PROSE, MIN_FURNITURE, AGAIN = 40, 0.25, 2, "title.repeats-head"
# The rules of headings above related links.
TEASERS = "boilerplate.related"
# What rules said of such a line before, and what is left of it.
OUTRANKED = 0.3
# The groups of grammar rules that are for the score to judge.
_JUDGED = frozenset(("author", "date"))
# How likely a line is at least that is taken for the title instead of the <title>.
SHOWN = 0.4
# Longer lines are no bylines, in characters.
MAX_BYLINE = 150
_PLACE = {name: number for number, name in enumerate(heads.NAMES)}
_SEEN = (Label.TITLE, Label.BYLINE, Label.DATELINE, Label.BOILERPLATE)
_COLUMN = {label: number for number, label in enumerate(_SEEN, 1)}


class Scores(NamedTuple):
    """For each line looked at the probability that it is the title, names the author, says the date."""

    lines: Lines
    title: NDArray[np.float64]
    byline: NDArray[np.float64]
    dateline: NDArray[np.float64]


def label(page: Page, marks: Marks, weights: Weights | None = None) -> Marks:
    """`marks` with the score's title, bylines and dateline added, and those of the rules lowered; only in a dump."""
    if not is_dump(page, marks):
        return marks
    weights = weights or learned.load(FILE)
    scores = score(page, marks, weights)
    found = choose(scores, weights)
    return tuple(
        (*(_outranked(mark) for mark in each), *found.get(place, ())) if each or place in found else each
        for place, each in enumerate(marks)
    )


def is_dump(page: Page, marks: Marks) -> bool:
    """Whether the file is a dump: the score of bare lines says that some line is furniture, or hardly anything is prose.

    In the latter case some lines are furniture by certain rules, or the first line stands below again: the page's <title>.
    """
    if not page.blocks or page.blocks[0].kind != "line":
        return False
    if any(mark.rule.startswith(SCORE) for each in marks for mark in each):
        return True
    count = len(page.blocks)
    if count < MIN_LINES or sum(is_prose(block.text) for block in page.blocks) > MOST_PROSE * count:
        return False
    whole = [[mark for mark in each if not mark.inline] for each in marks]
    furniture = sum(any(mark.label is Label.BOILERPLATE and mark.confidence >= CERTAIN for mark in each) for each in whole)
    return furniture >= MIN_FURNITURE or any(mark.rule == AGAIN for each in whole for mark in each)


def seen(each: Sequence[Mark]) -> list[float]:
    """What labelers before said of a line: furniture by score; title, byline, dateline, furniture by rule; anything certain."""
    found = [0.0] * (len(_SEEN) + 2)
    for mark in each:
        confidence = mark.confidence
        if mark.rule.startswith(SCORE):
            found[0] = max(found[0], confidence)
        elif not mark.inline:
            at = _COLUMN.get(mark.label)
            if at is not None:
                found[at] = max(found[at], confidence)
            if confidence >= CERTAIN:
                found[-1] = 1.0
    return found


def measure(page: Page, marks: Marks) -> Lines:
    """The table of the lines that are looked at."""
    texts = [block.text for block in page.blocks]
    return heads.table(texts, [block.gap for block in page.blocks], [seen(each) for each in marks])


def candidates(name: str, lines: Lines) -> NDArray[np.bool_]:
    """The lines that may be it: a title by form or words, above the text's end; a byline no paragraph; a dateline with a date."""
    columns = lines.table.T
    if name == "title":
        formed = (columns[_PLACE["titleable"]] > 0) | (columns[_PLACE["head_overlap"]] > heads.AKIN)
        found = formed & (columns[_PLACE["by_boilerplate"]] < CERTAIN) & (columns[_PLACE["from_end"]] <= 0)
    elif name == "byline":
        found = (columns[_PLACE["chars"]] <= MAX_BYLINE) & (columns[_PLACE["words"]] > 0)
    else:
        found = columns[_PLACE["date_chars"]] > 0
    return np.asarray(found)


def score(page: Page, marks: Marks, weights: Weights) -> Scores:
    """The three probabilities of each line that is looked at; 0 where it cannot be it."""
    lines = measure(page, marks)
    title = _probability("title", weights, lines, lines.table, heads.NAMES)
    best = best_title(lines, title)
    texts = [block.text for block in page.blocks]
    beside = heads.beside(lines, best, float(title[best]) if best is not None else 0.0, texts)
    both = np.concatenate((lines.table, beside), axis=1)
    names = (*heads.NAMES, *heads.BESIDE)
    byline, dateline = (_probability(name, weights, lines, both, names) for name in ("byline", "dateline"))
    others = _of_teasers(lines, marks)
    return Scores(lines, title, np.where(others, 0.0, byline), np.where(others, 0.0, dateline))


def _of_teasers(lines: Lines, marks: Marks) -> NDArray[np.bool_]:
    """The lines below the text that stand behind a heading of related links: their names and dates are other articles'."""
    heading = next(
        (place for place in range(lines.start, len(marks)) if any(mark.rule.startswith(TEASERS) for mark in marks[place])),
        len(marks),
    )
    return np.asarray((np.array(lines.places, dtype=int) > heading) & (lines.table[:, _PLACE["from_end"]] > 0))


def best_title(lines: Lines, title: NDArray[np.float64]) -> int | None:
    """The place among the lines looked at of the likeliest title; of equals the one nearest above the text.

    The first line, the page's <title>, is not what the page shows if it stands nowhere again and another line may be the title.
    """
    ranked = sorted(
        range(len(title)), key=lambda at: (title[at], lines.places[at] <= lines.start, lines.places[at]), reverse=True
    )
    if not ranked:
        return None
    best, other = ranked[0], ranked[1] if len(ranked) > 1 else ranked[0]
    unseen = lines.places[best] == 0 and lines.table[best, _PLACE["times"]] == 1
    return other if unseen and title[other] >= SHOWN else best


def choose(scores: Scores, weights: Weights) -> dict[int, tuple[Mark, ...]]:
    """The marks for each line of the file that is one of the three: one title, one date, all the lines that name authors."""
    places, limits = scores.lines.places, weights.settings["limits"]
    found: dict[int, tuple[Mark, ...]] = {}
    best = best_title(scores.lines, scores.title)
    if best is not None and scores.title[best] >= limits["title"]:
        found[places[best]] = (_mark("title", float(scores.title[best])),)
    least = max(limits["byline"], weights.settings["byline_share"] * float(scores.byline.max(initial=0.0)))
    for at in np.flatnonzero(scores.byline >= least).tolist():
        found[places[at]] = (*found.get(places[at], ()), _mark("byline", float(scores.byline[at])))
    latest = max(range(len(places)), key=lambda at: (scores.dateline[at], -at), default=None)
    if latest is not None and scores.dateline[latest] >= limits["dateline"]:
        found[places[latest]] = (*found.get(places[latest], ()), _mark("dateline", float(scores.dateline[latest])))
    return found


def _mark(name: str, probability: float) -> Mark:
    """A proposal; one below `LIKELY` takes nothing out of the text, though fields may believe it."""
    return Mark(LABELS[name], HEAD + name, probability)


def _outranked(mark: Mark) -> Mark:
    """A rule's title, author or date, which the score has seen and weighed; what else a line says still holds."""
    judged = mark.label is Label.TITLE or (mark.label in LABELS.values() and any(one.name in _JUDGED for one in mark.inner))
    return mark._replace(confidence=min(mark.confidence, OUTRANKED)) if judged else mark


def _probability(
    name: str, weights: Weights, lines: Lines, table: NDArray[np.float32], names: Sequence[str]
) -> NDArray[np.float64]:
    model = weights.models[name]
    place = {feature: number for number, feature in enumerate(names)}
    found = np.zeros(len(table))
    rows = np.flatnonzero(candidates(name, lines))
    if len(rows):
        columns = np.array([place[feature] for feature in model.features])
        found[rows] = model.probability(table[rows][:, columns])
    return found
