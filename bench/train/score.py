"""The scores of texts against gold: of one page, and of many, as tools/score_text.py counts them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+")
GRAM = 4
# Of the bootstrap: as in tools/score_text.py, so that intervals agree; edges in per cent.
RESAMPLES, SEED, EDGES = 1000, 20240101, (2.5, 97.5)
# Instead of dividing by nothing.
TINY = 1e-9


def page(gold: str | None, text: str, must: list[str] | None, not_must: list[str] | None) -> dict[str, Any]:
    """Shingles and tokens in common, and snippets found."""
    return against(gold, text) if gold else snippets(text, must, not_must)


def against(gold: str, text: str) -> dict[str, Any]:
    """Shingles and tokens in common (only wanted, only got), and whether all tokens are the same."""
    wanted, got = _TOKEN.findall(gold), _TOKEN.findall(text)
    return {
        "exact": wanted == got,
        "shingle": _overlap(_shingles(wanted), _shingles(got)),
        "token": _overlap(Counter(t.lower() for t in wanted), Counter(t.lower() for t in got)),
    }


def snippets(text: str, must: list[str] | None, not_must: list[str] | None) -> dict[str, Any]:
    """How many snippets were found, wrongly found, missed."""
    squashed = re.sub(r"\s+", " ", text)
    found, wrong = ([re.sub(r"\s+", " ", s).strip() in squashed for s in each or ()] for each in (must, not_must))
    return {"snippet": (sum(found), sum(wrong), len(found) - sum(found))}


class Figure(NamedTuple):
    """A mean and its 95 % interval."""

    value: float
    low: float
    high: float


def figures(pages: list[dict[str, Any]]) -> dict[str, Figure]:
    """f1, exact and token_f1 of pages with gold text, or segment_f1 of pages with snippets; resampled by pages."""
    if "snippet" in pages[0]:
        counts = np.array([page["snippet"] for page in pages], dtype=float)
        return {"segment_f1": _figure(counts, lambda rows: _f1(*np.moveaxis(rows.sum(axis=-2), -1, 0)))}
    with np.errstate(invalid="ignore"):  # no token wanted or none got: nan, which means leave out
        common, more, less = np.array([page["shingle"] for page in pages], dtype=float).T
        shares = np.stack((common / (common + more), common / (common + less)), axis=-1)
    tokens = np.array([_f1(*map(float, page["token"])) for page in pages])
    return {
        "f1": _figure(shares, _harmonic),
        "exact": _figure(np.array([page["exact"] for page in pages], dtype=float), _mean),
        "token_f1": _figure(tokens, _mean),
    }


def _figure(values: NDArray[np.float64], mean: Callable[[NDArray[np.float64]], Any]) -> Figure:
    draws = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(mean(values[draws]), EDGES)
    return Figure(float(mean(values[None])[0]), float(low), float(high))


def _mean(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows.mean(axis=1))


def _harmonic(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """F1 of the mean precision and the mean recall."""
    known = np.maximum((~np.isnan(rows)).sum(axis=1), 1)
    precision, recall = np.moveaxis(np.nansum(rows, axis=1) / known, -1, 0)
    return np.asarray(2 * precision * recall / np.maximum(precision + recall, TINY))


def _f1(common: Any, more: Any, less: Any) -> Any:
    """1 where nothing was wanted and nothing got."""
    return np.where(common + more + less > 0, 2 * common / np.maximum(2 * common + more + less, TINY), 1.0)


def total(pages: list[dict[str, Any]]) -> dict[str, float]:
    """The means over pages, as tools/score_text.py counts them."""
    out: dict[str, float] = {"pages": float(len(pages))}
    texts = [page for page in pages if "shingle" in page]
    if texts:
        precision = [c / (c + fp) for c, fp, _ in (page["shingle"] for page in texts) if c + fp]
        recall = [c / (c + fn) for c, _, fn in (page["shingle"] for page in texts) if c + fn]
        p, r = sum(precision) / max(len(precision), 1), sum(recall) / max(len(recall), 1)
        out |= {"p": p, "r": r, "f1": 2 * p * r / max(p + r, 1e-9), "exact": sum(page["exact"] for page in texts) / len(texts)}
        out["token_f1"] = sum(2 * c / max(2 * c + fp + fn, 1) for c, fp, fn in (page["token"] for page in texts)) / len(texts)
    snippets = [page["snippet"] for page in pages if "snippet" in page]
    if snippets:
        tp, fp, fn = (sum(each[i] for each in snippets) for i in range(3))
        out |= {
            "segment_p": tp / max(tp + fp, 1),
            "segment_r": tp / max(tp + fn, 1),
            "segment_f1": 2 * tp / max(2 * tp + fp + fn, 1),
        }
    return {name: round(value, 4) for name, value in out.items()}


def _shingles(tokens: list[str]) -> Counter[tuple[str, ...]]:
    if 0 < len(tokens) < GRAM:
        return Counter([tuple(tokens)])
    return Counter(tuple(tokens[at : at + GRAM]) for at in range(len(tokens) - GRAM + 1))


def _overlap(wanted: Counter[Any], got: Counter[Any]) -> tuple[int, int, int]:
    common = sum((wanted & got).values())
    return common, sum(got.values()) - common, sum(wanted.values()) - common
