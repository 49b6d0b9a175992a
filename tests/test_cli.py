from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import HARBOUR, MILL, ROOT, answers, environment, program, winnow, write

from pipeline import __version__, process, sources
from pipeline.cli.app import COMMANDS, hoisted
from pipeline.cli.clean import BETWEEN
from pipeline.cli.common import Code
from pipeline.cli.inspect import LOOKS, fates
from pipeline.settings import Settings

pytestmark = pytest.mark.usefixtures("own_folder")

DROPPED = ("You may also like", "Leave a Comment")


# --- global options ---------------------------------------------------------------------------------------------------


def test_version() -> None:
    assert winnow("--version").stdout == f"winnow {__version__}\n"


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS] + ["rules"])
def test_every_command_has_help(name: str) -> None:
    result = winnow(name, "--help")
    assert result.exit_code == 0
    assert name in result.stdout


def test_help_documents_the_exit_codes() -> None:
    text = " ".join(winnow("run", "--help").stdout.split())
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
    assert winnow("clean", "--nonsense").exit_code == Code.USAGE


def test_settings_error_names_place_and_nearest_key(tmp_path: Path, mill: Path) -> None:
    config = write(tmp_path / "other.toml", "keep_caption = true\n")
    result = winnow("clean", mill, "--config", config)
    assert result.exit_code == Code.USAGE
    assert "other.toml" in result.stderr
    assert "keep_captions" in result.stderr
    assert "Traceback" not in result.output


# --- clean ------------------------------------------------------------------------------------------------------------


def test_clean_prints_the_text_and_nothing_else(harbour: Path) -> None:
    result = winnow("clean", harbour)
    assert result.exit_code == Code.OK
    assert result.stderr == ""
    assert "the pier needs repairs." in result.stdout
    assert all(line not in result.stdout for line in DROPPED)


def test_clean_divides_articles_by_a_separator(harbour: Path, mill: Path) -> None:
    result = winnow("clean", harbour, mill)
    first, second = result.stdout.split(f"\n\n{BETWEEN}\n\n")
    assert "ferry" in first
    assert "flour" in second


def test_clean_text_cleans_to_itself(harbour: Path, mill: Path) -> None:
    for path in (harbour, mill):
        once = winnow("clean", path).stdout
        assert winnow("clean", "-", stdin=once.encode()).stdout == once


def test_clean_reads_standard_input() -> None:
    result = winnow("clean", "-", stdin=MILL.encode())
    assert "sacks of flour" in result.stdout


def test_clean_json(mill: Path) -> None:
    (row,) = answers(winnow("clean", mill, "--json"))
    assert row["file"] == str(mill)
    assert row["article"] == 1
    assert "sacks of flour" in str(row["text"])


@pytest.mark.parametrize("name", ["nowhere.txt", "empty.txt", "folder", "binary.txt"])
def test_what_is_rejected_costs_only_itself(name: str, tmp_path: Path, mill: Path) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)) * 8)
    result = winnow("clean", name, mill)
    assert result.exit_code == Code.REJECTED
    assert "sacks of flour" in result.stdout
    assert name in result.stderr
    assert "Traceback" not in result.output


def test_too_large_input_is_rejected(tmp_path: Path) -> None:
    config = write(tmp_path / "small.toml", "max_source_bytes = 10\n")
    result = winnow("clean", "-", "--config", config, stdin=MILL.encode())
    assert result.exit_code == Code.REJECTED
    assert "max_source_bytes" in result.stderr


# --- split ------------------------------------------------------------------------------------------------------------


def test_split_writes_a_file_an_article(tmp_path: Path, harbour: Path) -> None:
    result = winnow("split", harbour, "-o", tmp_path / "parts")
    assert result.exit_code == Code.OK
    (line,) = result.stdout.splitlines()
    path, number, first_line, characters, headline = line.split("\t")
    assert number == "1"
    assert first_line == "5"
    assert headline == "The last ferry leaves at dusk"
    text = Path(path).read_text(encoding="utf-8")
    assert len(text) == int(characters) + 1
    assert text == winnow("clean", harbour).stdout
    assert Path(path).parent == tmp_path / "parts"


def test_split_never_overwrites_unless_forced(tmp_path: Path, mill: Path) -> None:
    (row,) = answers(winnow("split", mill, "-o", tmp_path / "parts", "--json"))
    path = Path(str(row["path"]))
    path.write_text("mine", encoding="utf-8")
    result = winnow("split", mill, "-o", tmp_path / "parts")
    assert result.exit_code == Code.USAGE
    assert "--force" in result.stderr
    assert path.read_text(encoding="utf-8") == "mine"
    assert winnow("split", mill, "-o", tmp_path / "parts", "--force").exit_code == Code.OK
    assert "flour" in path.read_text(encoding="utf-8")


