"""Watching: one run at once, one after each burst of changes, none for the dataset's own files."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from dataset_samples import prose

from flows import watch
from pipeline import dataset
from pipeline.errors import DatasetLocked, SettingsError
from pipeline.settings import Settings, load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Watched:
    """A watch in a thread, with what its runs made."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.made: list[dataset.Commit] = []
        self.failures = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=watch.watch, args=(settings, self.run, self.stop))
        self.thread.start()

    def run(self) -> None:
        if self.failures:
            self.failures -= 1
            raise DatasetLocked("another run is writing this dataset", place="here")
        self.made.append(dataset.build(self.settings))

    def until(self, runs: int) -> list[int]:
        """The commits so far, when so many runs have ended."""
        deadline = time.monotonic() + 60
        while len(self.made) < runs:
            assert self.thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return [one.number for one in self.made]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(watch, "BURST_SECONDS", 0.3)
    monkeypatch.setattr(watch, "AGAIN_SECONDS", 0.5)
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.txt").write_text(prose(1), encoding="utf-8")
    found = Watched(load(raw=raw, out=raw / "processed", workers=1))
    yield found
    found.stop.set()
    found.thread.join(30)
    assert not found.thread.is_alive()


def test_files_are_handled_as_they_arrive(watched: Watched) -> None:
    assert watched.until(1) == [1]
    raw = watched.settings.raw
    for number in (2, 3):
        (raw / f"{number}.txt").write_text(prose(number), encoding="utf-8")
    assert watched.until(2) == [1, 2]
    assert watched.made[-1].totals.sources == 3
    (raw / "a.txt").unlink()
    assert watched.until(3) == [1, 2, 3]
    assert watched.made[-1].totals.sources == 2
    time.sleep(1)  # its own commits stand below raw, and are no change
    assert len(watched.made) == 3


def test_a_run_that_fails_is_tried_again(watched: Watched, capfd: pytest.CaptureFixture[str]) -> None:
    watched.until(1)
    watched.failures = 2
    (watched.settings.raw / "b.txt").write_text(prose(2), encoding="utf-8")
    assert watched.until(2) == [1, 2]
    assert capfd.readouterr().err.count("trying again") == 2


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="winnow watch FOLDER"):
        watch.watch(load(raw=tmp_path / "none"), list)
