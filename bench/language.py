"""`python -m bench language DATA_DIR`: the language of the texts of lang.parquet against gold, and its cost beside langdetect.

Exit 1 unless all bars hold. Also prints how often answers of each confidence are right, by which pipeline/enrich/language.py is
calibrated.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from bench.run import default_settings
from pipeline.enrich import language
from pipeline.errors import SettingsError

TEXTS = "lang.parquet"
MAX_COST = 0.20
# One language by several names, as gold has them.
SAME = {"nb": "no"}
# Texts in two languages: neither is the answer.
MIXED = "mixed"
JUNK, NONE = "und_", "und"
BINS = 10
# Every so many texts are timed with langdetect, which is slow.
TIMED = 8


class Answer(NamedTuple):
    """One text's kind and gold language, whether langdetect and py3langid know that one, what was answered and how surely."""

    kind: str
    gold: str
    shared: bool
    found: str
    score: float

    @property
    def right(self) -> bool:
        """The answer is the gold language."""
        return self.found == self.gold


class Bar(NamedTuple):
    """What is counted, of which answers, and what it must be at least (junk: at most)."""

    name: str
    of: Callable[[Answer], bool]
    bar: float
    junk: bool = False


# The bars are those of the issue "Metadata and language".
BARS = (
    Bar("sentences, languages all detectors know", lambda a: a.kind == "sentence" and a.shared, 0.985),
    Bar("titles, languages all detectors know", lambda a: a.kind == "title" and a.shared, 0.968),
    Bar("sentences", lambda a: a.kind == "sentence", 0.95),
    Bar("titles", lambda a: a.kind == "title", 0.93),
    Bar("500 characters", lambda a: a.kind == "doc500", 0.97),
    Bar("all capitals", lambda a: a.kind == "allcaps", 0.90),
    Bar("junk accepted", lambda a: a.kind.startswith(JUNK), 0.08, junk=True),
)


def run(data: Path) -> int:
    """Prints the tables; 0 if all bars hold, else 1. Raises SettingsError."""
    source = data / TEXTS
    if not source.is_file():
        raise SettingsError(f"there is no {TEXTS}", place=str(data), remedy="Name the folder that holds it")
    rows = pq.read_table(source, columns=["kind", "text", "gold_lang"]).to_pylist()
    language.detect(rows[0]["text"])  # loads the models
    answers = _answers(rows)
    console = Console(width=None if sys.stdout.isatty() else 120)
    held = _report(answers, console)
    cost = _cost(rows)
    console.print(f"cost: {cost:.3f} × langdetect with its defaults (bar {MAX_COST})")
    console.print(_reliability(answers))
    held &= cost <= MAX_COST
    console.print("all bars hold" if held else "not all bars hold")
    return 0 if held else 1


def interval(right: int, total: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share."""
    z = 1.96
    share, square = right / total, z * z / total
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / total + square / (4 * total)) / (1 + square)
    return middle - half, middle + half


def _answers(rows: Iterable[dict[str, Any]]) -> list[Answer]:
    threshold = default_settings().language_threshold
    shared = language.known_to_py3langid() & language.known_to_langdetect()
    answers = []
    for row in rows:
        found, score = language.detect(row["text"])
        gold = SAME.get(row["gold_lang"], row["gold_lang"])
        answers.append(Answer(row["kind"], gold, gold in shared, found if found and score >= threshold else NONE, score))
    return answers


def _report(answers: list[Answer], console: Console) -> bool:
    table = Table("texts", "number", "share", "95 %", "bar", title="language, null counted as wrong")
    held = True
    for bar in BARS:
        chosen = [answer for answer in answers if bar.of(answer)]
        hits = sum((answer.found != NONE) if bar.junk else answer.right for answer in chosen)
        share = hits / len(chosen)
        met = share <= bar.bar if bar.junk else share >= bar.bar
        held &= met
        low, high = interval(hits, len(chosen))
        mark = f"{'✓' if met else '✗'} {'≤' if bar.junk else '≥'} {bar.bar}"
        table.add_row(bar.name, str(len(chosen)), f"{share:.4f}", f"[{low:.3f}, {high:.3f}]", mark)
    console.print(table)
    return held


def _reliability(answers: list[Answer]) -> Table:
    """How often answers of each confidence are right: the two columns of numbers should agree."""
    table = Table("confidence", "answers", "mean", "right", title="reliability, texts in one language and junk")
    given = [answer for answer in answers if answer.found != NONE and not answer.kind.startswith(MIXED)]
    for step in range(BINS):
        chosen = [answer for answer in given if min(int(answer.score * BINS), BINS - 1) == step]
        if chosen:
            mean = sum(answer.score for answer in chosen) / len(chosen)
            right = sum(answer.right for answer in chosen) / len(chosen)
            table.add_row(f"{step / BINS:.1f}…", str(len(chosen)), f"{mean:.3f}", f"{right:.3f}")
    return table


def _cost(rows: list[dict[str, Any]]) -> float:
    """Processor time of our answer ÷ that of langdetect's with its defaults, on the same texts."""
    texts = [row["text"] for row in rows[::TIMED]]
    started = time.process_time()
    for text in texts:
        language.detect(text)
    ours = time.process_time() - started
    started = time.process_time()
    for text in texts:
        language.langdetect(text)
    return ours / (time.process_time() - started)
