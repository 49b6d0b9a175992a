"""Undelimited splitting: measures of links against a plain count, the decoder against every possible cutting, whole files."""

from __future__ import annotations

import itertools
import random
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline import learned, process, sources
from pipeline.blocks import plain
from pipeline.model import Block, Decoded, Run
from pipeline.settings import Settings
from pipeline.split import prose
from pipeline.split.features import links, parts
from pipeline.split.features.again import FEATURES, again
from pipeline.split.features.characters import Kind, classes, code_points
from pipeline.split.features.decode import best_cuts
from pipeline.split.features.table import table

HARBOUR = (
    "The harbour of Vessel Bay has a new crane, and the dockers of Vessel Bay say that it lifts twice the old one's load.",
    "The crane came by barge from the yard at Stowe. Its boom was too long for the bridge, so it waited for the ebb.",
    "Harbour master Ottilie Brandreth said the crane would pay for itself in nine years, if the dockers did not strike.",
    "Brandreth has run the harbour since the flood. The dockers call her the tide, because she comes back and won't argue.",
)
BEES = (
    "A swarm of bees has moved into the organ of the church at Little Amwell, and the organist won't play until the bees leave.",
    "The beekeeper who was called found honey in three pipes. He said that the bees were calm and the organ was well in tune.",
    "The parish will hold its services without the organ until autumn. The honey is for the bazaar, the beekeeper said.",
    "The organist has asked for earplugs, a veil and an apology. So far the parish has offered honey and a hymn.",
)
EMPTY = links.lexicon({})
SEVERAL = Path(__file__).parent / "golden" / "split.prose.titles.txt"


def blocks_of(text: str) -> tuple[Block, ...]:
    return plain.read(Decoded(text, "utf-8", "utf-8")).blocks


def trace_of(text: str) -> process.Trace:
    data = text.encode()
    found = process.trace(sources.from_bytes("file.txt", data), data, process.prepare(Settings.model_construct()))
    assert isinstance(found, process.Trace)
    return found


def starts(text: str) -> list[str]:
    """The first block of each article."""
    return [segment.blocks[0].text for segment in trace_of(text).segments]


@pytest.mark.parametrize(
    ("char", "kind"),
    [
        *(("a", Kind.LOWER), ("É", Kind.UPPER), ("ש", Kind.LETTER), ("港", Kind.DENSE), ("한", Kind.DENSE), ("٣", Kind.DIGIT)),
        *(("。", Kind.STOP), ("«", Kind.ANGLE_QUOTE), ("\u00a0", Kind.SPACE), ("\U00020000", Kind.DENSE)),
        *(("\U0001f600", Kind.SYMBOL), ("\ud800", Kind.SYMBOL)),
    ],
)
def test_classes_of_characters(char: str, kind: Kind) -> None:
    assert classes(code_points(char)).tolist() == [kind]


def words_of(text: str) -> links.Tokens:
    codes = code_points(text + "\n")
    return links.tokens(codes, classes(codes), EMPTY)


def test_words_are_known_by_their_first_letters_whatever_their_case() -> None:
    words = words_of("Dockers docker DOCKERS barge")
    assert words.id[0] == words.id[2] == words.id[1]
    assert words.id[3] != words.id[0]
    assert words.before.tolist() == [-links.FAR, 0, 1, -links.FAR]
    assert words.after.tolist() == [1, 2, links.FAR, links.FAR]


def test_a_script_without_spaces_is_read_in_pairs() -> None:
    assert words_of("港口的港口").before.tolist() == [-links.FAR, -links.FAR, -links.FAR, 0]


def test_the_weight_of_links_over_a_gap_is_the_sum_of_those_that_cross_it() -> None:
    rng = random.Random(4)  # noqa: S311 - a test
    text = " ".join(
        rng.choice(("crane", "barge", "tide", "boom", "yard", "dock", "rope", "hull", "mast", "keel")) for _ in range(300)
    )
    words = words_of(text)
    gaps = np.arange(300)
    found = links.shares(words, gaps)["links.60"]
    for gap in range(0, 300, 7):
        crossing = [p for p in range(300) if words.before[p] < gap <= p and p - words.before[p] <= 60]
        assert found[gap] == pytest.approx(sum(words.weight[crossing]))