def test_split_file_names_are_safe(tmp_path: Path) -> None:
    text = MILL.replace("The mill turns again", "../../What? A / mill: " + "again " * 8)
    source = write(tmp_path / "od:d na*me….txt", text)
    (row,) = answers(winnow("split", source, "-o", tmp_path / "parts", "--json"))
    path = Path(str(row["path"]))
    assert path.parent == tmp_path / "parts"
    assert set(path.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert len(path.name) < 80


# --- tag --------------------------------------------------------------------------------------------------------------


def test_tag_says_the_metadata_as_json(harbour: Path, mill: Path) -> None:
    first, second = answers(winnow("tag", harbour, mill))
    assert first["headline"] == "The last ferry leaves at dusk"
    assert first["author"] == ["Nora Feldt"]
    assert first["section"] == "Harbour"
    assert first["date_published"] is None
    assert first["publisher"] is None
    assert second["author"] == ["Piet Onderwater"]
    assert "text" not in first
    assert isinstance(first["evidence"], dict)


def test_tag_has_the_ids_of_a_run(tmp_path: Path) -> None:
    below = write(tmp_path / "raw" / "town" / "mill.txt", MILL)
    (row,) = answers(winnow("tag", below))
    assert row["document_id"] == process.document_id("town/mill.txt", "")


# --- inspect ----------------------------------------------------------------------------------------------------------


def test_inspect_shows_each_block_once_with_its_fate(harbour: Path) -> None:
    result = winnow("inspect", harbour)
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
    rows = [row for row in answers(winnow("inspect", harbour, "--json")) if not row["part"]]
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
    env = {**environment(), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
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
    write(tmp_path / "winnow.toml", 'mode = "recall"\n')
    monkeypatch.setenv("WINNOW_WORKERS", "2")
    rows = {row["setting"]: row for row in answers(winnow("config", "--json", "batch_files=9", "out=there"))}
    assert list(rows) == list(Settings.model_fields)
    assert rows["mode"] == {"setting": "mode", "value": "recall", "origin": "winnow.toml, line 1"}
    assert (rows["workers"]["value"], rows["workers"]["origin"]) == (2, "environment: WINNOW_WORKERS")
    assert (rows["batch_files"]["value"], rows["batch_files"]["origin"]) == (9, "command line")
    assert (rows["out"]["value"], rows["out"]["origin"]) == ("there", "command line")
    shown = winnow("config").stdout
    assert all(name in shown for name in Settings.model_fields)
    assert "winnow.toml, line 1" in shown


@pytest.mark.parametrize("given", ["wokers=2", "workers", "workers=-1"])
def test_config_refuses_what_is_wrong(given: str) -> None:
    result = winnow("config", given)
    assert result.exit_code == Code.USAGE
    assert "workers" in result.stderr


def test_what_is_wrong_reads_as_sentences() -> None:
    assert "Known: balanced, precision, recall. It means: " in winnow("config", "mode=quick").stderr
    assert "PosixPath" not in winnow("run", "--out", "s3://bucket/folder").stderr


# --- rules ------------------------------------------------------------------------------------------------------------


def test_rules_list_is_filtered_by_label() -> None:
    rows = answers(winnow("rules", "list", "--label", "byline", "--json"))
    assert rows
    assert {row["label"] for row in rows} == {"byline"}


def test_rules_test_shows_what_each_rule_removes(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a.txt", HARBOUR)
    rows = {row["rule"]: row for row in answers(winnow("rules", "test", "--json"))}
    removing = [row for row in rows.values() if "Leave a Comment" in str(row["examples"])]
    assert removing
    assert removing[0]["removed"] == 1
    assert removing[0]["characters"] == len("Leave a Comment")


def test_rules_test_reads_one_file(harbour: Path) -> None:
    result = winnow("rules", "test", harbour)
    assert result.exit_code == Code.OK
    assert "Leave a Comment" in result.stdout


def test_a_rule_that_fails_its_own_samples_is_refused(tmp_path: Path) -> None:
    rule = "[[rule]]\nid = 'own.ad'\nlabel = 'boilerplate'\nscope = 'block'\npattern = 'Buy now'\nhits = ['Sell later']\n"
    config = write(tmp_path / "winnow.toml", rule)
    result = winnow("rules", "test", "--samples-only")
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
    env = {**environment(), "PYTHONPATH": str(ROOT)}
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
    done = program("clean", harbour, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert done.returncode == 0
    assert "surprised – the boat" in done.stdout.decode()


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    source = write(tmp_path / "long.txt", (MILL.split("\n\n")[1] + "\n\n") * 5000)
    env = {**environment(), "PYTHONPATH": str(ROOT)}
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
        env={**environment(), "PYTHONPATH": str(ROOT)},
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
    rows = answers(winnow("inspect", page, "--why", "--json"))
    assert any(row["why"] for row in rows if row["rule"] == "score.html")
    assert not any(row["why"] for row in answers(winnow("inspect", page, "--json")))
