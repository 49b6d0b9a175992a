"""DOCX, RTF, EPUB and PDF documents for tests, written by hand: what the programs write that make them, and little of it."""

from __future__ import annotations

import io
import re
import textwrap
import zipfile
import zlib
from collections.abc import Iterable
from xml.sax.saxutils import escape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of one run."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>' if text else "<w:p/>"


def docx(paragraphs: Iterable[str]) -> bytes:
    """A document of plain paragraphs."""
    return package("".join(paragraph(text) for text in paragraphs))


def package(body: str, *, parts: dict[str, str] | None = None, doctype: str = "") -> bytes:
    """A DOCX with this XML in its body; `parts` maps the kind of a further part (footnotes, header …) to its XML content."""
    parts = parts or {}
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATION}/{kind.rstrip("0123456789")}" Target="{kind}.xml"/>'
        for number, kind in enumerate(parts, 1)
    )
    kinds = "".join(
        f'<Override PartName="/word/{kind}.xml" ContentType="{MAIN}.{kind.rstrip("0123456789")}+xml"/>' for kind in parts
    )
    members = {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="{MAIN}.document.main+xml"/>'
        f"{kinds}</Types>",
        "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATION}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'{XML}{doctype}<w:document xmlns:w="{W}" xmlns:r="{RELATION}"><w:body>{body}</w:body></w:document>',
        "word/_rels/document.xml.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
    }
    roots = {"footnotes": "footnotes", "endnotes": "endnotes", "header": "hdr", "footer": "ftr", "comments": "comments"}
    for kind, content in parts.items():
        root = roots[kind.rstrip("0123456789")]
        members[f"word/{kind}.xml"] = f'{XML}<w:{root} xmlns:w="{W}">{content}</w:{root}>'
    return zipped(members)


def zipped(members: dict[str, str]) -> bytes:
    """A zip of these members, the same bytes at each call."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def rtf(paragraphs: Iterable[str]) -> bytes:
    r"""The same paragraphs as RTF, with `\u` for what is not ASCII."""
    lines = "".join(f"\\pard\\plain {_rtf(text)}\\par\n" for text in paragraphs)
    head = r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\froman\fcharset0 Times New Roman;}}{\colortbl;\red0\green0\blue0;}"
    return f"{head}\n{lines}}}".encode("ascii")


def _rtf(text: str) -> str:
    return "".join(_character(char) for char in text)


def _character(char: str) -> str:
    if char in "\\{}":
        return f"\\{char}"
    if char.isascii():
        return char
    units = char.encode("utf-16-le")
    numbers = (int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2))
    return "".join(f"\\u{number}?" for number in numbers)


def epub(pages: dict[str, str], *, extra: str = "", spine: str = "", parts: dict[str, str] | None = None) -> bytes:
    """An EPUB of these pages in this order; `extra` and `spine` go into its package, `parts` beside it."""
    items = "".join(f'<item id="p{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(pages))
    order = "".join(f'<itemref idref="p{n}"/>' for n in range(len(pages)))
    opf = (
        f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>Stories from the quay</dc:title><dc:date>2019-05-03</dc:date></metadata>"
        f"<manifest>{items}{extra}</manifest><spine>{order}{spine}</spine></package>"
    )
    root = (
        f'{XML}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    members = {"META-INF/container.xml": root, "OEBPS/book.opf": opf}
    members |= {f"OEBPS/{name}": page for name, page in pages.items()} | (parts or {})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def xhtml(title: str, *paragraphs: str) -> str:
    """A page as books have them."""
    body = "".join(f"<p>{escape(text)}</p>" for text in paragraphs)
    head = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
    return f"{XML}{head}<body><h1>{escape(title)}</h1>{body}</body></html>"


Printed = tuple[int, int, int, str]  # from the left, from below, size in points, text


def pdf(pages: list[list[Printed]], *, extra: str = "") -> bytes:
    """A PDF that prints these texts; `extra` goes into its trailer."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for number, page in enumerate(pages):
        shown = (f"/F1 {size} Tf 1 0 0 1 {x} {y} Tm ({_escaped(text)}) Tj\n" for x, y, size, text in page)
        stream = zlib.compress(f"BT\n{''.join(shown)}ET".encode("cp1252"))
        head = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(f"{head}/Contents {5 + 2 * number} 0 R>>".encode())
        objects.append(b"<</Filter/FlateDecode/Length %d>>stream\n" % len(stream) + stream + b"\nendstream")
    return pdf_of(objects, extra)


def _escaped(text: str) -> str:
    return re.sub(r"([()\\])", r"\\\1", text)


def pdf_of(objects: list[bytes], extra: str = "") -> bytes:
    """A PDF of these objects, the first of them its root."""
    out = bytearray(b"%PDF-1.4\n")
    table = [b"0000000000 65535 f \n"]
    for number, each in enumerate(objects, 1):
        table.append(b"%010d 00000 n \n" % len(out))
        out += b"%d 0 obj\n" % number + each + b"\nendobj\n"
    end = f"trailer<</Size {len(table)}/Root 1 0 R{extra}>>\nstartxref\n{len(out)}\n%%EOF\n".encode()
    return bytes(out) + b"xref\n0 %d\n" % len(table) + b"".join(table) + end


def printed(paragraphs: Iterable[str], *, width: int = 60) -> bytes:
    """A PDF of these paragraphs, wrapped, on one page; the first in large letters."""
    page: list[Printed] = []
    y = 800
    for number, text in enumerate(paragraphs):
        for line in textwrap.wrap(text, width, break_on_hyphens=False):
            page.append((72, y, 18 if not number else 11, line))
            y -= 14
        y -= 14
    return pdf([page])
