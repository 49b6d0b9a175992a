"""The second look: what the first look's scores say of each block's surroundings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.label.features.names import SECOND, Floats, Layout, before, shifted, sums

# Kept by the first look: more likely than not, and long enough (in characters) to say where the article begins and ends.
LIKELY, MIN_CHARS = 0.5, 40


def second(layout: Layout, scores: NDArray[np.float64]) -> Floats:
    """What the first look's scores say of each block's surroundings: rows are SECOND."""
    count = len(scores)
    score = scores.astype(np.float32)
    chars = layout.chars
    weight = np.minimum(chars, 400)
    own = score * weight
    place = np.arange(count)
    totals, weights, kept_mass = sums(own), sums(weight), sums(score * chars)
    mass = chars * layout.prose
    total = max(float(kept_mass[-1]), 1.0)
    kept = (score >= LIKELY) & (chars >= MIN_CHARS)
    sure = np.flatnonzero(kept)
    values: dict[str, Any] = {
        "score": score,
        "prose_score": float((score * mass).sum()) / max(float(mass.sum()), 1.0),
        "before_score": kept_mass[:-1] / total,
        "after_score": 1 - kept_mass[1:] / total,
        "best_run": totals[np.minimum(place + 5, count)] - totals[np.maximum(place - 4, 0)],
        "first_kept": np.clip(place - sure[0], -100, 200) if len(sure) else -200,
        "last_kept": np.clip(place - sure[-1], -200, 100) if len(sure) else 200,
        "kept_share": float(kept.mean()),
        "kept_chars": float(chars[kept].sum()),
        "page_kept": total,
        "inside": (place >= sure[0]) & (place <= sure[-1]) if len(sure) else 0,
        "edge_before": before(kept),
        "edge_after": before(kept[::-1])[::-1],
        "top": float(score.max()),
    }
    for shift in (-3, -2, -1, 1, 2, 3):
        values[f"score{shift:+d}"] = shifted(score, shift, 0)
    values["rise"] = values["score+1"] - values["score-1"]
    for width in (3, 8, 20):
        high, low = np.minimum(place + width + 1, count), np.maximum(place - width, 0)
        values[f"around{width}"] = (totals[high] - totals[low] - own) / np.maximum(weights[high] - weights[low] - weight, 1)
    by_sig, number = np.bincount(layout.sig, weights=own), np.bincount(layout.sig, weights=weight)
    values["sig_score"] = (by_sig[layout.sig] - own) / np.maximum(number[layout.sig] - weight, 1)
    for row, level in enumerate(layout.levels):
        low, high = layout.first[level], layout.last[level] + 1
        values[f"level{row}_score"] = (totals[high] - totals[low] - own) / np.maximum(weights[high] - weights[low] - weight, 1)
    out = np.empty((len(SECOND), count), dtype=np.float32)
    for row, name in enumerate(SECOND):
        out[row] = values[name]
    return out
