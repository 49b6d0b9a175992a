"""zip: the members in the order of the central directory, which alone says what is in it.

A package that is a document of its own (DOCX and its kin, EPUB, OpenDocument) is no archive of sources.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from lzma import LZMAError
from typing import IO

from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources.containers.container import (
    STAGE,
    Container,
    Found,
    Reading,
    hidden,
    not_a_file,
    too_many,
    unsafe,
)

_MEMBER, _EMPTY, _ENTRY = b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02"
# Office Open XML has the one, EPUB and OpenDocument the other (as their first member, so that it stands in the first bytes).
_OF_DOCUMENTS = ("[Content_Types].xml", "mimetype")
_ENCRYPTED = 1  # bit of a member's flags
_CHUNK = 2**20
_LOCATOR = b"PK\x06\x07"
_END = 22  # bytes of the last record, with no comment
_LONGEST_END = _END + 2**16 + 76  # with the longest comment, and what zip64 puts before it


def _recognise(head: bytes, settings: Settings) -> bool:
    del settings
    return head.startswith((_MEMBER, _EMPTY))


def _is_document(reading: Reading) -> bool:
    begin = reading.file.peek(64)[30:64]  # the first member's name stands behind a header of 30 bytes
    if begin.startswith(tuple(name.encode() for name in _OF_DOCUMENTS)):
        return True
    file = reading.seekable()
    file.seek(0)
    try:
        if _entries(file) > reading.settings.max_members:
            return False
        with zipfile.ZipFile(file) as archive:
            return any(name in archive.NameToInfo for name in _OF_DOCUMENTS)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False  # `members` meets the same and says so
    finally:
        file.seek(0)


def _members(reading: Reading) -> Iterator[Found]:
    settings = reading.settings
    file = reading.seekable()
    if _entries(file) > settings.max_members:  # before zipfile makes an object for each
        raise too_many(settings.max_members)
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.is_dir() or (hidden(info.filename) and not settings.hidden):
                continue
            refusal = _refusal(info)
            if refusal is not None:
                yield Found(info.filename, refusal)
                continue
            try:
                opened = archive.open(info)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, zlib.error, LZMAError) as error:
                reason = "unsupported" if isinstance(error, NotImplementedError) else "broken"
                remedy = "Pack it again with the usual compression; the other members were read"
                yield Found(info.filename, Rejected(STAGE, reason, str(error), remedy=remedy))
                continue
            with opened:
                yield Found(info.filename, opened)


def _refusal(info: zipfile.ZipInfo) -> Rejected | None:
    if info.flag_bits & _ENCRYPTED:
        return Rejected(STAGE, "encrypted", "a password protects the member", remedy="Pack it without a password, then run again")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        return not_a_file("a link" if kind == stat.S_IFLNK else "no file")
    return unsafe(info.filename)


def _entries(file: IO[bytes]) -> int:
    """How many entries the directory can have at most, whatever count it declares; 0 if there is none.

    Looks where zipfile looks: APPNOTE 6.3.10, sections 4.3.14 to 4.3.16.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST_END))
    end = file.read()
    at = len(end) - _END if end[-_END:].startswith(_EMPTY) else end.rfind(_EMPTY)
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
        count += (before + chunk).count(_ENTRY)
        before = (before + chunk)[-len(_ENTRY) + 1 :]
    return count


CONTAINERS = (Container("zip", _recognise, _members, (zipfile.BadZipFile, zlib.error, LZMAError), _is_document),)
