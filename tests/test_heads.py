"""Heads that come again: where they part articles, and what is none."""

from __future__ import annotations

from pathlib import Path

from pipeline import process, sources
from pipeline.settings import Settings

TEXT = (Path(__file__).parent / "golden" / "split.heads.txt").read_text(encoding="utf-8")
TITLES = ["Ferry bell goes missing", "A hedge too high", "Choir sings by torchlight"]


def starts(text: str) -> list[tuple[str, str]]:
    """The first block of each article, and who cut above it."""
    data = text.encode()
    trace = process.trace(sources.from_bytes("file.txt", data), data, process.prepare(Settings.model_construct()))
    assert isinstance(trace, process.Trace)
    return [(segment.blocks[0].text, segment.splitter) for segment in trace.segments]


def test_articles_whose_heads_are_alike_come_apart_whatever_the_blank_lines() -> None:
    for text in (TEXT, TEXT.replace("\n\n", "\n"), TEXT.replace("\n\n", "\n\n\n")):
        assert [first for first, _ in starts(text)] == TITLES
    assert {splitter for _, splitter in starts(TEXT)[1:]} == {"heads"}


def test_a_list_of_teasers_below_an_article_is_not_cut_by_its_heads() -> None:
    lines = TEXT.strip().split("\n\n")
    teasers = [*lines[:5], *lines[5:8], *lines[10:13]]
    assert "heads" not in {splitter for _, splitter in starts("\n\n".join(teasers))}


def test_a_heading_without_a_byline_is_no_head() -> None:
    assert "heads" not in {
        splitter for _, splitter in starts(TEXT.replace("By Silas Orr\n\n", "").replace("By Nora Vetch and", ""))
    }


def test_a_title_and_byline_below_an_unfinished_line_are_no_head() -> None:
    broken = TEXT.replace("use a saucepan, he said.", "use these:\n\nSaucepans").replace(
        "would pay for.", "would pay for:\n\nLadders"
    )
    assert "heads" not in {splitter for _, splitter in starts(broken)}
