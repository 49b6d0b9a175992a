"""Real servers, workers, schedules and signals, each in a project of its own. All of it is long."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_samples import rows
from project import CHECKOUT, Project, until

import flows
from pipeline import dataset
from pipeline.settings import load

EVERY = "10"  # seconds; a run is a process, which costs some of them

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project whose server runs in the background."""
    made = Project(tmp_path_factory.mktemp("project"))
    started = made.winnow("server", "start")
    assert started.returncode == 0, started.stderr
    yield made
    made.clean_up()


@pytest.fixture
def fresh(project: Project) -> Iterator[Project]:
    """The same project with four stories and no dataset. What a test starts ends with it."""
    project.renew()
    yield project
    project.end()


# --- the server -------------------------------------------------------------------------------------------------------


def test_a_server_in_the_background_is_started_once_and_used_by_runs(fresh: Project) -> None:
    assert "runs (process" in fresh.winnow("server", "status").stdout
    before = fresh.api
    assert before.removesuffix("/api") in fresh.winnow("server", "start").stdout
    assert before.startswith("http://127.0.0.1:")
    done = fresh.winnow("run", "--json")
    assert done.returncode == 0
    assert "waiting for a Prefect server" not in done.stderr
    assert fresh.states() == ["COMPLETED"]
    assert len(fresh.processes("flows.server")) == 1
    told = {"event": {"name": ["winnow.ingest.committed"]}}
    until(lambda: fresh.ask("events/filter", filter=told)["events"])  # for automations to wait for


