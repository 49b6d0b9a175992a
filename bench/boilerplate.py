"""`python -m bench boilerplate DATA_DIR`: the clean text of pages and of their crude dumps against gold, out of fold by site.

Exit 1 unless all bars hold. trafilatura runs on the same pages where it is installed.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import multiprocessing
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from bench import predict
from bench.train import score
from pipeline import templates
from pipeline.decode import decode
from pipeline.errors import Rejected, SettingsError
from pipeline.model import Hints

PAGES = "pages.parquet"
GOLD = ["id", "url", "set", "page_type", "gold_text", "must_have", "must_not_have"]
SNIPPETS = "trafseg"  # the set that has snippets instead of gold text
PEER = "trafilatura"
PEER_VERSION = "2.3.1"  # the bars were set beside it
SIBLINGS = "winnow --corpus"
MOST_LOST, LEAST_GAIN = 0.0005, 0.01  # of a set's pages with siblings known: f1 to the third digit; of dumps that have one
CHUNK = 8  # pages handed to a process at once
FIGURES = ("f1", "exact", "token_f1", "segment_f1")


class Set(NamedTuple):
    """A part of the pages, and the bars (the figure must be at least that) from pages and from their dumps."""

    name: str
    has: Callable[[dict[str, Any]], bool]
    text: dict[str, float]
    dump: dict[str, float]


# The bars are those of the issue "Boilerplate".
SETS = (
    Set("zyte", lambda row: row["set"] == "zyte", {"f1": 0.970, "exact": 0.42}, {"f1": 0.920}),
    Set("wcxb articles", lambda row: row["set"] == "wcxb" and row["page_type"] == "article", {"f1": 0.950}, {}),
    Set("fundus", lambda row: row["set"] == "fundus", {"f1": 0.955}, {"f1": 0.900}),
    Set("magic_article", lambda row: row["set"] == "magic_article", {"f1": 0.905}, {}),
    Set("wcxb all", lambda row: row["set"] == "wcxb", {"token_f1": 0.87}, {}),
    Set("trafseg", lambda row: row["set"] == SNIPPETS, {"segment_f1": 0.930}, {}),
)


def run(data: Path, *, workers: int = 2) -> int:
    """Prints the table; 0 if all bars hold, else 1. Raises SettingsError."""
    source = data / PAGES
    if not source.is_file():
        raise SettingsError(f"there is no {PAGES}", place=str(data), remedy="Name the folder that holds it")
    peer = peer_version()
    gold = pq.read_table(source, columns=GOLD).to_pylist()
    made: dict[str, dict[str, str]] = {}
    with_siblings: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("text", "dump"):
            for group, siblings in ((made, False), (with_siblings, True)):
                target = Path(folder) / kind
                predict.run(kind, source, target, workers=workers, folds=True, siblings=siblings)
                group[kind] = read(target)
    systems = {"winnow": made, SIBLINGS: with_siblings}
    if peer is not None:
        systems |= {f"{PEER} {peer}{mode}": {"text": texts} for mode, texts in _peer(source, workers).items()}
    gained = report_siblings(gold, made, with_siblings)
    return max(report(gold, systems), gained)


def peer_version() -> str | None:
    """The version of trafilatura, None if there is none that can be imported; says so, and if it is another one."""
    try:
        importlib.import_module(PEER)
    except ImportError as error:
        sys.stderr.write(f"bench: {PEER} is not installed ({error}): nothing to compare with\n")
        return None
    version = importlib.metadata.version(PEER)
    if version != PEER_VERSION:
        sys.stderr.write(f"bench: {PEER} is {version}; the bars were set beside {PEER_VERSION}\n")
    return version


def report(gold: list[dict[str, Any]], systems: dict[str, dict[str, dict[str, str]]]) -> int:
    """Prints the figures of each system (kind → id → text) by set; 1 if the first one misses a bar."""
    table = Table("from", "set", "pages", "system", *FIGURES, "bar", title="out of fold by site; 95 % intervals")
    ok = True
    ours = next(iter(systems))
    for kind in ("text", "dump"):
        for part in SETS:
            rows = [row for row in gold if part.has(row)]
            for name, made in systems.items():
                if not rows or kind not in made:
                    continue
                found = score.figures([_scored(row, made[kind].get(row["id"], "")) for row in rows])
                bars = getattr(part, kind) if name == ours else {}
                held = all(found[figure].value >= bar for figure, bar in bars.items())
                ok &= held
                cells = [_shown(found.get(figure), interval=figure != "exact") for figure in FIGURES]
                wanted = "  ".join(f"{figure} ≥ {bar:.3f}" for figure, bar in bars.items())
                table.add_row(kind, part.name, str(len(rows)), name, *cells, f"{'✓' if held else '✗'} {wanted}" if bars else "")
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    console.print("all bars hold" if ok else "not all bars hold")
    return 0 if ok else 1


def report_siblings(gold: list[dict[str, Any]], alone: dict[str, dict[str, str]], known: dict[str, dict[str, str]]) -> int:
    """Prints what siblings change on sites that have two pages or more; 1 if dumps gain too little or pages lose."""
    sites = Counter(_site(row) for row in gold)
    table = Table("from", "set", "pages", "alone", "siblings known", "bar", title="sites with two pages or more, out of fold")
    ok = True
    for kind in ("text", "dump"):
        for part in (*SETS, Set("all with gold text", lambda row: row["set"] != SNIPPETS, {}, {})):
            rows = [row for row in gold if part.has(row) and row["url"] and sites[_site(row)] > 1]
            if not rows:
                continue
            before, after = (
                score.figures([_scored(row, made[kind].get(row["id"], "")) for row in rows]) for made in (alone, known)
            )
            name = "f1" if "f1" in before else "segment_f1"
            gain = after[name].value - before[name].value
            least = -MOST_LOST if kind == "text" else LEAST_GAIN if part.name.startswith("all") else None
            held = least is None or gain >= least
            ok &= held
            shown = (_shown(each[name], interval=True) for each in (before, after))
            bar = f"{'✓' if held else '✗'} {gain:+.4f} ≥ {least}" if least is not None else f"{gain:+.4f}"
            table.add_row(kind, part.name, str(len(rows)), *shown, bar)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    return 0 if ok else 1


def _site(row: dict[str, Any]) -> str:
    return templates.site_of(row["url"] or "", Hints())


def read(predicted: Path) -> dict[str, str]:
    """The texts of a file of predictions, by id."""
    with predicted.open(encoding="utf-8", newline="\n") as file:  # a text may hold other line ends, U+2028 say
        return {row["id"]: row["text"] for row in map(json.loads, file)}


def _scored(row: dict[str, Any], text: str) -> dict[str, Any]:
    if row["set"] == SNIPPETS:
        return score.snippets(text, row["must_have"], row["must_not_have"])
    return score.against(row["gold_text"] or "", text)


def _shown(figure: score.Figure | None, *, interval: bool) -> str:
    if figure is None:
        return ""
    return f"{figure.value:.3f}" + (f" [{figure.low:.3f}, {figure.high:.3f}]" if interval else "")


def _peer(source: Path, workers: int) -> dict[str, dict[str, str]]:
    """What trafilatura makes of the pages, as it is and told to favour precision."""
    total = pq.read_metadata(source).num_rows
    made: dict[str, dict[str, str]] = {"": {}, " precision": {}}
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for name, *texts in pool.imap(_extracted, predict.read(source, ("id", "html"), total), chunksize=CHUNK):
            for found, text in zip(made.values(), texts, strict=True):
                found[name] = text
    return made


def _extracted(row: dict[str, Any]) -> tuple[str, str, str]:
    from trafilatura import extract

    try:
        text = decode(row["html"], None, 1.0).text
    except Rejected:
        return row["id"], "", ""
    return row["id"], extract(text) or "", extract(text, favor_precision=True) or ""
