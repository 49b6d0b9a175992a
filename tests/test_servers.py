"""What a team's machines have and the suite's may not: PostgreSQL behind the Prefect server, a browser; and no way out."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import CHECKOUT, Project, until

from flows.server import free_port
from pipeline import dataset

EVERY = "10"  # seconds, as in test_orchestration
BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
DATABASES = sorted(Path("/usr/lib/postgresql").glob("*/bin")) or [
    Path(path).parent for path in [shutil.which("initdb")] if path is not None
]
AS_USER = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root

pytestmark = pytest.mark.long


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of a PostgreSQL server of our own."""
    if not DATABASES:
        pytest.skip("PostgreSQL's server is not installed")
    programs, folder, port = DATABASES[-1], tmp_path / "postgresql", free_port()
    folder.mkdir()
    if AS_USER:
        shutil.chown(folder, AS_USER, AS_USER)
        for parent in (tmp_path, *tmp_path.parents[:2]):  # only their owner may look into them
            parent.chmod(parent.stat().st_mode | 0o011)
    initdb = [f"{programs}/initdb", "-D", "data", "-U", "prefect", "-A", "trust", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, user=AS_USER, group=AS_USER)
    command = [f"{programs}/postgres", "-D", "data", "-p", str(port), "-k", ".", "-c", "listen_addresses=127.0.0.1"]
    with (tmp_path / "postgresql.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, user=AS_USER, group=AS_USER)
    try:
        where = ("-h", "127.0.0.1", "-p", str(port))
        ready = [f"{programs}/pg_isready", "-q", *where]
        until(lambda: subprocess.run(ready, check=False).returncode == 0, (tmp_path / "postgresql.log").read_text)
        subprocess.run([f"{programs}/createdb", *where, "-U", "prefect", "prefect"], check=True)
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/prefect"
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: open sessions are ended
        server.wait(60)


def test_a_schedule_runs_unattended_against_postgresql(database: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    project.env["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    try:
        started = project.winnow("server", "start")
        assert started.returncode == 0, started.stderr
        assert not list((project.folder / ".winnow").rglob("prefect.db")), "the server wrote to SQLite"
        served = project.start("pipeline.cli", "serve", "--every", EVERY, log="serve.log")
        told = (project.folder / "serve.log").read_text
        until(lambda: project.states().count("COMPLETED") >= 3, told)
        assert dataset.numbers(project.out) == [1]
        project.add(9)
        until(lambda: dataset.numbers(project.out) == [1, 2], told)
        ended = project.states().count("COMPLETED")
        until(lambda: project.states().count("COMPLETED") > ended, told)
        assert dataset.numbers(project.out) == [1, 2]
        served.send_signal(signal.SIGTERM)
        assert served.wait(120) == 0
        assert set(project.states()) <= {"COMPLETED", "CANCELLED", "CRASHED"}
        assert not dataset.verify(project.out, project.raw)
    finally:
        project.clean_up()


# --- the pages of the UI ----------------------------------------------------------------------------------------------


def _page(url: str, folder: Path) -> str:
    """What a browser shows of a page, as HTML; a picture of it is left in the folder."""
    assert BROWSER is not None
    flags = (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1400,1000"),
        *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--timeout=60000"),
    )
    name = url.rstrip("/").rsplit("/", 1)[-1][:20]
    command = [BROWSER, *flags, f"--screenshot={folder / name}.png", "--dump-dom", url]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return shown.stdout


def _shows(url: str, folder: Path, *words: str) -> None:
    """The page has these words; on a busy machine the first look may come before they do."""

    def looked() -> bool:
        page = _page(url, folder)
        return all(word in page for word in words)

    until(looked)


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_the_ui_shows_runs_artifacts_and_schedules(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    try:
        assert project.winnow("server", "start").returncode == 0
        assert project.winnow("run").returncode == 0
        served = project.start("pipeline.cli", "serve", "--every", "3600", log="serve.log")
        until(lambda: project.ask("deployments/filter"), (project.folder / "serve.log").read_text)
        [run] = [one for one in project.runs() if one["state_type"] == "COMPLETED"][:1]
        [deployment] = project.ask("deployments/filter")
        ui = project.api.removesuffix("/api")
        _shows(f"{ui}/runs", pictures, run["name"])
        _shows(f"{ui}/runs/flow-run/{run['id']}", pictures, run["name"], "Completed")
        _shows(f"{ui}/artifacts", pictures, "ingest-summary")
        _shows(f"{ui}/deployments/deployment/{deployment['id']}", pictures, deployment["name"], "Hourly")
        served.send_signal(signal.SIGTERM)
        assert served.wait(120) == 0
    finally:
        project.clean_up()
    assert len(list(pictures.glob("*.png"))) == 4


# --- no way out -------------------------------------------------------------------------------------------------------

# Every Python that starts with this on its path writes down, and refuses, whatever would leave the machine.
GUARD = """
import ipaddress, os, sys

def loopback(host):
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False

def watch(event, args):
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto"):
        address = args[1]
        if not isinstance(address, tuple):  # a path: a socket of this machine
            return
        host = address[0]
    else:
        return
    fine = loopback(host)
    with open(os.environ["GUARD_LOG"], "a") as log:
        log.write(f"{'inside' if fine else 'OUTSIDE'} {event} {host}\\n")
    if not fine:
        raise OSError(f"{host} is not this machine")

sys.addaudithook(watch)
"""


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[Project, Path]]:
    """A project from which nothing can be reached, and the log of what was tried."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    log = tmp_path / "sockets.log"
    log.touch()
    project = Project(tmp_path / "p")
    project.env |= {"PYTHONPATH": os.pathsep.join((str(tmp_path / "guard"), str(CHECKOUT))), "GUARD_LOG": str(log)}
    yield project, log
    project.clean_up()


def test_no_call_leaves_the_machine(guarded: tuple[Project, Path]) -> None:
    project, log = guarded
    assert project.winnow("clean", "raw/story 1.txt").returncode == 0
    assert project.winnow("run", "--no-server").returncode == 0
    assert not log.read_text(), "without a server there is nothing to talk to"
    assert project.winnow("run").returncode == 0  # with a server of its own
    assert project.winnow("server", "start").returncode == 0
    for name in ("ingest", "learn", "dedupe", "compact"):
        done = project.winnow("flow", name)
        assert done.returncode == 0, done.stderr
    served = project.start("pipeline.cli", "serve", "--every", EVERY, log="serve.log")
    until(lambda: project.states().count("COMPLETED") >= 4, (project.folder / "serve.log").read_text)
    served.send_signal(signal.SIGTERM)
    assert served.wait(120) == 0
    assert project.winnow("server", "stop").returncode == 0
    tried = log.read_text()
    assert "inside" in tried
    assert "OUTSIDE" not in tried, tried[tried.index("OUTSIDE") :][:2000]


def test_the_guard_holds(guarded: tuple[Project, Path]) -> None:
    project, log = guarded
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    done = subprocess.run([sys.executable, "-c", code], env=project.env, capture_output=True, text=True, check=False)
    assert "is not this machine" in done.stderr
    assert "OUTSIDE" in log.read_text()
