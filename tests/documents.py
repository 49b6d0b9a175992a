"""Generated documents for the laws: lines and markup of the kinds that real files have, in hypothesis strategies."""

from __future__ import annotations

import html

from hypothesis import strategies as st

WORDS = [
    "the",
    "harbour",
    "council",
    "met",
    "again",
    "on",
    "Tuesday",
    "and",
    "decided",
    "that",
    "old",
    "cranes",
    "would",
    "stay",
    "where",
    "they",
    "are",
    "for",
    "another",
    "winter",
    "while",
    "nobody",
    "could",
    "say",
    "who",
    "pays",
    "for",
    "paint",
    "ferries",
    "leave",
    "at",
    "noon",
    "every",
    "keeper",
    "knows",
    "this",
    "light",
    "does",
    "not",
    "turn",
    "itself",
]
NAMES = ("Ingrid Solheim", "Tom Okoro", "Karla van der Meulen", "José de la Cruz", "Émile Rostand")
ODD = (
    "\N{NO-BREAK SPACE}",
    "\N{ZERO WIDTH SPACE}",
    "\N{LINE SEPARATOR}",
    "\x0c",
    "\x85",
    "İ",
    "ß",
    "ŉ",
    "日本語",
    "مرحبا",
    "😀",
    "\x00",
    "�",
)

words = st.lists(st.sampled_from(WORDS), min_size=6, max_size=30).map(" ".join)
sentence = words.map(lambda text: text[:1].upper() + text[1:] + ".")
prose = st.lists(sentence, min_size=2, max_size=6).map(" ".join)
title = st.lists(st.sampled_from(WORDS), min_size=2, max_size=7).map(lambda found: " ".join(found).title())
byline = st.builds(
    lambda form, name: form.format(name),
    st.sampled_from(("By {}", "by {} – Tidepost – May 4, 2012", "Author: {}, tidepost.org", "{}, Tidepost", "Von {}", "Par {}")),
    st.sampled_from(NAMES),
)
dateline = st.sampled_from(("last updated: March 14, 2016", "Published: 3 May 2015", "2016-03-14", "14. März 2016"))
furniture = st.sampled_from(
    (
        "You may also like",
        "Leave a Comment",
        "Share this:",
        "Home » Harbour » Cranes stay",
        "Advertisement",
        "© 2014 Tidepost",
        "Tidepost.org",
    )
)
separator = st.sampled_from(("***", "---", "——–", "• • •", "_" * 40, "="))
reference = st.integers(1, 4).map(lambda n: f"[{n}] Solheim, Ingrid, The Cranes, Tidepost, May 4, 2012")
odd = st.lists(st.sampled_from((*ODD, "a", "B", " ", ".", "[", "<", "&amp;", "é", "Ã©")), min_size=1, max_size=12).map("".join)
line = st.one_of(
    prose, prose, prose, sentence, title, byline, dateline, furniture, separator, reference, odd, st.just("References:")
)

breaks = st.sampled_from(("\n", "\n\n", "\n\n\n", "\n \n"))
plain = st.lists(st.tuples(line, breaks), min_size=1, max_size=16).map(lambda parts: "".join(text + end for text, end in parts))
anything = st.text(max_size=400)

_TAGS = (
    "p",
    "div",
    "h1",
    "h2",
    "li",
    "ul",
    "td",
    "tr",
    "table",
    "b",
    "a",
    "span",
    "nav",
    "article",
    "footer",
    "figcaption",
    "blockquote",
)
_VOID = (
    "<br>",
    "<hr>",
    "<img src='x.png' alt='A crane'>",
    "<!-- a note -->",
    "<script>if (a < b) { c(); }</script>",
    "<style>p{}</style>",
)


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda tag, attributes, inner: f"<{tag}{attributes}>{''.join(inner)}</{tag}>",
        st.sampled_from(_TAGS),
        st.sampled_from(("", " class='related'", ' class="story-body"', " id=main", " hidden", " style='display:none'")),
        st.lists(children, max_size=5),
    )


_leaf = st.one_of(
    line.map(lambda text: html.escape(text, quote=False)), st.sampled_from(_VOID), st.sampled_from((" ", "\n  ", "&nbsp;"))
)
_tree = st.recursive(_leaf, _element, max_leaves=20)
markup = st.lists(_tree, min_size=1, max_size=6).map(lambda parts: f"<!doctype html><html><body>{''.join(parts)}</body></html>")
# What nobody would write on purpose: tags that never close, close twice or cross each other.
broken = st.lists(
    st.one_of(
        _leaf,
        st.sampled_from(_TAGS).map(lambda t: f"<{t}>"),
        st.sampled_from(_TAGS).map(lambda t: f"</{t}>"),
        st.just("<"),
        st.just("&#x"),
    ),
    max_size=25,
).map(lambda parts: f"<html>{''.join(parts)}")
document = st.one_of(plain, plain, anything, markup, broken)
