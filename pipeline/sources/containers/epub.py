"""EPUB: the documents of the spine, in reading order (EPUB 3.3, sections 4 and 5); each is read as the XHTML page it is.

The table of contents, covers without text and what the spine does not name (styles, fonts, pictures) are no articles.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote
from xml.parsers import expat

from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources.containers.container import STAGE, Container, Found, Reading, broken, too_large, too_many
from pipeline.sources.containers.zipfiles import ERRORS, MEMBER, entries, member

MEDIA_TYPE = b"application/epub+zip"
_MIMETYPE, _NAME_AT = b"mimetype", 30  # the first member's name, behind a header of 30 bytes
_CONTAINER, _ENCRYPTION = "META-INF/container.xml", "META-INF/encryption.xml"
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document"})
_DATES = frozenset({"", "publication", "original-publication"})
# Bytes of a package document: a dictionary of 10,000 files has 2 MiB.
MOST_XML = 16 * 2**20
_REMEDY = "Export the book again, or unpack it and take its pages as files"


class _Item(NamedTuple):
    """A file that the package names."""

    path: str
    media_type: str
    is_contents: bool


class _Package:
    """What the package document says."""

    def __init__(self) -> None:
        self.items: dict[str, _Item] = {}
        self.spine: list[str] = []
        self.date = ""


def _recognise(head: bytes, settings: Settings) -> bool:
    """By the first member, which is stored uncompressed; what was packed otherwise comes here by way of zip."""
    del settings
    return head.startswith(MEMBER) and head.startswith(_MIMETYPE, _NAME_AT) and MEDIA_TYPE in head[:200]


def _members(reading: Reading) -> Iterator[Found]:
    file = reading.seekable()
    if entries(file) > reading.settings.max_members:
        raise too_many(reading.settings.max_members)
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        package = _package(archive)
        locked = _locked(archive)
        headers = (("date", package.date),) if package.date else ()
        for name in dict.fromkeys(package.spine):
            item = package.items.get(name)
            if item is None:
                yield Found(name, broken(f"the spine names {name!r}, which the package does not list", _REMEDY))
            elif item.path in locked:
                cause = "the page is encrypted, as books from a shop are"
                yield Found(item.path, Rejected(STAGE, "encrypted", cause, remedy="Get it without protection, then run again"))
            else:
                yield from _page(archive, item, headers)


def _page(archive: zipfile.ZipFile, item: _Item, headers: tuple[tuple[str, str], ...]) -> Iterator[Found]:
    if item.is_contents or item.media_type not in _PAGES:
        what = "the book's table of contents" if item.is_contents else f"said to be {item.media_type or 'of no type'}"
        cause = f"the page is {what}"
        yield Found(item.path, Rejected(STAGE, "not-a-document", cause, remedy="Nothing to do: it is no article"))
    elif item.path not in archive.NameToInfo:
        yield Found(item.path, broken("the book names this page, and it is not there", _REMEDY))
    else:
        content = member(archive, archive.NameToInfo[item.path])
        if isinstance(content, Rejected):
            yield Found(item.path, content)
            return
        with content:
            yield Found(item.path, content, None, headers)


def _package(archive: zipfile.ZipFile) -> _Package:
    """What the first package document of the book says; other renditions hold the same text. Raises Rejected."""
    paths: list[str] = []

    def root(tag: str, attributes: dict[str, str]) -> None:
        if tag == "rootfile":
            paths.append(attributes.get("full-path", ""))

    _parse(archive, _CONTAINER, root)
    path = next(iter(paths), "")
    package = _Package()
    said: list[str] = []  # the event of a date that is open

    def element(tag: str, attributes: dict[str, str]) -> None:
        said.clear()
        if tag == "item":
            media_type, properties = attributes.get("media-type", "").lower(), attributes.get("properties", "").split()
            package.items[attributes.get("id", "")] = _Item(_resolved(path, attributes), media_type, "nav" in properties)
        elif tag == "itemref":
            package.spine.append(attributes.get("idref", ""))
        elif tag == "date":
            said.append(attributes.get("event", ""))

    def characters(text: str) -> None:
        if said and said[0] in _DATES and not package.date:
            package.date = text.strip()

    _parse(archive, path, element, characters)
    if not package.spine:
        raise broken("the book's package names no page", _REMEDY)
    return package


def _locked(archive: zipfile.ZipFile) -> frozenset[str]:
    """The paths of what is encrypted."""
    found: set[str] = set()

    def element(tag: str, attributes: dict[str, str]) -> None:
        if tag == "CipherReference":
            found.add(unquote(attributes.get("URI", "")))

    if _ENCRYPTION in archive.NameToInfo:
        _parse(archive, _ENCRYPTION, element)
    return frozenset(found)


def _resolved(package: str, attributes: dict[str, str]) -> str:
    reference = unquote(attributes.get("href", "").partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(package), reference))


def _parse(
    archive: zipfile.ZipFile,
    path: str,
    element: Callable[[str, dict[str, str]], None],
    characters: Callable[[str], None] | None = None,
) -> None:
    """Reads an XML file of the book; `element` is told names without namespaces. Entities are refused. Raises Rejected."""
    if path not in archive.NameToInfo:
        raise broken(f"the book has no {path or 'package'}", _REMEDY)
    content = member(archive, archive.NameToInfo[path])
    if isinstance(content, Rejected):
        raise content
    with content:
        data = content.read(MOST_XML + 1)
    if len(data) > MOST_XML:
        raise too_large(f"{path} has more than {MOST_XML} bytes")

    def local(attributes: dict[str, str]) -> dict[str, str]:
        return {name.rpartition(" ")[2]: value for name, value in attributes.items()}

    def declared(*_: object) -> None:
        raise broken(f"{path} declares entities, which no book needs", _REMEDY)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: element(tag.rpartition(" ")[2], local(attributes))
    parser.EntityDeclHandler = declared
    if characters is not None:
        parser.CharacterDataHandler = characters
    try:
        parser.Parse(data, True)  # noqa: FBT003  no keywords in C
    except expat.ExpatError as error:
        raise broken(f"{path} is damaged ({error})", _REMEDY) from error


CONTAINERS = (Container("epub", _recognise, _members, ERRORS),)
