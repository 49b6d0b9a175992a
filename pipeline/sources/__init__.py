"""Where bytes come from: the files of a folder, or below a URL. The only room that reads source files.

A source's `uri` is its path relative to the folder, with `/`; characters that a URI or a table cannot carry (control characters,
bytes that are not UTF-8, and `%` itself) are percent-encoded, so that two files never share a uri.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.errors import Rejected, SettingsError
from pipeline.model import Rejection, Source
from pipeline.settings import Settings
from pipeline.sources.members import INSIDE, Changed, Opened, Part, changed_while_read, is_readable, opened, parts_of
from pipeline.sources.names import Listed, uri_of
from pipeline.sources.remote import is_remote, listing

__all__ = [
    "INSIDE",
    "Changed",
    "Listed",
    "Opened",
    "Part",
    "changed_while_read",
    "discover",
    "from_bytes",
    "is_readable",
    "is_remote",
    "opened",
    "parts_of",
    "read",
    "unread",
    "uri_of",
]


def discover(settings: Settings) -> tuple[list[Listed], list[tuple[Source, Rejection]]]:
    """The files below `settings.raw`, a folder or a URL, sorted by uri; what cannot be a source (dangling links …), with reasons.

    Raises SettingsError if the folder is not there, or the URL cannot be listed.
    """
    if settings.raw_url is not None:
        return sorted(_remote(settings.raw_url, settings)), []
    root = settings.raw
    if not root.is_dir():
        raise SettingsError("no such folder", place=str(root), remedy="Name the folder of source files: winnow run FOLDER")
    listed: list[Listed] = []
    rejected: list[tuple[Source, Rejection]] = []
    unlisted: list[OSError] = []
    for path in _walk(root, settings.out, settings.hidden, unlisted.append):
        relative = os.path.relpath(path, root).replace(os.sep, "/")
        if not _is_wanted(relative, settings):
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
    """A file that is one source, and its bytes; of a container the first.

    Raises Rejected (stage sources): vanished, unreadable, too-large, or what is wrong with the container.
    """
    with opened(listed, settings) as file:
        part = next(file.parts())
    if part.refusal is not None:
        raise Rejected(part.refusal.stage, part.refusal.reason, part.refusal.detail, remedy=part.refusal.remedy, place=listed.uri)
    return part.source, part.data


def from_bytes(uri: str, data: bytes) -> Source:
    """A source for bytes that are no file of the folder: standard input, a benchmark's row."""
    return Source(uri, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def unread(listed: Listed) -> Source:
    """The source of a file that could not be read: no digest, size 0."""
    return Source(listed.uri, sha256="", size=0)


def _remote(url: str, settings: Settings) -> Iterator[Listed]:
    for relative, path in listing(url):
        is_hidden = any(part.startswith(".") for part in relative.split("/"))
        if (settings.hidden or not is_hidden) and _is_wanted(relative, settings):
            yield Listed(uri_of(relative), path)


def _is_wanted(relative: str, settings: Settings) -> bool:
    return not _matches(relative, settings.exclude) and (not settings.include or _matches(relative, settings.include))


def _matches(relative: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(relative, pattern) for pattern in patterns)


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
