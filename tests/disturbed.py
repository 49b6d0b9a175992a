"""Works on a dataset that tests disturb: where each starts, what it does, and what an undisturbed one leaves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from dataset_samples import content, make_raw, prose, sound

from pipeline import dataset
from pipeline.process import prepare, process
from pipeline.settings import Settings, load
from pipeline.sources import from_bytes


class Work(NamedTuple):
    """`base`: the commit it starts from, 0: none; `change`: what is done to the sources; `act`: what is disturbed."""

    base: int
    change: Callable[[Path], None]
    act: Callable[[Settings], dataset.Commit]


def _same(raw: Path) -> None:
    del raw


def _changes(raw: Path) -> None:
    (raw / "story 1.txt").write_text(prose(10), encoding="utf-8")
    (raw / "story 4.txt").unlink()
    (raw / "story 5.txt").rename(raw / "tale 5.txt")
    (raw / "story 9.txt").write_text(prose(9), encoding="utf-8")


WORKS = {
    "first run": Work(0, _same, dataset.build),
    "ingest": Work(1, _changes, dataset.build),
    "compact": Work(1, _same, dataset.compact),
    "dedupe": Work(1, _same, dataset.find_duplicates),
}


def settings_in(folder: Path) -> Settings:
    return load(raw=folder / "raw", out=folder / "out", batch_files=2, keep_commits=1, workers=1)


def make_base(folder: Path) -> None:
    """Sources, two of them copies, and a dataset of them."""
    folder.mkdir()
    make_raw(folder / "raw")
    (folder / "raw" / "copy of 3.txt").write_text(prose(3), encoding="utf-8")
    dataset.build(settings_in(folder))


def start(base: Path, folder: Path, work: Work) -> Settings:
    """A copy of `base` with its hard links, ready for the work."""
    seen: dict[int, str] = {}

    def copied(here: str, there: str) -> str:
        inode = os.stat(here).st_ino  # noqa: PTH116
        if inode in seen:
            os.link(seen[inode], there)
        else:
            shutil.copy2(here, there, follow_symlinks=False)
            seen[inode] = there
        return there

    shutil.copytree(base, folder, symlinks=True, copy_function=copied)
    if not work.base:
        shutil.rmtree(folder / "out")
    work.change(folder / "raw")
    return settings_in(folder)


def undisturbed(base: Path, folder: Path, work: Work) -> dict[str, bytes]:
    """Every Parquet file that the work leaves, by its path."""
    settings = start(base, folder, work)
    work.act(settings)
    sound(settings)
    return content(settings.out)


def make_whole(settings: Settings, work: Work, want: dict[str, bytes]) -> None:
    """What comes after a disturbance: the same again, which must end as the undisturbed one did."""
    work.act(settings)
    assert content(settings.out) == want
    assert dataset.numbers(settings.out) == ([1, 2] if work.base else [1])
    sound(settings)


def warm() -> None:
    """Loads rules, weights and language profiles."""
    data = prose(1).encode()
    process(from_bytes("warm", data), data, prepare(load()))
