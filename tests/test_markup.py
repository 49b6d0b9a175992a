"""HTML is told from prose about HTML by what the text's elements hold."""

from __future__ import annotations

import time

import pytest

from pipeline import blocks
from pipeline.blocks import markup
from pipeline.blocks.format import SNIFF_CHARS
from pipeline.model import Decoded

PAGES = {
    "doctype": "<!DOCTYPE html><title>Ferries</title>Two boats a day.",
    "comment and declaration": "\n<?xml version='1.0'?>\n<!-- kept by Runa --><html><body>Two boats a day.</body></html>",
    "head": "<style>p { margin: 0 }</style><p>Two boats a day.",
    "fragment": "<div class='news'><h2>Ferries</h2><p>Two boats a day.</p><p>One on Sunday.</p></div>",
    "unclosed": "<p>Two boats a day.\n<p>One on Sunday.\n<ul>\n<li>Marigold\n<li>Cormorant\n</ul>\n",
    "breaks": "Two boats a day,<br>\none on Sunday,<br>\nnone in a storm.<br>\n",
    "text before": "Ferries\n<p>Two boats a day, and the last one waits for the train.</p>\n<p>One on Sunday.</p>\n",
    "wrapped": "<p>Two boats a day, and the last\none waits for the train\nfrom the valley.</p>\n<p>One\non Sunday.</p>\n",
    "no text": "<div><img src='boat.png'></div>",
}
PROSE = {
    "a sign": "Threads go < or > and nothing else.",
    "named tags": "Write <p> for a paragraph, <h1> for a heading, <br> for a break, <div> for a box and <span> for a piece.",
    "opens with a tag": "<div> and <span> are boxes. Everything that a page shows stands in one of the two, says the handbook.",
    "tags on lines": "A page begins with\n<html>\n, holds\n<body>\nand ends there. "
    + "What it shows is another matter altogether. " * 4,
    "far apart": "Open\n<div>\nfirst.\n"
    + "The rest of the book is about rowing boats and their upkeep.\n" * 90
    + "Close\n</div>\nlast.",
    "listing": "Try this:\n<ul>\n<li>Marigold</li>\n</ul>\n"
    + "It shows the name of the ferry that leaves next, as the board on the pier does. " * 3,
    "generics": "A List<String> holds names and a Map<K, V> finds them, as every apprentice learns.",
    "poem": "The lamps go out\nalong the pier,\nand no one <sighs>\nfor none is here.",
    "blank": " \n\n",
}


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_pages_are_pages(text: str) -> None:
    assert blocks.choose(Decoded(text, "utf-8", "utf-8")).name == "html"


@pytest.mark.parametrize("text", PROSE.values(), ids=PROSE)
def test_prose_about_tags_is_prose(text: str) -> None:
    assert blocks.choose(Decoded(text, "utf-8", "utf-8")).name == "plain"


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<!-- -->", "<script>", "<div>", "</div>", " ", "\n<p", "<svg <svg"])
def test_sniffing_is_linear(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        start = time.process_time()
        markup.rating(text)
        return time.process_time() - start

    seconds(SNIFF_CHARS)
    small, large = (min(seconds(size) for _ in range(3)) for size in (SNIFF_CHARS // 4, SNIFF_CHARS))
    assert large < 16 * small + 0.05
