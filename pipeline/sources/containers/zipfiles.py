"""What the readers of zip packages share: how many entries there are before zipfile makes an object for each, and members."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from lzma import LZMAError
from typing import IO

from pipeline.errors import Rejected
from pipeline.sources.containers.container import STAGE, not_a_file, unsafe

MEMBER, EMPTY, ENTRY = b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02"
ERRORS = (zipfile.BadZipFile, zlib.error, LZMAError)
_ENCRYPTED = 1  # bit of a member's flags
_CHUNK = 2**20
_LOCATOR = b"PK\x06\x07"
_END = 22  # bytes of the last record, with no comment
_LONGEST_END = _END + 2**16 + 76  # with the longest comment, and what zip64 puts before it


def member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes] | Rejected:
    """The member's bytes as a stream, or why there are none."""
    refusal = _refusal(info)
    if refusal is not None:
        return refusal
    try:
        return archive.open(info)
    except (*ERRORS, NotImplementedError, RuntimeError, ValueError) as error:
        reason = "unsupported" if isinstance(error, NotImplementedError) else "broken"
        remedy = "Pack it again with the usual compression; the other members were read"
        return Rejected(STAGE, reason, str(error), remedy=remedy)


def _refusal(info: zipfile.ZipInfo) -> Rejected | None:
    if info.flag_bits & _ENCRYPTED:
        return Rejected(STAGE, "encrypted", "a password protects the member", remedy="Pack it without a password, then run again")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        return not_a_file("a link" if kind == stat.S_IFLNK else "no file")
    return unsafe(info.filename)


def entries(file: IO[bytes]) -> int:
    """How many entries the directory can have at most, whatever count it declares; 0 if there is none.

    Looks where zipfile looks: APPNOTE 6.3.10, sections 4.3.14 to 4.3.16.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_END))
    end = file.read()
    at = len(end) - _END if end[-_END:].startswith(EMPTY) else end.rfind(EMPTY)
    if at < 0 or len(end) - at < _END:
        return 0
    length = int.from_bytes(end[at + 12 : at + 16], "little")
    if end.startswith(_LOCATOR, at - 20):
        length = int.from_bytes(end[at - 36 : at - 28], "little")
    left = min(size, length + len(end))
    file.seek(size - left)
    count, before = 0, b""
    while left > 0 and (chunk := file.read(min(left, _CHUNK))):
        left -= len(chunk)
        count += (before + chunk).count(ENTRY)
        before = (before + chunk)[-len(ENTRY) + 1 :]
    return count
