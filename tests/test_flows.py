"""The flows: one real run against a real server, the rest as plain functions."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import flows
from flows import progress, runtime, server, summary
from flows.serve import Timing, serve
from pipeline import dataset
from pipeline.errors import DatasetError, DatasetLocked, SettingsError, WinnowError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from prefect.client.schemas.objects import State

CHECKOUT = Path(__file__).parent.parent
STORY = "{title}\n\nThe council met on Monday and spoke about the quay for an hour.\n\nA vote is to follow in spring, it said.\n"
SERVER_SECONDS = 180
SCHEDULE_SECONDS = 240


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Seven stories and an empty file."""
    folder = tmp_path / "raw"
    folder.mkdir()
    for name in "abcdefg":
        (folder / f"{name}.txt").write_text(STORY.format(title=f"Harbour {name} waits for its crane"))
    (folder / "void\nname.txt").write_text("")
    return folder


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The one real server of this session."""
    if "prefect" not in sys.modules:
        os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))
    runtime.prepare()
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=SERVER_SECONDS):
        yield


@pytest.fixture
def ingest(prefect_server: None) -> Any:  # noqa: ARG001  # a fixture cannot be marked
    """The flow, whose batches wait no time before they are tried again."""
    from flows import ingest as module

    module.work.retry_delay_seconds = [0.0]
    return module.ingest


# --- against the server -----------------------------------------------------------------------------------------------


def test_a_run_makes_the_dataset_and_shows_in_prefect(ingest: Any, raw: Path, tmp_path: Path) -> None:
    steps: list[progress.Step] = []
    with progress.listening(steps.append):
        state = ingest(raw=raw, out=tmp_path / "out", batch_files=3, workers=2, return_state=True)
    made = state.result()
    assert state.is_completed()
    assert (made.totals.sources, made.totals.articles, made.totals.rejected) == (8, 7, 1)
    assert not dataset.verify(tmp_path / "out", raw)
    assert steps[0] == (0, 8, 0, 0)
    assert steps[-1] == (8, 8, 7, 1)
    assert len(steps) == len(made.batches) + 1

    tasks, artifacts = _seen(state)
    assert [name for name in tasks if name.startswith("batch ")] == [name for name in tasks if not name.startswith("commit")]
    assert len(tasks) == len(made.batches) + 1
    assert set(artifacts) == {"ingest", "ingest-summary", "ingest-progress"}
    assert {"what": "articles", "count": 7, "characters": None} in json.loads(artifacts["ingest"])
    assert "void%0Aname.txt" in artifacts["ingest-summary"]


def test_a_second_run_has_nothing_to_do(ingest: Any, raw: Path, tmp_path: Path) -> None:
    first = ingest(raw=raw, out=tmp_path / "out", workers=1)
    again = ingest(raw=raw, out=tmp_path / "out", workers=1)
    assert first.changed
    assert not again.changed
    assert again.number == first.number


def test_the_flow_and_the_plain_loop_make_the_same(ingest: Any, raw: Path, tmp_path: Path) -> None:
    made = ingest(raw=raw, out=tmp_path / "flow", workers=2, batch_files=2)
    plain = dataset.build(Settings(raw=raw, out=tmp_path / "loop", workers=1, batch_files=2))
    assert [batch.files for batch in made.batches] == [batch.files for batch in plain.batches]


def test_what_can_pass_is_tried_again(ingest: Any, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = _break(monkeypatch, OSError(errno.EIO, "the disk hiccups"), times=2)
    assert ingest(raw=raw, out=tmp_path / "out", workers=1).totals.articles == 7
    assert len(tries) == 3


def test_what_lasts_is_not_tried_again_and_stops_no_other_batch(
    ingest: Any, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[progress.Step] = []
    tries = _break(monkeypatch, ValueError("a bug"), times=99, only="a.txt")
    with progress.listening(seen.append):
        state = ingest(raw=raw, out=tmp_path / "out", workers=1, batch_files=1, return_state=True)
    assert state.is_failed()
    assert [name for name in tries if name == "a.txt"] == ["a.txt"]
    assert seen[-1].files_done == 7
    with pytest.raises(DatasetError, match=r"a\.txt: 1 of 8 batches failed, with 1 files; the first: a bug"):
        state.result()
    assert dataset.load(tmp_path / "out") is None


def test_a_locked_dataset_fails_the_run(ingest: Any, raw: Path, tmp_path: Path) -> None:
    with dataset.locked(tmp_path / "out"), pytest.raises(DatasetLocked):
        ingest(raw=raw, out=tmp_path / "out")


def test_a_wrong_setting_fails_the_run(ingest: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="batch_files"):
        ingest(raw=tmp_path, out=tmp_path / "out", batch_files=0)


def test_flows_that_are_to_follow_are_subflows(ingest: Any, raw: Path, tmp_path: Path) -> None:
    state = ingest(raw=raw, out=tmp_path / "out", workers=1, then=["dedupe"], return_state=True)
    assert state.result().number == 2
    assert state.result().derived
    assert any(name.startswith("dedupe") for name in _seen(state)[0])
    assert not ingest(raw=raw, out=tmp_path / "out", workers=1, then=["dedupe"]).changed


@pytest.mark.parametrize(
    "limit", [("WINNOW_RUN_SECONDS", "not done within 0.5 s"), ("WINNOW_STALL_SECONDS", "no task ended for 0.5 s")]
)
def test_a_flow_that_takes_too_long_is_given_up(
    limit: tuple[str, str], ingest: Any, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, told = limit
    monkeypatch.setenv(name, "0.5")
    monkeypatch.setattr(dataset, "work", _sleep)
    start = time.monotonic()
    with pytest.raises(WinnowError, match=told):
        ingest(raw=raw, out=tmp_path / "out", workers=1)
    assert time.monotonic() - start < 300
    assert not multiprocessing.active_children()


def _sleep(*_: object) -> None:
    time.sleep(600)


def test_a_run_that_was_killed_is_crashed_when_the_next_has_the_lock(ingest: Any, raw: Path, tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client
    from prefect.states import Running

    with get_client(sync_client=True) as client:
        ghost = client.create_flow_run(ingest, state=Running(), tags=[f"writing:{tmp_path / 'out'}"])
        other = client.create_flow_run(ingest, state=Running(), tags=[f"writing:{tmp_path / 'other'}"])
        state = ingest(raw=raw, out=tmp_path / "out", workers=1, return_state=True)
        ended = client.read_flow_run(ghost.id).state
        going = client.read_flow_run(other.id).state
        run = client.read_flow_run(state.state_details.flow_run_id)
    assert ended is not None
    assert ended.is_crashed()
    assert going is not None
    assert going.is_running()
    assert not run.tags


def _break(monkeypatch: pytest.MonkeyPatch, error: Exception, *, times: int, only: str = "") -> list[str]:
    """The first file of each batch that was tried, in order; the first `times` tries raise `error`."""
    tries: list[str] = []
    real = dataset.work

    def work(batch: dataset.Batch, settings: Settings, staging: Path) -> dataset.Report:
        uri = batch.items[0].uri
        tries.append(uri)
        if (not only or uri == only) and tries.count(uri) <= times:
            raise error
        return real(batch, settings, staging)

    monkeypatch.setattr(dataset, "work", work)
    return tries


def _seen(state: State[Any]) -> tuple[list[str], dict[str, Any]]:
    """The names of the run's tasks and its artifacts' data, as the server has them; its books are a few seconds behind."""
    run_id = state.state_details.flow_run_id
    assert run_id is not None
    deadline = time.monotonic() + 60
    while True:
        tasks, artifacts = _asked(run_id)
        if any(name.startswith("commit") for name in tasks) or time.monotonic() > deadline:
            return tasks, artifacts
        time.sleep(0.5)


def _asked(run_id: UUID) -> tuple[list[str], dict[str, Any]]:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, FlowRunFilter, FlowRunFilterId

    with get_client(sync_client=True) as client:
        these = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
        tasks = client.read_task_runs(flow_run_filter=these)
        wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run_id]))
        artifacts = client.read_artifacts(artifact_filter=wanted)
    return [run.name for run in tasks], {str(found.key): found.data for found in artifacts}


# --- parameters -------------------------------------------------------------------------------------------------------


def test_parameters_are_settings_with_their_types(ingest: Any) -> None:
    names = set(ingest.parameters.properties)
    assert names - {"config", "then"} <= set(Settings.model_fields)
    assert all(about.get("description") for about in ingest.parameters.properties.values())
    given = flows.parse(ingest, ["raw=1", "workers=2", "hidden=true", 'exclude=["*.tmp"]', "config=a=b.toml"])
    assert given == {"raw": Path("1"), "workers": 2, "hidden": True, "exclude": ("*.tmp",), "config": Path("a=b.toml")}


@pytest.mark.parametrize(
    ("text", "told"),
    [("workres=2", "Did you mean workers"), ("workers=two", "got 'two'"), ("workers", "written key=value")],
)
def test_wrong_parameters_are_explained(ingest: Any, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        flows.parse(ingest, [text])


def test_an_unknown_flow_is_refused_before_anything_starts() -> None:
    with pytest.raises(SettingsError, match="Did you mean ingest"):
        flows.load("injest")


# --- the server and the schedule --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("prefect_server")
def test_a_configured_server_is_used() -> None:
    from prefect.settings import PREFECT_API_URL

    with server.at_hand() as url:
        assert url == PREFECT_API_URL.value()


@pytest.mark.usefixtures("prefect_server")
@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "exactly one"),
        ({"cron": "* * * * *", "every": 5}, "exactly one"),
        ({"every": 0}, "Write 300"),
        ({"cron": "every tuesday"}, "Five fields"),
        ({"rrule": "now and then"}, "FREQ="),
        ({"flow": "injest", "every": 5}, "Did you mean ingest"),
        ({"every": 5, "parameters": {"rwa": "x"}}, "Did you mean raw"),
        ({"every": 5, "parameters": {"workers": "two"}}, "got 'two'"),
    ],
)
def test_a_wrong_schedule_is_refused_at_once(given: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        serve([Timing(**given)])


def test_names_are_printable() -> None:
    assert summary.shown("grüße\n\udcff") == "grüße\\n\\udcff"
    assert summary.few([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"


@pytest.mark.long
@pytest.mark.usefixtures("raw")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_schedule_runs_again_and_again_and_leaves_no_server(tmp_path: Path, end: signal.Signals) -> None:
    code = "from flows.serve import *; serve([Timing(every=3, parameters={'raw': 'raw', 'out': 'out'})])"
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT")} | {"PYTHONPATH": str(CHECKOUT)}
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=clean, stdout=output, stderr=output)
    try:
        _until(
            lambda: log.read_text().count("Finished in state Completed") >= 2 * 3, log
        )  # commit, batch and flow, then the flow
        commits = dataset.numbers(tmp_path / "out")
        servers = _servers(tmp_path)
        assert servers
    finally:
        process.send_signal(end)
        code_of_end = process.wait(60)
    assert commits == [1]
    assert code_of_end == (0 if end != signal.SIGKILL else -signal.SIGKILL)
    _until(lambda: not _servers(tmp_path), log)


def _servers(folder: Path) -> list[int]:
    """Process ids of the servers that were started in `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if b"flows.server" in (entry / "cmdline").read_bytes() and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
        except OSError:
            continue  # it has just ended
    return found


def _until(condition: Any, log: Path) -> None:
    deadline = time.monotonic() + SCHEDULE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, log.read_text()[-3000:]
        time.sleep(0.5)


def test_learning_writes_templates_that_the_next_run_uses(ingest: Any, tmp_path: Path) -> None:
    from flows import learn as module

    raw = tmp_path / "raw"
    raw.mkdir()
    notice = "Those who read this every day pay for the paper, and the paper thanks them for it on every page."
    for name in ("crane", "ferry", "wall", "light"):
        story = (
            f"<p>The {name} has stood empty since the spring, and nobody on the quay could say who is to pay for its repair.</p>"
        )
        more = f"<p>A vote on the {name} is to follow in autumn. Until then the wardens will keep its gate shut every night.</p>"
        (raw / f"{name}.html").write_text(f"<!doctype html><body><article>{story}{more}<p>{notice}</p></article></body>")
    done = module.learn(raw=raw, templates=tmp_path / "made", workers=2, batch_files=1)
    assert (done.files, done.skipped, done.sites, done.changed) == (4, 0, 1, 1)
    assert done.dropped == 1
    again = module.learn(raw=raw, templates=tmp_path / "made", workers=1)
    assert (again.files, again.changed) == (0, 0)
    plain = ingest(raw=raw, out=tmp_path / "out", workers=1)
    used = ingest(raw=raw, out=tmp_path / "out", workers=1, templates=tmp_path / "made")
    assert used.changed
    assert "dropped template.folder:" in used.totals.rules
    assert "dropped template.folder:" not in plain.totals.rules
    assert not dataset.verify(tmp_path / "out", raw)


# --- the flows that work on a dataset ---------------------------------------------------------------------------------


def _data(run: UUID | None, key: str) -> str:
    """What the artifact says, as soon as the server has it."""
    assert run is not None
    deadline = time.monotonic() + 60
    while True:
        tasks, artifacts = _asked(run)
        if (tasks and key in artifacts) or time.monotonic() > deadline:
            return str(artifacts[key])
        time.sleep(0.5)


def test_compact_and_dedupe_run_as_flows_and_show_in_prefect(ingest: Any, raw: Path, tmp_path: Path) -> None:
    from flows.compact import compact
    from flows.dedupe import dedupe

    out = tmp_path / "out"
    (raw / "other.txt").write_text(
        "The mill\n\nThe mill turned again on Sunday, and the first sacks of flour were sold by noon.\n"
    )
    before = ingest(raw=raw, out=out, workers=1, batch_files=2)
    want = dataset.checksum(out)

    state = compact(out=out, workers=1, return_state=True)
    done = state.result()
    assert (state.is_completed(), done.number, done.changed) == (True, 2, True)
    assert len(done.batches) < len(before.batches)
    assert dataset.checksum(out) == want
    assert "8 articles, the same rows as before" in _data(state.state_details.flow_run_id, "compact-summary")

    state = dedupe(out=out, workers=1, return_state=True)
    done = state.result()
    assert (state.is_completed(), done.number, done.changed) == (True, 3, True)
    assert len(dataset.open_dataset(out, "duplicates").to_table()) == 7  # the stories have one text under seven titles
    told = _data(state.state_details.flow_run_id, "dedupe-summary")
    assert "8 articles, 8 of them signed in this run" in told
    assert "1 articles with copies: 6 exact, 0 near, 0 update" in told
    assert dataset.checksum(out) == want
    assert not dataset.verify(out, raw)

    assert not compact(out=out, workers=1).changed
    assert not dedupe(out=out, workers=1).changed


def test_flows_on_a_dataset_that_is_locked_or_not_there_fail_with_the_reason(ingest: Any, raw: Path, tmp_path: Path) -> None:
    from flows.compact import compact
    from flows.dedupe import dedupe

    ingest(raw=raw, out=tmp_path / "out", workers=1)
    for flow in (compact, dedupe):
        with dataset.locked(tmp_path / "out"):
            state = flow(out=tmp_path / "out", return_state=True)
            assert state.is_failed()
            with pytest.raises(DatasetLocked, match="another run is writing"):
                state.result()
        with pytest.raises(DatasetError, match="no dataset here"):
            flow(out=tmp_path / "nowhere")
