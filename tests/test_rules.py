"""Rules: every hit and miss of the shipped ones, what the loader refuses, offsets, growth with length."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from pipeline import rules
from pipeline.errors import RuleError
from pipeline.model import Label
from pipeline.rules import Rule, RuleSet

SHIPPED = rules.load()
OWN: dict[str, Any] = {
    "id": "own.tide",
    "label": "boilerplate",
    "scope": "block",
    "pattern": "(?i)tide table",
    "hits": ["Tide table"],
    "misses": ["Tides"],
}


def names(found: list[tuple[Rule, Any]]) -> list[str]:
    return [rule.id for rule, _ in found]


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.id)
def test_hits_and_misses(rule: Rule) -> None:
    SHIPPED.check(rule)
    assert len(rule.hits) >= 2
    assert rule.misses
    assert rule.source or rule.label is not Label.BOILERPLATE
    for hit in rule.hits:
        if rule.scope == "inline":
            assert rule.id in [found.id for found, _, _ in SHIPPED.find_inline(hit)]
        else:
            assert rule.id in names(SHIPPED.match_block(hit))


def test_every_language_has_rules() -> None:
    """Each kind of furniture is known in every language the README names."""
    samples = {
        "related": ["Related articles", "Ähnliche Artikel", "Lire aussi", "Lea también", "Leggi anche", "Leia também", "Lees ook",
                    "Читайте также", "اقرأ أيضا", "مطالب مرتبط", "相关阅读", "関連記事"],
        "share": ["Share this", "Teilen", "Partager", "Compartir", "Condividi", "Compartilhar", "Delen", "Поделиться", "مشاركة",
                  "اشتراک‌گذاری", "分享到", "シェアする"],
        "comments": ["Leave a Reply", "Kommentar schreiben", "Laisser un commentaire", "Deja un comentario", "Lascia un commento",
                     "Deixe um comentário", "Geef een reactie", "Оставить комментарий", "اترك تعليقا", "ارسال نظر", "发表评论",
                     "コメントを残す"],
        "newsletter": ["Newsletter", "Newsletter abonnieren", "S'abonner", "Suscríbete", "Iscriviti", "Inscreva-se",
                       "Nieuwsbrief",
                       "Рассылка новостей", "النشرة البريدية", "خبرنامه", "订阅我们的电子报", "メルマガ登録"],
        "cookies": ["Accept all cookies", "Alle akzeptieren", "Tout accepter", "Aceptar todo", "Accetta tutti", "Aceitar todos",
                    "Alle cookies accepteren", "Принять все", "سياسة الخصوصية", "حریم خصوصی",
                    "接受所有Cookie", "プライバシーポリシー"],
        "navigation": ["Skip to content", "Zum Inhalt springen", "Aller au contenu", "Saltar al contenido", "Vai al contenuto",
                       "Ir para o conteúdo", "Ga naar de inhoud", "Перейти к содержимому", "انتقل إلى المحتوى", "رفتن به محتوا",
                       "跳至内容", "コンテンツへスキップ"],
        "rights": ["All rights reserved", "Alle Rechte vorbehalten", "Tous droits réservés", "Todos los derechos reservados",
                   "Tutti i diritti riservati", "Todos os direitos reservados", "Alle rechten voorbehouden", "Все права защищены",
                   "جميع الحقوق محفوظة", "تمامی حقوق محفوظ است", "版权所有", "無断転載を禁じます"],
        "ad": ["Advertisement", "Anzeige", "Publicité", "Publicidad", "Pubblicità", "Publicidade", "Advertentie", "Реклама",
               "إعلان",
               "آگهی", "广告", "広告"],
    }  # fmt: skip
    for kind, texts in samples.items():
        assert len(texts) == 12
        for text in texts:
            labels = [rule.label for rule, _ in SHIPPED.match_block(text)]
            assert Label.BOILERPLATE in labels, f"{kind}: {text}"


@pytest.mark.parametrize(
    "text",
    [
        "The town council voted on Monday to keep the long pier open for one more winter.",
        "“Leave a comment in the book,” said the librarian, “or do not.”",
        "Bees do not read the newsletter, but their keepers do.",
        "Der Hafenmeister teilte mit, die Anzeige sei zurückgezogen worden.",
        "Les abeilles du toit de la mairie ont passé l'hiver.",
        "Новый причал откроют весной, сообщили в порту.",
        "港口的灯在傍晚亮起。",
        "A winter on the water",
        "What happens next?",
        "The price of salt",
    ],
)
def test_prose_and_headings_are_left_alone(text: str) -> None:
    assert [rule.id for rule, _ in SHIPPED.match_block(text) if rule.label is not Label.BYLINE] == []
    assert SHIPPED.find_inline(text) == []


def test_breadcrumb_groups_in_the_original_text() -> None:
    text = "\u00a0 Startseite\u00a0»\u2003Häfen & Küsten » Die Nacht, in der der Steg\u00a0wanderte "
    rule, match = next(item for item in SHIPPED.match_block(text) if item[0].id == "boilerplate.breadcrumb")
    found = {inner.name: text[inner.start : inner.end] for inner in rules.groups(match)}
    assert rule.label is Label.BOILERPLATE
    assert found == {"section": "Häfen & Küsten", "headline": "Die Nacht, in der der Steg\u00a0wanderte"}


def test_inline_offsets_behind_astral_and_combining_characters() -> None:
    text = "🐝 Überall é\u00a0— der Steg (Werbung) war zu. 港口 [Read more] Ende."
    found = {rule.id: text[start:end] for rule, start, end in SHIPPED.find_inline(text)}
    assert found == {"inline.advertisement": "(Werbung) ", "inline.bracket-link": "[Read more]"}


def test_glued_words_are_flagged_exactly_and_never_cut() -> None:
    text = "They sat atFishing boats on the quay; JavaScript and WhatsApp are no glue."
    [(rule, start, end)] = SHIPPED.find_inline(text)
    assert (rule.id, rule.flag, text[start:end]) == ("residue.glued-words", True, "atFishing")


def test_lone_surrogates_and_nothing_do_no_harm() -> None:
    assert SHIPPED.match_block("") == [] == SHIPPED.match_block(" \u00a0\n")
    assert SHIPPED.find_inline("") == []
    assert names(SHIPPED.match_block("Advertisement\ud800")) == ["boilerplate.ad"]
    assert SHIPPED.find_inline("a \ud800 (Advertisement) b")


def test_digest_is_the_same_for_any_order_and_differs_with_content() -> None:
    turned = RuleSet(reversed(SHIPPED.rules))
    assert turned.digest == SHIPPED.digest
    assert turned.rules == SHIPPED.rules
    assert rules.load() is SHIPPED
    assert rules.load(inline=(OWN,)).digest != SHIPPED.digest
    assert rules.load(inline=(OWN,)).digest == rules.load(inline=(OWN | {"source": "noted"},)).digest


def test_own_rules_are_added_and_replace_shipped_ones(tmp_path: Path) -> None:
    file = tmp_path / "more.toml"
    file.write_text(
        "[[rule]]\nid = 'boilerplate.ad'\nlabel = 'boilerplate'\nscope = 'block'\n"
        "pattern = 'Fish today'\nhits = ['Fish today']\n",
        encoding="utf-8",
    )
    for path in (file, tmp_path):
        made = rules.load((path,), (OWN,))
        assert len(made) == len(SHIPPED) + 1
        assert names(made.match_block("TIDE  TABLE")) == ["own.tide"]
        assert names(made.match_block("Fish today")) == ["boilerplate.ad"]
        assert made.match_block("Advertisement") == []
    assert names(SHIPPED.match_block("Advertisement")) == ["boilerplate.ad"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pattern": "(tide"}, "does not compile"),
        ({"pattern": "(?=tide)"}, "RE2"),
        ({"patern": "x"}, "Did you mean 'pattern'"),
        ({"label": "boilerplat"}, "Did you mean 'boilerplate'"),
        ({"scope": "everywhere"}, "Known are: block, inline, to-end"),
        ({"hits": ["Ebb table"]}, "its hit 'Ebb table' does not match"),
        ({"misses": ["tide TABLE"]}, "its miss 'tide TABLE' matches"),
        ({"hits": []}, "'hits' is missing or empty"),
        ({"hits": "Tide table"}, "a list of strings"),
        ({"confidence": 2}, "is not in 0"),
        ({"confidence": True}, "a number"),
        ({"max_chars": 4}, "longer than max_chars"),
        ({"max_chars": 0}, "not positive"),
        ({"flag": True}, "inline rules only"),
        ({"id": "Own Tide"}, "dotted lower case"),
    ],
)
def test_refusals_name_the_rule_and_the_remedy(change: dict[str, Any], says: str) -> None:
    with pytest.raises(RuleError) as caught:
        rules.load(inline=(OWN | change,))
    assert says in str(caught.value)
    assert "winnow.toml, rule " in caught.value.place
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[[rule]\n", "not TOML"),
        ("[rules]\n", "unknown table 'rules'"),
        ("rule = 3\n", "not a list of tables"),
        ("[[rule]]\nid = 'a.b'\n", "'label' is missing"),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "broken.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(RuleError, match=r"broken\.toml") as caught:
        rules.load((file,))
    assert says in str(caught.value)


def test_a_missing_file_an_empty_folder_and_a_repeated_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="cannot be read"):
        rules.load((tmp_path / "none.toml",))
    with pytest.raises(RuleError, match="holds no"):
        rules.load((tmp_path,))
    with pytest.raises(RuleError, match=r"used already in winnow\.toml"):
        rules.load(inline=(OWN, OWN))


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a b", "a \u00a0\tb", 1),
        ("a[ ]b", "a  b", 0),
        (r"a\ b", "a  b", 0),
        ("a {2}b", "a  b", 1),
        ("[^] ]b c", "xb  c", 1),
    ],
)
def test_a_plain_space_stands_for_a_run_of_white_space(pattern: str, text: str, found: int) -> None:
    rule = Rule("t.t", Label.BOILERPLATE, "block", pattern)
    assert len(RuleSet([rule]).match_block(text)) == found


def test_defaults_and_definitions_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "f.toml"
    file.write_text(
        "[defaults]\nlabel = 'boilerplate'\nscope = 'block'\nedges = true\n[define]\nwater = 'tide|ebb'\n"
        "[[rule]]\nid = 'own.water'\npattern = '(?:{{water}}) table'\nhits = ['» ebb table:']\nmisses = ['ebb tables']\n",
        encoding="utf-8",
    )
    assert names(rules.load((file,)).match_block("[ tide table ]")) == ["own.water"]


@pytest.mark.parametrize(
    "unit",
    ["aB", "[", "(advertisement ", "word. Read more: ", "aaaa", "[1]a", "ab.Cd ", "atFishing ", "\u00a0 ", "é"],
)
def test_inline_time_grows_linearly(unit: str) -> None:
    def cost(size: int) -> float:
        text = (unit * (size // len(unit) + 1))[:size]
        times = []
        for _ in range(2):
            start = time.perf_counter()
            SHIPPED.find_inline(text)
            times.append(time.perf_counter() - start)
        return min(times)

    assert cost(400_000) < 40 * cost(40_000) + 0.2


def test_an_own_inline_rule_that_looks_far_ahead_stays_linear() -> None:
    rule = OWN | {"scope": "inline", "pattern": "a(?:.*b)?", "hits": ["a"], "misses": ["c"]}
    made = rules.load(inline=(rule,))
    start = time.perf_counter()
    made.find_inline("a" * 9_000)
    short = time.perf_counter() - start
    start = time.perf_counter()
    made.find_inline("a" * 90_000)
    assert time.perf_counter() - start < 40 * short + 0.2


def test_matches_across_window_borders_are_found_once() -> None:
    unit = "x" * 97 + " (Advertisement) "
    text = unit * 600
    found = [text[start:end] for rule, start, end in SHIPPED.find_inline(text) if rule.id == "inline.advertisement"]
    assert found == ["(Advertisement) "] * 600


def test_blocks_longer_than_a_rule_allows_are_not_looked_at() -> None:
    assert SHIPPED.match_block("-" * 200)
    assert SHIPPED.match_block("-" * 201) == []
    assert SHIPPED.match_block("-" * 10_000_000) == []
