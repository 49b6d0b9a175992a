"""Settings: winnow.toml < environment < command line, wrong ones refused with the place and the nearest right key."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import Settings, load, origins


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_line_outranks_the_environment_outranks_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().batch_files == 100
    (folder / "winnow.toml").write_text("batch_files = 7\nhidden = true\nexclude = ['a/*', 'b']\n", encoding="utf-8")
    assert (load().batch_files, load().hidden, load().exclude) == (7, True, ("a/*", "b"))
    monkeypatch.setenv("WINNOW_BATCH_FILES", "8")
    assert load().batch_files == 8
    assert load(batch_files=9).batch_files == 9
    assert load(batch_files=None).batch_files == 8


def test_a_named_file_is_used_instead_of_the_one_in_the_folder(folder: Path) -> None:
    (folder / "winnow.toml").write_text("batch_files = 7\n", encoding="utf-8")
    (folder / "other.toml").write_text("batch_files = 6\n", encoding="utf-8")
    assert load(folder / "other.toml").batch_files == 6


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("batch_file = 7", "batch_files"),
        ("batch_files = 0", "most files in one task"),
        ("max_lossy_share = 2", "max_lossy_share"),
        ("batch_files = ", "winnow.toml"),
        ("batch_files = 'many'", "many"),
    ],
)
def test_a_wrong_file_is_refused_with_place_and_remedy(folder: Path, text: str, told: str) -> None:
    (folder / "winnow.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        load()
    assert told in str(refused.value)
    assert "winnow.toml" in str(refused.value)


@pytest.mark.usefixtures("folder")
def test_a_wrong_variable_or_option_is_refused_with_the_nearest_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="workers"):
        load(wokers=2)
    monkeypatch.setenv("WINNOW_WORKRS", "2")
    with pytest.raises(SettingsError, match="WINNOW_WORKERS"):
        load()


@pytest.mark.usefixtures("folder")
def test_the_digest_changes_with_what_can_change_a_row_and_with_nothing_else() -> None:
    assert load().digest == load(workers=3, batch_files=1, raw=Path("elsewhere"), zstd_level=9).digest
    assert load().digest != load(keep_captions=True).digest
    assert load().digest != load(split_threshold=0.9).digest


@pytest.mark.usefixtures("folder")
def test_settings_travel_to_other_processes() -> None:
    chosen = load(batch_files=3)
    assert pickle.loads(pickle.dumps(chosen)) == chosen  # noqa: S301 - our own bytes
    assert isinstance(chosen, Settings)
    assert load(workers=2).worker_count == 2
    assert load().worker_count >= 1


FILE = """# the file of a project
mode = "recall"

[columns]
text = "body"

[[rule]]
id = "one"

[schedule.ingest]
every = "15m"
"""


def test_it_is_known_where_each_value_comes_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "winnow.toml").write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("WINNOW_WORKERS", "2")
    found = origins(batch_files=9)
    assert list(found) == list(Settings.model_fields)
    given = {name: origin for name, origin in found.items() if origin != "default"}
    assert given == {
        "mode": "winnow.toml, line 2",
        "columns": "winnow.toml, line 4",
        "rule": "winnow.toml, line 7",
        "schedule": "winnow.toml, line 10",
        "workers": "environment: WINNOW_WORKERS",
        "batch_files": "command line",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('\nmode = "presicion"', "winnow.toml, line 2: mode: .*Did you mean precision"),
        ("hidden = true\n\nbatch_file = 7", "winnow.toml, line 3: batch_file: unknown setting. Did you mean batch_files"),
        ('[columns]\ntext = "a"\ntitel = "b"', "winnow.toml, line 3: .*Did you mean title"),
        ('[schedule.ingest]\nevery = 5\ncorn = "x"', "winnow.toml, line 3: .*Did you mean cron"),
        ("hidden = true\nmode = = 1", "line 2"),
    ],
)
def test_a_mistake_in_the_file_is_named_by_its_line(folder: Path, text: str, told: str) -> None:
    (folder / "winnow.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        load()


@pytest.mark.usefixtures("folder")
def test_a_mistake_elsewhere_is_named_by_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="command line: batch_files"):
        load(batch_files=0)
    monkeypatch.setenv("WINNOW_BATCH_FILES", "many")
    with pytest.raises(SettingsError, match="environment: WINNOW_BATCH_FILES: batch_files"):
        load()
