"""The laws of the design on exports with markup: on the goldens, and on what is left of them when a piece is cut out anywhere."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from containers import docx, rtf
from golden.regenerate import documents, expected
from hypothesis import given
from hypothesis import strategies as st

from pipeline import blocks, dataset
from pipeline.blocks.derive import derive
from pipeline.model import Action
from pipeline.process import Trace, prepare, process, trace
from pipeline.settings import load
from pipeline.sources import from_bytes

ROOMS = (
    "blocks.feed",
    "blocks.markdown",
    "blocks.sgml",
    "extract",
    "split.europresse",
    "split.factiva_html",
    "split.feed",
    "split.lexisnexis_html",
    "split.nexis_uni",
    "split.reuters",
    "split.structure",
)
COUNTED = {Action.DROPPED, Action.TAKEN, Action.SEPARATOR}
GOLDENS = [document for document in documents() if document.name.startswith(ROOMS)]
TEXTS = [document for document in documents() if document.suffix == ".txt" and expected(document).get("export")]
MARKUP = [document for document in GOLDENS if document.suffix in (".xml", ".sgm", ".html", ".md")]
CONTEXT = prepare(load())


def hold(data: bytes) -> None:
    """Laws 1 to 4: tiling, verbatim, order, accounting."""
    traced = trace(from_bytes("export", data), data, CONTEXT)
    if not isinstance(traced, Trace):
        assert traced.rejections
        return
    source = traced.decoded.text
    articles = traced.outcome.articles
    assert articles or traced.outcome.rejections
    seen = [0] * len(source)
    spans = [(kept.start, kept.end) for article in articles for kept in article.kept]
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    spans += [(entry.start, entry.end) for entry in traced.outcome.ledger if entry.action in COUNTED]
    for start, end in spans:
        for at in range(start, end):
            seen[at] += 1
    assert max(seen, default=0) <= 1
    for span in blocks.visible(traced.page):
        assert all(seen[at] == 1 for at in range(*span) if not source[at].isspace())
    for article in articles:
        for kept in article.kept:
            assert article.text[kept.at : kept.at + kept.length] == derive(kept.how, source[kept.start : kept.end])


@pytest.mark.parametrize("document", GOLDENS, ids=lambda document: document.name)
def test_the_laws_hold_on_the_goldens(document: Path) -> None:
    hold(document.read_bytes())


@pytest.mark.parametrize("make", [docx, rtf])
@pytest.mark.parametrize("document", TEXTS, ids=lambda document: document.name)
def test_a_text_export_says_the_same_from_word(document: Path, make: Callable[[list[str]], bytes]) -> None:
    text = document.read_text(encoding="utf-8").replace("\x0c", "")
    plain, word = (process(from_bytes("export", data), data, CONTEXT) for data in (text.encode(), make(text.split("\n"))))
    assert (word.export, word.declared, len(word.articles)) == (plain.export, plain.declared, len(plain.articles))
    for one, other in zip(plain.articles, word.articles, strict=True):
        assert one.text.split() == other.text.split()
        assert (one.headline, one.author, one.date_published) == (other.headline, other.author, other.date_published)


def test_a_dataset_of_exports_is_proved_from_the_files_alone(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for document in GOLDENS:
        (tmp_path / "raw" / document.name).write_bytes(document.read_bytes())
    settings = load(raw=tmp_path / "raw", out=tmp_path / "out")
    dataset.build(settings)
    assert dataset.verify(settings.out, settings.raw) == []
    media = {row["uri"]: row["media_type"] for row in dataset.open_dataset(settings.out, "documents").to_table().to_pylist()}
    assert len(media) == len(GOLDENS)
    assert media["extract.rtf.rtf"] == "text/rtf"
    assert media["split.feed.rss.xml"] == "application/xml"


@given(st.data())
def test_the_laws_hold_on_what_is_left_when_a_piece_is_missing(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(MARKUP)).read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 300))
    hold((text[:start] + text[start + length :]).encode())


@given(st.data())
def test_the_laws_hold_when_a_piece_stands_elsewhere(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(MARKUP)).read_text(encoding="utf-8")
    start, end, to = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 3)))
    hold((text[:start] + text[end:to] + text[start:end] + text[to:]).encode())


@pytest.mark.parametrize("document", MARKUP, ids=lambda document: document.name)
def test_line_ends_and_encodings_change_no_word(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    said = [
        [(article.headline, article.text.split(), article.author, article.date_published) for article in traced.outcome.articles]
        for data in (text.encode(), text.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16"))
        for traced in [trace(from_bytes("export", data), data, CONTEXT)]
        if isinstance(traced, Trace)
    ]
    assert len(said) == 4
    assert all(one == said[0] for one in said)
