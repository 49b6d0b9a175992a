from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import flows
from flows import serve as flows_serve
from flows.progress import Step, tell
from pipeline import __version__, dataset, process, sources
from pipeline.cli import app
from pipeline.cli.app import COMMANDS, hoisted
from pipeline.cli.clean import BETWEEN
from pipeline.cli.common import Code
from pipeline.cli.inspect import LOOKS, fates
from pipeline.cli.run import CHARACTERS
from pipeline.settings import Settings

ROOT = Path(__file__).parent.parent

HARBOUR = """\
Home » Harbour » The last ferry leaves at dusk

The last ferry leaves at dusk

The harbour office said on Monday that the evening ferry will stop at the end of the month, after forty years of service.

Few people were surprised – the boat has been half empty since the bridge was opened, and the pier needs repairs.

By Nora Feldt

You may also like

Leave a Comment
"""
MILL = """\
The mill turns again

Volunteers have brought the old mill above the village back to life, and on Sunday the first sacks of flour were sold.

By Piet Onderwater
"""
DROPPED = ("You may also like", "Leave a Comment")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("WINNOW_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    return _file(tmp_path / "harbour.txt", HARBOUR)


@pytest.fixture
def mill(tmp_path: Path) -> Path:
    return _file(tmp_path / "mill.txt", MILL)


def _file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _environment() -> dict[str, str]:
    # Unbuffered, Python itself loses what a closed pipe did not take, and says nothing.
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def _winnow(*args: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, hoisted([str(arg) for arg in args]), input=stdin, catch_exceptions=False)


def _program(
    *args: object, stdin: bytes = b"", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    env = {**_environment(), "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, "-m", "pipeline.cli", *map(str, args)]
    return subprocess.run(command, input=stdin, capture_output=True, env=env, cwd=cwd, check=False, timeout=120)


def _rows(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


# --- global options ---------------------------------------------------------------------------------------------------


def test_version() -> None:
    assert _winnow("--version").stdout == f"winnow {__version__}\n"


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS] + ["rules"])
def test_every_command_has_help(name: str) -> None:
    result = _winnow(name, "--help")
    assert result.exit_code == 0
    assert name in result.stdout


def test_help_documents_the_exit_codes() -> None:
    text = " ".join(_winnow("run", "--help").stdout.split())
    assert "Exit codes" in text
    for code in Code:
        assert str(int(code)) in text


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["clean", "a.txt", "--json"], ["--json", "clean", "a.txt"]),
        (["clean", "-q", "a", "--config", "w.toml"], ["-q", "--config", "w.toml", "clean", "a"]),
        (["clean", "--config=w.toml", "a"], ["--config=w.toml", "clean", "a"]),
        (["clean", "--", "--json"], ["clean", "--", "--json"]),
        (["clean", "a", "--config"], ["--config", "clean", "a"]),
    ],
)
def test_global_options_may_stand_anywhere(given: list[str], wanted: list[str]) -> None:
    assert hoisted(given) == wanted


def test_unknown_option_is_a_usage_error() -> None:
    assert _winnow("clean", "--nonsense").exit_code == Code.USAGE


def test_settings_error_names_place_and_nearest_key(tmp_path: Path, mill: Path) -> None:
    config = _file(tmp_path / "other.toml", "keep_caption = true\n")
    result = _winnow("clean", mill, "--config", config)
    assert result.exit_code == Code.USAGE
    assert "other.toml" in result.stderr
    assert "keep_captions" in result.stderr
    assert "Traceback" not in result.output


# --- clean ------------------------------------------------------------------------------------------------------------


def test_clean_prints_the_text_and_nothing_else(harbour: Path) -> None:
    result = _winnow("clean", harbour)
    assert result.exit_code == Code.OK
    assert result.stderr == ""
    assert "the pier needs repairs." in result.stdout
    assert all(line not in result.stdout for line in DROPPED)


def test_clean_divides_articles_by_a_separator(harbour: Path, mill: Path) -> None:
    result = _winnow("clean", harbour, mill)
    first, second = result.stdout.split(f"\n\n{BETWEEN}\n\n")
    assert "ferry" in first
    assert "flour" in second


