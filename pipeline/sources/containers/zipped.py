"""zip: the members in the order of the central directory, which alone says what is in it.

A package that is a document of its own (DOCX and its kin, OpenDocument) is no archive of sources; an EPUB is read by its spine.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources.containers.container import Container, Found, Reading, hidden, too_many
from pipeline.sources.containers.zipfiles import EMPTY, ERRORS, MEMBER, entries, member

# Office Open XML has the one, EPUB and OpenDocument the other.
_OF_DOCUMENTS = ("[Content_Types].xml", "mimetype")
# Packed again by somebody, an EPUB's first member may be any; this one it has for certain.
_OF_BOOKS = "META-INF/container.xml"


def _recognise(head: bytes, settings: Settings) -> bool:
    del settings
    return head.startswith((MEMBER, EMPTY))


def _is_document(reading: Reading) -> bool:
    begin = reading.file.peek(64)[30:64]  # the first member's name stands behind a header of 30 bytes
    if begin.startswith(_OF_DOCUMENTS[0].encode()):
        return True
    file = reading.seekable()
    file.seek(0)
    try:
        if entries(file) > reading.settings.max_members:
            return False
        with zipfile.ZipFile(file) as archive:
            names = archive.NameToInfo
            return _OF_BOOKS not in names and any(name in names for name in _OF_DOCUMENTS)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False  # `members` meets the same and says so
    finally:
        file.seek(0)


def _members(reading: Reading) -> Iterator[Found]:
    settings = reading.settings
    file = reading.seekable()
    if entries(file) > settings.max_members:  # before zipfile makes an object for each
        raise too_many(settings.max_members)
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        infos = archive.infolist()
        if _OF_BOOKS in archive.NameToInfo:
            file.seek(0)
            yield Found("", file, unique=True, kind="epub")
            return
        for info in infos:
            if info.is_dir() or (hidden(info.filename) and not settings.hidden):
                continue
            content = member(archive, info)
            if isinstance(content, Rejected):
                yield Found(info.filename, content)
                continue
            with content:
                yield Found(info.filename, content)


CONTAINERS = (Container("zip", _recognise, _members, ERRORS, _is_document),)
