"""What was learned from data, as plain numbers: ensembles of decision trees in JSON, read once, evaluated with numpy.

A file holds one or more named ensembles and the command, data and scores that made them (`bench train` writes it). Leaf values
are whole numbers (1 / SCALE each), so a sum never depends on its order and the same table always gives the same score.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pipeline.errors import WinnowError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

HOME = Path(__file__).parent
# Log-odds are stored in these units.
SCALE = 10_000
MAX_LEAVES = 64
# Places from a node to its right child, at least.
NEAREST_RIGHT = 2
# Rows × trees looked at in one go: what fits a processor's cache.
CHUNK = 100_000


class Reason(NamedTuple):
    """What a feature's value added to (or took from) a row's log-odds."""

    feature: str
    value: float
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Binary decision trees whose leaves add up to the log-odds of a row.

    The trees stand behind each other in flat arrays, `roots` says where each begins. A node with feature ≥ 0 asks
    `row[feature] <= threshold` and goes `left` or else `right` (places in the arrays); -1 is a leaf. `value` is what rows at the
    node average to.
    """

    features: tuple[str, ...]
    base: int
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.int32]
    # One row a question slot, one column a tree: what is asked, and the leaves that are ruled out when the answer is no.
    asked: NDArray[np.intp]
    limit: NDArray[np.float32]
    masks: NDArray[np.unsignedinteger[Any]]
    leaves: NDArray[np.int32]

    def log_odds(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """One number a row of `table`, whose columns are `features`."""
        columns = np.ascontiguousarray(table.T, dtype=np.float32)
        rows = columns.shape[1]
        trees = self.asked.shape[1]
        total = np.full(rows, self.base, dtype=np.int64)
        step = max(64, CHUNK // max(1, trees))
        for start in range(0, rows, step):
            part = columns[:, start : start + step]
            ruled_out = np.zeros((trees, part.shape[1]), dtype=self.masks.dtype)
            for asked, limit, mask in zip(self.asked, self.limit, self.masks, strict=True):
                answer_no = (part.take(asked, axis=0) > limit[:, None]).view(np.uint8).astype(self.masks.dtype, copy=False)
                answer_no *= mask[:, None]
                ruled_out |= answer_no
            possible = ~ruled_out
            first = _first_bit(possible)
            first += np.arange(trees, dtype=np.int32)[:, None] * self.leaves.shape[1]
            total[start : start + step] += self.leaves.ravel().take(first).sum(axis=0, dtype=np.int64)
        return total / SCALE

    def probability(self, table: NDArray[np.float32]) -> NDArray[np.float64]:
        """The same as probabilities, 0…1, to four digits."""
        return np.round(1.0 / (1.0 + np.exp(-self.log_odds(table))), 4)

    def explain(self, row: NDArray[np.float32]) -> list[Reason]:
        """What each feature did to a row's log-odds, the strongest first: the change of `value` along the path of each tree."""
        weights: dict[int, int] = {}
        for root in self.roots.tolist():
            node = root
            while (asked := int(self.feature[node])) >= 0:
                then = int(self.left[node] if row[asked] <= self.threshold[node] else self.right[node])
                weights[asked] = weights.get(asked, 0) + int(self.value[then]) - int(self.value[node])
                node = then
        found = ((asked, weight / SCALE) for asked, weight in weights.items() if weight)
        reasons = [Reason(self.features[asked], float(row[asked]), weight) for asked, weight in found]
        return sorted(reasons, key=lambda reason: (-abs(reason.weight), reason.feature))


@dataclass(frozen=True, slots=True)
class Weights:
    """A file of learned numbers.

    `about` says what made it (command, data, scores …), `models` its ensembles by name, `settings` the numbers that go with them
    (thresholds of the modes …).
    """

    about: Mapping[str, Any]
    settings: Mapping[str, Any]
    models: Mapping[str, Ensemble]


@functools.cache
def load(name: str) -> Weights:
    """The shipped file `name`, read once a process."""
    return read(HOME / f"{name}.json")


def digest(*more: Path) -> str:
    """sha256 of all shipped weights, and of `more` files that their features are made from, 64 hex digits."""
    content = hashlib.sha256()
    for path in (*sorted(HOME.glob("*.json")), *sorted(more)):
        content.update(path.name.encode())
        content.update(path.read_bytes())
    return content.hexdigest()


def read(path: Path) -> Weights:
    """A file of weights anywhere: those of a fold, when a figure must not be in-sample. Raises WinnowError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Weights(data["about"], data["settings"], {name: ensemble(model) for name, model in data["models"].items()})
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        cause = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        remedy = "Make it anew with `python -m bench train`"
        raise WinnowError(f"not a file of learned weights: {cause}", place=str(path), remedy=remedy) from error


def ensemble(model: Mapping[str, Any]) -> Ensemble:
    """An ensemble from its JSON form. Raises ValueError where that does not hang together.

    It has `features`, `base`, and lists `sizes` (nodes a tree), `feature`, `threshold`, `right`, `value`. Nodes stand in
    depth-first order, left before right, so that a left child is simply the next node; `right` counts from the node.
    """
    sizes = np.array(model["sizes"], dtype=np.int64)
    feature = np.array(model["feature"], dtype=np.int32)
    threshold = np.array(model["threshold"], dtype=np.float32)
    value = np.array(model["value"], dtype=np.int32)
    places = np.arange(len(feature), dtype=np.int32)
    inner = feature >= 0
    _check(len(model["features"]), sizes, (feature, threshold, value, np.array(model["right"], dtype=np.int64)))
    left = np.where(inner, places + 1, -1).astype(np.int32)
    right = np.where(inner, places + np.array(model["right"], dtype=np.int32), -1).astype(np.int32)
    roots = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int32)
    nodes = _Nodes(feature, threshold, left, right, value)
    asked, limit, masks, leaves = _questions(roots.tolist(), sizes.tolist(), nodes)
    return Ensemble(tuple(model["features"]), int(model["base"]), roots, *nodes, asked, limit, masks, leaves)


class _Nodes(NamedTuple):
    """All nodes of all trees, a column each."""

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.int32]


def _check(features: int, sizes: NDArray[np.int64], columns: tuple[NDArray[Any], ...]) -> None:
    """Every column has a number a node, every node asks for a feature there is, every tree is whole. ValueError if not."""
    feature, right = columns[0], columns[-1]
    if {len(column) for column in columns} != {int(sizes.sum())}:
        raise ValueError("the lists of nodes differ in length, or from the sum of the sizes")
    if len(feature) and (feature.max() >= features or feature.min() < -1):
        raise ValueError("a node asks for a feature that is not named")
    ends = np.repeat(np.cumsum(sizes), sizes)
    place = np.arange(len(feature))
    inner = feature >= 0
    # The left child is the next node and a left branch has at least one, so a right child is two or more away.
    if (inner & ((right < NEAREST_RIGHT) | (place + right >= ends))).any():
        raise ValueError("a node's right child is not in its tree")
    if (sizes < 1).any() or (np.add.reduceat(inner.astype(np.int64), np.cumsum(sizes) - sizes) * 2 + 1 != sizes).any():
        raise ValueError("a tree does not have one leaf more than it has questions")


def _questions(
    roots: list[int], sizes: list[int], nodes: _Nodes
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[Any], NDArray[np.int32]]:
    """The trees as questions that can be asked in any order (the QuickScorer of Lucchese et al., 2015).

    Leaves are numbered from the left; a "no" rules out the leaves of the left branch; of those still possible the leftmost is it.
    """
    feature, threshold, left, right, value = nodes.feature.tolist(), nodes.threshold, nodes.left, nodes.right, nodes.value
    trees = len(roots)
    most = (max(sizes, default=1) + 1) // 2
    if most > MAX_LEAVES:
        raise ValueError(f"a tree has {most} leaves, more than {MAX_LEAVES}")
    kind = next(kind for kind, bits in ((np.uint8, 8), (np.uint16, 16), (np.uint32, 32), (np.uint64, 64)) if most <= bits)
    asked = np.zeros((max(most - 1, 0), trees), dtype=np.intp)
    limit = np.full(asked.shape, np.inf, dtype=np.float32)
    masks = np.zeros(asked.shape, dtype=kind)
    leaves = np.zeros((trees, max(most, 1)), dtype=np.int32)
    for tree, (root, size) in enumerate(zip(roots, sizes, strict=True)):
        count = 0
        first_leaf: dict[int, int] = {}
        for node in range(root, root + size):  # depth first: the leaves below a node are numbered in a row
            first_leaf[node] = count
            if feature[node] < 0:
                leaves[tree, count] = value[node]
                count += 1
        slot = 0
        for node in range(root, root + size):
            if feature[node] >= 0:
                low, high = first_leaf[int(left[node])], first_leaf[int(right[node])]
                asked[slot, tree] = feature[node]
                limit[slot, tree] = threshold[node]
                masks[slot, tree] = (1 << high) - (1 << low)
                slot += 1
    return asked, limit, masks, leaves


@functools.cache
def _bits() -> NDArray[np.int32]:
    """The place of the lowest bit of each 16-bit number."""
    numbers = np.arange(1 << 16)
    places = np.zeros(1 << 16, dtype=np.int32)
    for bit in range(15, -1, -1):
        places[numbers & (1 << bit) > 0] = bit
    return places


def _first_bit(masks: NDArray[Any]) -> NDArray[np.int32]:
    """The place of the lowest bit of each mask."""
    if masks.dtype.itemsize <= np.dtype(np.uint16).itemsize:
        return _bits().take(masks)
    parts = masks.view(np.uint16) if masks.flags.c_contiguous else np.ascontiguousarray(masks).view(np.uint16)
    parts = parts.reshape(*masks.shape, -1)
    places = np.zeros(masks.shape, dtype=np.int32)
    found = np.zeros(masks.shape, dtype=bool)
    for number in range(parts.shape[-1]):  # little-endian: the lowest part stands first
        part = parts[..., number]
        new = ~found & (part > 0)
        places[new] = 16 * number + _bits().take(part[new])
        found |= new
    return places
