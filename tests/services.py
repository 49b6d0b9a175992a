"""Programs that tests start, watch and kill: the command line itself, and what it is run against."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parent.parent
WAIT_SECONDS = 300  # a loaded machine takes a minute to start a server
OURS = ("PREFECT", "WINNOW", "DO_NOT_TRACK")
LINES = (
    "The council met on {day} and spoke about the quay for an hour.",
    "A vote on the {thing} is to follow in spring, it said.",
    "Nobody on the quay could say who is to pay for the {thing}, or when the wardens will open its gate.",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
THINGS = ("crane", "ferry", "wall", "light", "bridge", "school", "market")


def stories(folder: Path, count: int, paragraphs: int = 6, first: int = 0) -> Path:
    """The folder with so many invented stories in it, no two the same."""
    folder.mkdir(exist_ok=True)
    for number in range(first, first + count):
        pairs = [(LINES[(number + at) % 3], DAYS[(number + at) % 5], THINGS[(number * at) % 7]) for at in range(paragraphs)]
        lines = [line.format(day=day, thing=thing) for line, day, thing in pairs]
        (folder / f"story{number:05d}.txt").write_text(f"Harbour {number} waits for its crane\n\n" + "\n\n".join(lines) + "\n")
    return folder


def environment(**more: str) -> dict[str, str]:
    """That of this process without what says where Prefect and winnow keep things, and with this checkout on the path."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    path = os.pathsep.join((str(CHECKOUT), str(CHECKOUT / "tests")))
    return clean | {"PYTHONPATH": path} | more


def winnow(*words: object) -> list[str]:
    """The words of a command."""
    return [sys.executable, "-m", "pipeline.cli", *map(str, words)]


@contextmanager
def started(command: list[str], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The process, its output in `log`, ended with the context if it is not before."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(condition: Callable[[], Any], log: Path, seconds: float = WAIT_SECONDS) -> Any:
    """What `condition` returns, as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
        time.sleep(0.1)
    return found


def descendants(pid: int) -> dict[int, str]:
    """The command lines of the living processes that this one started, and those that they did (Linux)."""
    parents: dict[int, int] = {}
    words: dict[int, str] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return {child: words[child] for child in found - {pid} if words.get(child)}