def test_clean_text_cleans_to_itself(harbour: Path, mill: Path) -> None:
    for path in (harbour, mill):
        once = _winnow("clean", path).stdout
        assert _winnow("clean", "-", stdin=once.encode()).stdout == once


def test_clean_reads_standard_input() -> None:
    result = _winnow("clean", "-", stdin=MILL.encode())
    assert "sacks of flour" in result.stdout


def test_clean_json(mill: Path) -> None:
    (row,) = _rows(_winnow("clean", mill, "--json"))
    assert row["file"] == str(mill)
    assert row["article"] == 1
    assert "sacks of flour" in str(row["text"])


@pytest.mark.parametrize("name", ["nowhere.txt", "empty.txt", "folder", "binary.txt"])
def test_what_is_rejected_costs_only_itself(name: str, tmp_path: Path, mill: Path) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 8)
    result = _winnow("clean", name, mill)
    assert result.exit_code == Code.REJECTED
    assert "sacks of flour" in result.stdout
    assert name in result.stderr
    assert "Traceback" not in result.output


def test_too_large_input_is_rejected(tmp_path: Path) -> None:
    config = _file(tmp_path / "small.toml", "max_source_bytes = 10\n")
    result = _winnow("clean", "-", "--config", config, stdin=MILL.encode())
    assert result.exit_code == Code.REJECTED
    assert "max_source_bytes" in result.stderr


# --- split ------------------------------------------------------------------------------------------------------------


def test_split_writes_a_file_an_article(tmp_path: Path, harbour: Path) -> None:
    result = _winnow("split", harbour, "-o", tmp_path / "parts")
    assert result.exit_code == Code.OK
    (line,) = result.stdout.splitlines()
    path, number, first_line, characters, headline = line.split("\t")
    assert number == "1"
    assert first_line == "5"
    assert headline == "The last ferry leaves at dusk"
    text = Path(path).read_text(encoding="utf-8")
    assert len(text) == int(characters) + 1
    assert text == _winnow("clean", harbour).stdout
    assert Path(path).parent == tmp_path / "parts"


def test_split_never_overwrites_unless_forced(tmp_path: Path, mill: Path) -> None:
    (row,) = _rows(_winnow("split", mill, "-o", tmp_path / "parts", "--json"))
    path = Path(str(row["path"]))
    path.write_text("mine", encoding="utf-8")
    result = _winnow("split", mill, "-o", tmp_path / "parts")
    assert result.exit_code == Code.USAGE
    assert "--force" in result.stderr
    assert path.read_text(encoding="utf-8") == "mine"
    assert _winnow("split", mill, "-o", tmp_path / "parts", "--force").exit_code == Code.OK
    assert "flour" in path.read_text(encoding="utf-8")


def test_split_file_names_are_safe(tmp_path: Path) -> None:
    text = MILL.replace("The mill turns again", "../../What? A / mill: " + "again " * 8)
    source = _file(tmp_path / "od:d na*me….txt", text)
    (row,) = _rows(_winnow("split", source, "-o", tmp_path / "parts", "--json"))
    path = Path(str(row["path"]))
    assert path.parent == tmp_path / "parts"
    assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert len(path.name) < 80


# --- tag --------------------------------------------------------------------------------------------------------------


def test_tag_says_the_metadata_as_json(harbour: Path, mill: Path) -> None:
    first, second = _rows(_winnow("tag", harbour, mill))
    assert first["headline"] == "The last ferry leaves at dusk"
    assert first["author"] == ["Nora Feldt"]
    assert first["section"] == "Harbour"
    assert first["date_published"] is None
    assert first["publisher"] is None
    assert second["author"] == ["Piet Onderwater"]
    assert "text" not in first
    assert isinstance(first["evidence"], dict)


def test_tag_has_the_ids_of_a_run(tmp_path: Path) -> None:
    below = _file(tmp_path / "raw" / "town" / "mill.txt", MILL)
    (row,) = _rows(_winnow("tag", below))
    assert row["document_id"] == process.document_id("town/mill.txt", "")


# --- inspect ----------------------------------------------------------------------------------------------------------


