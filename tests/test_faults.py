"""Every call that changes the disk fails once, in every way: what follows makes the dataset what it would have been."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq
import pytest
from dataset_samples import rows
from disturbed import WORKS, Work, make_base, make_whole, start, undisturbed

from pipeline.dataset.layout import Layout
from pipeline.errors import DatasetError

CALLS = ("replace", "link", "unlink", "mkdir", "rmdir", "fsync")
WRITERS = ("__init__", "write_table", "close")  # of a Parquet file: opened, written, its footer written
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)
FEW_RENAMES = 19
FEW = 25  # every so manieth call in `make test`, each with the next of the errors; all in all ways in `make test-all`


class Torn(BaseException):
    """The machine stops in the middle of a rename: nothing catches it."""


class Fault:
    """Counts the calls that change the disk; one of them fails. Only the first attempt is disturbed."""

    def __init__(self, patch: pytest.MonkeyPatch, at: int, fails: Callable[[str, tuple[Any, ...]], None], *only: str) -> None:
        self.left, self.fails, self.done = at, fails, False
        for name in only or CALLS:
            patch.setattr(os, name, self._guarded(name, getattr(os, name) if name != "fsync" else lambda _: None))
        if not only:
            patch.setattr(Path, "open", self._guarded("open", Path.open))
            for name in WRITERS:
                patch.setattr(pq.ParquetWriter, name, self._guarded(name, getattr(pq.ParquetWriter, name)))

    def _guarded(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            if not self.done and not (name == "open" and "r" in "".join(str(arg) for arg in args[1:2] or ("r",))):
                self.left -= 1
                if self.left == 0:
                    self.done = True
                    self.fails(name, args)
            return real(*args, **more)

        return call


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("base") / "here"
    make_base(folder)
    return folder


@pytest.fixture(scope="module")
def wanted(base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """Of each work, what it leaves undisturbed."""
    return {name: undisturbed(base, tmp_path_factory.mktemp("want") / "here", work) for name, work in WORKS.items()}


class Place(NamedTuple):
    """Where a work is done and disturbed: `folder` takes a copy of `base` for each disturbance."""

    work: Work
    base: Path
    folder: Path
    want: dict[str, bytes]


@pytest.fixture(params=WORKS)
def place(request: pytest.FixtureRequest, base: Path, tmp_path: Path, wanted: dict[str, dict[str, bytes]]) -> Place:
    return Place(WORKS[request.param], base, tmp_path, wanted[request.param])


Fails = Callable[[str, tuple[Any, ...]], None]


def fails_with(code: int) -> Fails:
    def fails(name: str, args: tuple[Any, ...]) -> None:
        raise OSError(code, os.strerror(code), next((str(one) for one in args if isinstance(one, (str, Path))), name))

    return fails


def disturb(place: Place, calls: range, fails: Iterator[Fails], *only: str) -> int:
    """The number of the last call that was disturbed; each in a dataset of its own, which is then made whole."""
    at = 0
    for at in calls:
        folder = place.folder / f"{at}"
        settings = start(place.base, folder, place.work)
        before = rows(settings.out) if place.work.base else {}
        told: DatasetError | None = None
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, at, next(fails), *only)
            with contextlib.suppress(Torn):
                try:
                    place.work.act(settings)
                except DatasetError as error:
                    told = error
        if not fault.done:
            return at
        assert told is None or ("cannot write" in told.cause and told.place and told.remedy), told
        layout = Layout(settings.out)
        if place.work.base and not layout.journal.exists() and not layout.record(2).exists():
            assert rows(settings.out) == before
        make_whole(settings, place.work, place.want)
        shutil.rmtree(folder)
    return at


def test_a_call_that_fails_costs_nothing_but_the_run(place: Place) -> None:
    assert disturb(place, range(1, 1000, FEW), itertools.cycle(map(fails_with, ERRORS))) > FEW


@pytest.mark.long
@pytest.mark.parametrize("code", ERRORS, ids=errno.errorcode.get)
def test_any_call_that_fails_costs_nothing_but_the_run(code: int, place: Place) -> None:
    last = disturb(place, range(1, 1000), itertools.repeat(fails_with(code)))
    sys.stdout.write(f"{errno.errorcode[code]} at each of {last - 1} calls\n")
    assert last > FEW


def half_there(name: str, args: tuple[Any, ...]) -> None:
    """Of a file system that copies: the new name has half of the bytes, the old one is still there."""
    del name
    here, there = Path(args[0]), Path(args[1])
    whole = here.read_bytes()
    there.unlink(missing_ok=True)
    there.write_bytes(whole[: len(whole) // 2])
    raise Torn


def under_both(name: str, args: tuple[Any, ...]) -> None:
    """Of one that links: both names are there."""
    del name
    Path(args[1]).unlink(missing_ok=True)
    shutil.copy2(args[0], args[1])
    raise Torn


@pytest.mark.parametrize("step", [FEW_RENAMES, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("tears", [half_there, under_both])
def test_a_torn_rename_is_mended(tears: Fails, step: int, place: Place) -> None:
    last = disturb(place, range(1 + step // 2, 1000, step), itertools.repeat(tears), "replace")
    sys.stdout.write(f"{tears.__name__} at each of {last - 1} renames, step {step}\n")
    assert last > 4


def test_a_file_that_cannot_grow_costs_nothing_but_the_run(place: Place) -> None:
    """The kernel itself refuses to write beyond so many bytes: in the middle of a page, a footer, a record."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    told: list[str] = []
    for size in (0, 4, 1000, 12000):
        settings = start(place.base, place.folder / f"{size}", place.work)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
            place.work.act(settings)
        except DatasetError as error:
            told.append(str(error))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        make_whole(settings, place.work, place.want)
    assert len(told) > 1
    assert all("File too large" in one for one in told), told
