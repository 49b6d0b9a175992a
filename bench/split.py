"""`python -m bench split DATA_DIR`: where split.parquet is cut against where it should be, and how sure the cuts are.

A cut is right when it stands between the last line of one article and the first of the next (blank lines and separators between
them are nobody's). Pk (Beeferman et al., 1999) runs over lines that are not blank, k half the mean length of an article.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from bench.predict import PLAIN, read
from bench.run import context
from pipeline import process, sources
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

COLUMNS = ("file", "style", "text", "boundaries", "optional")
# Styles of export formats that have fields of their own, and that of single articles.
PROVIDERS, SINGLE = frozenset("ghij"), "k"
# Bars for the styles without a provider's format, together.
BARS = {"precision": 0.95, "recall": 0.85, "f1": 0.90, "exact": 0.60, "pk": 0.05}
STYLE_F1 = {"a_topic": 0.85, "m": 0.85}
STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
SURE, SURE_RIGHT = 0.9, 0.95
MIN_UNITS = 4
Span = tuple[int, int]


class Result(NamedTuple):
    """One file: right cuts, wrong ones, missed ones, Pk, and each cut's confidence with whether it is right."""

    style: str
    right: int
    wrong: int
    missed: int
    pk: float
    cuts: tuple[tuple[float, bool], ...]


def run(data: Path, *, workers: int = 2) -> int:
    """Prints the tables; 0 if all bars hold, else 1. Raises SettingsError."""
    source = data / "split.parquet"
    if not source.is_file():
        raise SettingsError("there is no split.parquet", place=str(data), remedy="Name the folder that holds it")
    rows = read(source, COLUMNS, sys.maxsize)
    if workers > 1:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            results = pool.map(score, rows, chunksize=4)
    else:
        results = [score(row) for row in rows]
    return show(results)


def score(row: dict[str, Any]) -> Result:
    """One row of split.parquet, cut with default settings."""
    data = row["text"].encode("utf-8", "surrogatepass")
    trace = process.trace(sources.from_bytes(PLAIN, data), data, context())
    gold = [(one["lo"], one["hi"]) for one in row["boundaries"]]
    optional = [(one["lo"], one["hi"]) for one in map(json.loads, row["optional"])]
    found: dict[int, float] = {}
    if isinstance(trace, process.Trace):
        for segment in trace.segments[1:]:
            line = trace.decoded.text.count("\n", 0, segment.blocks[0].start) + 1
            if not _in(line, optional) or _in(line, gold):
                found[line] = segment.confidence
    hits = {span for span in gold for line in found if span[0] <= line <= span[1]}
    right = {line: _in(line, gold) for line in found}
    cuts = tuple((sure, right[line]) for line, sure in found.items())
    pk = _pk(row["text"], sorted(found), gold)
    return Result(row["style"], len(hits), sum(not ok for ok in right.values()), len(gold) - len(hits), pk, cuts)


def _in(line: int, spans: Iterable[Span]) -> bool:
    return any(low <= line <= high for low, high in spans)


def _pk(text: str, cuts: Sequence[int], gold: Sequence[Span]) -> float:
    """How often two lines, k apart, are together in one and apart in the other."""
    units = [number for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(units) < MIN_UNITS:
        return 0.0
    snapped = {next((high for low, high in gold if low <= cut <= high), cut) for cut in cuts}
    true, made = (_segments(units, sorted(marks)) for marks in ({high for _, high in gold}, snapped))
    step = min(max(2, round(len(units) / (true[-1] + 1) / 2)), len(units) - 1)
    pairs = len(units) - step
    return sum((true[at] == true[at + step]) != (made[at] == made[at + step]) for at in range(pairs)) / pairs


def _segments(units: Sequence[int], marks: Sequence[int]) -> list[int]:
    numbers, passed = [], 0
    for unit in units:
        while passed < len(marks) and marks[passed] <= unit:
            passed += 1
        numbers.append(passed)
    return numbers


def figures(results: Sequence[Result]) -> dict[str, float]:
    """Precision, recall, F1 over all cuts, share of files exactly right, mean Pk."""
    right, wrong, missed = (sum(getattr(one, name) for one in results) for name in ("right", "wrong", "missed"))
    precision = right / (right + wrong) if right + wrong else float(not missed)
    recall = right / (right + missed) if right + missed else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    exact = sum(not one.wrong and not one.missed for one in results) / max(1, len(results))
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "exact": exact,
        "pk": sum(one.pk for one in results) / max(1, len(results)),
    }


def show(results: Sequence[Result]) -> int:
    """Prints one row a style, the bars and the reliability table; 0 if the bars hold."""
    styles = sorted({one.style for one in results})
    free = [one for one in results if one.style not in PROVIDERS and one.style != SINGLE]
    tables = {style: figures([one for one in results if one.style == style]) for style in styles}
    overall = figures(free)
    print(f"{'style':<10}" + "".join(f"{name:>11}" for name in BARS))
    for style, values in [*tables.items(), ("no format", overall)]:
        print(f"{style:<10}" + "".join(f"{values[name]:>11.3f}" for name in BARS))
    failed = [name for name, bar in BARS.items() if (overall[name] > bar if name == "pk" else overall[name] < bar)]
    failed += [style for style, bar in STYLE_F1.items() if style in tables and tables[style]["f1"] < bar]
    single = [one for one in results if one.style == SINGLE and one.wrong]
    print(f"single articles cut: {len(single)}")
    cuts = [cut for one in free for cut in one.cuts]
    print("confidence       cuts      right")
    for low, high in itertools.pairwise(STEPS):
        inside = [ok for sure, ok in cuts if low <= sure < high or sure == high == 1.0]
        print(f"{low:.2f} to {high:.2f}{len(inside):>9}{sum(inside) / len(inside) if inside else 0:>11.3f}")
    sure = [ok for confidence, ok in cuts if confidence >= SURE]
    failed += ["single articles"] if single else []
    failed += ["confidence"] if sure and sum(sure) < SURE_RIGHT * len(sure) else []
    print(f"bars that do not hold: {', '.join(failed) or 'none'}")
    return 1 if failed else 0