def test_inspect_shows_each_block_once_with_its_fate(harbour: Path) -> None:
    result = _winnow("inspect", harbour)
    lines = result.stdout.splitlines()
    for text, symbol in [
        ("the evening ferry will stop", "+ kept"),
        ("By Nora Feldt", "= taken"),
        ("Leave a Comment", "- dropped"),
    ]:
        (line,) = [line for line in lines if text in line]
        assert line.startswith(symbol)
    assert "\x1b" not in result.stdout
    assert "article 1: The last ferry leaves at dusk" in result.stdout


def test_inspect_json_covers_every_block(harbour: Path) -> None:
    rows = [row for row in _rows(_winnow("inspect", harbour, "--json")) if not row["part"]]
    assert len(rows) == len([line for line in HARBOUR.splitlines() if line])
    assert [row["line"] for row in rows] == [n for n, line in enumerate(HARBOUR.splitlines(), 1) if line]
    assert {str(row["what"]) for row in rows} == {"kept", "taken", "dropped"} & set(LOOKS)
    assert all(row["rule"] for row in rows if row["what"] != "kept")


def test_inspect_is_linear_in_the_number_of_blocks() -> None:
    def seconds(paragraphs: int) -> float:
        text = "".join(f"The {n} boats came in before the storm, and nobody was hurt at all.\n\n" for n in range(paragraphs))
        data = text.encode()
        trace = process.trace(sources.from_bytes("long.txt", data), data, process.prepare(Settings.model_construct()))
        assert isinstance(trace, process.Trace)
        start = time.process_time()
        assert sum(1 for _ in fates(trace)) >= paragraphs
        return time.process_time() - start

    seconds(100)
    assert seconds(8000) < 40 * max(seconds(1000), 0.002)


def test_inspect_colours_a_terminal(harbour: Path) -> None:
    pty = pytest.importorskip("pty")
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "pipeline.cli", "inspect", str(harbour)]
    env = {**_environment(), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    done = subprocess.Popen(command, stdout=slave, stderr=slave, env=env)
    os.close(slave)
    seen = b""
    while True:
        try:
            seen += (chunk := os.read(master, 65536))
        except OSError:  # Linux: the other end is closed
            break
        if not chunk:
            break
    os.close(master)
    assert done.wait(timeout=60) == 0
    assert b"\x1b[32m+ kept" in seen
    assert b"\x1b[36m= taken" in seen


# --- config -----------------------------------------------------------------------------------------------------------


def test_config_shows_every_setting_with_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _file(tmp_path / "winnow.toml", 'mode = "recall"\n')
    monkeypatch.setenv("WINNOW_WORKERS", "2")
    rows = {row["setting"]: row for row in _rows(_winnow("config", "--json", "batch_files=9", "out=there"))}
    assert list(rows) == list(Settings.model_fields)
    assert rows["mode"] == {"setting": "mode", "value": "recall", "origin": "winnow.toml, line 1"}
    assert (rows["workers"]["value"], rows["workers"]["origin"]) == (2, "environment: WINNOW_WORKERS")
    assert (rows["batch_files"]["value"], rows["batch_files"]["origin"]) == (9, "command line")
    assert (rows["out"]["value"], rows["out"]["origin"]) == ("there", "command line")
    shown = _winnow("config").stdout
    assert all(name in shown for name in Settings.model_fields)
    assert "winnow.toml, line 1" in shown


@pytest.mark.parametrize("given", ["wokers=2", "workers", "workers=-1"])
def test_config_refuses_what_is_wrong(given: str) -> None:
    result = _winnow("config", given)
    assert result.exit_code == Code.USAGE
    assert "workers" in result.stderr


def test_what_is_wrong_reads_as_sentences() -> None:
    assert "Known: balanced, precision, recall. It means: " in _winnow("config", "mode=quick").stderr
    assert "PosixPath" not in _winnow("run", "--out", "s3://bucket/folder").stderr


# --- run, flow, serve, verify -----------------------------------------------------------------------------------------


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    _file(tmp_path / "raw" / "harbour.txt", HARBOUR)
    _file(tmp_path / "raw" / "town" / "mill.txt", MILL)
    return tmp_path / "raw"


@pytest.mark.usefixtures("raw")
def test_run_makes_the_dataset_and_says_what_became_of_everything(tmp_path: Path) -> None:
    result = _winnow("run", "--no-server", "--workers", 1)
    assert result.exit_code == Code.OK
    for word in ("files", "articles", *(f"characters {name}" for name in CHARACTERS), "by rule", "commit 1"):
        assert word in result.stdout
    assert list((tmp_path / "processed" / "articles").glob("*.parquet"))
    assert "nothing new since commit 1" in _winnow("run", "--no-server").stdout


def test_run_json(raw: Path, tmp_path: Path) -> None:
    (row,) = _rows(_winnow("run", raw, "--out", tmp_path / "elsewhere", "--no-server", "--workers", 2, "--json"))
    assert (row["files"], row["articles"], row["newly_rejected"]) == (2, 2, [])
    assert (tmp_path / "elsewhere" / "articles").is_dir()
    characters = row["characters"]
    assert isinstance(characters, dict)
    blank_free = sum(len("".join(text.split())) for text in (HARBOUR, MILL))
    assert sum(characters[name] for name in ("kept", "taken", "dropped")) >= blank_free


def test_run_names_what_is_newly_rejected_once(raw: Path) -> None:
    (raw / "empty.txt").touch()
    first = _winnow("run", "--no-server", "--workers", 1)
    assert first.exit_code == Code.REJECTED
    assert "newly rejected" in first.stdout
    assert "empty.txt" in first.stdout
    assert _winnow("run", "--no-server", "--workers", 1).exit_code == Code.OK
    (raw / "second.txt").touch()
    assert _winnow("run", "--no-server", "--workers", 1, "--allow-rejects").exit_code == Code.OK


def test_quiet_run_says_nothing(raw: Path) -> None:
    assert _winnow("run", raw, "--no-server", "--workers", 1, "-q").output == ""


def test_run_without_sources_is_a_usage_error() -> None:
    result = _winnow("run", "nowhere", "--no-server")
    assert result.exit_code == Code.USAGE
    assert "nowhere" in result.stderr


@pytest.mark.usefixtures("raw")
def test_a_locked_dataset_is_a_failed_run(tmp_path: Path) -> None:
    with dataset.locked(tmp_path / "processed"):
        done = _program("run", "--no-server", cwd=tmp_path)
    assert done.returncode == Code.FAILED
    assert b"processed" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.usefixtures("raw")
def test_a_full_disk_is_a_failed_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "processed/articles")

    monkeypatch.setattr(dataset, "build", full)
    result = _winnow("run", "--no-server")
    assert result.exit_code == Code.FAILED
    assert "No space left" in result.stderr


