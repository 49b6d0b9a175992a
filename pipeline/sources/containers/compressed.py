"""gzip, bzip2, xz, zstd: one source in fewer bytes. What is inside has the file's own name.

Several streams one behind the other are one, and zeros behind the last are padding, as for gzip and xz themselves (RFC 1952,
section 2.2; The .xz File Format, section 2.2). Bytes of another kind there are an error: nothing is lost silently.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Protocol

import zstandard

from pipeline.settings import Settings
from pipeline.sources.containers.container import Container, Found, Reading

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Compressed bytes at a time: the worst of the formats, zstd, makes 64 MiB of them, in blocks of 4 bytes for 128 KiB.
_PIECE = 2 * 2**10
# `xz -9` needs 65 MiB; a header can ask for 4 GiB.
_XZ_MEMORY = 256 * 2**20
_ZSTD_WINDOW = 128 * 2**20  # what `zstd -d` accepts without being asked


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class _Decompressed(io.RawIOBase):
    """The bytes that are compressed in a file. Reading raises EOFError when it ends too early."""

    def __init__(self, file: IO[bytes], begin: Callable[[], _Decompressor]) -> None:
        self._file = file
        self._begin = begin
        self._current = begin()
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """How many bytes were put into `buffer`; 0 at the end."""
        view = memoryview(buffer).cast("B")
        while not self._ready and (given := self._next()) is not None:
            self._ready = memoryview(given)
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _next(self) -> bytes | None:
        """What the next piece gives, which may be nothing; None at the end."""
        if not self._current.eof:
            piece = self._file.read(_PIECE)
            if not piece:
                raise EOFError("the compressed stream ends before its end mark")
            return self._current.decompress(piece)
        rest = self._current.unused_data.lstrip(b"\0")
        while not rest:
            piece = self._file.read(_PIECE)
            if not piece:
                return None
            rest = piece.lstrip(b"\0")
        self._current = self._begin()
        return self._current.decompress(rest)


def _container(name: str, magic: bytes, begin: Callable[[], _Decompressor], error: type[Exception]) -> Container:
    def recognise(head: bytes, settings: Settings) -> bool:
        del settings
        return head.startswith(magic)

    def members(reading: Reading) -> Iterator[Found]:
        yield Found("", io.BufferedReader(_Decompressed(reading.file, begin)), unique=True)

    return Container(name, recognise, members, (error,))


def _gzip() -> _Decompressor:
    return zlib.decompressobj(16 + zlib.MAX_WBITS)


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def _zstd() -> _Decompressor:
    return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()


CONTAINERS = (
    _container("gzip", b"\x1f\x8b\x08", _gzip, zlib.error),
    _container("bzip2", b"BZh", bz2.BZ2Decompressor, OSError),
    _container("xz", b"\xfd7zXZ\0", _xz, lzma.LZMAError),
    _container("zstd", b"\x28\xb5\x2f\xfd", _zstd, zstandard.ZstdError),
)
