"""A project folder of its own with winnow's real programs running in it: for the long tests of flows, servers and schedules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dataset_samples import prose

CHECKOUT = Path(__file__).parent.parent
TRIES = 5  # of asking the server
PATIENCE = 600  # seconds: a test here waits for programs, and the machine may have other things to do


class Project:
    """A folder with raw/, and what runs there. Nothing of the caller's own Prefect or winnow is seen by it."""

    def __init__(self, folder: Path, files: int = 4) -> None:
        self.folder = folder
        self.raw, self.out = folder / "raw", folder / "processed"
        self.raw.mkdir(parents=True)
        for number in range(files):
            self.add(number)
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT", "WINNOW", "DO_NOT_TRACK"))}
        self.env = clean | {"PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}
        self._started: list[subprocess.Popen[bytes]] = []
        self._old: set[str] = set()

    def add(self, number: int) -> Path:
        path = self.raw / f"story {number}.txt"
        path.write_text(prose(number), encoding="utf-8")
        return path

    def start(self, *command: object, log: str = "log", **env: str) -> subprocess.Popen[bytes]:
        """The program, with its output in a file of the folder."""
        with (self.folder / log).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *map(str, command)], cwd=self.folder, env=self.env | env, stdout=output, stderr=output
            )
        self._started.append(process)
        return process

    def run(self, *command: object, **env: str) -> subprocess.CompletedProcess[str]:
        """The program, ended."""
        return subprocess.run(
            [sys.executable, "-m", *map(str, command)],
            cwd=self.folder,
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def winnow(self, *args: object) -> subprocess.CompletedProcess[str]:
        return self.run("pipeline.cli", *args)

    @property
    def api(self) -> str:
        """The URL of the server that `winnow server start` started."""
        return str(json.loads((self.folder / ".winnow" / "server.json").read_text(encoding="utf-8"))["url"])

    def prefect(self, *args: object) -> subprocess.CompletedProcess[str]:
        return self.run("prefect", "--no-prompt", *args, **self.prefect_env)

    @property
    def prefect_env(self) -> dict[str, str]:
        return {"PREFECT_API_URL": self.api, "PREFECT_HOME": str(self.folder / ".winnow" / "prefect"), "DO_NOT_TRACK": "1"}

    def ask(self, path: str, **body: Any) -> Any:
        """What the server's API answers."""
        import urllib.request

        request = urllib.request.Request(  # noqa: S310  # our own server
            f"{self.api}/{path}", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
        )
        for left in reversed(range(TRIES)):
            try:
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
                    return json.load(answer)
            except OSError:  # on a busy machine the server is slow, or says 503
                if not left:
                    raise
                time.sleep(2)
        raise AssertionError(path)

    def runs(self, flow: str = "ingest") -> list[dict[str, Any]]:
        """The runs of a flow since `forget`, the oldest first."""
        found = self.ask("flow_runs/filter", flows={"name": {"any_": [flow]}}, sort="EXPECTED_START_TIME_ASC")
        return [run for run in found if run["state_type"] not in {"SCHEDULED", "PENDING"} and run["id"] not in self._old]

    def forget(self) -> None:
        """Runs of before are not shown."""
        self._old |= {run["id"] for run in self.runs()}

    def renew(self) -> None:
        """Four stories, no dataset and no runs."""
        for folder in (self.out, self.raw):
            shutil.rmtree(folder, ignore_errors=True)
        self.raw.mkdir()
        for number in range(4):
            self.add(number)
        self.forget()

    def states(self, flow: str = "ingest") -> list[str]:
        """The states of a flow's runs, the oldest first."""
        return [run["state_type"] for run in self.runs(flow)]

    def processes(self, word: str = "") -> list[int]:
        """The ids of all processes that work in this folder, with `word` in their command line."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "cwd").readlink() == self.folder and word.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue  # it has just ended
        return sorted(found)

    def clean_up(self) -> None:
        """Nothing of it runs any more."""
        (self.folder / ".winnow" / "server.json").unlink(missing_ok=True)
        self.end(but="nothing")
        until(lambda: not self.processes("flows.server"))

    def end(self, *, but: str = "'worker'") -> None:
        """All programs that were started have ended, `but` those with this word."""
        ending = [process for process in self._started if but not in str(process.args)]
        for process in ending:
            if process.poll() is None:
                process.terminate()
        for process in ending:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def until(condition: Callable[[], Any], told: Callable[[], object] = str) -> None:
    """Waits until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.25)
