"""What Prefect costs: runs of the flow against the plain loop over the same files, and against a flow that does nothing.

Each run is a process of its own in a project folder, with workers of its own; its CPU is that of all of them. The server's is
counted where it is one that stays. What a run over two files costs is its start, and is taken off.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bench.scale import make
from pipeline import dataset

# Bars: the flow's CPU, × the plain loop's; seconds that a run without work may take more than a flow that does nothing.
MAX_RATIO, MAX_MORE = 1.15, 1.5
WORKERS = 2
ROUNDS = 3
FEW = 2  # files: the first has no text
NOTHING = "from flows import runtime; runtime.prepare(); from prefect import flow; flow(lambda: None, name='nothing')()"
RUN = ("-m", "pipeline.cli", "run", "--allow-rejects", "--workers", str(WORKERS))


class Cost(NamedTuple):
    """Seconds on the clock, and of CPU with those of the server that stays."""

    wall: float
    cpu: float


class Project:
    """A folder with raw/ and, if it was started, a server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        checkout = str(Path(__file__).parents[1])
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT", "WINNOW"))}
        self.env = kept | {"PYTHONPATH": checkout, "WINNOW_HOME": str(folder / "state")}

    def run(self, *words: str, **env: str) -> Cost:
        """The cost of a Python program with these arguments. Raises CalledProcessError if it fails."""
        before, start = self._server(), time.perf_counter()
        command = [sys.executable, *words]
        with (self.folder / "log").open("w+b") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=self.env | env, stdout=log, stderr=log)
            _, status, used = os.wait4(process.pid, 0)
            log.seek(0)
            said = log.read()
        if os.waitstatus_to_exitcode(status):
            raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command, stderr=said)
        wall = time.perf_counter() - start
        return Cost(wall, used.ru_utime + used.ru_stime + self._server() - before)

    def _server(self) -> float:
        """Seconds of CPU that the server that stays has used; 0 where there is none."""
        state = self.folder / "state" / "server.json"
        if not state.exists():
            return 0.0
        fields = Path(f"/proc/{json.loads(state.read_text())['pid']}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def database(self) -> int:
        """Bytes of the database of the server that stays, with what is not yet written into it."""
        return sum(path.stat().st_size for path in (self.folder / "state" / "prefect").glob("prefect.db*"))

    @property
    def api(self) -> str:
        """The URL of the server that stays."""
        return str(json.loads((self.folder / "state" / "server.json").read_text())["url"])


def run(folder: Path, files: int) -> int:
    """Print both figures; 1 if a bar does not hold. `folder` is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    project = Project(folder)
    for name, number in (("few", FEW), ("many", files)):
        make(folder / name, number)
    more = {"embedded server": _more(project)}
    project.run("-m", "pipeline.cli", "server", "start")
    try:
        more["server in the background"] = _more(project, PREFECT_API_URL_OF_NOTHING=project.api)
        more["PREFECT_API_URL"] = _more(project, PREFECT_API_URL=project.api)
        loops = (("--no-server", "few"), ("--no-server", "many"), ("", "few"))
        costs = {(way, name): _cost(project, way, name) for way, name in loops}
        before = project.database()
        costs["", "many"] = _cost(project, "", "many")
        kept = project.database() - before
    finally:
        project.run("-m", "pipeline.cli", "server", "stop")
    plain, flow = (costs[way, "many"].cpu - costs[way, "few"].cpu for way in ("--no-server", ""))
    say = sys.stdout.write
    say(f"{files:,} files, {WORKERS} workers: flow {flow:.1f} s of CPU, plain loop {plain:.1f} s: x {flow / plain:.3f}\n")
    made = dataset.load(folder / "out-many")
    tasks = len(made.batches) if made else 0
    say(f"each of {tasks} tasks: {1000 * (flow - plain) / tasks:.0f} ms of CPU, {kept / 1000 / tasks:.0f} kB of database\n")
    for state, seconds in more.items():
        say(f"a run without work, {state}: {seconds:+.2f} s against a flow that does nothing\n")
    return int(flow > MAX_RATIO * plain or max(more.values()) > MAX_MORE)


def _cost(project: Project, way: str, name: str) -> Cost:
    """Of a first run over these files."""
    out = project.folder / f"out-{name}{way}"
    return project.run(*RUN, *filter(None, [way]), name, "--out", str(out))


def _more(project: Project, **env: str) -> float:
    """Seconds that a run without anything to do takes more than a flow that does nothing; the median of some pairs."""
    given = env.pop("PREFECT_API_URL_OF_NOTHING", None)
    words = (*RUN, "few", "--out", "idle")
    project.run(*words, **env)
    nothing = env | ({"PREFECT_API_URL": given} if given else {})
    pairs = [(project.run(*words, **env).wall, project.run("-c", NOTHING, **nothing).wall) for _ in range(ROUNDS)]
    return statistics.median(run - other for run, other in pairs)
