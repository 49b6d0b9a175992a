"""What a reader of containers must offer to be found, and the bounds that hold for all of them.

Nothing is ever unpacked to a disk, and of a container that holds many sources only one is in memory at a time.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from pipeline.errors import Rejected
from pipeline.settings import Settings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Buffered: TypeAlias = "io.BufferedReader[Any]"

STAGE = "sources"
# Bytes that a container is recognised by: the longest look is at a mail's header.
HEAD = 64 * 2**10
# Whatever its size, a file may unfold to so many bytes before its ratio is looked at.
FREE = 64 * 2**20
# Longest name of a member in characters; file systems allow 255 bytes a part and 4,096 a path.
LONGEST_NAME = 4096


class Found(NamedTuple):
    """One member: its name, and its bytes, or a stream that holds until the next member is asked for, or why there is neither.

    `name` "" is the container itself in another form (what is compressed). `unique` says that no other member can have the name,
    `kind` names the container that the member is known to be. `headers` are what the container says of it: url, title, date.
    """

    name: str
    content: bytes | IO[bytes] | Rejected
    declared_charset: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    unique: bool = False
    kind: str = ""


class Reading:
    """A container that is being read. `file` is buffered by HEAD bytes at least; `size` its bytes if they are known."""

    def __init__(self, file: Buffered, settings: Settings) -> None:
        self.file = file
        self.settings = settings

    def seekable(self) -> IO[bytes]:
        """The whole file, to be read in any order: itself, else from memory. Raises Rejected (too-large)."""
        if not self.file.seekable():
            self.file = io.BufferedReader(Plain(read_bounded(self.file, self.settings)), HEAD)
        return self.file


class Container(NamedTuple):
    """A format that holds sources. `recognise` looks at the first HEAD bytes (all, if `whole`), never at a name.

    `members` reads them one by one; what it raises of `errors` means that the container is damaged. `is_document` tells a file
    that only looks like this container.
    """

    name: str
    recognise: Callable[[bytes, Settings], bool]
    members: Callable[[Reading], Iterator[Found]]
    errors: tuple[type[Exception], ...] = ()
    is_document: Callable[[Reading], bool] | None = None


class Exhausted(Rejected):
    """A file has unfolded to more than the settings allow: nothing more of it is read."""


class Budget:
    """Bytes that one file may still unfold to, all members of all depths together."""

    def __init__(self, size: int, settings: Settings) -> None:
        self._ratio = settings.max_ratio
        self._by_ratio = max(FREE, int(size * settings.max_ratio))
        self._most = settings.max_expanded_bytes
        self._spent = 0

    def spend(self, count: int) -> None:
        """Notes that so many bytes came out. Raises Exhausted."""
        self._spent += count
        if self._spent > self._most:
            cause = f"it unfolds to more than max_expanded_bytes = {self._most}; the rest of the file was not read"
            raise Exhausted(
                STAGE, "expands-too-much", cause, remedy="Distrust the file; else raise max_expanded_bytes, or cut it"
            )
        if self._spent > self._by_ratio:
            cause = f"it unfolds to more than max_ratio = {self._ratio:g} times its size; the rest of the file was not read"
            raise Exhausted(STAGE, "expands-too-much", cause, remedy="Distrust the file; if it is sound, raise max_ratio")


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class Plain(io.BytesIO):
    """Bytes as a raw stream that a BufferedReader can stand on."""


class Counted(io.RawIOBase):
    """A stream whose bytes are taken from a budget. An error comes when all that stood before it has been read."""

    def __init__(self, stream: _Readable, budget: Budget) -> None:
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._budget = budget
        self._failed: Exception | None = None

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """How many bytes were put into `buffer`: all it holds, but at the end."""
        if self._failed is not None:
            raise self._failed
        view = memoryview(buffer).cast("B")
        filled = 0
        try:
            while filled < len(view) and (piece := self._read(len(view) - filled)):
                self._budget.spend(len(piece))
                view[filled : filled + len(piece)] = piece
                filled += len(piece)
        except Exception as error:
            if not filled:
                raise
            self._failed = error
        return filled


def read_bounded(file: _Readable, settings: Settings) -> bytes:
    """What is left of the stream. Raises Rejected (too-large)."""
    most = settings.max_source_bytes
    pieces: list[bytes] = []
    size = 0
    while piece := file.read(min(most + 1 - size, 2**20)):
        pieces.append(piece)
        size += len(piece)
        if size > most:
            raise too_large(f"more than max_source_bytes = {most}")
    return b"".join(pieces)


def too_large(what: str) -> Rejected:
    """The refusal of a member, or a file, that does not fit into memory."""
    return Rejected(STAGE, "too-large", what, remedy="Raise max_source_bytes, or cut the file")


def broken(cause: str, remedy: str = "Fetch or make the file again; what could be read of it was") -> Rejected:
    """The refusal of what is damaged or cut short."""
    return Rejected(STAGE, "broken", cause, remedy=remedy)


def too_many(most: int) -> Rejected:
    """The refusal of an archive with more members than the settings allow."""
    cause = f"more than max_members = {most} members; the rest of the archive was not read"
    return Rejected(STAGE, "too-many-members", cause, remedy="Raise max_members, or pack it in parts")


def not_a_file(what: str) -> Rejected:
    """The refusal of a link or device in an archive: it has no bytes of its own."""
    return Rejected(STAGE, "not-a-file", f"this member is {what}", remedy="Pack the file that is meant")


def unsafe(name: str) -> Rejected | None:
    """Why a member with this path is not read; None if there is nothing to say against it."""
    if ".." in name.replace("\\", "/").split("/"):
        cause = "the name leads out of the archive"
        return Rejected(STAGE, "unsafe-name", cause, remedy="Distrust the archive, or pack it without `..`")
    return None


def hidden(name: str) -> bool:
    """Whether a part of the path starts with a dot, as in folders: what systems add (.DS_Store, __MACOSX/._x) does."""
    return any(part.startswith(".") and part not in {".", ".."} for part in name.replace("\\", "/").split("/"))