def test_interrupted(harbour: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)

    monkeypatch.setattr(process, "process", interrupt)
    result = _winnow("clean", harbour)
    assert result.exit_code == Code.INTERRUPTED
    assert result.stderr == "winnow: interrupted\n"


def test_an_interrupt_that_a_library_replaces_is_still_one(harbour: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        finally:
            raise RuntimeError("the server is gone")

    monkeypatch.setattr(process, "process", interrupt)
    assert _winnow("clean", harbour).exit_code == Code.INTERRUPTED


def test_what_nobody_foresaw_is_a_failure_with_its_traceback(harbour: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "process", lambda *_: 1 / 0)
    result = _winnow("clean", harbour)
    assert result.exit_code == Code.FAILED
    assert "ZeroDivisionError" in result.stderr
    assert "please report it" in result.stderr


def test_run_starts_the_flow_and_listens_to_it(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}

    def ingest(**parameters: object) -> dataset.Commit:
        given.update(parameters)
        tell(Step(0, 2, 0, 0))
        tell(Step(2, 2, 2, 0))
        return dataset.build(Settings.model_construct(raw=raw, out=tmp_path / "out"))

    monkeypatch.setattr(flows, "load", {"ingest": ingest}.__getitem__)
    result = _winnow("run", raw, "--out", tmp_path / "out", "--workers", 3)
    assert result.exit_code == Code.OK
    out = str(tmp_path / "out")
    unset = dict.fromkeys(("config", "batch_files", "templates", "runner", "address"))
    assert given == {"raw": str(raw), "out": out, "workers": 3, **unset}
    assert "2/2" in result.stderr
    assert "2 articles" in result.stderr


def test_the_plain_loop_has_progress_within_two_seconds(raw: Path, tmp_path: Path) -> None:
    """Of this process's own time, from the interpreter's start: what other programs of a busy machine take is not counted."""
    for number in range(300):
        shutil.copy(raw / "harbour.txt", raw / f"{number}.txt")
    code = """if True:
        import os, sys, time, flows.progress

        def first(step):
            print(time.process_time(), *step, flush=True)
            os._exit(0)

        flows.progress.tell = first
        from pipeline.cli import main
        sys.argv = ["winnow", "run", "--no-server", "--workers", "1"]
        main()"""
    env = {**_environment(), "PYTHONPATH": str(ROOT)}
    used = 9.0
    for _ in range(6):  # caches shared with other programs make the same work cost more, never less
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
        seconds, *step = map(float, done.stdout.split())
        assert step == [0, 302, 0, 0]
        used = min(used, seconds)
        if used < 2:
            break
    assert used < 2


def test_an_unknown_flow_names_those_there_are() -> None:
    result = _winnow("flow", "injest")
    assert result.exit_code == Code.USAGE
    assert "ingest" in result.stderr


def test_flow_prints_what_the_flow_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "load", lambda name: name)
    monkeypatch.setattr(flows, "run", lambda name, parameters: [name, *parameters])
    result = _winnow("flow", "count", "--param", "a=1", "-p", "b=x=y", "--json")
    assert json.loads(result.stdout) == ["count", "a=1", "b=x=y"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400), ("0.5 h", 1800)]
)
def test_serve_reads_intervals(text: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}
    monkeypatch.setattr(flows_serve, "serve", lambda timings, **given: asked.update(given, timings=timings))
    assert _winnow("serve", "--every", text, "--out", "there", "--overlap", "queue").exit_code == Code.OK
    assert asked == {"overlap": "queue", "timings": [flows_serve.Timing(every=text, parameters={"out": "there"})]}
    assert flows_serve.seconds(text) == seconds


