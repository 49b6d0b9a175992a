"""Containers: DOCX and RTF become text by content, whatever they are called, and what cannot be read says why and what to do."""

from __future__ import annotations

import io
import struct
import sys
import time
import zipfile
from collections.abc import Callable

import pytest
from containers import docx, package, paragraph, rtf, zipped
from docx import Document

from pipeline.errors import Rejected
from pipeline.process import Trace, prepare, process, trace
from pipeline.settings import load
from pipeline.sources import extract, from_bytes

PARAGRAPHS = (
    "The ferry stays",
    "By Ingrid Solheim",
    "The old ferry will cross the sound for another winter, the council of Östervik said on Tuesday “after long talks” – 😀.",
    "",
    "Nobody could say who pays for the paint, and the keeper of the light did not wish to be asked about it again.",
)


def text_of(data: bytes) -> str:
    return extract.text_of(data).text


def refused(data: bytes) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        extract.text_of(data)
    assert refusal.value.remedy
    assert refusal.value.stage == "extract"
    return refusal.value


@pytest.mark.parametrize(
    ("make", "library", "media_type"),
    [
        (docx, "python-docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (rtf, "striprtf", "text/rtf"),
    ],
)
def test_a_document_becomes_an_article_whose_spans_point_into_the_extracted_text(
    make: Callable[[tuple[str, ...]], bytes], library: str, media_type: str
) -> None:
    data = make(PARAGRAPHS)
    found = trace(from_bytes("a.txt", data), data, prepare(load()))
    assert isinstance(found, Trace)
    assert found.decoded.evidence == f"container ({library})"
    assert found.outcome.source.media_type == media_type
    (article,) = found.outcome.articles
    assert (article.headline, article.author) == ("The ferry stays", ("Ingrid Solheim",))
    assert article.text == f"{PARAGRAPHS[2]}\n\n{PARAGRAPHS[4]}"
    assert all(article.text[k.at : k.at + k.length] == found.decoded.text[k.start : k.end] for k in article.kept)


def test_docx_and_rtf_of_the_same_paragraphs_say_the_same() -> None:
    assert text_of(docx(PARAGRAPHS)).split() == text_of(rtf(PARAGRAPHS)).split()
    assert text_of(docx(PARAGRAPHS)) == text_of(docx(PARAGRAPHS))


def test_a_document_that_the_library_itself_wrote_is_read() -> None:
    document = Document()
    document.sections[0].header.paragraphs[0].text = "The Tidepost"
    document.add_heading(PARAGRAPHS[0], 0)
    document.add_paragraph(PARAGRAPHS[2])
    table = document.add_table(1, 2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Port", "Boats"
    document.add_paragraph(PARAGRAPHS[4], style="List Number")
    out = io.BytesIO()
    document.save(out)
    found = extract.text_of(out.getvalue())
    assert found.text.split("\n\n") == [PARAGRAPHS[0], PARAGRAPHS[2], "Port\tBoats", PARAGRAPHS[4], "The Tidepost"]
    assert found.margin == found.text.index("The Tidepost")


@pytest.mark.parametrize("number", ["", "2"])
def test_word_on_the_web_numbers_the_main_part(number: str) -> None:
    with zipfile.ZipFile(io.BytesIO(docx(PARAGRAPHS))) as package_:
        members = {name: package_.read(name).decode() for name in package_.namelist()}
    for name in list(members):
        new = name.replace("word/document", f"word/document{number}").replace("_rels/document", f"_rels/document{number}")
        members[new] = members.pop(name).replace("word/document.xml", f"word/document{number}.xml")
    assert text_of(zipped(members)) == text_of(docx(PARAGRAPHS))


def test_an_archive_of_documents_is_no_document() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.docx", docx(PARAGRAPHS))
    assert b"word/document.xml" in out.getvalue()
    assert extract.choose(out.getvalue()) is None


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def cell(*texts: str) -> str:
    return f"<w:tc>{''.join(paragraph(text) for text in texts)}</w:tc>"


def test_docx_keeps_everything_in_its_order() -> None:
    box = f"<w:r><w:pict><w:txbxContent>{paragraph('In the box.')}</w:txbxContent></w:pict></w:r>"
    body = (
        f"<w:p>{run('See the note')}<w:r><w:footnoteReference w:id='1'/></w:r>{run('.')}{box}</w:p>"
        f"<w:tbl><w:tr>{cell('Port')}{cell('Boats')}</w:tr><w:tr>{cell('Ost', 'wick')}{cell('12')}</w:tr></w:tbl>"
        f"<w:sdt><w:sdtContent>{paragraph('Controlled.')}</w:sdtContent></w:sdt>"
        f"<w:p><w:ins>{run('Inserted')}</w:ins><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        f"<w:hyperlink>{run(' linked')}</w:hyperlink><w:r><w:br/><w:t>below</w:t><w:tab/><w:t>right</w:t></w:r></w:p>"
    )
    note = f"<w:footnote w:id='1'><w:p><w:r><w:footnoteRef/></w:r>{run(' The note.')}</w:p></w:footnote>"
    rule = f"<w:footnote w:id='-1' w:type='separator'>{paragraph('RULE')}</w:footnote>"
    parts = {"footnotes": rule + note, "header1": paragraph("The Tidepost"), "header2": paragraph("The Tidepost")}
    lines = [line for line in text_of(package(body, parts=parts)).split("\n") if line]
    assert lines == [
        "See the note[1].",
        "In the box.",
        "Port\tBoats",
        "Ost",
        "wick",
        "12",
        "Controlled.",
        "Inserted linked",
        "below\tright",
        "[1] The note.",
        "The Tidepost",
    ]


RTF = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Times;}{\f1\fcharset204{\*\falt Arial}Arial Cyr;}}
{\stylesheet{\s0 Normal;}}{\info{\title Hidden}}{\header\pard Page {\field{\*\fldinst PAGE}{\fldrslt 1}}\par}
\pard The {\b caf\'e9}{\super\chftn{\footnote\pard\chftn  The note.\par}} \u8211? {\f1 \'cf\'f0\'e8}.\par
{\field{\*\fldinst{HYPERLINK "http://tidepost.example"}}{\fldrslt A link}}, \\footnote and \{braces\}{\deleted gone}.\par
{\pict\bin5 }}}}}ffff}\trowd\pard\intbl Port\cell Boats\cell\row
{\shp{\*\shpinst{\sp{\sn x}{\sv y}}{\shptxt\pard In the box.\par}}}
{\footer\pard Page 1\par}Last.\par}junk"""


def test_rtf_keeps_everything_in_its_order() -> None:
    assert [line.rstrip() for line in text_of(RTF).split("\n") if line] == [
        "The café[1] – При.",
        "A link, \\footnote and {braces}.",
        "Port\tBoats",
        "Last.",
        "In the box.",
        "[1] The note.",
        "Page 1",
    ]


def test_bytes_that_a_writer_did_not_escape_are_read_in_the_code_page() -> None:
    assert text_of("{\\rtf1\\ansi\\ansicpg1251 Привет, мир}".encode("cp1251")) == "Привет, мир"


@pytest.mark.parametrize(("module", "make", "extra"), [("docx", docx, "docx"), ("striprtf.striprtf", rtf, "rtf")])
def test_a_missing_library_is_named_with_what_to_install(
    module: str, make: Callable[[tuple[str, ...]], bytes], extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    refusal = refused(make(PARAGRAPHS))
    assert refusal.reason == "no-library"
    assert f"winnow[{extra}]" in refusal.remedy


def locked(data: bytes) -> bytes:
    """The zip with the flag of encryption at each member."""
    out = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            out[member.header_offset + 6] |= 1
    at = out.find(b"PK\x01\x02")
    while at >= 0:
        out[at + 8] |= 1
        at = out.find(b"PK\x01\x02", at + 4)
    return bytes(out)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
WHOLE = docx(PARAGRAPHS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (WHOLE[: len(WHOLE) // 2], "broken"),
        (WHOLE[:600] + b"\xff" * 40 + WHOLE[640:], "broken"),
        (zipped({"word/document.xml": "<w:document/>"}), "broken"),
        (package("<w:p><w:r>"), "broken"),
        (package("<w:p>" + "<w:r>" * 2000 + "</w:r>" * 2000 + "</w:p>"), "broken"),
        (locked(WHOLE), "encrypted"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (OLE + "WordDocument".encode("utf-16-le"), "unsupported"),
        (docx(["", "  "]), "empty"),
        (rb"{\rtf1 }", "empty"),
        (rb"{\rtf1 \u99999999 }", "broken"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    assert refused(data).reason == reason
    outcome = process(from_bytes("a.docx", data), data, prepare(load()))
    assert [rejection.reason for rejection in outcome.rejections] == [reason]


def test_a_zip_bomb_is_refused_before_it_is_unfolded() -> None:
    bomb = package("", parts={f"header{number}": " " * 30_000_000 for number in range(10)})
    assert len(bomb) < 1_000_000
    start = time.process_time()
    assert refused(bomb).reason == "oversized"
    assert time.process_time() - start < 1


def test_a_bomb_that_declares_little_is_damaged() -> None:
    honest = package(paragraph("Text."), parts={"header1": " " * 1_000_000})
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        declared = struct.pack("<I", archive.getinfo("word/header1.xml").file_size)
    assert honest.count(declared) == 2
    assert refused(honest.replace(declared, struct.pack("<I", 100))).reason == "broken"
    assert "Text." in text_of(honest)


def test_entities_are_not_expanded() -> None:
    doctype = "<!DOCTYPE d [<!ENTITY a 'boom'>" + "".join(
        f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    data = package("<w:p><w:r><w:t>Before &j; after.</w:t></w:r></w:p>" + paragraph("Calm."), doctype=doctype + "]>")
    try:
        assert "boom" not in text_of(data)
    except Rejected as refusal:
        assert refusal.reason == "broken"  # noqa: PT017  some builds of libxml2 refuse to parse it at all


def test_other_zips_are_none_of_ours() -> None:
    assert extract.choose(zipped({"a.txt": "text"})) is None
    assert extract.choose(b"{\\rtf") is not None
    assert extract.choose(b"a text about {\\rtf1") is None


HOSTILE: dict[str, Callable[[int], str]] = {
    "links": lambda n: "{\\rtf1 x" + "{\\field{\\*\\fldinst{ HYPERLINK " * n,
    "fonts": lambda n: "{\\rtf1{\\fonttbl" + "\\f1 " * n + "}x",
    "font tables": lambda n: "{\\rtf1 x" + "{\\fonttbl " * n,
    "groups": lambda n: "{\\rtf1 " + "{ " * n + "x",
    "pictures": lambda n: "{\\rtf1 " + "\\pict\\bin1 " * n + "x",
    "footnotes": lambda n: "{\\rtf1 x" + "{\\footnote\\chftn " * n,
    "headers": lambda n: "{\\rtf1 x" + "{\\header a" * n,
    "half escapes": lambda n: "{\\rtf1 x" + "\\'" * n,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_rtf_is_read_in_linear_time(kind: str) -> None:
    small, large = (HOSTILE[kind](n).encode() for n in (3_000, 30_000))
    text_of(small)
    assert cost(large) < 40 * max(cost(small), 0.002)


def cost(data: bytes) -> float:
    """The least of three, in seconds of CPU: the others were disturbed."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        text_of(data)
        best = min(best, time.process_time() - start)
    return best