def test_a_server_that_was_killed_is_no_server_and_can_be_started_again(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    try:
        assert project.winnow("server", "status").returncode == 1
        assert project.winnow("server", "start").returncode == 0
        for process in project.processes("server"):
            os.kill(process, signal.SIGKILL)
        assert project.winnow("server", "status").returncode == 1
        assert project.winnow("server", "start").returncode == 0
        assert project.winnow("server", "status").returncode == 0
        assert "was stopped" in project.winnow("server", "stop").stdout
        until(lambda: not project.processes())
        assert project.winnow("server", "status").returncode == 1
    finally:
        project.clean_up()


def test_a_run_without_a_server_says_what_it_waits_for_and_leaves_none(tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    done = project.winnow("run")
    assert done.returncode == 0
    assert "waiting for a Prefect server" in done.stderr
    assert "winnow server start" in done.stderr
    assert "--no-server" in done.stderr
    assert not project.processes()


# --- every flow, three ways -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pool(project: Project) -> Project:
    """The project with a work pool, the deployments of prefect.yaml and a worker."""
    shutil.copy(CHECKOUT / "prefect.yaml", project.folder)
    assert project.prefect("work-pool", "create", "winnow", "--type", "process").returncode == 0
    deployed = project.prefect("deploy", "--all")
    assert deployed.returncode == 0, deployed.stdout
    project.start("prefect", "worker", "start", "--pool", "winnow", log="worker.log", **project.prefect_env)
    return project


def _made(folder: Path) -> dict[str, bytes]:
    """Every file that says what was made, but for records of when."""
    made = (path for kind in ("*.parquet", "*.toml", "frequencies.json") for path in folder.rglob(kind))
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(made)}


@pytest.mark.parametrize("name", flows.FLOWS)
def test_a_flow_gives_the_same_three_ways(name: str, pool: Project, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for number in range(4):
        (raw / f"{number}.txt").write_bytes((pool.raw / "story 1.txt").read_bytes().replace(b"Marren", b"Marren %d" % number))
    found = []
    for way in ("command", "module", "deployment"):
        out = tmp_path / way / "made"
        given = [f"raw={raw}", f"templates={out}"] if name == "learn" else [f"raw={raw}", f"out={out}"]
        if name in {"dedupe", "compact"}:
            dataset.build(load(raw=raw, out=out, workers=1, batch_files=1))
            given = given[1:]
        params = [word for text in given for word in ("--param", text)]
        if way == "command":
            done = pool.winnow("flow", name, *params)
        elif way == "module":
            done = pool.run("flows", name, *params)
        else:
            done = pool.prefect("deployment", "run", f"{name}/pool", *params, "--watch")
        assert done.returncode == 0, (way, done.stdout, done.stderr)
        found.append(_made(out))
    assert found[0]
    assert found[0] == found[1] == found[2]


# --- the schedule -----------------------------------------------------------------------------------------------------


def test_a_schedule_runs_unattended_and_works_only_when_something_came(fresh: Project) -> None:
    served = fresh.start("pipeline.cli", "serve", "--every", EVERY, log="serve.log")
    until(lambda: fresh.states().count("COMPLETED") >= 3, (fresh.folder / "serve.log").read_text)
    assert dataset.numbers(fresh.out) == [1]
    fresh.add(9)
    until(lambda: dataset.numbers(fresh.out) == [1, 2], (fresh.folder / "serve.log").read_text)
    ended = len(fresh.runs())
    until(lambda: len(fresh.runs()) >= ended + 2)
    served.send_signal(signal.SIGTERM)
    assert served.wait(120) == 0
    assert dataset.numbers(fresh.out) == [1, 2]
    until(lambda: not fresh.processes("prefect.engine") and not fresh.processes("spawn_main"))
    states = fresh.states()
    assert states.count("COMPLETED") >= 4
    # Refused, since one before it took longer than its interval; or under way when the schedule was told to end.
    assert set(states) <= {"COMPLETED", "CANCELLED", "CRASHED"}
    artifacts = fresh.ask("artifacts/filter", artifacts={"key": {"any_": ["ingest-summary"]}})
    assert len({one["flow_run_id"] for one in artifacts} & {run["id"] for run in fresh.runs()}) == 2
    assert not dataset.verify(fresh.out, fresh.raw)


def test_a_scheduled_run_that_overlaps_another_is_refused(fresh: Project) -> None:
    with dataset.locked(fresh.out):
        served = fresh.start("pipeline.cli", "serve", "--every", EVERY, log="refuse.log")
        until(lambda: fresh.states().count("CANCELLED") >= 2, (fresh.folder / "refuse.log").read_text)
        assert set(fresh.states()) <= {"CANCELLED", "RUNNING"}
    until(lambda: "COMPLETED" in fresh.states(), (fresh.folder / "refuse.log").read_text)
    served.send_signal(signal.SIGINT)
    assert served.wait(120) == 0
    assert "another run is writing this dataset" in next(
        run["state"]["message"] for run in fresh.runs() if run["state_type"] == "CANCELLED"
    )


def test_a_scheduled_run_that_overlaps_another_waits_in_a_queue(fresh: Project) -> None:
    with dataset.locked(fresh.out):
        served = fresh.start("pipeline.cli", "serve", "--every", EVERY, "--overlap", "queue", log="queue.log")
        until(lambda: "RUNNING" in fresh.states(), (fresh.folder / "queue.log").read_text)
        time.sleep(10)
        assert fresh.states() == ["RUNNING"]
    until(lambda: fresh.states().count("COMPLETED") >= 2, (fresh.folder / "queue.log").read_text)
    served.send_signal(signal.SIGINT)
    assert served.wait(120) == 0
    assert "FAILED" not in fresh.states()


# --- signals ----------------------------------------------------------------------------------------------------------


def _under_way(project: Project) -> None:
    """Waits until a run has staged the files of a batch."""
    until(lambda: list(project.out.glob(".staging/*/*.articles.parquet")), (project.folder / "log").read_text)


def _many(project: Project) -> dict[str, list[dict[str, object]]]:
    """The rows that a run over many files makes, which takes a while with one batch a few files."""
    for number in range(4, 120):
        project.add(number)
    undisturbed = load(raw=project.raw, out=project.folder / "undisturbed", workers=1, batch_files=5)
    shutil.rmtree(undisturbed.out, ignore_errors=True)
    dataset.build(undisturbed)
    return rows(undisturbed.out)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_run_after_one_that_was_ended_makes_the_dataset_whole(sign: signal.Signals, fresh: Project) -> None:
    want = _many(fresh)
    before = fresh.processes()
    ended = fresh.start("pipeline.cli", "run", "--batch-files", 5, "--workers", 2)
    _under_way(fresh)
    ended.send_signal(sign)
    code = ended.wait(120)
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}[sign]
    until(lambda: fresh.processes() == before)
    assert dataset.load(fresh.out) is None
    if sign is not signal.SIGKILL:
        until(lambda: fresh.states() == ["CRASHED"], fresh.states)
    assert fresh.winnow("run", "--batch-files", 5).returncode == 0
    assert rows(fresh.out) == want
    until(lambda: fresh.states() == ["CRASHED", "COMPLETED"], fresh.states)
    tasks = fresh.ask("task_runs/filter", flow_runs={"id": {"any_": [fresh.runs()[0]["id"]]}})
    assert not [task for task in tasks if task["state_type"] == "RUNNING"]


def test_a_killed_process_of_the_pool_costs_a_second_try(fresh: Project) -> None:
    want = _many(fresh)
    run = fresh.start("pipeline.cli", "run", "--batch-files", 5, "--workers", 2)
    _under_way(fresh)
    os.kill(fresh.processes("spawn_main")[0], signal.SIGKILL)
    assert run.wait(600) == 0, (fresh.folder / "log").read_text()
    assert rows(fresh.out) == want
    assert fresh.states() == ["COMPLETED"]


@pytest.mark.parametrize("server", ["own", "background"])
def test_a_killed_server_ends_its_runs_and_the_next_makes_the_dataset_whole(server: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "p")
    try:
        if server == "background":
            assert project.winnow("server", "start").returncode == 0
        want = _many(project)
        run = project.start("pipeline.cli", "run", "--batch-files", 5, "--workers", 2)
        _under_way(project)
        for process in project.processes("server"):
            os.kill(process, signal.SIGKILL)
        assert run.wait(60) == 3  # and not when Prefect's client has given up, call by call
        assert "the Prefect server of this run has ended" in (project.folder / "log").read_text()
        until(lambda: not project.processes())
        assert project.winnow("run", "--batch-files", 5, "--no-server").returncode == 0
        assert rows(project.out) == want
    finally:
        project.clean_up()


def test_a_killed_worker_does_not_stop_the_next(pool: Project) -> None:
    raw, out = pool.folder / "many", pool.folder / "many-out"
    shutil.copytree(pool.raw, raw)
    for number in range(10, 120):
        shutil.copy(raw / "story 1.txt", raw / f"copy {number}.txt")
    params = ("--param", f"raw={raw}", "--param", f"out={out}", "--param", "batch_files=5")
    worker = pool.processes("worker")
    assert pool.prefect("deployment", "run", "ingest/pool", *params).returncode == 0
    until(lambda: list(out.glob(".staging/*/*.articles.parquet")))
    for process in (*worker, *pool.processes("prefect.engine")):
        os.kill(process, signal.SIGKILL)
    until(lambda: not pool.processes("spawn_main"))
    pool.start("prefect", "worker", "start", "--pool", "winnow", log="worker.log", **pool.prefect_env)
    assert pool.prefect("deployment", "run", "ingest/pool", *params, "--watch").returncode == 0
    assert not dataset.verify(out, raw)
    assert [run["state_type"] for run in pool.runs() if run["parameters"].get("out") == str(out)] == ["CRASHED", "COMPLETED"]
