"""DOCX → text, through python-docx, which opens the package and reads its XML without entities or outside addresses.

Its paragraph objects leave out insertions, content controls and text boxes, so the paragraphs' elements are read themselves.
The order of the text: the body from top to bottom, tables row by row (the cells of a row on one line, a tab between; each
paragraph on its own line if a cell has several), text boxes behind the paragraph that anchors them; then the footnotes, endnotes
and comments; then each different header and footer once. Footnotes are marked [1] in the text and at the note, as in Word's own
plain text. A blank line stands between paragraphs. Deleted text, field codes and pictures are left out.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.errors import Rejected
from pipeline.model import Decoded
from pipeline.sources.extract.extractor import (
    MAX_UNFOLDED,
    STAGE,
    Extractor,
    broken,
    encrypted,
    evidence,
    laid_out,
    library,
    oversized,
)

if TYPE_CHECKING:
    from docx.parts.document import DocumentPart

ZIP = b"PK\x03\x04"
_CONTENTS = b"[Content_Types].xml"
# Word on the web numbers it.
_MAIN = re.compile(r"word/document\d*\.xml")
# Members that a package may have; Word's have some twenty, and one more for each picture.
MAX_MEMBERS = 20_000
# An encrypted DOCX is an OLE compound file with a stream of this name; one of Word 97 has the other.
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLD_WORD = "WordDocument".encode("utf-16-le")
# Parts beside the body, by the last word of their relationship's type, in the order of the text.
_NOTES = ("footnotes", "endnotes", "comments")
_MARGINS = ("header", "footer")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_SKIPPED = frozenset(
    (f"{_W}moveFrom", f"{_W}del", f"{_W}pPr", f"{_W}rPr", "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback")
)
_TEXT = frozenset((f"{_W}t", f"{_M}t"))
_CHARACTERS = {
    f"{_W}tab": "\t",
    f"{_W}ptab": "\t",
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}noBreakHyphen": "\N{NON-BREAKING HYPHEN}",
    f"{_W}softHyphen": "\N{SOFT HYPHEN}",
}
_REFERENCES = frozenset((f"{_W}footnoteReference", f"{_W}endnoteReference"))
_MARKS = frozenset((f"{_W}footnoteRef", f"{_W}endnoteRef"))
_BOX = f"{_W}txbxContent"
_Element = Any  # lxml ships no types


def recognise(data: bytes) -> bool:
    """Whether this is a package with a Word document, or what Word makes of one behind a password, or before 2007."""
    if data.startswith(OLE):
        return _ENCRYPTED in data or _OLD_WORD in data
    if not data.startswith(ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            return any(_MAIN.fullmatch(name) for name in package.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError):
        # Damaged: the names stand before the members too, never compressed. Word's packages begin with their table of contents.
        return data.startswith(_CONTENTS, len(ZIP) + 26) and b"word/" in data


def extract(data: bytes) -> Decoded:
    """The document's text. Raises Rejected: encrypted, unsupported, broken, oversized, empty, no-library."""
    if data.startswith(OLE):
        if _ENCRYPTED in data:
            raise encrypted()
        raise Rejected(STAGE, "unsupported", "a document of Word 97 to 2003", remedy="Save it as DOCX, then run again")
    _check(data)
    docx = library("docx", "python-docx", "docx")
    try:
        main = docx.Document(io.BytesIO(data)).part
        text, margin = _document(main, library("docx.oxml.parser", "python-docx", "docx").parse_xml)
    except Exception as error:  # whatever lxml, zipfile and the library raise on hostile packages costs this one source
        raise _broken(f"{type(error).__name__}: {error}") from error
    if not text.strip():
        raise Rejected(STAGE, "empty", "the document has no text", remedy="Remove it, or export it again")
    return Decoded(text, "utf-8", evidence("python-docx"), margin=margin)


