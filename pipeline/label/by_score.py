"""Marks from a learned score: how likely each block of a structured page is article text.

Two looks: the first sees a block, its place and its neighbours; the second also sees what the first thought of them. What is
scored below the threshold is proposed to be furniture; the threshold sinks until something is kept, so no page comes out empty.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline import learned
from pipeline.label.features import html
from pipeline.label.features.names import FEATURES, SECOND, Table
from pipeline.label.features.second import second
from pipeline.marks import is_explained
from pipeline.model import Block, Label, Mark
from pipeline.surface import ends_sentence, is_prose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pipeline.learned import Reason, Weights
    from pipeline.marks import Marks
    from pipeline.model import Page

RULE = "score.html"
FILE = "blocks_html"
BALANCED = "balanced"
# A page of which less than this is kept (in characters, CJK counting more) gets a lower threshold, …
MIN_KEPT = 150
LOWER, LOWEST = 0.7, 0.02
# Items of a list or table, at most so many, that stand between kept text; their list is looked for so far up.
ITEMS = frozenset(("li", "td", "th", "dt", "dd", "pre"))
MAX_ITEMS = 500
CONTAINERS = 5
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
# A paragraph is nearly kept from this part of the threshold on; kept prose is looked for so many blocks above it, in containers
# so far up.
NEARLY, PROSE_LOOK, PROSE_CONTAINERS = 0.7, 6, 3
_INSIDE = Mark(Label.BODY, f"{RULE}-inside", 0.5)


class Scored(NamedTuple):
    """The score of each block, 0…1, the threshold that fits the page, and what the scores were made from."""

    scores: NDArray[np.float64]
    threshold: float
    first: NDArray[np.float32]
    second: NDArray[np.float32]


def score(page: Page, mode: str = BALANCED, weights: Weights | None = None) -> Scored:
    """The learned score of each block of a page that has blocks."""
    weights = weights or learned.load(FILE)
    table = html.table(page)
    return decide(table, mode, weights)


def decide(table: Table, mode: str, weights: Weights) -> Scored:
    """The same from the features."""
    one, two = weights.models["first"], weights.models["second"]
    first = table.rows.take(_places(one.features), axis=0)
    scores = one.probability(first.T)
    look = scores > weights.settings["look_again"]
    both = np.concatenate((table.rows, second(table.layout, scores))).take(_places(two.features), axis=0)
    if look.any():
        again = two.probability(np.ascontiguousarray(both[:, look]).T)
        share = weights.settings["share_of_second"]
        scores = scores.copy()
        scores[look] = np.round((1 - share) * scores[look] + share * again, 4)
    return Scored(scores, _threshold(scores, table.layout.chars, weights.settings["thresholds"], mode), first, both)


def explain(scored: Scored, block: int, weights: Weights | None = None, most: int = 5) -> list[Reason]:
    """The features that made a block's score, the strongest first: of both looks, weighed as the score weighs them."""
    weights = weights or learned.load(FILE)
    share = weights.settings["share_of_second"]
    reasons: dict[str, Reason] = {}
    for model, rows, weight in (("first", scored.first, 1 - share), ("second", scored.second, share)):
        for reason in weights.models[model].explain(rows[:, block]):
            known = reasons.get(reason.feature)
            total = reason.weight * weight + (known.weight if known else 0.0)
            reasons[reason.feature] = reason._replace(weight=round(total, 4))
    return sorted(reasons.values(), key=lambda reason: (-abs(reason.weight), reason.feature))[:most]


def label(page: Page, marks: Marks, mode: str = BALANCED, weights: Weights | None = None) -> Marks:
    """`marks` with the score's proposal a block of a structured page added; plain text gets none."""
    if not any(block.node for block in page.blocks):
        return marks
    scored = score(page, mode, weights)
    explained = np.array([bool(each) and is_explained(each) for each in marks])
    kept = (scored.scores >= scored.threshold) & ~explained
    behind = _prose_behind(page, kept, (scored.scores >= NEARLY * scored.threshold) & ~explained)
    kept[list(behind)] = True
    inside = behind | _items_inside(page, kept)
    made = _marks(scored.scores, scored.threshold)
    for at in inside:
        made[at] = _INSIDE
    return tuple([each if known else (*each, mark) for mark, each, known in zip(made, marks, explained.tolist(), strict=True)])


