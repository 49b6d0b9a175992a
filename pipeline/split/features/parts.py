"""The parts of a text between likely gaps: which words go on from one to the next, and how alike they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.split.features.links import FAR, PRIOR, Tokens, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Parts so far above the one below a gap are compared with it, too: it may go on from there.
PAST = (2, 3, 4)


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
    """For each cut how alike the parts above and below it are: cosine of tf-idf, idf over the parts.

    In itself, against the parts that do not touch, and how alike at best a part further up is.
    """
    count = len(cuts) + 1
    part = np.searchsorted(cuts, np.arange(len(words.id)), side="right")
    keys, times = np.unique(part * (int(words.id.max(initial=0)) + 1) + words.id, return_counts=True)
    parts, ids = np.divmod(keys, int(words.id.max(initial=0)) + 1)
    texts = np.bincount(ids)
    common = texts[ids] > 1
    idf = np.log((count + 1) / texts[ids])
    rare = np.ones(len(texts))
    rare[words.id] = words.rare
    value = (1 + np.log(times)) * idf * rare[ids]
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
    for step in PAST:
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
    total = spread(low, at + 1, weight, gaps, count)
    known = spread(low[inside], at[inside] + 1, weight[inside], gaps, count)
    # A likely gap itself: the whole part below it against the whole part above it.
    first = before < edge
    above = first & (before >= edges[np.maximum(part - 1, 0)]) & (part > 0)
    total[likely] = np.bincount(part[first], weight[first], len(edges))[1:]
    known[likely] = np.bincount(part[above], weight[above], len(edges))[1:]
    rest = ~likely
    usual = known[rest].sum() / max(total[rest].sum(), 1e-9)
    return (known + PRIOR * usual) / (total + PRIOR) - usual, np.log1p(total)
