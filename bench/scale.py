"""What runs and flows over many small invented files cost: time, and the most memory that a process needed.

Each step is a process of its own, so that none has what another left in memory. Steps are the library's own loops in one process:
Prefect would add its server's start to each, and its books for each batch.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.dedupe import Words
from pipeline import dataset, learn
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

# Bars: a run without change may cost such a share of the first; the largest dataset's memory so many times the smallest's.
MAX_IDLE, MAX_GROWTH = 0.05, 1.5
FOLDER_FILES = 1000
WORDS = 90  # of a file, in three paragraphs: what a file costs beside its text is what is measured


class Cost(NamedTuple):
    """Of one step: seconds on the clock and of CPU, and the most MiB that its process held; `commit` is the commit after it."""

    step: str
    files: int
    wall: float
    cpu: float
    mib: float
    commit: int


def ingest(settings: Settings) -> int:
    """A run."""
    return dataset.build(settings).number


def compact(settings: Settings) -> int:
    """Flow compact, with files small enough that there are several."""
    return dataset.compact(settings, 8 * 2**20).number


def dedupe(settings: Settings) -> int:
    """Flow dedupe."""
    return dataset.find_duplicates(settings).number


def learned(settings: Settings) -> int:
    """Flow learn. Each of the files is of no site, so it is the words that are counted."""
    folder = settings.out.with_name("templates")
    store = learn.Store(folder)
    for part in learn.plan(settings, folder):
        store.add(part, learn.observe(part.listed, settings))
    for site in store.sites():
        store.publish(site)
    store.publish_frequencies()
    return 0


def verify(settings: Settings) -> int:
    """A check of everything against the raw files."""
    problems = dataset.verify(settings.out, settings.raw)
    if problems:
        raise SystemExit(f"{len(problems)} problems, the first: {problems[0]}")
    return 0


STEPS: dict[str, Callable[[Settings], int]] = {
    "first run": ingest,
    "no change": ingest,
    "one file": ingest,
    "compact": compact,
    "compact again": compact,
    "one file more": ingest,
    "dedupe": dedupe,
    "dedupe again": dedupe,
    "verify": verify,
    "learn": learned,
    "learn again": learned,
}
CHANGES = {"one file": 17, "one file more": 43}


def make(folder: Path, files: int) -> None:
    """So many invented files below `folder`, some of them copies of others, each time the same."""
    words = Words(random.Random(files))  # noqa: S311  reproducible is what it must be
    for number, text in enumerate(_texts(words, files)):
        path = folder / f"{number // FOLDER_FILES:04}" / f"{number:07}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _texts(words: Words, files: int) -> Iterator[str]:
    text = ""
    for number in range(files):
        if number % 20:  # one of twenty is the copy of the one before
            parts = [words.text(count).capitalize() for count in (7, WORDS // 3, WORDS // 3, WORDS // 3)]
            text = ".\n\n".join(parts) + ".\n"
        yield text


def step(folder: Path, name: str, files: int) -> Cost:
    """The cost of a step in this process; run once in each."""
    settings = load(raw=folder / "raw", out=folder / "out", workers=1)
    started, wall = time.process_time(), time.perf_counter()
    commit = STEPS[name](settings)
    return Cost(name, files, time.perf_counter() - wall, time.process_time() - started, _peak(), commit)


def _peak() -> float:
    """MiB that this process held at most. Not what `getrusage` says: that is no less than what its parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def measure(folder: Path, files: int) -> Iterator[Cost]:
    """The cost of each step on so many files in `folder`, which are made if it is not there."""
    if not folder.exists():
        make(folder / "raw", files)
    for name in STEPS:
        if name in CHANGES:
            path = sorted((folder / "raw").rglob("*.txt"))[files * CHANGES[name] // 100]
            path.write_text(path.read_text() + "\nThe keeper of the pier had the last word on that, as ever.\n", encoding="utf-8")
        command = [sys.executable, "-m", "bench.scale", str(folder), name, str(files)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ})
        yield Cost(*json.loads(done.stdout))


def run(folder: Path, sizes: Sequence[int]) -> int:
    """Print what each step costs at each number of files; 1 if a bar does not hold. What is in `folder` already is kept."""
    say = sys.stdout.write
    say(f"{'step':14} {'files':>9} {'seconds':>9} {'CPU s':>9} {'ms a file':>9} {'MiB':>7}\n")
    costs: dict[tuple[str, int], Cost] = {}
    for files in sizes:
        for cost in measure(folder / str(files), files):
            costs[cost.step, files] = cost
            each = 1000 * cost.cpu / files
            say(f"{cost.step:14} {files:9,} {cost.wall:9.2f} {cost.cpu:9.2f} {each:9.3f} {cost.mib:7.0f}\n")
            sys.stdout.flush()
    idle = {files: costs["no change", files].cpu / costs["first run", files].cpu for files in sizes}
    growth = {name: costs[name, sizes[-1]].mib / costs[name, sizes[0]].mib for name in STEPS}
    say("no change, x the first run: " + ", ".join(f"{share:.3f} of {files:,}" for files, share in idle.items()) + "\n")
    say("memory, x: " + ", ".join(f"{name} {times:.2f}" for name, times in growth.items()) + "\n")
    return int(idle[sizes[-1]] > MAX_IDLE or max(growth.values()) > MAX_GROWTH)


if __name__ == "__main__":
    json.dump(step(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])), sys.stdout)
