"""The header of a mail reaches the fields, and is believed where the mail bears it out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from pipeline.process import prepare, process
from pipeline.settings import load
from pipeline.sources import parts_of

if TYPE_CHECKING:
    from pipeline.model import Article

TEXT = (
    "The ferry to the outer islands sails again from Thursday, after the pier at Storrow was mended by those who use it.\n\n"
    "Nobody had paid for the work, said the pier master, and nobody would be asked to. The timber came from an old barn.\n"
)
HEADER = {
    "Subject": "Ferry to the islands sails again",
    "From": "Ines Calder <ines.calder@example.net>",
    "Date": "Thu, 3 May 2012 07:30:00 +0200",
    "Message-ID": "<1@example.net>",
}
CONTEXT = prepare(load())


def mail(text: str = TEXT, kind: str = "plain", **changes: str) -> bytes:
    header = HEADER | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in header.items() if value]
    return "\n".join([*lines, "MIME-Version: 1.0", f"Content-Type: text/{kind}; charset=utf-8", "", text]).encode()


def article(data: bytes) -> Article:
    (part,) = parts_of("mail", data, CONTEXT.settings)
    (found,) = process(part.source, part.data, CONTEXT).articles
    return found


@pytest.mark.parametrize(
    "wrap", [bytes, lambda data: b"From ines Thu May  3 07:30:00 2012\n" + data + b"\n"], ids=["eml", "mbox"]
)
def test_subject_sender_and_date_are_fields(wrap: type[bytes]) -> None:
    found = article(wrap(mail(Archived_At="<https://lists.example.net/12>")))
    assert (found.headline, found.author) == ("Ferry to the islands sails again", ("Ines Calder",))
    assert (found.date_published, found.url) == (dt.date(2012, 5, 3), "https://lists.example.net/12")
    assert dict(found.evidence)["headline"] == "mail.subject"


def test_what_the_text_states_comes_first() -> None:
    page = f"<title>Pier mended</title><h1>Pier at Storrow mended</h1><p>By Otto Brandt</p><p>{TEXT}</p>"
    found = article(mail(page, "html"))
    assert (found.headline, found.author) == ("Pier at Storrow mended", ("Otto Brandt",))


def test_encoded_words_are_read() -> None:
    assert article(mail(Subject="=?utf-8?q?The_ferry_at_Storrow=3A_caf=C3=A9?=")).headline == "The ferry at Storrow: café"


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Ferry to the islands sails again",
        "AW: Ferry sails again",
        "WIN A PRIZE TODAY",
        "(no subject)",
        "=?x?q?ferry?=",
        "",
        "回复：渡轮",
    ],
)
def test_a_subject_of_something_else_is_no_headline(subject: str) -> None:
    assert article(mail(Subject=subject)).headline is None


@pytest.mark.parametrize(
    "sender",
    [
        *("Ines Calder <no-reply@example.net>", "The Storrow Courier <storrow@example.net>", "ines.calder@example.net"),
        *("<>", "Calder", '"Ines Calder" <', "=?utf-8?b?!!?= <ines@example.net>"),
    ],
)
def test_a_sender_who_is_nobody_is_no_author(sender: str) -> None:
    assert article(mail(From=sender)).author == ()


@pytest.mark.parametrize(
    "stated",
    ["yesterday", "Thu, 1 Jan 1970 00:00:00 +0000", "Thu, 31 Feb 2012 07:30:00 +0200", "Fri, 3 May 2999 07:30:00 +0000", ""],
)
def test_a_date_that_cannot_be_is_none(stated: str) -> None:
    assert article(mail(Date=stated)).date_published is None


def test_the_first_server_contradicts_a_date() -> None:
    def stamped(day: str) -> bytes:
        return b"Received: from c by d; Mon, 4 Jun 2012 00:00:00 +0000\nReceived: from a by b; " + day.encode() + b"\n" + mail()

    assert article(stamped("Fri, 4 May 2012 09:00:00 +0000")).date_published == dt.date(2012, 5, 3)
    assert article(stamped("Mon, 7 May 2012 09:00:00 +0000")).date_published is None


def test_a_list_is_the_publisher_if_the_mail_says_so_too() -> None:
    named = "Storrow Weekly <storrow.example.net>"
    assert article(mail(List_Id=named)).publisher is None
    assert (
        article(mail(f"{TEXT}\nStorrow Weekly is written by those who live here.\n", List_Id=named)).publisher == "Storrow Weekly"
    )
    assert article(mail(From="Storrow Weekly <post@example.net>", List_Id=named)).publisher == "Storrow Weekly"


def test_a_saved_page_was_not_published_when_it_was_saved() -> None:
    page = f"<html><head><title>Ferry</title></head><body><h1>Pier at Storrow mended</h1><p>{TEXT}</p></body></html>"
    found = article(mail(page, "html", Snapshot_Content_Location="https://example.org/pier"))
    assert (found.date_published, found.author, found.url) == (None, (), "https://example.org/pier")
