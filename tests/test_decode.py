"""Decoding: the right text, with the evidence, and a reason where there is none."""

from __future__ import annotations

import pytest

from pipeline.decode import decode
from pipeline.errors import Rejected

ENGLISH = "The harbour café — “closed” since May — opens again. " * 20
RUSSIAN = "Паром ждёт у причала, пока смотритель не вернётся с маяка. " * 20


@pytest.mark.parametrize(
    ("data", "encoding", "evidence"),
    [
        (ENGLISH.encode(), "utf-8", "utf-8"),
        (b"\xef\xbb\xbf" + ENGLISH.encode(), "utf-8", "bom"),
        (b"\xff\xfe" + ENGLISH.encode("utf-16-le"), "utf-16-le", "bom"),
        (b"\xfe\xff" + ENGLISH.encode("utf-16-be"), "utf-16-be", "bom"),
        (ENGLISH.encode("utf-16-le"), "utf-16-le", "guessed"),
        (ENGLISH.encode("utf-16-be"), "utf-16-be", "guessed"),
        (b"<html><meta charset=windows-1252>" + ENGLISH.encode("cp1252"), "cp1252", "declared"),
        (b"<html><meta charset='iso-8859-1'>" + ENGLISH.encode("cp1252"), "cp1252", "declared"),
        (b'<?xml version="1.0" encoding="koi8-r"?>' + RUSSIAN.encode("koi8-r"), "koi8-r", "declared"),
        (b"<html><meta charset=windows-1251>" + ENGLISH.encode(), "utf-8", "utf-8"),
        (RUSSIAN.encode("cp1251"), "cp1251", "guessed"),
    ],
)
def test_the_text_is_right_and_the_evidence_is_told(data: bytes, encoding: str, evidence: str) -> None:
    found = decode(data)
    assert (found.encoding, found.evidence, found.lossy) == (encoding, evidence, 0)
    assert found.text.endswith((ENGLISH, RUSSIAN))
    assert not found.text.startswith("\ufeff")


def test_what_the_transport_declares_outranks_what_the_document_does() -> None:
    data = b"<html><meta charset=windows-1252>" + RUSSIAN.encode("koi8-r")
    assert decode(data, header_charset="koi8-r").evidence == "header"


def test_a_wrong_label_does_not_stop_the_search() -> None:
    data = b"<html><meta charset=no-such-thing>" + RUSSIAN.encode("cp1251")
    assert decode(data).encoding == "cp1251"


def test_utf_8_that_was_cut_off_or_damaged_stays_utf_8_and_counts_its_losses() -> None:
    cut = ("ä" * 50).encode()[:-1]
    assert (decode(cut).encoding, decode(cut).lossy) == ("utf-8", 1)
    damaged = ENGLISH.encode() + b"\xff\xfe" + ENGLISH.encode()
    assert (decode(damaged).encoding, decode(damaged).lossy) == ("utf-8", 2)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "empty"), (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 3, "binary"), (b"\x01\x02\x03\x04" * 50, "binary")],
)
def test_what_is_no_text_is_rejected_with_a_remedy(data: bytes, reason: str) -> None:
    with pytest.raises(Rejected) as refused:
        decode(data)
    assert (refused.value.stage, refused.value.reason) == ("decode", reason)
    assert refused.value.remedy


def test_too_many_lost_characters_are_a_rejection() -> None:
    with pytest.raises(Rejected) as refused:
        decode("a\N{REPLACEMENT CHARACTER}".encode() * 50)
    assert refused.value.reason == "undecodable"
