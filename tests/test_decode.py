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


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", [RUSSIAN, "夕方、渡し船は港に戻った。灯台守は日誌を閉じる。" * 5, "Η βάρκα γύρισε αργά στο λιμάνι. " * 5]
)
def test_utf_16_without_a_mark_is_told_by_its_text(order: str, text: str) -> None:
    assert (decode(text.encode(order)).text, decode(text.encode(order)).encoding) == (text, order)


def test_iso_2022_is_told_by_its_escapes() -> None:
    text = "夕方、渡し船は港に戻った。"
    assert (decode(text.encode("iso2022_jp")).text, decode(text.encode("iso2022_jp")).evidence) == (text, "escapes")


def test_a_file_of_two_encodings_is_read_in_both_and_the_evidence_says_so() -> None:
    first, second = "Die Fähre fährt über die Förde, „schön“ wie früher.", "Am Ufer blühen Bäume; die Möwen hören zu."
    found = decode(f"{first}\n".encode() + second.encode("cp1252"))
    assert (found.text, found.encoding, found.lossy) == (f"{first}\n{second}", "utf-8", 0)
    assert found.evidence.startswith("mixed+")
    inline = decode(f"{first} Es war spät ".encode() + "– „gut“ … ja".encode("cp1252"))
    assert inline.text == f"{first} Es war spät – „gut“ … ja"


def test_bytes_that_are_damage_become_replacement_characters() -> None:
    text = "Die Fähre fährt über die Förde, schön wie früher und später. " * 4
    data = text.encode()
    found = decode(data[:20] + b"\xff" + data[20:60] + b"\xc0" + data[60:])
    assert (found.text.replace("\N{REPLACEMENT CHARACTER}", ""), found.lossy) == (text, 2)


@pytest.mark.parametrize(
    "codec", ["cp1250", "iso8859-2", "cp1252", "cp1257", "iso8859-9", "koi8-r", "cp1251", "iso8859-7", "cp932"]
)
def test_what_a_document_declares_is_read_so(codec: str) -> None:
    text = {"cp1251": RUSSIAN, "koi8-r": RUSSIAN, "iso8859-7": "Η βάρκα γύρισε. ", "cp932": "渡し船は戻った。"}.get(
        codec, "schön, über Öl "
    )
    page = f"<html><meta charset={codec}>" + text * 5
    assert decode(page.encode(codec)).text == page


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_how_lines_end_decides_nothing_about_what_is_refused(end: str) -> None:
    lines = ["A line of some twenty", *["x"] * 36, "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"]
    with pytest.raises(Rejected, match="cannot be decoded"):
        decode(end.join(lines).encode())
