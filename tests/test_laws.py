"""The laws of the design, as properties over generated documents."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from documents import anything, broken, document, markup, plain
from hypothesis import given, settings

from pipeline import blocks
from pipeline.blocks import html, soup
from pipeline.blocks import plain as plain_text
from pipeline.blocks.derive import derive
from pipeline.model import Action, Decoded, Outcome
from pipeline.process import Context, Trace, prepare, process, trace
from pipeline.settings import load
from pipeline.sources import from_bytes

COUNTED = {Action.DROPPED, Action.TAKEN, Action.SEPARATOR}
CONTEXT: Context = prepare(load())


def run(text: str) -> Trace | Outcome:
    data = text.encode("utf-8", "surrogatepass")
    return trace(from_bytes("generated", data), data, CONTEXT)


def outcome_of(text: str) -> Outcome:
    traced = run(text)
    return traced.outcome if isinstance(traced, Trace) else traced


@given(document)
def test_law_1_tiling_every_visible_character_is_in_exactly_one_run(text: str) -> None:
    traced = run(text)
    if not isinstance(traced, Trace):
        return
    source = traced.decoded.text
    seen = [0] * len(source)
    spans = [(kept.start, kept.end) for article in traced.outcome.articles for kept in article.kept]
    spans += [(entry.start, entry.end) for entry in traced.outcome.ledger if entry.action in COUNTED]
    for start, end in spans:
        for at in range(start, end):
            seen[at] += 1
    for span in blocks.visible(traced.page):
        assert all(seen[at] == 1 for at in range(*span) if not source[at].isspace())
    assert max(seen, default=0) <= 1


@given(plain | anything)
def test_law_1_in_plain_text_blocks_leave_out_white_space_only(text: str) -> None:
    page = plain_text.read(Decoded(text, "utf-8", "utf-8"))
    covered: set[int] = set()
    for span in blocks.visible(page):
        covered.update(range(*span))
    assert all(at in covered or char.isspace() for at, char in enumerate(text))


@given(document)
def test_law_2_verbatim_each_kept_run_is_its_slice_or_derived_from_it(text: str) -> None:
    traced = run(text)
    if not isinstance(traced, Trace):
        return
    source = traced.decoded.text
    for article in traced.outcome.articles:
        for kept in article.kept:
            assert article.text[kept.at : kept.at + kept.length] == derive(kept.how, source[kept.start : kept.end])
        joints = set(range(len(article.text)))
        for kept in article.kept:
            joints -= set(range(kept.at, kept.at + kept.length))
        assert {article.text[at] for at in joints} <= {"\n"}
    for entry in traced.outcome.ledger:
        runs = [run for block in traced.page.blocks for run in block.runs if entry.start <= run.start and run.end <= entry.end]
        assert (
            entry.text in (source[entry.start : entry.end], "".join(run.text for run in runs)) or entry.action is Action.REPAIRED
        )


@given(document)
def test_law_3_order_kept_spans_and_articles_rise(text: str) -> None:
    kept = [span for article in outcome_of(text).articles for span in article.kept]
    assert all(one.end <= other.start for one, other in pairwise(kept))
    assert [article.position for article in outcome_of(text).articles] == list(range(len(outcome_of(text).articles)))


@given(document)
def test_law_4_accounting_every_source_ends_as_articles_or_a_rejection(text: str) -> None:
    outcome = outcome_of(text)
    assert bool(outcome.articles) != bool(outcome.rejections)
    assert all(rejection.reason and rejection.remedy for rejection in outcome.rejections)


@given(document)
def test_law_5_idempotence_a_composed_text_is_not_cut_and_loses_nothing(text: str) -> None:
    for article in outcome_of(text).articles:
        traced = trace_plain(article.text)
        assert len(traced.segments) == 1, "cut"
        dropped = [entry for entry in traced.outcome.ledger if entry.action in (Action.DROPPED, Action.SEPARATOR)]
        assert not dropped


def trace_plain(text: str) -> Trace:
    """The way of a text that is known to be plain, whatever it looks like."""
    decoded = Decoded(text, "utf-8", "utf-8")
    page = plain_text.read(decoded)
    from pipeline import label, split
    from pipeline.process import compose_all

    marks = label.label(page, CONTEXT.rules, CONTEXT.settings.mode, {})
    cut = split.split(page, marks, CONTEXT.settings.split_threshold)
    outcome = compose_all(from_bytes("again", text.encode("utf-8", "surrogatepass")), decoded, page, cut, CONTEXT)
    return Trace(decoded, page, cut.marks, tuple(cut.segments), outcome)


@given(document)
def test_law_6_determinism_the_same_bytes_give_the_same_outcome(text: str) -> None:
    assert outcome_of(text) == outcome_of(text)


@given(plain)
@pytest.mark.parametrize("change", ["crlf", "bom", "utf-16", "cr"])
def test_law_7_metamorphic_wrapping_changes_no_word(change: str, text: str) -> None:
    if "\r" in text or "\x00" in text:
        return
    data = {
        "crlf": text.replace("\n", "\r\n").encode(),
        "cr": text.replace("\n", "\r").encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "utf-16": b"\xff\xfe" + text.encode("utf-16-le"),
    }[change]
    original, wrapped = outcome_of(text), process(from_bytes("generated", data), data, CONTEXT)
    assert [said(article) for article in original.articles] == [said(article) for article in wrapped.articles]


def said(article: object) -> tuple[object, ...]:
    """What an article says, ids and offsets apart."""
    names = (
        "headline",
        "text",
        "author",
        "date_published",
        "date_modified",
        "publisher",
        "section",
        "references",
        "language",
        "position",
    )
    return tuple(getattr(article, name) for name in names)


HOSTILE: dict[str, Callable[[int], str]] = {
    "one long line": lambda n: "word " * n,
    "no space at all": lambda n: "x" * 5 * n,
    "many tiny lines": lambda n: "a\n" * n,
    "many blank lines": lambda n: "Head\n" + "\n" * 5 * n + "Tail of the text.",
    "white space line": lambda n: "Head" + " " * 5 * n + "\nTail.",
    "many references": lambda n: "".join(f"[{i % 999}] Solheim, The Cranes\n" for i in range(n // 4)),
    "many bylines": lambda n: "By Ingrid Solheim\n" * (n // 4),
    "many separators": lambda n: "***\nA short line\n" * (n // 4),
    "nested tags": lambda n: "<html>" + "<div>" * n + "text",
    "unclosed inline": lambda n: "<html>" + "<b><i>x" * n,
    "crossed tags": lambda n: "<html>" + "<b><p>x</b></p>" * n,
    "end tags only": lambda n: "<html><p>" + "</div></b>" * n,
    "tiny blocks": lambda n: "<html>" + "<p>a</p>" * n,
    "many attributes": lambda n: "<html><p " + "a=1 " * n + ">text",
    "open comment": lambda n: "<html><p>text<!--" + "-" * 5 * n,
    "ampersands": lambda n: "<html><p>" + "&" * 5 * n,
    "angle brackets": lambda n: "<html><p>" + "<" * 5 * n,
    "numbered documents": lambda n: "".join(f"{i + 1} of {n} DOCUMENTS\nLENGTH: 3 words\nA line\n" for i in range(n // 8)),
    "one long label": lambda n: "1 of 2 DOCUMENTS\nBYLINE: Ingrid Solheim\n" + "and others who were there\n" * (n // 4),
    "ends of documents": lambda n: "Body\nLength: 3 words\nLoad-Date: March 3, 2011\nEnd of Document\n" * (n // 12),
    "codes": lambda n: "HD\nPD 3 March 2011\nSN x\nWC 3 words\nTD\nNS a : b\nAN Document X0020110303e7330001u\n" * (n // 12),
    "rules and labels": lambda n: ("_" * 60 + "\nDocument 1 of 9\nAuthor: x\nFull text: y\n") * (n // 12),
    "digest": lambda n: ("-" * 30 + "\nFrom: x@y.example\nSubject: z\n\nText.\n") * (n // 8),
    "blog feet": lambda n: "Title\n3 comments\nShare Tweet\n" * (n // 8),
    "numbered titles": lambda n: "".join(f"{i + 1}. Title\nHet Rietblad, 4 maart 2011, p. 1, 40w.\n" for i in range(n // 8)),
    "mojibake": lambda n: "Ã© " * n,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_law_9_linear_ten_times_the_text_costs_about_ten_times_the_time(kind: str) -> None:
    """The ratio of two sizes in one run; the smaller is large enough to time, the bound allows for noise, not for a square."""
    small, large = HOSTILE[kind](4_000), HOSTILE[kind](40_000)
    outcome_of(small)
    assert cost(large) < 40 * max(cost(small), 0.002)


def cost(text: str) -> float:
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        outcome_of(text)
        best = min(best, time.process_time() - start)
    return best


@settings(max_examples=150)
@given(markup)
def test_fast_reader_agrees_with_beautiful_soup_on_text_and_offsets(text: str) -> None:
    decoded = Decoded(text, "utf-8", "utf-8")
    fast, slow = html.read(decoded), soup.read(decoded)
    assert [block.text for block in fast.blocks] == [block.text for block in slow.blocks]
    assert [block.runs for block in fast.blocks] == [block.runs for block in slow.blocks]


@given(broken)
def test_broken_markup_is_read_with_rising_spans(text: str) -> None:
    page = html.read(Decoded(text, "utf-8", "utf-8"))
    spans = blocks.visible(page)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    for block in page.blocks:
        assert block.text == "".join(run.text for run in block.runs)
        assert all(run.text == derive(run.how, text[run.start : run.end]) for run in block.runs)