def test_the_share_that_is_known_counts_each_word_once_where_it_first_stands_below_the_gap() -> None:
    rng = random.Random(5)  # noqa: S311 - a test
    vocabulary = [f"{a}{b}" for a in ("mo", "ka", "ru", "ti", "so", "pe") for b in ("lan", "fir", "tok", "bas", "dun", "wex")]
    words = words_of(" ".join(rng.choice(vocabulary) for _ in range(500)))
    words.weight[:] = 1.0
    gaps = np.arange(500)
    found = links.shares(words, gaps)["known.40.150"]
    known, total = np.zeros(500), np.zeros(500)
    for gap in range(500):
        below = {int(words.id[p]) for p in range(gap, min(gap + 40, 500))}
        above = {int(words.id[p]) for p in range(max(gap - 150, 0), gap)}
        total[gap], known[gap] = len(below), len(below & above)
    usual = known.sum() / total.sum()
    assert found == pytest.approx((known + links.PRIOR * usual) / (total + links.PRIOR))


def test_parts_of_two_subjects_are_less_alike_than_parts_of_one() -> None:
    text = "\n".join((*HARBOUR, *BEES))
    words = words_of(text)
    offsets = np.cumsum([0, *(len(line) + 1 for line in (*HARBOUR, *BEES))])[:-1]
    gaps = np.searchsorted(words.start, offsets)
    found = parts.alike(words, gaps[[2, 4, 6]])["alike"]
    assert found[1] < found[0]
    assert found[1] < found[2]


def test_what_a_short_text_is_about_is_not_common_in_it() -> None:
    short, longer = (
        words_of("Dockers crane tide yard. " * 4),
        words_of("Dockers crane tide yard. " * 4 + "A quay was built. " * 2000),
    )
    assert short.weight[0] == pytest.approx(np.log(links.FEW_WORDS / 4) - links.COMMON)
    assert short.weight[0] < longer.weight[0]


SETTINGS = {"least": -9.0, "cost": 0.5, "short": 400.0, "penalty": 1.0, "several": -99.0}


def gain(chosen: tuple[int, ...], odds: np.ndarray, worth: np.ndarray) -> float:
    ends = np.cumsum(worth)
    edges = [0.0, *(ends[gap] for gap in chosen), ends[-1]]
    lengths = [b - a for a, b in itertools.pairwise(edges)]
    return float(sum(odds[gap] - 0.5 for gap in chosen) - sum(max(0.0, np.log(400.0 / max(length, 1.0))) for length in lengths))


@pytest.mark.parametrize("seed", range(20))
def test_the_decoder_finds_the_best_of_all_cuttings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    odds, worth = rng.normal(0, 2, 10), rng.uniform(20, 600, 11)
    every = (chosen for size in range(11) for chosen in itertools.combinations(range(10), size))
    best = max(every, key=lambda chosen: gain(chosen, odds, worth))
    assert best_cuts(odds, worth, SETTINGS).tolist() == list(best)


def test_a_file_is_one_article_until_its_cuts_together_say_otherwise() -> None:
    odds, worth = np.array([1.5, -4.0, 1.5]), np.full(4, 900.0)
    assert best_cuts(odds, worth, SETTINGS | {"several": 1.9}).tolist() == [0, 2]
    assert best_cuts(odds, worth, SETTINGS | {"several": 2.1}).tolist() == []


def test_the_decoder_takes_linear_time() -> None:
    rng = np.random.default_rng(1)

    def seconds(size: int) -> float:
        odds, worth = rng.normal(0, 2, size), rng.uniform(20, 600, size + 1)
        begin = time.process_time()
        best_cuts(odds, worth, SETTINGS)
        return time.process_time() - begin

    seconds(1000)
    assert seconds(40_000) < 8 * seconds(10_000) + 0.05


def test_every_feature_that_the_weights_ask_for_is_measured_and_finite() -> None:
    seen = table(blocks_of("\n\n".join((*HARBOUR, *BEES))), ((),) * 8, EMPTY)
    assert seen is not None
    second = again(seen, np.linspace(-3, 3, 7))
    assert second.shape == (7, len(FEATURES))
    assert np.isfinite(seen.rows).all()
    assert np.isfinite(second).all()
    weights = learned.load(prose.FILE)
    assert set(weights.models["first"].features) <= set(seen.names)
    assert set(weights.models["second"].features) <= {*seen.names, *FEATURES}


