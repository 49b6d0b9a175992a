"""The same rows from every engine, and from one that lost a worker in mid-run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest
from services import WAIT_SECONDS, descendants, environment, started, stories, until, winnow

from flows import engine, server
from flows.engine import Terms, there
from pipeline import __version__, dataset
from pipeline.errors import SettingsError, WinnowError
from pipeline.process import prepare
from pipeline.settings import Settings

BATCH_FILES = 3
CLUSTERS = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec(module) is None, reason=f"the extra {name} is not installed"))
    for name, module in (("dask", "distributed"), ("ray", "ray"))
]
DASK = CLUSTERS[0]


def terms(settings: Settings, *folders: Path) -> Terms:
    return Terms(settings, prepare(settings).ruleset, __version__, folders)


def test_a_worker_that_sees_other_folders_or_is_another_winnow_refuses(tmp_path: Path) -> None:
    settings = Settings(raw=tmp_path)
    assert there(terms(settings, tmp_path), len, ("four",), {}) == 4
    with pytest.raises(WinnowError, match="does not see"):
        there(terms(settings, tmp_path / "elsewhere"), len, ("four",), {})
    with pytest.raises(WinnowError, match="Install the same winnow"):
        there(terms(settings)._replace(version="0"), len, ("four",), {})
    with pytest.raises(WinnowError, match="Install the same winnow"):
        there(terms(settings)._replace(ruleset="0"), len, ("four",), {})


def test_where_a_worker_stands_changes_no_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    near = Settings(raw=Path("raw"), rules=(Path("mine"),), runner="dask", address="tcp://10.0.0.1:8786")
    far = engine.absolute(near)
    assert (far.raw, far.rules) == (tmp_path / "raw", (tmp_path / "mine",))
    assert far.digest == Settings().digest


def test_nothing_to_do_starts_no_cluster(tmp_path: Path) -> None:
    with engine.start(Settings(runner="dask", address="tcp://127.0.0.1:9"), 0, (tmp_path,)) as idle:
        assert idle.slots == 1


def test_an_engine_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "flows.on_ray", None)
    with pytest.raises(SettingsError, match=r"pip install 'winnow\[ray\]'"):
        engine.start(Settings(runner="ray"), 1, (tmp_path,))


# --- whole runs, by the command line ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough for two dozen batches, one of them with what is rejected."""
    folder = stories(tmp_path_factory.mktemp("engines") / "raw", 72, paragraphs=120)
    (folder / "void.txt").write_text("")
    return folder


@pytest.fixture(scope="module")
def rows(raw: Path) -> str:
    """The checksum of what the plain loop makes of it, in this process."""
    out = raw.parent / "loop"
    dataset.build(Settings(raw=raw, out=out, workers=1, batch_files=BATCH_FILES))
    return dataset.checksum(out)


class Case(NamedTuple):
    """What all runs share: sources, the checksum of their rows, the server, and the folder of this test."""

    raw: Path
    rows: str
    api: str
    folder: Path


@pytest.fixture
def case(raw: Path, rows: str, api: str, tmp_path: Path) -> Case:
    return Case(raw, rows, api, tmp_path)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prefect server for all runs of this module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        with server.at_hand() as url:
            yield url