def test_serve_without_a_schedule_takes_that_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[flows_serve.Timing] = []
    monkeypatch.setattr(flows_serve, "serve", lambda timings, **_: asked.extend(timings))
    text = '[schedule.ingest]\nevery = "15m"\nparameters = {then = ["dedupe"]}\n[schedule.learn]\nrrule = "FREQ=WEEKLY"\n'
    _file(tmp_path / "winnow.toml", text)
    assert _winnow("serve", "there").exit_code == Code.OK
    assert asked == [
        flows_serve.Timing(every="15m", parameters={"raw": "there", "then": ["dedupe"]}),
        flows_serve.Timing("learn", rrule="FREQ=WEEKLY", parameters={"raw": "there"}),
    ]


@pytest.mark.parametrize("args", [["--every", "soon"], [], ["--every", "9", "--cron", "* * * * *"], ["--every", "0"]])
def test_serve_refuses_a_wrong_schedule(args: list[str]) -> None:
    result = _winnow("serve", *args)
    assert result.exit_code == Code.USAGE
    assert result.stderr.startswith("winnow: serve")


def test_verify(raw: Path) -> None:
    assert _winnow("run", "--no-server", "--workers", 1).exit_code == Code.OK
    good = _winnow("verify")
    assert (good.exit_code, good.stdout) == (Code.OK, "processed holds every law\n")
    (raw / "harbour.txt").write_text(HARBOUR.replace("ferry", "barge"), encoding="utf-8")
    bad = _winnow("verify", "processed", "--raw", raw, "--json")
    assert bad.exit_code == Code.REJECTED
    assert {row["document"] for row in _rows(bad)} == {"harbour.txt"}


@pytest.mark.parametrize("given", [("verify", "processed", "--raw", "no-folder"), ("rehydrate", "shared", "no-folder", "whole")])
def test_a_raw_folder_that_is_not_there_is_said_once(given: tuple[str, ...]) -> None:
    result = _winnow(*given)
    assert result.exit_code == Code.USAGE
    assert result.stderr.startswith("winnow: no-folder: no such folder. ")
    assert not result.stdout


