"""EPUB: the pages of the spine in their order, each an article of its own; what is wrong with a book costs what it hits."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from pathlib import Path

import pytest
from containers import XML, epub, xhtml
from test_containers import articles, in_tar, in_zip, outline, parts

from pipeline import dataset
from pipeline.settings import load

BELL = xhtml(
    "The bell that was cast twice",
    "The bell of the upper church cracked in the cold of its first winter, and the founder offered to cast it again for nothing.",
    "It has hung there ever since, a little lower in tone than the one before, and the swifts nest above it as if nothing were.",
)
WELL = xhtml(
    "The well behind the school",
    "Nobody drinks from the well behind the school any more, though the water is as cold and clear as it was when it was dug.",
    "The children throw coins into it on the last day before the holidays, and the caretaker takes them out on the first.",
)
PAGES = {"text/bell.xhtml": BELL, "text/the well.xhtml": WELL}
NAV = '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'


def test_the_pages_of_a_book_are_its_sources_in_the_order_of_the_spine() -> None:
    found = parts(epub(PAGES, extra=NAV + '<item id="s" href="a.css" media-type="text/css"/>', parts={"OEBPS/a.css": "p{}"}))
    assert outline(found) == {"OEBPS/text/bell.xhtml": "ok", "OEBPS/text/the well.xhtml": "ok"}
    assert [part.data.decode() for part in found] == [BELL, WELL]
    made = articles(epub(PAGES))
    assert [article[0] for article in made] == ["The bell that was cast twice", "The well behind the school"]
    assert [str(article[3]) for article in made] == ["2019-05-03", "2019-05-03"]


def packed_again(data: bytes) -> bytes:
    """The same members, as somebody's archiver packs them: in the order of their names."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return in_zip({name: archive.read(name) for name in sorted(archive.namelist())})


@pytest.mark.parametrize("wrap", [packed_again, gzip.compress, lambda data: in_tar({"book": data})])
def test_a_book_is_read_however_it_is_packed(wrap: object) -> None:
    assert callable(wrap)
    assert articles(wrap(epub(PAGES))) == articles(epub(PAGES))


def test_what_is_no_article_is_said() -> None:
    found = outline(
        parts(
            epub(
                PAGES,
                extra=NAV + '<item id="svg" href="cover.svg" media-type="image/svg+xml"/><item id="gone" href="../../x"/>'
                '<item id="lost" href="lost.xhtml" media-type="application/xhtml+xml"/>',
                spine='<itemref idref="nav"/><itemref idref="svg"/><itemref idref="lost"/><itemref idref="none"/>',
            )
        )
    )
    assert list(found.values()) == ["ok", "ok", "not-a-document", "not-a-document", "broken", "broken"]


def test_an_encrypted_page_is_refused_and_encrypted_fonts_are_not_missed() -> None:
    reference = '<CipherReference xmlns="http://www.w3.org/2001/04/xmlenc#" URI="{}"/>'
    uris = ("OEBPS/text/bell.xhtml", "OEBPS/font.otf")
    locks = f"{XML}<encryption>{''.join(map(reference.format, uris))}</encryption>"
    found = outline(parts(epub(PAGES, parts={"META-INF/encryption.xml": locks})))
    assert found == {"OEBPS/text/bell.xhtml": "encrypted", "OEBPS/text/the well.xhtml": "ok"}


def opf(text: str) -> bytes:
    """A book with this package."""
    root = '<container><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>'
    files = {"mimetype": b"application/epub+zip", "META-INF/container.xml": root.encode(), "a.opf": text.encode()}
    return in_zip(files)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "data",
    [
        opf(f'<!DOCTYPE package [<!ENTITY l0 "ha">{LAUGHS}]><package>&l9;</package>'),
        opf(
            '<!DOCTYPE package [<!ENTITY x SYSTEM "file:///etc/passwd">]><package><spine><itemref idref="&x;"/></spine></package>'
        ),
        opf("<package><spine>"),
        opf("<package/>"),
        opf("<a>" * 100_000),
        in_zip({"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<container/>"}),
        epub(PAGES)[:200],
    ],
)
def test_a_broken_or_hostile_book_is_one_rejection(data: bytes) -> None:
    (part,) = parts(data)
    assert part.refusal is not None
    assert (part.refusal.stage, part.refusal.reason) == ("sources", "broken")
    assert "root:" not in part.refusal.detail
    assert part.refusal.remedy


def test_a_damaged_page_leaves_the_others_unharmed(tmp_path: Path) -> None:
    noise = random.Random(5).randbytes(3000).hex()  # noqa: S311  noise
    data = bytearray(epub({"noise.xhtml": noise, **PAGES}))
    at = data.index(b"noise.xhtml") + 400
    data[at : at + 200] = bytes(200)
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "book.epub").write_bytes(data)
    made = dataset.build(load(raw=tmp_path / "raw", out=tmp_path / "out"))
    assert (made.totals.sources, made.totals.articles, made.totals.rejected) == (3, 2, 1)
    assert [(one.member, one.reason) for one in made.newly_rejected] == [("OEBPS/noise.xhtml", "broken")]
    assert dataset.verify(tmp_path / "out", tmp_path / "raw") == []
