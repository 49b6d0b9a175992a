"""Marks from the learned score of bare lines: which lines of a crude text dump are the article, which the furniture of its page.

Three ensembles: `first` looks at a line and its surroundings, `second` also at what the first said about the neighbours, `gate`
at the whole file: a text that is no dump loses nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline import learned
from pipeline.label.features import line_again, lines
from pipeline.label.features.line_names import best_run
from pipeline.marks import CERTAIN, LIKELY, is_explained, resolve
from pipeline.model import Label, Mark

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.learned import Reason, Weights
    from pipeline.marks import Marks
    from pipeline.model import Page

RULE = "score.line"
FILE = "lines"
BALANCED = "balanced"
CUES = "file.chrome_kinds"
# A score is never certain: rules that are outrank it.
MOST = 0.89
# Lines that certain rules call furniture, from which on a file that looks like a dump is taken for one.
FURNITURE_LINES = 3
# Files of fewer lines have no furniture worth a guess.
MIN_LINES = 8
# Where a limit would leave nearly nothing it is multiplied by LOWER, as long as it is above LOWEST (a probability).
LOWER, LOWEST = 0.7, 0.02
# The probability of a line that a site template drops.
RECURS = 0.02
# A longer line counts as much as one of so many words when the best run is sought.
RUN_WORDS = 60


# The probabilities of lines and their words → the probabilities, moved.
Zones = Callable[["NDArray[np.float64]", "NDArray[np.float32]"], "NDArray[np.float64]"]


class Scores(NamedTuple):
    """For each line the probability that it is article; `dump`: that the file is a dump at all.

    `cues` is the number of kinds of furniture (sharing, law, accounts …) that some short line of the file is made of.
    `words` are those of each line, `first` and `second` what the two looks saw, a row a line.
    """

    article: NDArray[np.float64]
    dump: float
    cues: int
    words: NDArray[np.float32]
    first: NDArray[np.float32]
    second: NDArray[np.float32]


def label(page: Page, marks: Marks, mode: str = BALANCED, weights: Weights | None = None, zones: Zones | None = None) -> Marks:
    """`marks` with a proposal on each line of a dump that does not stay; other texts and structured pages get none.

    `zones` moves the probabilities by what was learned of the site; a line that recurs there is furniture to its neighbours.
    """
    if len(page.blocks) < MIN_LINES or any(block.node for block in page.blocks):
        return marks
    weights = weights or learned.load(FILE)
    scores = score(page, weights)
    furniture = sum(resolve(each).label is Label.BOILERPLATE and resolve(each).confidence >= CERTAIN for each in marks)
    if scores.dump >= (LIKELY if furniture >= FURNITURE_LINES else needed(scores.cues, weights.settings)):
        article = scores.article if zones is None else zones(scores.article, scores.words)
        explained = np.array([is_explained(each) for each in marks])
        article = np.where(explained, RECURS, article)
        stays, limit = choose(scores._replace(article=article), weights.settings, mode)
    else:
        return marks
    return tuple(
        each if stay or known else (*each, _mark(probability, limit))
        for each, stay, known, probability in zip(marks, stays.tolist(), explained.tolist(), article.tolist(), strict=True)
    )


def needed(cues: int, settings: Mapping[str, Any]) -> float:
    """The probability from which on a file is taken for a dump: higher where no line of it speaks like a page's furniture."""
    return float(settings["dump"] if cues else settings["dump_without_cues"])


def _mark(probability: float, limit: float) -> Mark:
    """Confidence is least at the limit (and above it, outside the run of lines that stays) and below certainty at 0."""
    confidence = LIKELY + (MOST - LIKELY) * max(0.0, 1.0 - probability / limit)
    return Mark(Label.BOILERPLATE, RULE, round(confidence, 4))