def test_progress_counts_files_and_not_what_is_in_them(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.progress

    (raw / "rows.jsonl").write_text("\n".join(json.dumps({"text": MILL}) for _ in range(5)) + "\n", encoding="utf-8")
    steps: list[flows.progress.Step] = []
    monkeypatch.setattr(flows.progress, "tell", steps.append)
    _winnow("run", "--no-server", "--workers", "1")
    assert (steps[0].files_done, steps[0].files_total) == (0, 3)
    assert (steps[-1].files_done, steps[-1].files_total, steps[-1].articles) == (3, 3, 7)


def test_verify_without_a_dataset() -> None:
    result = _winnow("verify", "nothing-here")
    assert result.exit_code == Code.FAILED
    assert "nothing-here" in result.stderr


# --- rules ------------------------------------------------------------------------------------------------------------


def test_rules_list_is_filtered_by_label() -> None:
    rows = _rows(_winnow("rules", "list", "--label", "byline", "--json"))
    assert rows
    assert {row["label"] for row in rows} == {"byline"}


def test_rules_test_shows_what_each_rule_removes(tmp_path: Path) -> None:
    _file(tmp_path / "raw" / "a.txt", HARBOUR)
    rows = {row["rule"]: row for row in _rows(_winnow("rules", "test", "--json"))}
    removing = [row for row in rows.values() if "Leave a Comment" in str(row["examples"])]
    assert removing
    assert removing[0]["removed"] == 1
    assert removing[0]["characters"] == len("Leave a Comment")


def test_rules_test_reads_one_file(harbour: Path) -> None:
    result = _winnow("rules", "test", harbour)
    assert result.exit_code == Code.OK
    assert "Leave a Comment" in result.stdout


def test_a_rule_that_fails_its_own_samples_is_refused(tmp_path: Path) -> None:
    rule = "[[rule]]\nid = 'own.ad'\nlabel = 'boilerplate'\nscope = 'block'\npattern = 'Buy now'\nhits = ['Sell later']\n"
    config = _file(tmp_path / "winnow.toml", rule)
    result = _winnow("rules", "test", "--samples-only")
    assert result.exit_code == Code.USAGE
    assert "own.ad" in result.stderr
    assert config.name in result.stderr


# --- the program ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["clean", "split", "tag", "inspect"])
def test_single_file_commands_are_light(command: str, harbour: Path) -> None:
    code = (
        "import sys\nfrom pipeline.cli import main\n"
        "try:\n    main()\n"
        "finally:\n    print(*sorted(set(sys.modules) & {'prefect', 'pyarrow', 'flows', 'pandas'}), file=sys.stderr)"
    )
    env = {**_environment(), "PYTHONPATH": str(ROOT)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code, command, str(harbour)], capture_output=True, env=env, check=False, timeout=60
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.returncode == 0
    assert done.stderr.strip() == b""
    assert seconds < 8, "of CPU; 1.5 s on a quiet machine, and on a busy one each of them is longer"


def test_output_is_utf8_whatever_the_locale(harbour: Path) -> None:
    done = _program("clean", harbour, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0
    assert "surprised – the boat" in done.stdout.decode()


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    source = _file(tmp_path / "long.txt", (MILL.split("\n\n")[1] + "\n\n") * 5000)
    env = {**_environment(), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "clean", str(source)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=60) == Code.READER_GONE


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/m\xffll.txt"
    try:
        Path(os.fsdecode(name)).write_text(MILL, encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "tag", os.fsdecode(name)],
        capture_output=True,
        env={**_environment(), "PYTHONPATH": str(ROOT)},
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout)["author"] == ["Piet Onderwater"]


def test_inspect_why_names_the_features_behind_each_learned_score(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    prose = "The keeper has rung the bell of the lock every evening for forty years, and nobody has asked him why. "
    menu = "<ul class='menu'><li><a href='/'>Front</a></li><li><a href='/c'>Canal</a></li></ul>"
    page.write_text(f"<!doctype html><html><body>{menu}<div>{f'<p>{prose * 2}</p>' * 4}</div></body></html>", encoding="utf-8")
    rows = _rows(_winnow("inspect", page, "--why", "--json"))
    assert any(row["why"] for row in rows if row["rule"] == "score.html")
    assert not any(row["why"] for row in _rows(_winnow("inspect", page, "--json")))
