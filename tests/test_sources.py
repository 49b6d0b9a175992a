"""Sources: every entry of the folder is a source or a rejection with a reason and a remedy; nothing stops the listing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pipeline import sources
from pipeline.errors import Rejected, SettingsError
from pipeline.settings import Settings, load


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    (folder / "a.txt").write_text("A text.", encoding="utf-8")
    return folder


def settings(raw: Path, **more: Any) -> Settings:
    return load(raw=raw, out=raw.parent / "out", **more)


def test_files_are_listed_by_uri_folders_included_hidden_ones_and_excluded_ones_not(raw: Path) -> None:
    for name in ("sub/b.txt", ".hidden/c.txt", ".d.txt", "drafts/e.txt"):
        (raw / name).parent.mkdir(exist_ok=True)
        (raw / name).write_text("x", encoding="utf-8")
    listed, rejected = sources.discover(settings(raw, exclude=("drafts/*",)))
    assert [one.uri for one in listed] == ["a.txt", "sub/b.txt"]
    assert not rejected
    everything, _ = sources.discover(settings(raw, hidden=True))
    assert {one.uri for one in everything} == {"a.txt", "sub/b.txt", ".hidden/c.txt", ".d.txt", "drafts/e.txt"}


def test_globs_say_which_files_are_sources(raw: Path) -> None:
    for name in ("b.html", "sub/c.html", "sub/d.txt"):
        (raw / name).parent.mkdir(exist_ok=True)
        (raw / name).write_text("x", encoding="utf-8")
    listed, _ = sources.discover(settings(raw, include=("*.html",), exclude=("sub/*",)))
    assert [one.uri for one in listed] == ["b.html"]
    assert [one.uri for one in sources.discover(settings(raw, include=("sub/*",)))[0]] == ["sub/c.html", "sub/d.txt"]


def test_the_dataset_is_no_source_even_below_the_folder(raw: Path) -> None:
    (raw / "out").mkdir()
    (raw / "out" / "part.parquet").write_bytes(b"PAR1")
    listed, _ = sources.discover(load(raw=raw, out=raw / "out"))
    assert [one.uri for one in listed] == ["a.txt"]


@pytest.mark.parametrize(
    ("name", "uri"), [(b"new\nline.txt", "new%0Aline.txt"), (b"caf\xe9.txt", "caf%E9.txt"), (b"100%.txt", "100%25.txt")]
)
def test_odd_names_are_read_and_have_distinct_uris(raw: Path, name: bytes, uri: str) -> None:
    try:
        (raw / os.fsdecode(name)).write_bytes(b"text")
    except OSError:
        pytest.skip("this file system refuses the name")
    listed, _ = sources.discover(settings(raw))
    found = next(one for one in listed if one.uri == uri)
    assert sources.read(found, settings(raw))[1] == b"text"


def test_what_cannot_be_a_source_is_rejected_with_reason_and_remedy(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (raw / "dangling.txt").symlink_to("nowhere")
    (raw / "outside").symlink_to(tmp_path / "elsewhere")
    (raw / "inside.txt").symlink_to("a.txt")
    os.mkfifo(raw / "pipe.txt")
    listed, rejected = sources.discover(settings(raw))
    assert [one.uri for one in listed] == ["a.txt", "inside.txt"]
    assert {source.uri: rejection.reason for source, rejection in rejected} == {
        "dangling.txt": "dangling-link",
        "outside": "link-outside",
        "pipe.txt": "not-a-file",
    }
    assert all(rejection.remedy and rejection.detail for _, rejection in rejected)


def test_a_folder_that_cannot_be_listed_is_a_rejection(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (raw / "locked").mkdir()
    real = os.scandir

    def scandir(path: Any) -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    listed, rejected = sources.discover(settings(raw))
    assert [one.uri for one in listed] == ["a.txt"]
    assert [(source.uri, rejection.reason) for source, rejection in rejected] == [("locked/", "unreadable-folder")]


def test_reading_says_what_is_wrong(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = sources.Listed("a.txt", str(raw / "a.txt"))
    with pytest.raises(Rejected, match="max_source_bytes") as too_large:
        sources.read(here, settings(raw, max_source_bytes=3))
    assert too_large.value.reason == "too-large"
    with pytest.raises(Rejected) as vanished:
        sources.read(sources.Listed("b.txt", str(raw / "b.txt")), settings(raw))
    assert vanished.value.reason == "vanished"

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(Rejected) as unreadable:
        sources.read(here, settings(raw))
    assert unreadable.value.reason == "unreadable"


def test_a_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such folder"):
        sources.discover(settings(tmp_path / "nothing"))