def _check(data: bytes) -> None:
    """Refuse what is locked, damaged or declares to be too much, before anything is unfolded.

    Python's zipfile reads no more of a member than is declared, so a false declaration is a damaged file, not a bomb.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            members = package.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError) as error:
        raise _broken(str(error)) from error
    if any(member.flag_bits & 1 for member in members):
        raise encrypted()
    size = sum(member.file_size for member in members)
    if size > MAX_UNFOLDED or len(members) > MAX_MEMBERS:
        raise oversized(f"{len(members)} parts of together {size} bytes, more than {MAX_MEMBERS} parts or {MAX_UNFOLDED} bytes")


def _broken(cause: str) -> Rejected:
    return broken(cause, "Open it in a word processor and save it again as DOCX, or export it again")


def _document(main: DocumentPart, parse: Any) -> tuple[str, int | None]:
    """The text, in the order that the module's first lines give, and where the headers and footers begin."""
    pieces = list(_paragraphs(main.element.body))
    inside = (relation for relation in main.rels.values() if not relation.is_external)
    beside = [(relation.reltype.rpartition("/")[2], relation.target_part) for relation in inside]
    for kind in _NOTES:
        for part in (part for name, part in beside if name == kind):
            pieces += _paragraphs(parse(part.blob), notes=True)
    margins = ["\n".join(_paragraphs(parse(part.blob))) for kind in _MARGINS for name, part in beside if name == kind]
    different = dict.fromkeys(text for text in margins if text.strip())
    text = f"{laid_out(pieces).rstrip()}\n\n"
    return text + "\n\n".join(different), len(text) if different else None


def _paragraphs(root: _Element, *, notes: bool = False) -> Iterator[str]:
    """The paragraphs, "" for an empty one; a table's rows come where it stands."""
    for child in root:
        tag = child.tag
        if tag == f"{_W}p":
            yield from _paragraph(child)
        elif tag == f"{_W}tbl":
            yield from _table(child)
        elif notes and child.get(f"{_W}type") in ("separator", "continuationSeparator", "continuationNotice"):
            continue
        elif isinstance(tag, str) and tag not in _SKIPPED:  # content controls, notes, moved or custom parts
            yield from _paragraphs(child, notes=notes)


def _paragraph(paragraph: _Element) -> Iterator[str]:
    boxes: list[_Element] = []
    yield "".join(_inline(paragraph, boxes)).strip("\n")
    for box in boxes:
        yield from _paragraphs(box)


def _inline(element: _Element, boxes: list[_Element]) -> Iterator[str]:
    """The text of a paragraph's runs; text boxes that are anchored in it are put aside."""
    for child in element:
        tag = child.tag
        if tag in _TEXT:
            yield child.text or ""
        elif tag in _CHARACTERS:
            yield _CHARACTERS[tag]
        elif tag == f"{_W}sym":
            yield _symbol(child)
        elif tag in _REFERENCES:
            yield f"[{child.get(f'{_W}id')}]"
        elif tag in _MARKS:
            note = next((above for above in child.iterancestors() if above.get(f"{_W}id") is not None), None)
            yield f"[{note.get(f'{_W}id')}]" if note is not None else ""
        elif tag == _BOX:
            boxes.append(child)
        elif isinstance(tag, str) and tag not in _SKIPPED:
            yield from _inline(child, boxes)


def _symbol(element: _Element) -> str:
    """A character of a symbol font, by its number; the font's own numbers lie in the private use area."""
    code = element.get(f"{_W}char") or ""
    return chr(int(code, 16)) if code.isalnum() and int(code, 16) not in range(0xD800, 0xE000) else ""


def _table(table: _Element) -> Iterator[str]:
    """The rows as lines, a tab between the cells; of a row in which a cell has several paragraphs each is a line."""
    for row in _within(table, f"{_W}tr"):
        cells = [[text for text in _paragraphs(cell) if text.strip()] for cell in _within(row, f"{_W}tc")]
        if all(len(cell) <= 1 and "\n" not in "".join(cell) for cell in cells):
            yield "\t".join("".join(cell) for cell in cells)
        else:
            yield from (text for cell in cells for text in cell)


def _within(element: _Element, wanted: str) -> Iterator[_Element]:
    """The elements of one kind below `element`, content controls in between or not, but none inside another."""
    for child in element:
        if child.tag == wanted:
            yield child
        elif isinstance(child.tag, str) and child.tag not in _SKIPPED:
            yield from _within(child, wanted)


EXTRACTOR = Extractor(
    "docx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    recognise=recognise,
    extract=extract,
)
