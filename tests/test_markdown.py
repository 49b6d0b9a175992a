"""Markdown: what is text and where it stands, whatever else the file holds; and what is no Markdown."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest
from fuzz.targets import check_page
from hypothesis import given
from hypothesis import strategies as st

from pipeline import blocks
from pipeline.blocks import markdown
from pipeline.model import Decoded, Page
from pipeline.process import prepare, process
from pipeline.settings import load
from pipeline.sources import from_bytes, parts_of

GOLDEN = (Path(__file__).parent / "golden" / "blocks.markdown.md").read_text(encoding="utf-8")
CONTEXT = prepare(load())


def read(text: str) -> Page:
    page = markdown.read(Decoded(text, "utf-8", "utf-8"))
    check_page(page, text)
    return page


def said(text: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in read(text).blocks]


CASES = {
    "closed heading": ("## The pier ##\n", [("h2", "The pier")]),
    "underlined heading": ("The pier\n===\n\nsands\n", [("h1", "The pier"), ("p", "sands")]),
    "wrapped": ("One line\nand two  \nand three\\\nand four\n", [("p", "One line and two and three and four")]),
    "emphasis": ("a *b* **c** ***d*** _e_ *f\n", [("p", "a b c d e *f")]),
    "link": ('[the *pier*](<a b> "t)") and [so](x(y)z).\n', [("p", "the pier and so.")]),
    "reference": ("[a][B c] [b c][] [b C] [d]\n\n[b c]: x\n", [("p", "a b c b C [d]")]),
    "autolink": ("at <https://pier.example> now\n", [("p", "at https://pier.example now")]),
    "picture": ("![the [old] pier](p.png) stays\n", [("p", "stays")]),
    "code": ("say ``a ` b`` twice\n", [("p", "say a ` b twice")]),
    "escapes": ("5 \\* 3 &lt; 20 &amp; so &nope;\n", [("p", "5 * 3 < 20 & so &nope;")]),
    "tags": ("a <b>bold</b> word<br>\n", [("p", "a bold word")]),
    "list in list": ("- one\n  - two\n    goes on\n1. three\n", [("li", "one"), ("li", "two goes on"), ("li", "three")]),
    "quote": ("> one\nlazy\n> > two\n", [("p", "one lazy"), ("p", "two")]),
    "fence": ("~~~py\nx = 1\n\n  y *z*\n~~~\n", [("pre", "x = 1"), ("pre", "y *z*")]),
    "unclosed fence": ("```\nx\ny\n", [("pre", "x"), ("pre", "y")]),
    "table": ("| a | a |\n|---|---|\n| *b* |  |\n| c | a |\n", [("th", "a"), ("th", "a"), ("td", "b"), ("td", "c"), ("td", "a")]),
    "bar in a cell": ("|a|b|\n|-|-|\n|c \\| d|e|\n", [("th", "a"), ("th", "b"), ("td", "|c \\| d|e|")]),
    "html": ("<div>\nkept &gt; <i>all</i>\n<!-- not\nthis --></div>\n", [("p", "kept >"), ("p", "all")]),
    "rule and definition": ("a\n\n---\n\n[x]: https://pier.example\n", [("p", "a")]),
    "two brackets": ("[a] [b](c) [d\n", [("p", "[a] b [d")]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_text(name: str, end: str) -> None:
    text, expected = CASES[name]
    assert said(text.replace("\n", end)) == expected


def test_too_many_signs_stay_as_written() -> None:
    text = "a *b* " * 300
    assert said(text) == [("p", text.strip())]


def test_front_matter_is_what_the_article_declares() -> None:
    page = read("---\ntitle: 'A: b'\nauthors:\n  - Ines Calder\n  - Otto Brandt\ndate: 2012-05-03\ndraft: {a: b}\n---\n\ntext\n")
    assert page.hints.structured == {
        "front-matter.title": ("A: b",),
        "front-matter.author": ("Ines Calder", "Otto Brandt"),
        "front-matter.date": ("2012-05-03",),
    }
    assert [block.text for block in page.blocks] == ["text"]


@pytest.mark.parametrize(
    "front",
    [
        "title: [",
        "title: &a [*a]",
        "- title",
        "a: b",
        f"title: {'[' * 99}",
        f"title:\n {'- ' * 900}x",
        "title: \x00",
        "the title\nof it",
    ],
)
def test_what_is_no_front_matter_is_text(front: str) -> None:
    page = read(f"---\n{front}\n---\n\ntext\n")
    assert page.hints.structured == {}
    assert front.lstrip("- ")[:5] in " ".join(block.text for block in page.blocks)


def test_it_is_known_by_its_signs() -> None:
    assert blocks.choose(Decoded(GOLDEN, "", "")).name == "markdown"
    assert blocks.choose(Decoded(GOLDEN.partition("---\n\n")[2], "", "")).name == "markdown"


@pytest.mark.parametrize(
    "text",
    [
        "# 1 in the charts\n\nShe sings *well*, they say.\n\n* The charts are of Friday.\n",
        "Rates\n-----\n\n5 ** 2 is 25 and 2 ** 5 is 32, says [1] (https://x.example).\n",
        "---\nFROM THE DESK\n---\n\nThe pier stays.\n",
        f"# A\n{'long line ' * 30}\n{'long line ' * 30}\n{'long line ' * 30}\n[a](https://b.example) **c**\n```\n```\n",
    ],
)
def test_prose_with_a_sign_is_plain_text(text: str) -> None:
    assert blocks.choose(Decoded(text, "", "")).name == "plain"


def test_wrapping_and_line_ends_change_nothing() -> None:
    def outcome(data: bytes) -> list[tuple[object, ...]]:
        (part,) = parts_of("it", data, CONTEXT.settings)
        found = process(part.source, part.data, CONTEXT).articles
        return [(one.headline, one.text, one.author, one.date_published, one.keywords) for one in found]

    expected = outcome(GOLDEN.encode())
    crlf = GOLDEN.replace("\n", "\r\n")
    for data in (crlf.encode(), b"\xef\xbb\xbf" + GOLDEN.encode(), GOLDEN.encode("utf-16"), gzip.compress(GOLDEN.encode())):
        assert outcome(data) == expected


def test_its_text_is_not_cut_again() -> None:
    (article,) = process(from_bytes("it", GOLDEN.encode()), GOLDEN.encode(), CONTEXT).articles
    (again,) = process(from_bytes("it", article.text.encode()), article.text.encode(), CONTEXT).articles
    assert again.text.split() == article.text.split()


@given(
    st.lists(
        st.sampled_from(
            [
                "*",
                "_",
                "`",
                "[",
                "]",
                "(",
                ")",
                "<b>",
                "![",
                "&amp;",
                "\\",
                "> ",
                "- ",
                "# ",
                "|",
                "---",
                "\n",
                "\r\n",
                " ",
                "a",
                "ß",
                "\x00",
            ]
        ),
        max_size=60,
    )
)
def test_any_signs_give_sound_blocks(signs: list[str]) -> None:
    read("".join(signs))


@given(
    st.lists(
        st.sampled_from(["*", "_", "\\", "> ", "- ", "1. ", "# ", "|", "---", "\n", "\n\n", "    ", " ", "a", "ß"]), max_size=60
    )
)
def test_no_letter_is_lost(signs: list[str]) -> None:
    text = "".join(signs)
    kept = "".join(block.text for block in read(text).blocks)
    assert (kept.count("a"), kept.count("ß")) == (text.count("a"), text.count("ß"))


@given(st.integers(0, len(GOLDEN)), st.integers(0, 300))
def test_what_is_left_when_a_piece_is_missing_gives_sound_blocks(start: int, length: int) -> None:
    read(GOLDEN[:start] + GOLDEN[start + length :])


@pytest.mark.parametrize(
    "piece", ["[" * 400, "*a " * 150, "![[" * 130, "- a\n", "> a\n", "#\n", "| a |\n|---|\n", "a\n", "`a ", "[a]: b\n", "<a "]
)
def test_time_grows_as_the_text_does(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece + ("\n\n" if len(piece) > 99 else "")) * (size // len(piece))
        started = time.process_time()
        markdown.sniff(text)
        read(text)
        return time.process_time() - started

    small = min(seconds(8_000) for _ in range(2))
    assert seconds(32_000) < 8 * small + 0.5
