"""What is seen only after a first score: of a line, the scores around it; of a file, how much of it scores low."""

from __future__ import annotations

import numpy as np

from pipeline.label.features.line_names import (
    Column,
    Columns,
    Table,
    best_run,
    last_true,
    longest,
    next_true,
    shifted,
    stacked,
    window,
)

# Probabilities are kept so far from 0 and 1 when odds are made of them; what lies outside the file has these log-odds.
EDGE, OUTSIDE = 1e-3, -3.0
# In the run of likely lines a word counts its probability less TYPICAL, a line at most MOST_WORDS words, and each line costs one.
TYPICAL, MOST_WORDS, COST = 0.4, 60, 1.0
# A line this probable is a landmark for those around it; so far away where there is none, in lines.
SURE, MISSING = 0.7, 99
NEIGHBOURS = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)
REACHES = (3, 8, 20)
MAX_DISTANCE = 60
# For the gate: scores below and above are clear; so many lines are a file's head and tail.
LOW, HIGH, ENDS = 0.3, 0.7, 5


def again(first: Column, words: Column) -> tuple[list[str], Table]:
    """What the second pass sees besides: the first one's probabilities, of the line and around it."""
    clipped = np.clip(first, EDGE, 1 - EDGE)
    odds = np.log(clipped / (1 - clipped))
    lines = len(odds)
    index = np.arange(lines)
    mass = (first - TYPICAL) * np.minimum(words, MOST_WORDS)
    columns: Columns = {"p": odds}
    for step in NEIGHBOURS:
        columns[f"p{step:+d}"] = shifted(odds, step, OUTSIDE)
    for reach in REACHES:
        columns[f"p-sum-{reach}"], columns[f"p-sum+{reach}"] = window(odds, reach)
        columns[f"p-mass-{reach}"], columns[f"p-mass+{reach}"] = window(mass, reach)
    start, end = best_run(mass - COST)
    kept = np.concatenate(([0.0], np.cumsum(first * words)))
    total = max(float(kept[-1]), 1.0)
    sure = first > SURE
    before = np.concatenate(([-MISSING], last_true(sure, -MISSING)[:-1]))
    behind = np.concatenate((next_true(sure, lines + MISSING)[1:], [lines + MISSING]))
    columns |= {
        "p-run.inside": (index >= start) & (index < end),
        "p-run.after_start": np.clip(index - start, -MAX_DISTANCE, MAX_DISTANCE),
        "p-run.before_end": np.clip(end - 1 - index, -MAX_DISTANCE, MAX_DISTANCE),
        "p-before": kept[:-1] / total,
        "p-after": (kept[-1] - kept[1:]) / total,
        "p-total": np.full(lines, total),
        "p-share": np.full(lines, total / max(float(words.sum()), 1.0)),
        "p-run.share": np.full(lines, (kept[end] - kept[start]) / total),
        "p-since": np.clip(index - before, 0, MAX_DISTANCE),
        "p-until": np.clip(behind - index, 0, MAX_DISTANCE),
        "p-best": np.full(lines, first.max()),
    }
    return list(columns), stacked(columns)


def whole(values: dict[str, float], score: Column, words: Column) -> tuple[list[str], Table]:
    """One row about the file, for the gate: is it a dump at all. `values` are the file's columns, `score` the second pass."""
    total = max(float(words.sum()), 1.0)
    low, high = score < LOW, score > HIGH
    row = {name: value for name, value in values.items() if name.startswith("file.")}
    row |= {
        "low_lines": float(low.mean()),
        "low_count": float(low.sum()),
        "low_words": float(words[low].sum() / total),
        "high_lines": float(high.mean()),
        "high_words": float(words[high].sum() / total),
        "mean": float((score * words).sum() / total),
        "first_lines": float(score[:ENDS].mean()),
        "last_lines": float(score[-ENDS:].mean()),
        "lowest_run": float(longest(low)),
    }
    return list(row), np.array([list(row.values())], dtype=np.float32)