def score(page: Page, weights: Weights | None = None) -> Scores:
    """The scores of the lines of a plain text, of which there is at least one."""
    blocks = page.blocks
    names, table = lines.table(
        [block.text for block in blocks],
        [block.gap for block in blocks],
        [1 + len(block.runs) // 2 for block in blocks],
    )
    return score_table(names, table, weights or learned.load(FILE))


def score_table(names: list[str], table: NDArray[np.float32], weights: Weights) -> Scores:
    """The same from the table of features."""
    one, two, gate = (weights.models[name] for name in ("first", "second", "gate"))
    words = table[:, names.index("words")]
    first = _chosen(names, table, one.features)
    before = one.log_odds(first)
    more, again = line_again.again(_probability(before), words)
    second = _chosen([*names, *more], np.concatenate((table.T, again.T)).T, two.features)
    share = weights.settings["first_share"]
    article = _probability(share * before + (1.0 - share) * two.log_odds(second))
    about, row = line_again.whole(dict(zip(names, table[0].tolist(), strict=True)), article, words)
    dump = float(gate.probability(_chosen(about, row, gate.features))[0])
    return Scores(article, dump, int(table[0, names.index(CUES)]), words, first, second)


def keep(scores: Scores, weights: Weights, mode: str = BALANCED) -> tuple[NDArray[np.bool_], float]:
    """Which lines stay, and the probability below which they did not: 0 where the file is no dump."""
    settings = weights.settings
    if scores.dump < needed(scores.cues, settings):
        return np.ones(len(scores.article), dtype=bool), 0.0
    return choose(scores, settings, mode)


def choose(scores: Scores, settings: Mapping[str, Any], mode: str) -> tuple[NDArray[np.bool_], float]:
    """What `decode` keeps at the mode's limit; what a mode keeps the next one keeps too, wherever the best run lies."""
    limits = settings["limits"]
    balanced, limit = decode(scores.article, scores.words, limits[BALANCED], settings)
    if mode == BALANCED:
        return balanced, limit
    stays, limit = decode(scores.article, scores.words, limits[mode], settings)
    if limits[mode] < limits[BALANCED]:
        return stays | balanced, limit
    both = stays & balanced
    return (both if both.any() else balanced), limit


def decode(
    article: NDArray[np.float64], words: NDArray[np.float32], limit: float, settings: Mapping[str, Any]
) -> tuple[NDArray[np.bool_], float]:
    """The best run of lines, and islands outside it that are surer; where nearly nothing is left, the limit sinks."""
    enough = min(settings["least_words"], 0.5 * float(words.sum()))
    sunk = limit
    while float(words[article >= sunk].sum()) < enough and sunk > LOWEST:
        sunk *= LOWER
    kept = article >= sunk
    start, end = best_run((article - sunk) * np.minimum(words + 1, RUN_WORDS))
    place = np.arange(len(article))
    island = min(settings["island"], sunk + settings["island"] - limit)
    near = kept & (((place >= start) & (place < end)) | (article >= island))
    return (near if near.any() else kept), sunk


def explain(scores: Scores, line: int, weights: Weights | None = None, most: int = 5) -> list[Reason]:
    """The features that made a line's score, the strongest first: of both looks, weighed as the score weighs them."""
    weights = weights or learned.load(FILE)
    share = weights.settings["first_share"]
    reasons: dict[str, Reason] = {}
    for model, rows, weight in (("first", scores.first, share), ("second", scores.second, 1.0 - share)):
        for reason in weights.models[model].explain(rows[line]):
            known = reasons.get(reason.feature)
            total = reason.weight * weight + (known.weight if known else 0.0)
            reasons[reason.feature] = reason._replace(weight=round(total, 4))
    return sorted(reasons.values(), key=lambda reason: (-abs(reason.weight), reason.feature))[:most]


def _chosen(names: list[str], table: NDArray[np.float32], wanted: tuple[str, ...]) -> NDArray[np.float32]:
    """The columns that a model was taught, in its order."""
    place = {name: number for number, name in enumerate(names)}
    return table.T[[place[name] for name in wanted]].T


def _probability(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.round(1.0 / (1.0 + np.exp(-odds)), 4)
