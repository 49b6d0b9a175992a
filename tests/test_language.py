"""The vote for a text's language: what carries no language gets none, and neither case nor place nor luck decides."""

from __future__ import annotations

import pytest

from bench.language import interval
from pipeline.enrich.language import detect, shares
from pipeline.model import LanguageShare

PROSE = {
    "en": "The ferryman mended his boat with the lid of a piano, and it has been humming across the river ever since.",
    "de": "Der Fährmann flickte sein Boot mit dem Deckel eines Klaviers, und seither summt es über den Fluss.",
    "nl": "De veerman herstelde zijn boot met het deksel van een piano, en sindsdien zoemt hij over de rivier.",
    "pl": "Przewoźnik załatał łódkę pokrywą fortepianu i odtąd mruczy ona cicho, płynąc przez rzekę do wsi.",
    "ru": "Паромщик починил лодку крышкой от рояля, и с тех пор она тихо гудит, переплывая через реку.",
    "el": "Ο βαρκάρης επισκεύασε τη βάρκα του με το καπάκι ενός πιάνου και από τότε σιγοτραγουδά στο ποτάμι.",
    "ar": "أصلح المراكبي قاربه بغطاء بيانو قديم ومنذ ذلك الحين يدندن القارب وهو يعبر النهر كل صباح.",
    "zh": "船夫用一块钢琴盖修好了他的小船，从那以后小船每次过河都会轻轻地哼着歌。",
    "ja": "渡し守はピアノのふたで舟を直し、それからというもの舟は川を渡るたびに小さく歌っている。",
}


@pytest.mark.parametrize("code", PROSE)
def test_a_sentence_has_its_language(code: str) -> None:
    found, score = detect(PROSE[code])
    assert found == code
    assert score > 0.9


@pytest.mark.parametrize("code", [code for code in PROSE if PROSE[code].upper() != PROSE[code]])
def test_capitals_change_nothing(code: str) -> None:
    assert detect(PROSE[code].upper())[0] == code


@pytest.mark.parametrize(
    "text",
    [
        *("", "  \n\t", "2024 17 3 881", "-- * -- ?!", "https://example.org/a/b/c", "Zq", "(c)"),
        'for (int i = 0; i < n; i++) { total += rows[i].value; printf("%d\\n", total); }',
        "qzxv brtkl wpfgh jxqvz mnbtr kzzpl fghwq xvbnt rrkpl",
        "aGVsbG8gd29ybGQhIHRoaXMgaXMgbm90IGEgbGFuZ3VhZ2Ugd2l0aG91dCBkZWNvZGluZw",
    ],
)
def test_what_is_no_language_has_none(text: str) -> None:
    found, score = detect(text)
    assert found is None or score < 0.2


def test_the_same_text_gives_the_same_answer() -> None:
    """langdetect draws random numbers: other texts in between must not change them."""
    short = "Kaffe og kake"
    before = detect(short)
    for text in PROSE.values():
        detect(text)
    assert detect(short) == before


def test_markup_and_addresses_say_nothing() -> None:
    dressed = (
        f'<div class="content main wide"><p style="color:red">{PROSE["nl"]}</p></div> https://www.example.org/the-english-page'
    )
    assert detect(dressed)[0] == "nl"


def test_a_text_in_two_languages_has_both_shares() -> None:
    mixed = " ".join([PROSE["en"]] * 4) + "\n\n" + " ".join([PROSE["ru"]] * 4)
    found = shares(mixed)
    assert {share.language for share in found} == {"en", "ru"}
    assert all(0.15 <= share.share <= 0.85 for share in found)


@pytest.mark.parametrize("text", [" ".join([PROSE["en"]] * 8), PROSE["en"] + PROSE["de"][:20], "", PROSE["zh"] * 5])
def test_a_text_in_one_language_has_no_shares(text: str) -> None:
    assert shares(text) == ()


@pytest.mark.parametrize("text", ["\ud800 a lone surrogate in a text", "nul \x00 and \x7f and \ufffe", "\ufdd0" * 40])
def test_characters_that_detectors_refuse_break_nothing(text: str) -> None:
    assert isinstance(detect(text)[1], float)
    assert isinstance(shares(text * 30), tuple)


def test_a_share_has_a_language_and_a_number() -> None:
    assert LanguageShare("en", 0.5) == ("en", 0.5)


def test_the_interval_of_a_share_holds_it() -> None:
    low, high = interval(90, 100)
    assert 0.82 < low < 0.9 < high < 0.95
