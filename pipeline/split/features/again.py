"""What the first look thought of the other gaps: neighbours compete, and articles of one file part in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.split.features import parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.split.features.table import Table

    Floats = NDArray[np.float64]

# Gaps that compete, and the log-odds from which on a gap is a likely one.
NEAR, LIKELY = 3, 0.0
# Log-odds are seen within these bounds, and the longest way to the next likely gap in characters.
BOUND, FAR = 9.0, 1e6
TOP = 3
# Parts of the text lie between gaps of at least these log-odds, none of which has a better one beside it.
MAYBE = -1.5
FEATURES = (
    *(
        "first",
        "first.near",
        "first.rank",
        "first.top",
        "first.likely",
        "form.mean",
        "form.best",
        "form.count",
        "way_up",
        "way_down",
    ),
    *(f"first{step:+d}" for step in range(-NEAR, NEAR + 1) if step),
    *(f"part.{way}{name}{size}" for name in ("known", "names") for way in ("", "back.") for size in ("", ".size")),
    *("alike", "alike.others", "alike.more", "alike.past"),
)


def again(table: Table, odds: Floats) -> NDArray[np.float32]:
    """One row a gap, columns as FEATURES; `odds` are the first look's log-odds."""
    odds = np.clip(odds, -BOUND, BOUND)
    padded = np.concatenate((np.full(NEAR, -BOUND), odds, np.full(NEAR, -BOUND)))
    beside = [padded[NEAR + step : NEAR + step + len(odds)] for step in range(-NEAR, NEAR + 1) if step]
    ordered = np.sort(odds)
    # The best of the file without this gap, so that one strong gap does not vouch for itself.
    top = ordered[-(TOP + 1) :]
    others = (top.sum() - np.where(odds >= top[0], odds, top[0])) / max(1, len(top) - 1)
    likely = odds > LIKELY
    columns = [
        odds,
        odds - np.max(beside, axis=0),
        np.searchsorted(ordered, odds) / len(odds),
        others,
        np.minimum(likely.sum() - likely, 20),
        *_forms(table.form, odds),
        *_ways(table.worth, likely),
        *beside,
    ]
    shares = parts.between(table.words, table.gaps, (odds > MAYBE) & (odds >= np.max(beside[1:-1], axis=0)))
    columns += [shares[name] for name in FEATURES[len(columns) :]]
    return np.array(columns, dtype=np.float32).T


def _forms(form: NDArray[np.int64], odds: Floats) -> tuple[Floats, Floats, Floats]:
    """Of the other gaps of the same form: their mean, the best, and how many there are."""
    _, group = np.unique(form, return_inverse=True)
    count = np.bincount(group)
    total = np.bincount(group, odds)
    best = np.full(len(count), -BOUND)
    np.maximum.at(best, group, odds)
    second = np.full(len(count), -BOUND)
    np.maximum.at(second, group, np.where(odds < best[group], odds, -BOUND))
    others = count[group] - 1
    mean = np.where(others > 0, (total[group] - odds) / np.maximum(others, 1), -BOUND)
    return mean, np.where(odds < best[group], best[group], second[group]), np.minimum(others, 20).astype(np.float64)


def _ways(worth: Floats, likely: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """How far it is to the next likely gap above and below, or to the end of the file: log characters."""
    at = np.cumsum(worth)
    here = at[:-1]
    places = np.concatenate((np.zeros(1), here[likely], at[-1:]))
    above = np.searchsorted(places, here, side="left") - 1
    below = np.searchsorted(places, here, side="right")
    return (
        np.log1p(np.minimum(here - places[np.maximum(above, 0)], FAR)),
        np.log1p(np.minimum(places[np.minimum(below, len(places) - 1)] - here, FAR)),
    )
