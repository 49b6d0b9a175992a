"""What the features of lines share: their types, and how columns are shifted, summed and laid side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float32]
Column = NDArray[Any]
Columns = dict[str, Column]


def stacked(columns: Columns) -> Table:
    """The columns side by side; each stands in one piece in memory, as the scorer reads them."""
    values = list(columns.values())
    result = np.empty((len(values), len(values[0])), dtype=np.float32)
    for number, column in enumerate(values):
        result[number] = column
    return result.T


def window(column: Column, reach: int) -> tuple[Column, Column]:
    """The sums of the `reach` rows before and behind each row."""
    sums = np.concatenate(([0.0], np.cumsum(column)))
    index = np.arange(len(column))
    before = sums[index] - sums[np.maximum(index - reach, 0)]
    behind = sums[np.minimum(index + 1 + reach, len(column))] - sums[index + 1]
    return before, behind


def shifted(column: Column, step: int, outside: float) -> Column:
    """The column, `step` rows on."""
    result = np.full(len(column), outside)
    if len(column) <= abs(step):
        return result
    if step > 0:
        result[:-step] = column[step:]
    else:
        result[-step:] = column[:step]
    return result


def last_true(flags: Column, outside: int) -> Column:
    """For each row the number of the last row up to it whose flag is set, `outside` where there is none."""
    return np.maximum.accumulate(np.where(flags, np.arange(len(flags)), outside))


def next_true(flags: Column, outside: int) -> Column:
    """For each row the number of the first row from it on whose flag is set, `outside` where there is none."""
    return np.minimum.accumulate(np.where(flags, np.arange(len(flags)), outside)[::-1])[::-1]


def best_run(worth: Column) -> tuple[int, int]:
    """The stretch of largest sum, as a half-open range; empty only for an empty column."""
    sums = np.concatenate(([0.0], np.cumsum(worth)))
    low = np.minimum.accumulate(sums)
    end = int(np.argmax(sums[1:] - low[:-1])) + 1
    start = int(np.argmin(sums[:end]))
    return start, end


def longest(flags: Column) -> int:
    """The longest unbroken run of true values."""
    ends = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int((ends[1::2] - ends[::2]).max(initial=0))
