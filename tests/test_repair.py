"""Repair: what went wrong is mended alike in a file, and what is right is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.repair import REPAIRS, plan
from pipeline.repair.characters import CODECS, bits, found
from pipeline.repair.invisible import composed, unligated, visible
from pipeline.repair.misread import _sequences

PROSE = "Der Fährmann grüßt die Möwen, während das Öl über den Kai läuft — „schön“, sagt er."
CLEAN = (
    PROSE,
    "D’été en été, l’école s’étend ; l’écluse “à sec” attend l’équipage…",
    "Паромщик ждёт: «№ 7» уже ушёл — «В» пути.",
    "Рівень води біля Рівного: Єва й Ґалаґан — «ні», Сєров і Сілецький — «так».",
    "Η βάρκα γύρισε στο λιμάνι, «αργά».",
    "می‌خواهم به بندر بروم.",
    "渡し船は、夕方に戻る。",
    "बन्दरगाह की ड़ोर",
    "ភាសា\u200bខ្មែរ\u200b100\u200bនាក់",
    "ภาษา\u200bไทย\u200bWindows\u200bใหม่",
    "ᦅᧄᦺᦑ\u200bᦟᦹᧉ ꦧꦱ\u200bꦗꦮ",
    "Die Firma CafÉ “ÀLA” – 5 µm ½",
)


def mended(text: str) -> str:
    for name in plan([text]):
        text = REPAIRS[name](text)
    return text


@pytest.mark.parametrize("text", CLEAN)
def test_clean_text_of_many_scripts_is_left_alone(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize("codec", ["latin-1", "cp1252", "cp1250", "cp1251", "mac_roman", "iso8859-2"])
def test_utf_8_that_was_misread_is_read_again(codec: str) -> None:
    text = "Der Fährmann grüßt die Möwen, während das Öl über dem Kai schäumt."
    assert mended(text.encode().decode(codec, "surrogateescape").encode(codec, "surrogateescape").decode(codec, "ignore")) == text


def test_one_mistake_is_mended_alike_in_every_run() -> None:
    texts = [word.encode().decode("mac_roman") for word in ("Möwe", "Fähre", "Öl", "grün")]
    names = plan(texts)
    assert "reread-mac_roman" in names
    assert [REPAIRS["reread-mac_roman"](text) for text in texts] == ["Möwe", "Fähre", "Öl", "grün"]


@given(st.text(alphabet=st.sampled_from("aé’ﬁ“ÃÂ©¼äß\x92â€™РС»вЂ™ \u00ad\u200d\u0301\u200bខ")))
def test_a_repair_repeated_changes_nothing(text: str) -> None:
    for name in ("composed", "unligated", "visible"):
        once = REPAIRS[name](text)
        assert REPAIRS[name](once) == once


def test_letters_taken_apart_are_joined_ligatures_parted_and_invisible_characters_go() -> None:
    assert composed("mobilita\u0300") == "mobilità"
    assert unligated("oﬃce ﬁrst cœur Straße ﬅ") == "office first cœur Straße ﬅ"
    assert visible("Mu\u00adseum\u200b \u202ahier\ufeff\x01") == "Museum hier"
    assert visible("\u200b") == "\u200b"
    assert visible("\u200bខ្មែរ\u200b \u200bខ្មែរ\u200b") == "ខ្មែរ ខ្មែរ"
    assert visible("می\u200cخواهم 👩\u200d🚒 a\u200db") == "می\u200cخواهم 👩\u200d🚒 ab"


@given(st.text(alphabet=st.sampled_from("aé’“ÃÂ©¼äß\x92â€™РС»вЂ™–√∂├ñżĂ\U0001f600\n ")), st.sampled_from(CODECS))
def test_the_count_of_sequences_never_falls_short_of_what_an_expression_finds(text: str, codec: str) -> None:
    matched = sum(len(match.group()) for match in _sequences(codec).finditer(text))
    assert matched <= found(bits(text)).covered.get(codec, 0)
