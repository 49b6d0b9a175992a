"""HTML → blocks with exact source offsets, from the token stream, and the hints that the page declares.

The tokenizer follows the HTML standard; its positions make every run a slice of the source. Should they ever not fit,
the tolerant fallback reads the page.
"""

from __future__ import annotations

import re
from itertools import accumulate

import turbohtml

from pipeline.blocks import markup
from pipeline.blocks.collector import UNSEEN, Collector
from pipeline.blocks.format import Format
from pipeline.model import Decoded, Page

_NEWLINE = re.compile(r"\r\n|\r|\n")
_ATTRIBUTES: dict[str, str | None] = {}


def read(decoded: Decoded) -> Page:
    """The page's visible text as blocks in source order, and its hints."""
    page = _tokens(decoded.text)
    if page is not None:
        return page
    from pipeline.blocks import soup  # 250 ms to import, and never needed yet

    return soup.read(decoded)


def _tokens(text: str) -> Page | None:
    """The page by the fast tokenizer; None if its positions ever fall back or leave the text, which would make spans wrong."""
    size = len(text)
    starts = _line_starts(text)
    lines = len(starts)
    collector = Collector(text)
    unseen: str | None = None
    pending: int | None = None
    before = 0
    kind = turbohtml.TokenType
    text_kind, start_kind, end_kind = kind.TEXT, kind.START_TAG, kind.END_TAG
    for token in turbohtml.tokenize(text):
        line = token.line
        here = starts[line - 1] + token.col if line <= lines else -1
        if not before <= here <= size:
            return None
        before = here
        if pending is not None:
            _take(collector, unseen, pending, here)
            pending = None
        found = token.type
        if found is text_kind:
            pending = here
        elif found is start_kind:
            if unseen is None:
                tag = token.tag or ""
                attrs = token.attrs
                collector.start(tag, dict(attrs) if attrs else _ATTRIBUTES)
                if tag in UNSEEN and not token.self_closing:
                    unseen = tag
        elif found is end_kind and (unseen is None or token.tag == unseen):
            unseen = None
            collector.end(token.tag or "")
    if pending is not None:
        _take(collector, unseen, pending, size)
    return collector.page()


def _line_starts(text: str) -> list[int]:
    if "\r" in text:
        return [0, *(match.end() for match in _NEWLINE.finditer(text))]
    return [0, *accumulate(len(line) + 1 for line in text.split("\n"))]


def _take(collector: Collector, unseen: str | None, start: int, end: int) -> None:
    if unseen is None:
        collector.characters(start, end)
    elif unseen in ("title", "script"):
        collector.hints.text(unseen, collector.text[start:end])


FORMAT = Format("html", "text/html", sniff=markup.rating, read=read)
