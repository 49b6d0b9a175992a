"""What a page costs: each stage against `lxml.html.fromstring` of the same bytes in the same run; hostile against normal pages.

Every round takes every page through every stage in turn, so that a busy machine slows all of them alike. A page's cost is its
fastest round; the median of the rounds' ratios shows how steady the figure is.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import lxml.html
import pyarrow.parquet as pq

from bench.run import context, outcome_of
from pipeline import blocks, label
from pipeline.decode import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.model import Page
    from pipeline.process import Context

T = TypeVar("T")
REFERENCE = "lxml"
STAGES = ("decode", "read", "label", "whole")
ROUNDS = 5
# A hostile page may cost so many times what a normal page costs a byte.
MAX_HOSTILE = 5.0
HOSTILE_BYTES = 1_000_000
# The bar of issue 3, a page of 300 blocks: CPU of the whole, × lxml.
MAX_WHOLE = 5.0


class Costs(NamedTuple):
    """Seconds of CPU a stage and round, each a list of the pages' times; `blocks` is their number on all pages."""

    seconds: dict[str, list[list[float]]]
    blocks: int

    def best(self, stage: str) -> float:
        """Seconds for all pages, each at its fastest."""
        return sum([min(times) for times in zip(*self.seconds[stage], strict=True)], 0.0)

    def ratio(self, stage: str) -> tuple[float, float]:
        """× the reference: by the fastest rounds, and the median of all rounds."""
        rounds = zip(self.seconds[stage], self.seconds[REFERENCE], strict=True)
        return self.best(stage) / self.best(REFERENCE), statistics.median(sum(one) / sum(other) for one, other in rounds)


def hostile(size: int = HOSTILE_BYTES) -> dict[str, bytes]:
    """Pages of about `size` bytes that are made to cost much, by name."""
    attributes = b"<p " + b" ".join(b"a%d=1" % number for number in range(size // 10)) + b">text</p>"
    pages = {
        "nested tags": b"<div>" * (size // 11) + b"text" + b"</div>" * (size // 11),
        "nested inline tags": b"<b>x" * (size // 8) + b"</b>" * (size // 8),
        "unclosed tags": b"<div><p>text <b>" * (size // 16),
        "tiny blocks": b"<p>x</p>" * (size // 8),
        "one block": b"word " * (size // 5),
        "one block of references": b"x" + b"&nbsp;" * (size // 6) + b"y",
        "end tags without start tags": b"</i>" * (size // 4),
        "list items": b"<ul><li>x" * (size // 9),
        "attributes": attributes,
    }
    return {name: b"<!doctype html><body>" + page for name, page in pages.items()}


def measure(pages: Sequence[bytes], rounds: int = ROUNDS) -> Costs:
    """The cost of every stage of these pages; only text is made of them, nothing that enriches it."""
    shared = dataclasses.replace(context(), enriched=False)
    seconds: dict[str, list[list[float]]] = {stage: [] for stage in (REFERENCE, *STAGES)}
    found = 0
    for data in pages[:10]:  # what is loaded at the first use
        _stages(data, shared)
    gc.collect()
    gc.freeze()  # the bench's own pages and libraries are not what the stages' garbage collections should walk
    try:
        for _ in range(rounds):
            taken = [_stages(data, shared) for data in pages]
            found = sum(number for _, number in taken)
            for stage, times in seconds.items():
                times.append([page[stage] for page, _ in taken])
    finally:
        gc.unfreeze()
    return Costs(seconds, found)


def _stages(data: bytes, shared: Context) -> tuple[dict[str, float], int]:
    """Seconds of each stage for one page, and its number of blocks."""
    took: dict[str, float] = {}
    _timed(took, REFERENCE, lambda: lxml.html.fromstring(data))
    decoded = _timed(took, "decode", lambda: decode(data))
    page: Page = _timed(took, "read", lambda: blocks.read(decoded))
    _timed(took, "label", lambda: label.label(page, shared.rules, shared.settings.mode, {}))
    _timed(took, "whole", lambda: outcome_of("page.html", data, shared))
    return took, len(page.blocks)


def _timed(took: dict[str, float], stage: str, work: Callable[[], T]) -> T:
    start = time.process_time()
    result = work()
    took[stage] = time.process_time() - start
    return result


def per_byte(data: bytes) -> float:
    """Seconds a byte to decode and read the page."""
    start = time.process_time()
    blocks.read(decode(data))
    return (time.process_time() - start) / len(data)


def run(data: Path, pages: int, *, rounds: int = ROUNDS, hostile_bytes: int = HOSTILE_BYTES, as_json: bool = False) -> int:
    """Print the costs of `pages` pages of `data`/pages.parquet, taken from all of it; 1 if a bar does not hold."""
    column = pq.read_table(data / "pages.parquet", columns=["html"])["html"]
    step = max(1, len(column) // pages)
    chosen = [column[number].as_py() for number, _ in zip(range(0, len(column), step), range(pages), strict=False)]
    costs = measure(chosen, rounds)
    ratios = {stage: costs.ratio(stage) for stage in STAGES}
    labels = costs.best("label") / costs.blocks * 300 * 1000
    normal = sum(min(per_byte(page) for _ in range(2)) * len(page) for page in chosen) / sum(map(len, chosen))
    slower = {name: per_byte(page) / normal for name, page in hostile(hostile_bytes).items()}
    if as_json:
        sys.stdout.write(
            json.dumps({"pages": len(chosen), "ratios": ratios, "labels_ms_per_300": labels, "hostile": slower}) + "\n"
        )
    else:
        _print(costs, ratios, labels, slower, len(chosen))
    return int(ratios["whole"][0] > MAX_WHOLE or max(slower.values()) > MAX_HOSTILE)


def _print(costs: Costs, ratios: dict[str, tuple[float, float]], labels: float, slower: dict[str, float], pages: int) -> None:
    say = sys.stdout.write
    say(f"{pages} pages, {costs.blocks / pages:.0f} blocks a page; lxml {costs.best(REFERENCE) / pages * 1000:.2f} ms a page\n")
    say(f"{'stage':30} {'x lxml':>8} {'median':>8}\n")
    for stage, (best, median) in ratios.items():
        say(f"{stage:30} {best:8.2f} {median:8.2f}\n")
    say(f"labels of 300 blocks: {labels:.2f} ms\n")
    say("hostile pages, decoded and read: cost a byte, x a normal page's\n")
    for name, times in slower.items():
        say(f"{name:30} {times:8.2f}\n")
