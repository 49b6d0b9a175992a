"""Every change that the dataset makes on disk, in small steps that can be repeated; each is durable when it returns.

A path may be behind a URL: then it is an object (`store`), there is no folder to make or sync, and a move is a copy.

All of them stand here so that one place answers for durability, and so that tests can interrupt at each.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.dataset import store
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a file system without hard links answers.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EXDEV})
_REMEDY = "Free space or mend the permissions, then run again: nothing that was published is lost"


@contextlib.contextmanager
def explained(place: Path) -> Iterator[None]:
    """Turns an OSError into a DatasetError that names the path and says what to do."""
    try:
        yield
    except OSError as error:
        cause = error.strerror or str(error)
        where = error.filename if isinstance(error.filename, str) else store.called(place)
        raise DatasetError(f"cannot write: {cause}", place=where, remedy=_REMEDY) from error


def digest(path: Path | str) -> str:
    """sha256 of the file's bytes, read in pieces."""
    if isinstance(path, Path) and store.is_object(path):
        return store.digest(path)
    with open(path, "rb") as file:  # noqa: PTH123  the path of a source may be no valid Unicode
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_folder(path: Path) -> None:
    """The folder exists, and so does its name after a power cut."""
    if not store.is_object(path) and not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """The bytes of the file are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(path: Path) -> None:
    """The names in the folder are on disk."""
    if os.name != "nt" and not store.is_object(path):  # Windows cannot open a folder, and needs not
        sync_file(path)


def put_json(path: Path, value: Any, via: Path) -> None:
    """The file holds `value` whole, or is as before."""
    with via.open("wb") as file:
        file.write(json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True).encode())
        file.flush()
        os.fsync(file.fileno())
    move(via, path)
    sync_folder(path.parent)


def move(here: Path, there: Path) -> None:
    """`there` is what `here` was; replaced at one instant if it existed. `here` is no object."""
    if store.is_object(there):
        store.upload(here, there)
        here.unlink()
        return
    os.replace(here, there)  # noqa: PTH105  Path.replace would do; os.replace is what the tests interrupt


def publish(file: Path, there: Path, via: Path) -> None:
    """`there` is the same file as `file`, changed at one instant: a hard link, or a copy where there are none."""
    if there.exists() and there.samefile(file):
        return
    via.unlink(missing_ok=True)
    try:
        os.link(file, via)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(file, via)
        sync_file(via)
    move(via, there)


def remove(path: Path) -> None:
    """The file is not there."""
    if store.is_object(path):
        store.delete(path)
        return
    path.unlink(missing_ok=True)


def remove_tree(path: Path) -> None:
    """Neither the folder nor anything in it is there."""
    if store.is_object(path):
        store.delete_tree(path)
        return
    if path.exists():
        shutil.rmtree(path)


@contextlib.contextmanager
def drafts(folder: Path) -> Iterator[Path]:
    """A folder of this machine for files that are to be moved to `folder` when they are whole: itself, unless it is no such."""
    if not store.is_object(folder):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="winnow-") as name:
        yield Path(name)


def exists(path: Path) -> bool:
    """Whether there is such a file."""
    return path.exists() if not store.is_object(path) else store.size(path) is not None


def read(path: Path) -> bytes:
    """The file's bytes. FileNotFoundError if there is none."""
    return path.read_bytes() if not store.is_object(path) else store.read(path)


def listed(folder: Path, suffix: str) -> list[Path]:
    """The files of the folder whose names end so, sorted."""
    if store.is_object(folder):
        return [folder / name for name in store.listed(folder) if name.endswith(suffix)]
    return sorted(folder.glob(f"*{suffix}"))


def same(one: Path, two: Path) -> bool:
    """Whether both are names of one file, which objects never have."""
    return not store.is_object(one) and one.samefile(two)
