"""The best way to cut a whole file: which gaps together gain most, when short articles cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# A cut looks back over so many places that could be cut; an article that spans more of them is as long as they are.
BAND = 64


def best_cuts(odds: Floats, worth: Floats, settings: Mapping[str, Any]) -> NDArray[np.int64]:
    """The gaps to cut, rising. `odds`: log-odds of each gap; `worth`: the length of each line, one more than gaps, in characters.

    A cut gains its log-odds less `cost`; an article shorter than `short` characters loses `penalty` for each factor of e. Gaps
    below `least` are no candidates. A file is one article until its cuts together gain `several`. Linear: BAND candidates are
    looked back over.
    """
    candidates = np.flatnonzero(odds > settings["least"])
    if not len(candidates):
        return candidates
    ends = np.cumsum(worth)
    at = np.concatenate((np.zeros(1), ends[candidates]))
    gain = np.concatenate((np.zeros(1), odds[candidates] - settings["cost"]))
    best, back = _chain(at, gain, settings)
    final = best + _prior(ends[-1] - at, settings)
    here = int(np.argmax(final))
    chosen = []
    while here > 0:
        chosen.append(int(candidates[here - 1]))
        here = int(back[here])
    found = np.array(chosen[::-1], dtype=np.int64)
    return found if (odds[found] - settings["cost"]).sum() >= settings["several"] else found[:0]


def _chain(at: Floats, gain: Floats, settings: Mapping[str, Any]) -> tuple[Floats, NDArray[np.int64]]:
    """The gain of the best cutting that ends with each candidate, and the candidate before it; 0 is the file's beginning."""
    best = np.zeros(len(at))
    back = np.zeros(len(at), dtype=np.int64)
    far, far_at = -np.inf, 0
    for here in range(1, len(at)):
        low = max(0, here - BAND)
        if low and best[low - 1] > far:
            far, far_at = float(best[low - 1]), low - 1
        ways = best[low:here] + _prior(at[here] - at[low:here], settings)
        which = int(np.argmax(ways))
        total, back[here] = (float(ways[which]), low + which) if ways[which] >= far else (far, far_at)
        best[here] = total + gain[here]
    return best, back


def _prior(length: Floats, settings: Mapping[str, Any]) -> Floats:
    """What an article of so many characters costs."""
    cost: Floats = -settings["penalty"] * np.maximum(np.log(settings["short"] / np.maximum(length, 1.0)), 0.0)
    return cost