@pytest.fixture
def dask_cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a real scheduler, and its two workers; none of them has anything of this process but the path."""
    log, dask = tmp_path / "dask.log", [sys.executable, "-m", "dask"]
    place = {"cwd": tmp_path, "env": environment()}
    with ExitStack() as held:
        words = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
        held.enter_context(started([*dask, *words], log, **place))
        address = until(lambda: next((word for word in log.read_text().split() if word.startswith("tcp://127")), ""), log)
        words = ["worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        workers = [held.enter_context(started([*dask, *words], log, **place)) for _ in range(2)]
        until(lambda: log.read_text().count("Registered to:") == 2, log)
        yield address, workers


@pytest.mark.long
@pytest.mark.parametrize("runner", ["process", *CLUSTERS])
def test_every_engine_gives_the_same_rows(runner: str, case: Case) -> None:
    _run(["--runner", runner], case)
    assert dataset.checksum(case.folder / "out") == case.rows
    assert not dataset.verify(case.folder / "out", case.raw)


@pytest.mark.long
@pytest.mark.parametrize("runner", [DASK])
def test_a_cluster_that_is_there_loses_a_worker_and_no_row(
    runner: str, dask_cluster: tuple[str, list[subprocess.Popen[bytes]]], case: Case
) -> None:
    address, workers = dask_cluster
    _run(["--runner", runner, "--address", address], case, lambda _: workers[0].pid)
    assert workers[0].wait(10) == -signal.SIGKILL
    assert workers[1].poll() is None
    assert dataset.checksum(case.folder / "out") == case.rows
    # The cluster serves the next run as well; unchanged, that has nothing to do.
    _run(["--runner", runner, "--address", address], case)
    assert dataset.numbers(case.folder / "out") == [1]


@pytest.mark.long
@pytest.mark.parametrize(
    ("runner", "words"), [("process", "spawn_main"), pytest.param("ray", "ray::there", marks=CLUSTERS[1].marks)]
)
def test_a_killed_worker_costs_no_row(runner: str, words: str, case: Case) -> None:
    def worker(pid: int) -> int | None:
        return next((child for child, line in descendants(pid).items() if words in line), None)

    _run(["--runner", runner], case, worker)
    assert dataset.checksum(case.folder / "out") == case.rows


def _run(options: list[str], case: Case, victim: Callable[[int], int | None] | None = None) -> None:
    """Nothing; runs to the end. `victim` gives, of the run's process, the one that is killed when the first batch is done."""
    raw, _, api, folder = case
    out, log = folder / "out", folder / "run.log"
    words = winnow("-q", "run", raw, "--out", out, "--workers", 2, "--batch-files", BATCH_FILES, "--allow-rejects", *options)
    with started(words, log, cwd=folder, env=environment(PREFECT_API_URL=api, PREFECT_HOME=str(folder))) as run:
        if victim is not None:
            until(lambda: any(out.glob(".staging/*/*.documents.parquet")), log)
            os.kill(until(lambda: victim(run.pid), log), signal.SIGKILL)
            assert not dataset.numbers(out), "the run was over before a worker could be killed"
        assert run.wait(WAIT_SECONDS) == 0, log.read_text()[-3000:]
        left = descendants(run.pid)
    assert not left


# --- what is repeated -------------------------------------------------------------------------------------------------


def die_once(folder: Path, number: int) -> int:
    """The number; the call 0 kills its worker the first time."""
    with (folder / str(number)).open("a") as tries:
        tries.write("x")
    if number == 0 and (folder / "0").stat().st_size == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuse() -> None:
    raise WinnowError("no", place="here", remedy="none")


@pytest.mark.long
@pytest.mark.parametrize("runner", CLUSTERS)
def test_a_lost_worker_costs_a_second_try_of_its_calls_alone(runner: str, tmp_path: Path) -> None:
    code = "import test_engines, sys\nif __name__ == '__main__':\n    test_engines.lose_one(*sys.argv[1:])"
    script = tmp_path / "script.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, script, runner, tmp_path], env=environment(), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert [(tmp_path / str(number)).stat().st_size for number in range(8)] == [2, 1, 1, 1, 1, 1, 1, 1]


def lose_one(runner: str, folder: str) -> None:
    """Nothing; eight calls, of which one loses its worker, and one that raises."""
    from concurrent.futures import ThreadPoolExecutor

    chosen = Settings.model_construct(raw=Path(folder), workers=2).model_copy(update={"runner": runner})
    with engine.start(chosen, 8, (Path(folder),)) as workers, ThreadPoolExecutor(2) as threads:
        calls = [threads.submit(workers.call, die_once, Path(folder), number) for number in range(8)]
        assert [call.result() for call in calls] == list(range(8))
        with pytest.raises(WinnowError, match="here: no"):
            workers.call(refuse)


def test_a_ray_that_is_slow_to_start_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    on_ray = pytest.importorskip("flows.on_ray", reason="the extra ray is not installed")
    starts: list[int] = []

    def slow(*_: object, **__: object) -> None:
        starts.append(1)
        raise Exception("The current node timed out during startup")  # noqa: TRY002  # as Ray does

    monkeypatch.setattr(on_ray.ray, "init", slow)
    with pytest.raises(WinnowError, match="no Ray answers"):
        engine.start(Settings(runner="ray", workers=2), 2, ())
    assert len(starts) == on_ray.STARTS
