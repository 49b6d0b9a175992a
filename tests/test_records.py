"""Files of records: WARC, mail, mbox, JSONL, CSV and Parquet give the articles that the bare content gives."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_containers import CONTENTS, PAGE, TEXT, articles, in_tar, in_zip, outline, parts

from pipeline import dataset, process
from pipeline.settings import load

Row = dict[str, Any]
HTML = PAGE.format(charset="utf-8")
ROWS: list[Row] = [{"n": 1, "text": TEXT}, {"n": 2, "text": TEXT.replace("ferry", "barge")}]
BODY = "A letter from the coast\n\nThe lighthouse has been painted again, and nobody on the quay will say who paid for it.\n"


def in_warc(pages: list[tuple[str, str, str, bytes]], *, zipped: bool = False) -> bytes:
    """A WARC of (address, status, content type, body)."""
    records = [warc_record("warcinfo", "", b"software: a test\r\n")]
    for address, status, kind, body in pages:
        http = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        records.append(warc_record("response", address, http + body))
    return b"".join(map(gzip.compress, records) if zipped else records)


def warc_record(kind: str, address: str, block: bytes) -> bytes:
    target = f"WARC-Target-URI: {address}\r\n" if address else ""
    media = "application/http; msgtype=response" if address else "application/warc-fields"
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\n{target}Content-Type: {media}\r\nContent-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def in_mail(content: str, kind: str = "html", *, policy: str = "quoted-printable", **more: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Message-ID"] = "Post <post@example.org>", "<1@example.org>"
    for name, value in more.items():
        message[name] = value
    message.set_content(content, subtype=kind, cte=policy)
    return message


def in_jsonl(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def in_csv(rows: list[Row], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def in_parquet(rows: list[Row]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


@pytest.mark.parametrize("wrap", [in_jsonl, in_csv, lambda rows: in_csv(rows, ";"), in_parquet])
@pytest.mark.parametrize("around", [bytes, gzip.compress, lambda data: in_zip({"rows": data})])
def test_rows_give_the_articles_of_their_text(wrap: Callable[[list[Row]], bytes], around: Callable[[bytes], bytes]) -> None:
    data = around(wrap(ROWS))
    assert articles(data) == [article for row in ROWS for article in articles(row["text"].encode())]
    assert [part.source.member[-1] for part in parts(data)] == ["1", "2"]


def test_columns_have_the_names_that_the_settings_say() -> None:
    row = {"page": HTML, "key": "x9", "where": "https://example.org/mill", "day": "2021-03-04"}
    (part,) = parts(in_jsonl([row]), columns={"html": "page", "id": "key", "url": "where", "date": "day"})
    outcome = process.process(part.source, part.data, process.prepare(load()))
    (article,) = outcome.articles
    assert (part.source.member, article.url, str(article.date_published)) == ("x9", "https://example.org/mill", "2021-03-04")


def test_a_bad_row_costs_itself() -> None:
    data = in_jsonl(ROWS) + b"{broken\n[1]\n" + in_jsonl([{"n": 3}, *ROWS])
    assert outline(parts(data)) == {"1": "ok", "2": "ok", "3": "broken", "4": "broken", "5": "no-text", "6": "ok", "7": "ok"}
    assert outline(parts(in_parquet([{"n": 1}]))) == {"": "no-text-column"}
    assert outline(parts(in_jsonl(ROWS), max_source_bytes=100)) == {"1": "too-large", "2": "too-large"}


def test_rows_keep_their_encoding() -> None:
    rows = b'n,text\r\n1,"Caf\xe9s and na\xefve millers, who sat on the wall and counted swallows."\r\n'
    (part,) = parts(rows)
    assert part.data.startswith(b"Caf\xe9s")


@pytest.mark.parametrize("zipped", [False, True])
def test_warc_responses_are_sources_with_address_and_charset(zipped: bool) -> None:  # noqa: FBT001
    russian = "<html><body><p>Старая мельница стояла у реки, и никто не помнил, когда она работала.</p></body></html>"
    data = in_warc(
        [
            ("https://example.org/mill", "200 OK", "text/html; charset=utf-8", HTML.encode()),
            ("https://example.org/ru", "200 OK", "text/html; charset=koi8-r", russian.encode("koi8-r")),
            ("https://example.org/gone", "404 Not Found", "text/html", b"gone"),
            ("https://example.org/x.png", "200 OK", "image/png", b"\x89PNG"),
            ("https://example.org/mill", "200 OK", "text/html", HTML.encode()),
        ],
        zipped=zipped,
    )
    found = parts(data)
    assert [*outline(found).values()] == ["ok", "ok", "http-status", "not-a-document", "ok"]
    assert found[4].source.member == "https://example.org/mill!2"
    assert [part.source.declared_charset for part in found[:2]] == ["utf-8", "koi8-r"]
    outcome = process.process(found[1].source, found[1].data, process.prepare(load()))
    assert "Старая мельница" in outcome.articles[0].text
    assert outcome.articles[0].url == "https://example.org/ru"
    assert articles(data)[0] == articles(HTML.encode())[0]


@pytest.mark.parametrize("wrong", [b"Content-Length: 9", b"Content-Length: 999999", b"Content-Length: x", b"Content-Length: -5"])
def test_a_warc_with_wrong_lengths_is_a_rejection_and_ends(wrong: bytes) -> None:
    data = in_warc([(f"https://example.org/{number}", "200 OK", "text/html", HTML.encode()) for number in range(3)])
    start = data.index(b"Content-Length", data.index(b"WARC-Type: response"))
    found = parts(data[:start] + wrong + data[data.index(b"\r\n", start) :])
    assert found
    assert any(part.refusal is not None and part.refusal.remedy for part in found)


def test_text_that_a_wrong_length_hides_is_not_lost_silently() -> None:
    data = in_warc([(f"https://example.org/{number}", "200 OK", "text/html", HTML.encode()) for number in range(3)])
    found = outline(parts(data.replace(b"Content-Length: ", b"Content-Length: 9", 3)))
    assert found == {"https://example.org/2": "ok", "": "broken"}


@pytest.mark.parametrize("coding", ["quoted-printable", "base64", "8bit"])
def test_a_mail_gives_the_articles_of_its_body(coding: str) -> None:
    assert articles(in_mail(HTML, policy=coding).as_bytes()) == articles(HTML.encode())
    assert outline(parts(in_mail(HTML, policy=coding).as_bytes())) == {"": "ok"}


def test_of_alternatives_html_is_taken_and_attachments_are_members() -> None:
    message = in_mail(BODY, "plain")
    message.add_alternative(HTML, subtype="html")
    message.add_attachment(TEXT.encode(), maintype="application", subtype="octet-stream", filename="ferry.txt")
    message.add_attachment(in_zip(CONTENTS), maintype="application", subtype="zip", filename="all.zip")
    found = parts(message.as_bytes())
    assert [part.source.member for part in found] == ["", "ferry.txt", *(f"all.zip!/{name}" for name in CONTENTS)]
    assert [part.data for part in found[1:2]] == [TEXT.encode()]
    assert articles(message.as_bytes())[:2] == [*articles(HTML.encode()), *articles(TEXT.encode())]


def _from_mail(**headers: str) -> tuple[Any, ...]:
    """headline, text, author, date and language of a plain message with this header."""
    message = in_mail(BODY.partition("\n\n")[2], "plain")
    for name, value in headers.items():
        del message[name]
        message[name] = value
    (article,) = articles(message.as_bytes())
    return article


def test_a_mail_s_header_says_title_author_and_date_where_its_text_does_not() -> None:
    said = {"Subject": "Re: [harbour] The mill turns again…", "From": '"Mara Lind" <mara@example.org>'}
    found = _from_mail(**said, Date="Thu, 04 Mar 2021 09:12:00 +0100")
    assert (found[0], found[2], str(found[3])) == ("The mill turns again…", ("Mara Lind",), "2021-03-04")


@pytest.mark.parametrize(
    "header",
    [
        {"From": "noreply@example.org"},
        {"From": "The Harbour Post Newsletter <post@example.org>"},
        {"From": "admin <post@example.org>"},
        {"Date": "yesterday"},
        {"Date": "Thu, 01 Jan 1970 00:00:00 +0000"},
    ],
)
def test_a_mail_s_header_that_lies_says_nothing(header: dict[str, str]) -> None:
    assert _from_mail(**header)[2:4] == ((), None)


def test_a_page_saved_as_mhtml_is_the_page() -> None:
    page = in_mail(HTML, **{"Snapshot-Content-Location": "https://example.org/mill"})
    page.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<a@b>")
    (part,) = parts(page.as_bytes())
    assert (part.source.member, part.source.headers) == ("", (("url", "https://example.org/mill"),))
    assert articles(page.as_bytes())[0][:2] == articles(HTML.encode())[0][:2]


def test_an_mbox_is_its_messages() -> None:
    quoted = in_mail(BODY.replace("The lighthouse", "\nFrom here on the lighthouse"), "plain").as_bytes()
    data = b"".join(
        b"From post@example.org Mon Jan  4 10:11:12 2021\n" + message.replace(b"\nFrom here", b"\n>From here") + b"\n"
        for message in (in_mail(HTML).as_bytes(), quoted)
    )
    found = parts(data)
    assert [part.source.member for part in found] == ["1", "2"]
    assert b"\nFrom here" in found[1].data
    assert articles(data)[0] == articles(HTML.encode())[0]


def test_texts_that_look_a_little_like_records_stay_texts() -> None:
    letter = b"From: the harbour\nDate: 4 March 2021\nSubject: paint\n\n" + BODY.encode()
    for data in (
        letter,
        b"From the harbour came a letter.\n",
        b'{"a": 1}\n',
        b"text\nand more\n",
        b"One, text, and more of it\n",
    ):
        (part,) = parts(data)
        assert (part.source.member, part.data) == ("", data)


def test_records_in_a_dataset_add_up_and_hold_against_their_files(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    russian = "<html><body><p>Старая мельница стояла у реки, и никто не помнил, когда она работала.</p></body></html>"
    pages = [("https://example.org/ru", "200 OK", "text/html; charset=koi8-r", russian.encode("koi8-r"))]
    files = {
        "a.csv": in_csv(ROWS),
        "b.parquet": in_parquet(ROWS),
        "c.jsonl": in_jsonl(ROWS) + b"{broken\n",
        "d.warc.gz": in_warc([*pages, ("https://example.org/gone", "404 Not Found", "text/html", b"gone")], zipped=True),
        "e.eml": in_mail(HTML).as_bytes(),
        "f.mbox": b"From post@example.org Mon Jan  4 10:11:12 2021\n" + in_mail(HTML).as_bytes(),
        "g.tar": in_tar(CONTENTS),
    }
    for name, data in files.items():
        (raw / name).write_bytes(data)
    chosen = load(raw=raw, out=tmp_path / "out")
    made = dataset.build(chosen)
    assert (made.totals.sources, made.totals.articles, made.totals.rejected) == (14, 12, 2)
    assert {(one.uri, one.member) for one in made.newly_rejected} == {("c.jsonl", "3"), ("d.warc.gz", "https://example.org/gone")}
    assert dataset.verify(chosen.out, raw, chosen) == []
    assert not dataset.build(chosen).changed
