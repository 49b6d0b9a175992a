"""The sources in a file: itself, or, where it is a container, its members, those of containers inside included.

`member` is the path inside: names as the container gives them, with `!/` between a container and what is in it
(`week.zip!/monday.tar!/a.html` is member `monday.tar!/a.html` of week.zip). What is only compressed has no name of its own, so a
gzipped file has no member. In names `!`, `%` and what a table cannot carry are percent-encoded; the second member with the same
name is `name!2`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from pipeline.errors import Rejected
from pipeline.model import Rejection, Source
from pipeline.settings import Settings
from pipeline.sources import containers
from pipeline.sources.containers.container import (
    HEAD,
    LONGEST_NAME,
    STAGE,
    Budget,
    Buffered,
    Container,
    Counted,
    Exhausted,
    Found,
    Plain,
    Reading,
    broken,
    read_bounded,
)
from pipeline.sources.names import Listed, uri_of
from pipeline.sources.remote import RemoteFile, is_remote

INSIDE = "!/"


class Part(NamedTuple):
    """One source with its bytes, or why they could not be had."""

    source: Source
    data: bytes
    refusal: Rejection | None = None


class Changed(Rejected):
    """A file was written to while it was read: what was read of it counts for nothing."""


class Opened:
    """A file while it is read. `digest` is the sha256 of its bytes, `size` how many there are."""

    def __init__(self, uri: str, file: Buffered, settings: Settings) -> None:
        self._walk = _Walk(uri, file, settings)
        self._file = file
        self._listed = Listed(uri, "")
        self._before = _state(file)
        self.size = self._before[0]
        self.digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)

    def parts(self) -> Iterator[Part]:
        """The sources in it, in its order; at least one. Raises Changed at the end, if it was written to meanwhile."""
        yield from self._walk.file(self._file)
        if _state(self._file) != self._before:
            raise changed_while_read(self._listed.uri)


@contextlib.contextmanager
def opened(listed: Listed, settings: Settings) -> Iterator[Opened]:
    """The file, to be read.

    Raises Rejected (stage sources): vanished, unreadable, too-large.
    """
    try:
        file = io.BufferedReader(_raw(listed.path), HEAD)
    except FileNotFoundError as error:
        raise Rejected(STAGE, "vanished", "the file was listed and is gone", remedy="Run again", place=listed.uri) from error
    except OSError as error:
        raise _unreadable(listed, error) from error
    with file:
        try:
            size = _state(file)[0]
            if size > settings.max_source_bytes and not _is_container(file, settings):
                raise _too_large(listed, size, settings)
            given = Opened(listed.uri, file, settings)
        except OSError as error:
            raise _unreadable(listed, error) from error
        yield given


def parts_of(uri: str, data: bytes, settings: Settings) -> Iterator[Part]:
    """The sources in bytes that are no file of the folder: standard input."""
    file = io.BufferedReader(Plain(data), HEAD)
    return _Walk(uri, file, settings).file(file)


def is_readable(path: str, settings: Settings) -> bool:
    """Whether the file is not too large: only containers may be larger than what fits into memory. Raises OSError."""
    if os.stat(path).st_size <= settings.max_source_bytes:
        return True
    with io.BufferedReader(open(path, "rb", buffering=0), HEAD) as file:
        return _is_container(file, settings)


def changed_while_read(uri: str) -> Changed:
    """The refusal of a file that was written to while it was read: its rows would be of no state it ever had."""
    remedy = "Run again when it is no longer written to"
    return Changed(STAGE, "changed", "the file was written to while it was read", remedy=remedy, place=uri)


class _Walk:
    """The way through one file and all that is in it."""

    def __init__(self, uri: str, file: Buffered, settings: Settings) -> None:
        self._uri = uri
        self._settings = settings
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._budget = Budget(size, settings)
        self._modified = _modified(file)

    def file(self, file: Buffered) -> Iterator[Part]:
        """The sources in the file. Whatever it unfolds to, it ends."""
        try:
            yield from self._in(Reading(file, self._settings), "", 0, Found("", b""))
        except Exhausted as refusal:
            yield self._refused(refusal.place, refusal)

    def _in(self, reading: Reading, path: str, depth: int, found: Found) -> Iterator[Part]:
        try:
            container = _container(reading, found.kind)
            if container is None:
                yield self._whole(path, read_bounded(reading.file, self._settings), found)
                return
        except Exhausted as refusal:
            refusal.place = path
            raise
        except Rejected as refusal:
            yield self._refused(path, refusal)
            return
        except containers.errors() as error:
            yield self._refused(path, _explained(error))
            return
        if depth >= self._settings.max_depth:
            yield self._refused(path, _too_deep(self._settings))
            return
        yield from self._members(container, reading, path, depth)

    def _members(self, container: Container, reading: Reading, path: str, depth: int) -> Iterator[Part]:
        members = container.members(reading)
        names = _Names()
        empty = True
        while True:
            try:
                found = next(members, None)
            except Exhausted as refusal:
                refusal.place = path
                raise
            except Rejected as refusal:
                yield self._refused(path, refusal)
                return
            except containers.errors() as error:
                yield self._refused(path, _explained(error))
                return
            if found is None:
                break
            empty = False
            here = names.path(path, found)
            yield from self._member(found, here, depth)
        if empty:
            yield self._refused(path, _empty(container.name))

    def _member(self, found: Found, path: str, depth: int) -> Iterator[Part]:
        if isinstance(found.content, Rejected):
            yield self._refused(path, found.content)
        elif isinstance(found.content, bytes) and not found.kind:
            yield self._whole(path, found.content, found)
        else:
            content = io.BytesIO(found.content) if isinstance(found.content, bytes) else found.content
            file = io.BufferedReader(Counted(content, self._budget), HEAD)
            yield from self._in(Reading(file, self._settings), path, depth + 1, found)

    def _whole(self, path: str, data: bytes, found: Found) -> Part:
        digest = hashlib.sha256(data).hexdigest()
        source = Source(self._uri, digest, len(data), path, self._modified, None, found.declared_charset, found.headers)
        return Part(source, data)

    def _refused(self, path: str, refusal: Rejected) -> Part:
        source = Source(self._uri, sha256="", size=0, member=path)
        return Part(source, b"", Rejection(refusal.stage, refusal.reason, uri_of(refusal.cause), refusal.remedy))


class _Names:
    """The paths of a container's members, each once."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}

    def path(self, container: str, found: Found) -> str:
        if not found.name:
            return container
        name = uri_of(found.name).replace("!", "%21")
        if len(name) > LONGEST_NAME:
            name = f"{name[: LONGEST_NAME - 67]}…{hashlib.sha256(name.encode()).hexdigest()}"
        if not found.unique:
            times = self._times[name] = self._times.get(name, 0) + 1
            name = name if times == 1 else f"{name}!{times}"
        return f"{container}{INSIDE}{name}" if container else name