def _items_inside(page: Page, kept: NDArray[np.bool_]) -> set[int]:
    """Items of lists and tables that the score would drop although the text around their list is kept.

    Short items without a link say nothing of themselves; a list between two kept paragraphs of one container belongs to them.
    """
    found: set[int] = set()
    blocks = page.blocks
    places = np.flatnonzero(kept)
    for before, after in zip(places[:-1].tolist(), places[1:].tolist(), strict=True):
        between = range(before + 1, after)
        if (
            not between
            or len(between) > MAX_ITEMS
            or not all(blocks[at].kind in ITEMS and not blocks[at].links for at in between)
        ):
            continue
        around = _containers(blocks[before]) & _containers(blocks[after])
        if all(around & _containers(blocks[at]) for at in between):
            found.update(between)
    return found


def _prose_behind(page: Page, kept: NDArray[np.bool_], nearly: NDArray[np.bool_]) -> set[int]:
    """Paragraphs without a link that the score nearly keeps, behind kept prose of the same container: often its last words.

    Not where both the paragraph and a dropped heading above it stand in a box of their own: what it heads goes with it.
    """
    found = set()
    blocks = page.blocks
    for at in np.flatnonzero(nearly & ~kept).tolist():
        if blocks[at].links or not _is_paragraph(blocks[at]):
            continue
        above = range(at - 1, max(-1, at - 1 - PROSE_LOOK), -1)
        last = next((other for other in above if kept[other] and is_prose(blocks[other].text)), None)
        if last is None:
            continue
        around, there = _containers(blocks[at], PROSE_CONTAINERS), _containers(blocks[last], PROSE_CONTAINERS)
        own = around - there
        headed = any(
            blocks[other].kind in HEADINGS and own & _containers(blocks[other], PROSE_CONTAINERS)
            for other in range(last + 1, at)
            if not kept[other]
        )
        if around & there and not headed:
            found.add(at)
    return found


def _is_paragraph(block: Block) -> bool:
    return is_prose(block.text) and ends_sentence(block.text)


def _containers(block: Block, most: int = CONTAINERS) -> set[int]:
    """The ordinals of the nearest elements around a block."""
    found = set()
    node = block.node
    for _ in range(most):
        if node is None or node.tag in ("body", "html"):
            break
        found.add(node.ordinal)
        node = node.parent
    return found


def _marks(scores: NDArray[np.float64], limit: float) -> list[Mark]:
    """Confidence is .5 at the threshold and stays below certainty: certain rules outrank the score."""
    distance = np.where(scores < limit, (limit - scores) / limit, (scores - limit) / max(1 - limit, 1e-9))
    labels = [Label.BOILERPLATE if drop else Label.BODY for drop in (scores < limit).tolist()]
    sure = np.round(0.5 + 0.39 * distance, 4).tolist()
    # A call of the type itself costs three times as much.
    return [tuple.__new__(Mark, (label, RULE, each, (), False)) for label, each in zip(labels, sure, strict=True)]


def _threshold(scores: NDArray[np.float64], chars: NDArray[np.float32], limits: Mapping[str, float], mode: str) -> float:
    """The mode's limit; on a page of which too little is kept the balanced one sinks, and the others sink with it.

    So what a mode keeps the next one keeps too, on such pages as well.
    """
    sunk, limit = limits[BALANCED], limits[mode]
    while sunk > LOWEST and chars[scores >= sunk].sum() < MIN_KEPT:
        sunk *= LOWER
    if limit > limits[BALANCED] and chars[scores >= limit].sum() >= MIN_KEPT:
        return limit
    return min(limit, sunk)


@functools.lru_cache(maxsize=64)
def _places(names: tuple[str, ...]) -> NDArray[np.intp]:
    return np.array([_ALL[name] for name in names], dtype=np.intp)


_ALL = {name: place for place, name in enumerate((*FEATURES, *SECOND))}
