"""A dataset's objects behind a URL that fsspec opens (s3://, gs://, az://, memory://): `files` without renames.

An object appears whole or not at all, and one instance of it replaces another at one instant; nothing else is relied upon but
`create`, of which only one of two succeeds. Everything raises OSError, whatever the service's own library raises.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pyarrow.fs as pafs

from pipeline.settings import url_of
from pipeline.sources import remote

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable

P = ParamSpec("P")
R = TypeVar("R")

AT_ONCE = 16  # requests under way: each waits for the network, not for this machine
_PIECE = 2**20
_ONE = threading.Lock()


def is_object(path: Path) -> bool:
    """Whether the path is behind a URL."""
    return url_of(path) is not None


def called(path: Path) -> str:
    """The path as people write it."""
    return url_of(path) or str(path)


def _system(path: Path) -> tuple[Any, str]:
    url = called(path)
    try:
        # What was listed a moment ago may be what another process has changed since.
        return remote.system_of(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise remote.unknown(url, error) from error


def _safely(function: Callable[P, R]) -> Callable[P, R]:
    """The function of a path with OSErrors alone."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        with remote.as_os_error(called(next(arg for arg in args if isinstance(arg, Path)))):
            return function(*args, **kwargs)

    return call


@_safely
def size(path: Path) -> int | None:
    """Bytes of the object; None if there is none."""
    system, name = _system(path)
    try:
        found = system.info(name)
    except FileNotFoundError:
        return None
    return int(found["size"]) if found["type"] == "file" else None


@_safely
def read(path: Path) -> bytes:
    """The object's bytes. FileNotFoundError if there is none."""
    system, name = _system(path)
    return bytes(system.cat_file(name))


@_safely
def digest(path: Path) -> str:
    """sha256 of the object's bytes, read in pieces."""
    system, name = _system(path)
    sha = hashlib.sha256()
    with system.open(name, "rb") as file:
        while piece := file.read(_PIECE):
            sha.update(piece)
    return sha.hexdigest()


@_safely
def modified(path: Path) -> dt.datetime:
    """When the object was written, by the service's clock."""
    system, name = _system(path)
    found: dt.datetime = system.modified(name)
    return found


@_safely
def listed(folder: Path) -> dict[str, int]:
    """The objects of the folder, not of those below it: name → bytes, sorted."""
    system, name = _system(folder)
    try:
        found = system.ls(name, detail=True)
    except FileNotFoundError:
        return {}
    # A store's folder may have an object of its own name.
    files = (one for one in found if one["type"] == "file" and one["name"].rstrip("/") != name.rstrip("/"))
    return dict(sorted((one["name"].rpartition("/")[2], int(one["size"])) for one in files))


@_safely
def put(path: Path, data: bytes) -> None:
    """The object holds `data`."""
    system, name = _system(path)
    system.pipe_file(name, data)


@_safely
def create(path: Path, data: bytes) -> None:
    """The object, which was not there, holds `data`. FileExistsError if it was there, or another's came first."""
    system, name = _system(path)
    with _ONE:  # the store of fsspec's tests, memory://, looks first and writes then
        try:
            system.pipe_file(name, data, mode="create")
        except Exception as error:
            # The first try may have come through and its answer not; and each service has an error of its own for "it is there".
            with contextlib.suppress(FileNotFoundError):
                if system.cat_file(name) == data:
                    return
                raise FileExistsError(None, "there is one already", called(path)) from error
            raise


@_safely
def creates_alone(path: Path) -> bool:
    """Whether the store refuses to create the object, which is there, once more. Where it does not, it is as it was."""
    system, name = _system(path)
    data = system.cat_file(name)
    try:
        system.pipe_file(name, data, mode="create")
    except OSError:
        return True
    return False


@_safely
def upload(file: Path, path: Path) -> None:
    """The object holds the bytes of a local file."""
    system, name = _system(path)
    system.put_file(str(file), name)


@_safely
def copy(here: Path, there: Path) -> None:
    """The object `there` holds the bytes of `here`, which don't leave the store. FileNotFoundError if there are none."""
    system, name = _system(here)
    system.cp_file(name, _system(there)[1])


@_safely
def delete(path: Path) -> None:
    """The object is not there."""
    system, name = _system(path)
    with contextlib.suppress(FileNotFoundError, KeyError):  # memory:// says KeyError
        system.rm_file(name)


@_safely
def below(folder: Path) -> list[Path]:
    """All objects of the folder and of those below it."""
    system, name = _system(folder)
    return [folder / str(one).removeprefix(name).lstrip("/") for one in system.find(name)]


def each(function: Callable[..., None], calls: Iterable[tuple[Path, ...]]) -> None:
    """All calls are done, several at once. The first error is raised when those that were begun have ended."""
    todo = list(calls)
    if not todo:
        return
    with ThreadPoolExecutor(min(AT_ONCE, len(todo))) as pool:
        futures = [pool.submit(function, *call) for call in todo]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def delete_tree(folder: Path) -> None:
    """Nothing is in the folder or below it."""
    each(delete, ((path,) for path in below(folder)))


def arrow(path: Path) -> tuple[str, pafs.FileSystem]:
    """The path as pyarrow reads it: name and file system."""
    system, name = _system(path)
    return name, pafs.PyFileSystem(pafs.FSSpecHandler(system))