def test_confidence_rises_with_the_score_and_is_never_certain() -> None:
    sure = prose.confidence(np.linspace(-20, 20, 50), learned.load(prose.FILE))
    assert (np.diff(sure) >= 0).all()
    assert 0 < sure[0] <= sure[-1] < 1


def test_articles_with_titles_and_bylines_come_apart_above_the_title() -> None:
    titles = ["A crane for Vessel Bay", "Bees in the organ", "A whale over Harrowfield"]
    assert starts(SEVERAL.read_text(encoding="utf-8")) == titles


@pytest.mark.parametrize("blank", [1, 2])
def test_they_do_so_where_nothing_else_parts_them(blank: int) -> None:
    lines = [line for line in SEVERAL.read_text(encoding="utf-8").split("\n") if line.strip() and line != "* * *"]
    titles = ["A crane for Vessel Bay", "Bees in the organ", "A whale over Harrowfield"]
    assert starts(("\n" * (blank + 1)).join(lines)) == titles


def test_a_source_line_below_a_rule_closes_the_article_above_it() -> None:
    text = "\n\n".join(
        [*HARBOUR, "* * *", "Source: Vessel Bay Courier", *BEES, "* * *", "Source: Amwell Messenger", *HARBOUR[::-1]]
    )
    assert "Source: Vessel Bay Courier" not in starts(text)


def test_an_article_with_headings_stays_whole() -> None:
    text = "\n\n".join(
        ["A crane for Vessel Bay", *HARBOUR[:2], "From barge to boom", HARBOUR[2], "What the dockers say", HARBOUR[3]]
    )
    assert starts(text) == ["A crane for Vessel Bay"]


def test_confidence_is_in_the_segments_and_the_features_say_why() -> None:
    trace = trace_of(SEVERAL.with_name("split.prose.txt").read_text(encoding="utf-8"))
    cut = next(segment for segment in trace.segments if segment.splitter == prose.RULE)
    assert 0.5 <= cut.confidence < 1
    reasons = prose.explain(trace.page.blocks, trace.marks, trace.page.blocks.index(cut.blocks[0]))
    assert reasons
    assert all(reason.weight for reason in reasons)
    assert prose.explain(trace.page.blocks, trace.marks, 0) == []


def line(text: str, at: int) -> Block:
    return Block((Run(at, at + len(text), text, "verbatim"),), text, "line")


def test_windows_own_each_block_once_and_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prose, "WINDOW_CHARS", 1000)
    blocks = [line("x" * 90, at) for at in range(100)]
    windows = list(prose._windows(blocks))
    assert [start for _, start, _, _ in windows] == [0, *(end for _, _, end, _ in windows[:-1])]
    assert windows[-1][2] == windows[-1][3] == 100
    assert all(low <= start < end <= high for low, start, end, high in windows)
    assert any(low < start for low, start, _, _ in windows)


def test_every_gap_has_a_score_whatever_the_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = blocks_of("\n\n".join((*HARBOUR, *BEES) * 6))
    whole = prose.score(blocks, ((),) * len(blocks))
    monkeypatch.setattr(prose, "WINDOW_CHARS", 1500)
    pieces = prose.score(blocks, ((),) * len(blocks))
    assert pieces.at.tolist() == whole.at.tolist() == list(range(1, len(blocks)))
    assert len(pieces.odds) == len(pieces.worth) - 1 == len(blocks) - 1
    assert np.isfinite(pieces.odds).all()


@pytest.mark.parametrize(
    "unit", ["* * *\n", "a\n", "港\n", "A\n\n", "[1] x\n", "– \u200b\n", "Mr. X (ABC) said.\n", "\u0301\n", "1\n2\n"]
)
def test_odd_files_are_read_without_an_error(unit: str) -> None:
    for times in (1, 2, 3, 400):
        blocks = blocks_of(unit * times)
        found = prose.score(blocks, ((),) * len(blocks))
        assert len(found.worth) == len(found.odds) + 1


@pytest.mark.long
def test_time_and_memory_are_linear_in_a_hostile_file() -> None:
    def seconds(lines: int) -> float:
        blocks = [line("Tide 1", at) for at in range(lines)]
        begin = time.process_time()
        prose.score(blocks, ((),) * lines)
        return time.process_time() - begin

    seconds(4000)
    assert seconds(64_000) < 6 * seconds(16_000)
