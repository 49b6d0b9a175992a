"""`python -m bench decode DATA_DIR`: the texts that decode.parquet's bytes give against gold, and what repair does to clean text.

Exit 1 unless all bars hold. Texts are equal when they are so after NFC, with one kind of line end and without U+FFFD. Kinds that
test mojibake are compared after repair, the others as they were decoded.
"""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from bench.language import interval
from bench.run import context
from pipeline import sources
from pipeline.decode import decode
from pipeline.errors import Rejected, SettingsError
from pipeline.process import decoded_text
from pipeline.repair import REPAIRS, plan

FILES, SENTENCES = "decode.parquet", "lang.parquet"
LONG = "doc8000"
MAX_CHANGED = 0.005
MAX_COST = 5.0
ROUNDS = 7  # the best of so many timings counts
CLEAN = {"utf8", "bom", "utf16_nobom", "ftfy_negative"}
# Vendors' tables give these Japanese signs two code points each.
_SAME = str.maketrans("～－∥￠￡￢―", "〜−‖¢£¬—")
_LINE = re.compile(r"\r\n|\r|\n")


class Bar(NamedTuple):
    """Which kinds are counted together (by how their names begin), and what share must be exact."""

    name: str
    kinds: tuple[str, ...]
    bar: float


# The bars are those of the issue "Input".
BARS = (
    Bar("legacy, HTML, XML", ("legacy", "html", "xml"), 0.965),
    Bar("HTML that declares wrongly", ("html_wrong_meta",), 0.97),
    Bar("HTML with few letters beyond ASCII", ("html_sparse_en",), 0.99),
    Bar("UTF-8, BOM, UTF-16, cut off", ("utf8", "bom", "utf16_nobom", "utf8_truncated", "legacy_truncated"), 1.0),
    Bar("damaged and mixed", ("utf8_badbytes", "mixed"), 0.70),
    Bar("mojibake, after repair", ("mojibake",), 0.95),
)


def run(data: Path) -> int:
    """Prints the tables; 0 if all bars hold, else 1. Raises SettingsError."""
    for file in (FILES, SENTENCES):
        if not (data / file).is_file():
            raise SettingsError(f"there is no {file}", place=str(data), remedy="Name the folder that holds it")
    rows = pq.read_table(data / FILES, columns=["kind", "bytes", "gold_text"]).to_pylist()
    exact = [(row["kind"], _canonical(_text(row)) == _canonical(row["gold_text"])) for row in rows]
    console = Console(width=None if sys.stdout.isatty() else 120)
    held = _report(exact, console)
    clean = list(_clean(data, rows))
    changed = sum(_repaired([text]) != [text] for text in clean)
    low, high = interval(changed, len(clean))
    console.print(f"clean texts changed by repair: {changed} of {len(clean)}, [{low:.4f}, {high:.4f}] (bar {MAX_CHANGED})")
    cost = _cost(data)
    console.print(f"cost of clean UTF-8: {cost:.1f} × bytes.decode and re.split into lines (bar {MAX_COST})")
    held &= changed <= MAX_CHANGED * len(clean) and cost <= MAX_COST
    console.print("all bars hold" if held else "not all bars hold")
    return 0 if held else 1


def _text(row: dict[str, Any]) -> str:
    """What a row's bytes give; "" if they are refused."""
    data = row["bytes"]
    try:
        if row["kind"].startswith(("mojibake", "ftfy")):
            return decoded_text(sources.from_bytes("document.txt", data), data, context())
        return decode(data).text
    except Rejected:
        return ""


def _canonical(text: str) -> str:
    text = _LINE.sub("\n", text.removeprefix("\ufeff").replace("\N{REPLACEMENT CHARACTER}", ""))
    return unicodedata.normalize("NFC", text).translate(_SAME)


def _clean(data: Path, rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield from (row["gold_text"] for row in rows if row["kind"] in CLEAN)
    texts = pq.read_table(data / SENTENCES, columns=["kind", "text"]).to_pylist()
    yield from (row["text"] for row in texts if row["kind"] == "sentence")


def _repaired(texts: list[str]) -> list[str]:
    """Every repair that blocks are given, to each text of a file."""
    for name in plan(texts):
        texts = [REPAIRS[name](text) for text in texts]
    return texts


def _report(exact: list[tuple[str, bool]], console: Console) -> bool:
    table = Table("kinds", "number", "exact", "95 %", "bar", title="decoding")
    held = True
    kinds = sorted({kind for kind, _ in exact})
    for bar in (*BARS, *(Bar(f"· {kind}", (kind,), 0.0) for kind in kinds)):
        chosen = [right for kind, right in exact if kind.startswith(bar.kinds) and (bar.bar < 1 or kind in bar.kinds)]
        share = sum(chosen) / len(chosen)
        met = share >= bar.bar
        held &= met
        low, high = interval(sum(chosen), len(chosen))
        mark = f"{'✓' if met else '✗'} ≥ {bar.bar}" if bar.bar else ""
        table.add_row(bar.name, str(len(chosen)), f"{share:.4f}", f"[{low:.3f}, {high:.3f}]", mark)
    console.print(table)
    return held


def _cost(data: Path) -> float:
    """Time of decoding and repairing long texts of all languages, each a file, ÷ that of the bare calls."""
    rows = pq.read_table(data / SENTENCES, columns=["kind", "text"]).to_pylist()
    files = [row["text"].encode() for row in rows if row["kind"] == LONG and _repaired([row["text"]]) == [row["text"]]]

    def ours() -> None:
        for file in files:
            _repaired(_LINE.split(decode(file).text))

    def bare() -> None:
        for file in files:
            _LINE.split(file.decode())

    return _best(ours) / _best(bare)


def _best(call: Callable[[], None]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return min(times)
