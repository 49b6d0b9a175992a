"""tar: the members in the order of the file, read as a stream."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO, Self

from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources.containers.container import Container, Found, Reading, broken, hidden, not_a_file, too_many, unsafe

_MAGIC, _MAGIC_AT = b"ustar", 257
_BLOCK = tarfile.BLOCKSIZE
_KINDS = {
    tarfile.SYMTYPE: "a link",
    tarfile.LNKTYPE: "a hard link to another member",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
}


def _recognise(head: bytes, settings: Settings) -> bool:
    """By its mark; tars from before POSIX have none, but the checksum of their first header is right."""
    del settings
    if head.startswith(_MAGIC, _MAGIC_AT):
        return True
    try:
        tarfile.TarInfo.frombuf(head[:_BLOCK], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


class _Info(tarfile.TarInfo):
    """A header; one that cannot be read is an error, where tarfile takes it for the end of the archive."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> Self:
        """The next header. Raises tarfile.EOFHeaderError at the end mark, tarfile.ReadError where there is neither."""
        try:
            return super().fromtarfile(archive)
        except tarfile.HeaderError as error:
            kind = type(error).__name__  # the classes are not public; their names are old
            if kind == "EOFHeaderError":
                raise
            ends = kind in {"EmptyHeaderError", "TruncatedHeaderError"}
            cause = "the archive ends before its end mark" if ends else f"a member's header is damaged ({error})"
            raise tarfile.ReadError(cause) from error


def _members(reading: Reading) -> Iterator[Found]:
    settings = reading.settings
    count = 0
    with tarfile.open(fileobj=reading.file, mode="r|", tarinfo=_Info) as archive:
        for info in archive:
            archive.members = []  # type: ignore[attr-defined]  # else it remembers them all
            if info.isdir():
                continue
            count += 1
            if count > settings.max_members:
                raise too_many(settings.max_members)
            if not hidden(info.name) or settings.hidden:
                yield Found(info.name, _refusal(info) or _content(archive, info))


def _refusal(info: tarfile.TarInfo) -> Rejected | None:
    if not info.isfile():
        return not_a_file(_KINDS.get(info.type, "of an unknown kind"))
    return unsafe(info.name)


def _content(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes] | Rejected:
    return archive.extractfile(info) or broken("the member has no bytes")


CONTAINERS = (Container("tar", _recognise, _members, (tarfile.TarError,)),)
