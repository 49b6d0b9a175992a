"""Where bytes come from: the files of a folder. The only room that reads source files.

A source's `uri` is its path relative to the folder, with `/`; characters that a URI or a table cannot carry (control characters,
bytes that are not UTF-8, and `%` itself) are percent-encoded, so that two files never share a uri.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from pipeline.errors import Rejected, SettingsError
from pipeline.model import Rejection, Source
from pipeline.settings import Settings


class Listed(NamedTuple):
    """A file that was there when the folder was listed; nothing of it has been read."""

    uri: str
    path: str


def discover(settings: Settings) -> tuple[list[Listed], list[tuple[Source, Rejection]]]:
    """The files below `settings.raw`, sorted by uri, and what cannot be a source (dangling links, devices), with reasons.

    Raises SettingsError if the folder is not there.
    """
    root = settings.raw
    if not root.is_dir():
        raise SettingsError("no such folder", place=str(root), remedy="Name the folder of source files: winnow run FOLDER")
    listed: list[Listed] = []
    rejected: list[tuple[Source, Rejection]] = []
    unlisted: list[OSError] = []
    for path in _walk(root, settings.out, settings.hidden, unlisted.append):
        relative = os.path.relpath(path, root).replace(os.sep, "/")
        if any(fnmatch.fnmatchcase(relative, pattern) for pattern in settings.exclude):
            continue
        found = Listed(uri_of(relative), path)
        refusal = _refusal(path, root)
        if refusal is None:
            listed.append(found)
        else:
            rejected.append((unread(found), refusal))
    for error in unlisted:
        folder = os.path.relpath(error.filename, root).replace(os.sep, "/")
        refusal = _rejection("unreadable-folder", error.strerror or str(error), "Check the folder's permissions, or exclude it")
        rejected.append((unread(Listed(uri_of(f"{folder}/"), error.filename)), refusal))
    return sorted(listed), sorted(rejected, key=lambda pair: pair[0].uri)


def read(listed: Listed, settings: Settings) -> tuple[Source, bytes]:
    """The source and its bytes.

    Raises Rejected (stage sources): vanished, unreadable, too-large.
    """
    try:
        with open(listed.path, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size > settings.max_source_bytes:
                raise _too_large(listed, status.st_size, settings)
            data = file.read(settings.max_source_bytes + 1)
    except FileNotFoundError as error:
        raise Rejected("sources", "vanished", "the file was listed and is gone", remedy="Run again", place=listed.uri) from error
    except OSError as error:
        raise Rejected(
            "sources",
            "unreadable",
            error.strerror or str(error),
            remedy="Check the file's permissions and its disk, then run again",
            place=listed.uri,
        ) from error
    if len(data) > settings.max_source_bytes:
        raise _too_large(listed, len(data), settings)
    return _source(listed.uri, data, dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)), data


def from_bytes(uri: str, data: bytes) -> Source:
    """A source for bytes that are no file of the folder: standard input, a benchmark's row."""
    return _source(uri, data, None)


def unread(listed: Listed) -> Source:
    """The source of a file that could not be read: no digest, size 0."""
    return Source(listed.uri, sha256="", size=0)


def uri_of(relative: str) -> str:
    """The uri of a path relative to the folder."""
    return "".join(_escaped(char) if not char.isprintable() or char == "%" else char for char in relative)


def _escaped(char: str) -> str:
    return quote(os.fsencode(char) if "\udc80" <= char <= "\udcff" else char.encode("utf-8", "surrogatepass"), safe="")


def _source(uri: str, data: bytes, modified: dt.datetime | None) -> Source:
    return Source(uri, sha256=hashlib.sha256(data).hexdigest(), size=len(data), modified=modified)


def _walk(root: Path, out: Path, hidden: bool, failed: Callable[[OSError], object]) -> Iterator[str]:
    """The paths of files and links; the dataset, should it lie below the root, is no source."""
    dataset = os.path.realpath(out)
    for folder, folders, files in os.walk(root, onerror=failed):
        folders[:] = sorted(
            name
            for name in folders
            if (hidden or not name.startswith(".")) and os.path.realpath(os.path.join(folder, name)) != dataset
        )
        for name in files:
            if hidden or not name.startswith("."):
                yield os.path.join(folder, name)
        # A link to a folder inside the root is listed where the folder is; one that leads elsewhere must be refused aloud.
        for name in folders:
            path = os.path.join(folder, name)
            if os.path.islink(path) and not _is_inside(path, root):
                yield path


def _refusal(path: str, root: Path) -> Rejection | None:
    """Why a directory entry cannot be a source; None when it is a file that may be opened."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        if os.path.islink(path):
            target = os.readlink(path)
            return _rejection("dangling-link", f"the link leads to {target!r}, which is not there", "Remove the link, or mend it")
        return _rejection("vanished", "the file was listed and is gone", "Run again")
    except OSError as error:
        return _rejection("unreadable", error.strerror or str(error), "Check the permissions of the file and its folder")
    if os.path.islink(path) and not _is_inside(path, root):
        return _rejection("link-outside", "the link leads out of the folder", "Copy the file into the folder")
    if not stat.S_ISREG(mode):
        return _rejection("not-a-file", "this is a device, pipe or socket", "Remove it, or exclude it")
    return None


def _is_inside(path: str, root: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _rejection(reason: str, detail: str, remedy: str) -> Rejection:
    return Rejection("sources", reason, uri_of(detail), remedy)


def _too_large(listed: Listed, size: int, settings: Settings) -> Rejected:
    return Rejected(
        "sources",
        "too-large",
        f"{size} bytes, more than max_source_bytes = {settings.max_source_bytes}",
        remedy="Raise max_source_bytes, or cut the file",
        place=listed.uri,
    )
