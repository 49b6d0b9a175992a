"""The page-wide search for inline rules misses nothing that a search in each block finds."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from pipeline import rules
from pipeline.rules import RuleSet, folded
from pipeline.rules.sieve import Sieve

SHIPPED = rules.load()
PIECES = [
    "(Advertisement)",
    " Read more: How it began",
    "The tram runs. Share this",
    "word.Word",
    "[1]",
    "a b",
    "\u00a0",
    "\ud800",
    "é\n",
]
TEXTS = st.lists(st.lists(st.sampled_from(PIECES), max_size=4).map("".join), max_size=6)


@given(TEXTS)
def test_what_a_block_alone_finds_is_never_missed(texts: list[str]) -> None:
    found = {place for place, text in enumerate(texts) if SHIPPED.find_inline(text)}
    assert found <= SHIPPED.with_inline(folded(texts))


def test_the_ends_of_a_text_are_its_own_in_a_page() -> None:
    texts = ["a tide", "tide b", "tide", r"a\A"]
    assert list(Sieve([r"\Atide"]).places(texts)) == [1, 2]
    assert list(Sieve([r"tide\z", r"\\A"]).places(texts)) == [0, 2, 3]
    assert list(Sieve([r"tide\stide"]).places(texts)) == []
    assert list(Sieve([]).places(texts)) == []


def test_the_shipped_rules_sieve() -> None:
    assert SHIPPED.with_inline(["The tram returns in June.", "It runs. (Advertisement) It stops."]) == {1}


def test_more_repetitions_than_a_pattern_allows_pass_the_sieve() -> None:
    assert list(Sieve([r"\Ae{2,3}\z"]).places(["e", "ee", "eee", "eeee"])) == [1, 2, 3]
    literal = [r"\{2,3}", r"[{2,3}]x", r"[]{2,3}]y", r"[[:digit:]{2,3}]z", r"\Q{2,3}\E"]
    texts = ["{2,3}", "3x", "3y", ",z", "{2,3}"]
    assert [list(Sieve([one]).places([text])) for one, text in zip(literal, texts, strict=True)] == [[0]] * 5


def test_too_large_an_automaton_sieves_nothing_out() -> None:
    large = [rf"\pL{{{size}}}\pN{{200}}" for size in range(100, 900, 50)]
    assert list(Sieve(large).places(["a", "b"])) == [0, 1]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_texts_folded_together_are_as_folded_alone(texts: list[str]) -> None:
    assert folded(texts) == [rules.fold(text) for text in texts]


def test_a_remembered_text_matches_as_a_new_one() -> None:
    made = RuleSet(SHIPPED.rules)
    for text in ["Advertisement", "You may also like", "Tides rise."]:
        first = [rule.id for rule, _ in made.match_block(text)]
        assert [rule.id for rule, _ in made.match_block(text)] == first == [rule.id for rule, _ in SHIPPED.match_block(text)]


def test_time_grows_linearly() -> None:
    def cost(count: int) -> float:
        texts = ["Read more: a (advertisement) b. Share this"] * count
        start = time.perf_counter()
        assert len(SHIPPED.with_inline(texts)) == count
        return time.perf_counter() - start

    small = max(min(cost(2_000) for _ in range(3)), 1e-4)
    assert min(cost(20_000) for _ in range(2)) < 10 * 4 * small
