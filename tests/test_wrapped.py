"""Law 7 and accounting for every container and document format: the same articles however wrapped, and sources that add up."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from containers import docx, epub, printed, rtf, xhtml
from test_containers import TEXT, articles, parts
from test_records import HTML
from wrapped import ARCHIVES, WRAPPINGS, mail

from pipeline import dataset, process
from pipeline.settings import load

LETTER = (
    "A letter from the coast\n\nThe lighthouse has been painted again, and nobody on the quay will say who has paid for it.\n\n"
    "Its keeper, who was not asked, has moved to the mainland and writes that white is a colour that shows everything.\n"
)
CONTENTS = {"a.html": HTML.encode(), "b/c.txt": TEXT.encode(), "d.txt": LETTER.encode()}
# Rows of JSONL and CSV hold text, and a mail's body is one; the others hold any bytes.
OF_TEXT = {"jsonl", "csv", "mbox", "mail", "zip of mails", "parquet"}


@pytest.mark.parametrize("wrapping", ARCHIVES)
def test_many_documents_in_one_file_give_their_articles_in_order(wrapping: str) -> None:
    bare = [article for data in CONTENTS.values() for article in articles(data)]
    assert len(bare) == 3
    assert articles(ARCHIVES[wrapping](CONTENTS)) == bare


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("name", CONTENTS)
def test_one_document_in_a_file_gives_its_article(wrapping: str, name: str) -> None:
    assert articles(WRAPPINGS[wrapping]({name: CONTENTS[name]})) == articles(CONTENTS[name])


PARAGRAPHS = [line for line in LETTER.split("\n") if line]
DOCUMENTS: dict[str, bytes] = {
    "docx": docx(PARAGRAPHS),
    "rtf": rtf(PARAGRAPHS),
    "pdf": printed(PARAGRAPHS),
    "epub": epub({"letter.xhtml": xhtml(*PARAGRAPHS)}),
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_says_what_its_text_says(kind: str) -> None:
    (made,), (bare,) = articles(DOCUMENTS[kind]), articles(LETTER.encode())
    assert made[:3] == bare[:3]


@pytest.mark.parametrize("wrapping", sorted(WRAPPINGS.keys() - OF_TEXT))
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_document_in_a_container_gives_what_it_gives_bare(wrapping: str, kind: str) -> None:
    assert articles(WRAPPINGS[wrapping]({f"letter.{kind}": DOCUMENTS[kind]})) == articles(DOCUMENTS[kind])


@pytest.mark.parametrize("change", [lambda data: b"\xef\xbb\xbf" + data, lambda data: data.replace(b"\n", b"\r\n")])
@pytest.mark.parametrize("wrapping", ["zip", "tar.gz", "warc", "mail", "jsonl"])
def test_line_ends_and_a_mark_of_order_do_not_matter_inside(wrapping: str, change: Callable[[bytes], bytes]) -> None:
    assert articles(WRAPPINGS[wrapping]({"c.txt": change(TEXT.encode())})) == articles(TEXT.encode())


def test_sources_are_articles_and_rejections_and_each_member_is_counted(tmp_path: Path) -> None:
    """Of every container: three documents, and one of binary zeros that must be a rejection where the container can hold it."""
    raw = tmp_path / "raw"
    raw.mkdir()
    expected: dict[str, int] = {}
    for name, wrap in ARCHIVES.items():
        given = CONTENTS if name in OF_TEXT else CONTENTS | {"zeros.bin": bytes(range(256)) * 40}
        (raw / name).write_bytes(wrap(given))
        expected[name] = len(given)
    for kind, data in DOCUMENTS.items():
        (raw / kind).write_bytes(data)
        expected[kind] = 1
    made = dataset.build(load(raw=raw, out=tmp_path / "out", workers=1))
    assert made.totals.sources == sum(expected.values())
    assert dataset.verify(tmp_path / "out", raw) == []
    rows = duckdb.execute(
        f"SELECT uri, count(*), sum(status <> 'rejected'), sum(status = 'rejected'), sum(articles) "  # noqa: S608  a path
        f"FROM '{tmp_path}/out/documents/*.parquet' GROUP BY uri"
    ).fetchall()
    assert {row[0]: row[1] for row in rows} == expected
    for uri, count, good, bad, found in rows:
        assert good + bad == count, uri
        assert good == found == min(count, 3 if uri in ARCHIVES else 1), uri


def test_a_maildir_is_read_mail_by_mail(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp"):
        (tmp_path / "raw" / folder).mkdir(parents=True)
    (tmp_path / "raw" / "cur" / "1611741072.M20046P2137.post,S=1:2,S").write_bytes(mail(HTML.encode()))
    (tmp_path / "raw" / "new" / "1611741073.M20047P2137.post").write_bytes(mail(LETTER.encode()))
    made = dataset.build(load(raw=tmp_path / "raw", out=tmp_path / "out", workers=1))
    assert (made.totals.sources, made.totals.articles, made.totals.rejected) == (2, 2, 0)
    assert dataset.verify(tmp_path / "out", tmp_path / "raw") == []


def test_a_page_saved_in_a_single_file_is_the_page() -> None:
    """As SingleFile saves it: a comment on top, styles in the head, fonts and pictures as data: addresses, some of a megabyte."""
    blob = base64.b64encode(bytes(range(256)) * 3000).decode()
    font = f"@font-face{{src:url(data:font/woff2;base64,{blob})}}"
    style = f"<style>:root{{--sf-img-1:url(data:image/png;base64,{blob})}}{font}</style>"
    picture = f'<img src="data:image/png;base64,{blob}"><svg><style>@import "data:text/css;base64,{blob}"</style></svg>'
    note = "<!--\n Page saved with SingleFile \n url: https://example.org/mill \n saved date: Thu Mar 04 2021 \n-->"
    page = HTML.replace("<html><head>", f"<!DOCTYPE html> <html lang=en>{note}<head>{style}").replace("</h1>", f"</h1>{picture}")
    assert len(page) > 3_000_000
    (article,), (bare,) = articles(page.encode()), articles(HTML.encode())
    assert article == bare
    context = process.prepare(load())
    (part,) = parts(page.encode())
    outcome = process.process(part.source, part.data, context)
    assert not any("base64" in entry.text for entry in outcome.ledger)
