"""Exports with markup: what is lost is noticed, what is broken costs nobody else anything, hostile files cost little."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from containers import docx, rtf

from pipeline import blocks
from pipeline.blocks.derive import derive
from pipeline.model import Decoded, Outcome
from pipeline.process import prepare, process
from pipeline.settings import load
from pipeline.sources import extract, from_bytes

GOLDENS = Path(__file__).parent / "golden"
CONTEXT = prepare(load())


def outcome(data: bytes | str) -> Outcome:
    data = data.encode() if isinstance(data, str) else data
    return process(from_bytes("export", data), data, CONTEXT)


def golden(name: str) -> str:
    return (GOLDENS / name).read_text(encoding="utf-8")


def nexis(name: str) -> list[str]:
    """The paragraphs of one of the goldens of Nexis Uni."""
    return [line for line in extract.text_of((GOLDENS / name).read_bytes()).text.split("\n") if line]


def without(text: str, first: str, last: str) -> str:
    """The text without what stands from `first` to `last`."""
    start = text.index(first)
    return text[:start] + text[text.index(last, start) + len(last) :]


def lost(kind: str) -> bytes | str:
    """A golden from which somebody took one article."""
    if kind == "nexis-en":
        lines = nexis("split.nexis_uni.word.docx")
        return docx(lines[: lines.index("Bell tower loses its bell")])
    if kind == "nexis-de":
        lines = nexis("split.nexis_uni.rich-de.rtf")
        return rtf(lines[: lines.index("Markt ohne Äpfel")])
    if kind == "lexisnexis-de":  # only its number is lost, and with it the article is
        return golden("split.lexisnexis_html.de.html").replace("Dokument 2 von 2", "")
    pieces = {
        "lexisnexis-en": ("split.lexisnexis_html.html", '<A NAME="DOC_ID_0_1">', "</BODY>"),
        "europresse-fr": ("split.europresse.html", "<article>", "</article>"),
        "europresse-en": ("split.europresse.en.html", "<article>", "</article>"),
        "reuters": ("split.reuters.sgm", '<REUTERS TOPICS="NO"', "</REUTERS>"),
    }
    name, first, last = pieces[kind]
    return without(golden(name), first, last)


LOSING = ["nexis-en", "nexis-de", "lexisnexis-en", "lexisnexis-de", "europresse-fr", "europresse-en", "reuters"]


@pytest.mark.parametrize("kind", LOSING)
def test_a_lost_article_is_caught_by_the_declared_count(kind: str) -> None:
    found = outcome(lost(kind))
    assert found.declared == len(found.articles) + 1
    assert [rejection.reason for rejection in found.rejections] == ["wrong-count"]
    assert found.articles, "its siblings are kept"


def test_an_article_of_factiva_that_lost_its_element_is_caught_by_its_number() -> None:
    found = outcome(
        golden("split.factiva_html.fr.html").replace('<div class="article frArticle"><div id="hd">', '<div><div id="hd">')
    )
    assert (len(found.articles), found.declared) == (1, 2)
    assert [rejection.reason for rejection in found.rejections] == ["wrong-count"]


BROKEN: dict[str, tuple[str, Callable[[str], str]]] = {
    "an article without text": (
        "split.factiva_html.html",
        lambda text: text.replace(
            "The bell of the old customs tower was taken down on Monday, because the beam that carried it had begun", ""
        ).replace(" to sing in the wind.", ""),
    ),
    "an article without a head": (
        "split.europresse.html",
        lambda text: re.sub(r"<header>.*?</header>", "", text, count=1, flags=re.DOTALL),
    ),
    "an item that is not closed": ("split.feed.rss.xml", lambda text: text.replace("</item>", "", 1)),
    "an item with a broken tag": ("split.feed.rss.xml", lambda text: text.replace("</content:encoded>", "", 1)),
    "CDATA that is not closed": ("split.feed.rss.xml", lambda text: text.replace("Osei]]>", "Osei", 1)),
    "an entry without a title": ("split.feed.atom-de.xml", lambda text: re.sub(r"<title type=\"html\">.*?</title>", "", text)),
    "an article without a body": (
        "split.reuters.sgm",
        lambda text: re.sub(r"<BODY>.*?</BODY>", "", text, count=1, flags=re.DOTALL),
    ),
    "an article that is not closed": ("split.reuters.sgm", lambda text: text.replace("</REUTERS>", "", 1)),
    "a document without labels": (
        "split.lexisnexis_html.html",
        lambda text: re.sub(r"<DIV[^\n]*(?:BYLINE|LENGTH|SECTION)[^\n]*", "", text),
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_one_bad_article_costs_its_siblings_nothing(kind: str) -> None:
    name, harm = BROKEN[kind]
    text = golden(name)
    harmed = harm(text)
    assert harmed != text
    before, after = outcome(text), outcome(harmed)
    assert after.export == before.export
    assert before.articles[-1].text.split("\n\n")[0] in "\n\n".join(article.text for article in after.articles) or kind.endswith(
        "without text"
    )
    assert len(after.articles) >= len(before.articles) - 1


def test_a_document_of_nexis_without_its_last_line_swallows_nobody() -> None:
    lines = nexis("split.nexis_uni.word.docx")
    lines.remove("End of Document")
    found = outcome(docx(lines))
    assert [article.headline for article in found.articles] == [
        "Night ferry returns after eleven years",
        "Bell tower loses its bell",
    ]
    assert found.warnings


def test_a_layout_nobody_foresaw_is_read_as_any_other_text_with_a_warning() -> None:
    text = golden("split.lexisnexis_html.html")
    for label in ("BYLINE", "SECTION", "LENGTH", "URL", "LANGUAGE"):
        text = text.replace(f"{label}: ", f"{label[::-1]}: ")
    found = outcome(text)
    assert found.export is None
    assert found.articles
    assert any("lexisnexis-html" in warning for warning in found.warnings)


def test_entities_that_a_feed_declares_are_not_expanded() -> None:
    bombs = "".join(f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefghi", "bcdefghij", strict=True))
    feed = golden("split.feed.rss.xml").replace(
        "<rss ", f"<!DOCTYPE rss [<!ENTITY a 'boom'>{bombs}<!ENTITY x SYSTEM 'file:///etc/passwd'>]>\n<rss "
    )
    found = outcome(feed.replace("The bell of", "The &j; &x; bell of"))
    assert found.export == "feed"
    assert "The &j; &x; bell of" in found.articles[1].text


FEEDS = ["split.feed.rss.xml", "split.feed.atom-de.xml", "split.feed.rdf-fr.xml"]


@pytest.mark.parametrize("name", FEEDS)
def test_the_runs_of_a_feed_point_to_where_they_stand_in_the_file(name: str) -> None:
    text = golden(name)
    page = blocks.read(Decoded(text, "utf-8", "utf-8"))
    runs = [run for block in page.blocks for run in block.runs]
    assert all(run.text == derive(run.how, text[run.start : run.end]) for run in runs)
    assert all(one.end <= other.start for one, other in pairwise(runs))
    assert all(block.text == "".join(run.text for run in block.runs) for block in page.blocks)


def feed(body: str) -> str:
    return f"<rss><channel><item><title>A</title><description>{body}</description></item></channel></rss>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("&lt;p&gt;One &amp;amp; two&lt;/p&gt;&lt;p&gt;Three&lt;/p&gt;", "One & two\n\nThree"),
        ("<![CDATA[<p>One &amp; two</p><p>Three</p>]]>", "One & two\n\nThree"),
        ("<p>One &amp; two</p><p>Three</p>", "One & two\n\nThree"),
        ("One &amp; two\n\nThree &lt; four", "One & two\n\nThree < four"),
        ("One <![CDATA[& two]]> &amp; three", "One & two & three"),
        ("&lt;p&gt;One&#160;two&amp;nbsp;three&lt;/p&gt;", "One\xa0two\xa0three"),
        ("Tom &unknown; Tim &lt;3 Tam", "Tom &unknown; Tim <3 Tam"),
    ],
)
def test_the_text_of_an_item_is_what_its_author_wrote(body: str, text: str) -> None:
    (article,) = outcome(feed(body)).articles
    assert article.text == text


def test_a_page_that_speaks_of_feeds_is_no_feed() -> None:
    page = "<html><body><p>A feed begins with &lt;rss version='2.0'&gt;, as everybody knows who has read one.</p></body></html>"
    assert outcome(page).export is None
    assert (
        outcome("A line of text.\n\n<rss><channel><item><title>Not at the beginning</title></item></channel></rss>\n").export
        is None
    )


INDEX = "split.structure.html"


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("declares itself an article", lambda text: text.replace('content="website"', 'content="article"')),
        ("has headings that lead nowhere", lambda text: re.sub(r"(<h2[^>]*>)<a [^>]*>(.*?)</a>", r"\1\2", text)),
        ("has comments", lambda text: text.replace('class="post-', 'class="comment post-')),
        (
            "has teasers only",
            lambda text: re.sub(
                r"(<div class=.entry-content.>).*?(</div>)", r"\1<p>A short text, cut …</p>\2", text, flags=re.DOTALL
            ),
        ),
        ("goes on elsewhere", lambda text: text.replace("</div>\n<footer>", '<a href="/x">Continue reading</a></div>\n<footer>')),
    ],
)
def test_a_page_is_not_cut_that(kind: str, change: Callable[[str], str]) -> None:
    text = golden(INDEX)
    assert change(text) != text, kind
    assert len(outcome(text).articles) == 3
    assert len(outcome(change(text)).articles) == 1


HOSTILE: dict[str, Callable[[int], str]] = {
    "items": lambda n: "<rss><channel>" + "<item><title>a</title>" * n,
    "nested": lambda n: "<rss>" + "<a>" * n + "x",
    "references": lambda n: feed("&amp;lt;" * n),
    "open CDATA": lambda n: "<rss><channel><item>" + "<![CDATA[" * n,
    "open comments": lambda n: "<rss><channel><item>" + "<!--" * n,
    "open document types": lambda n: "<!DOCTYPE a [" * n + "<rss>",
    "open tags": lambda n: "<rss>" + "<a " * n,
    "end tags": lambda n: "<rss><channel><item>" + "</a></b>" * n,
    "markup inside": lambda n: feed("<b>x" * n),
    "reuters": lambda n: "<REUTERS NEWID='1'>" + "<D>x" * n,
    "reuters lines": lambda n: "<REUTERS NEWID='1'><TEXT><BODY>" + "word\n" * n,
    "reuters controls": lambda n: "<REUTERS NEWID='1'><TEXT><BODY>" + "a&#3;" * n,
    "posts in posts": lambda n: "<html>" + "<article><h2><a>T</a></h2>" * n,
    "posts": lambda n: "<html>" + "<article><h2><a>T</a></h2><p>x</p></article>" * n,
    "factiva": lambda n: "<html>" + "<div class='article enArticle'><p class='articleParagraph'>x</p></div>" * n,
    "europresse": lambda n: "<html>" + "<article><p class='titreArticle DocText'>x</p></article>" * n,
    "lexisnexis": lambda n: (
        "<html>" + "".join(f"<p>{i} of {n} DOCUMENTS</p><p>LENGTH: 1</p><p>BYLINE: x</p>" for i in range(1, n))
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_ten_times_the_file_costs_about_ten_times_the_time(kind: str) -> None:
    small, large = HOSTILE[kind](300), HOSTILE[kind](3_000)
    outcome(small)
    assert cost(large) < 40 * max(cost(small), 0.002)


def cost(text: str) -> float:
    """The lesser of two, in seconds of CPU: the other was disturbed."""
    best = float("inf")
    for _ in range(2):
        start = time.process_time()
        outcome(text)
        best = min(best, time.process_time() - start)
    return best