def _container(reading: Reading, kind: str) -> Container | None:
    """What the file is, if it holds sources."""
    if kind:
        return containers.containers()[kind]
    found = containers.choose(reading.file.peek(HEAD)[:HEAD], reading.settings)
    if found is not None and found.is_document is not None and found.is_document(reading):
        return None
    return found


def _is_container(file: Buffered, settings: Settings) -> bool:
    return _container(Reading(file, settings), "") is not None


def _explained(error: Exception) -> Rejected:
    return broken(str(error) or type(error).__name__)


def _empty(kind: str) -> Rejected:
    return Rejected(STAGE, "no-members", f"there is nothing in this {kind} file", remedy="Remove it, or make it again")


def _too_deep(settings: Settings) -> Rejected:
    cause = f"containers stand in each other deeper than max_depth = {settings.max_depth}"
    return Rejected(STAGE, "nested-too-deep", cause, remedy="Unpack it, or raise max_depth")


def _unreadable(listed: Listed, error: OSError) -> Rejected:
    remedy = "Check the file's permissions and its disk, then run again"
    return Rejected(STAGE, "unreadable", error.strerror or str(error), remedy=remedy, place=listed.uri)


def _too_large(listed: Listed, size: int, settings: Settings) -> Rejected:
    cause = f"{size} bytes, more than max_source_bytes = {settings.max_source_bytes}"
    return Rejected(STAGE, "too-large", cause, remedy="Raise max_source_bytes, or cut the file", place=listed.uri)


def _raw(path: str) -> io.RawIOBase:
    return RemoteFile(path) if is_remote(path) else open(path, "rb", buffering=0)


def _state(file: Buffered) -> tuple[Any, ...]:
    """The size of the file, and what changes when it is written to."""
    if isinstance(file.raw, RemoteFile):
        return file.raw.state()
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _modified(file: Buffered) -> dt.datetime | None:
    if isinstance(file.raw, RemoteFile):
        return file.raw.modified()
    try:
        return dt.datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, dt.UTC)
    except io.UnsupportedOperation:
        return None
