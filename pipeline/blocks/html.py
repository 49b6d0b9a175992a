"""HTML → blocks with exact source offsets, from the token stream, and the hints that the page declares.

The tokenizer follows the HTML standard; its positions make every run a slice of the source. Should they ever not fit,
the tolerant fallback reads the page.
"""

from __future__ import annotations

import re

import turbohtml

from pipeline.blocks import markup
from pipeline.blocks.collector import UNSEEN, Collector
from pipeline.blocks.format import SNIFF_CHARS, Format
from pipeline.model import Decoded, Page

_LONE_RETURN = re.compile(r"\r(?!\n)")
# XHTML may close at once what HTML reads raw up to an end tag: `<title/>` would swallow the page.
_XML = re.compile(r"\s*<\?xml\s|(?:[^<]|<(?!html\s))*+<html\s[^>]*\bxmlns\s*=", re.IGNORECASE)
_CLOSED_AT_ONCE = re.compile(
    r"<(?:title|script|style|textarea|iframe|noscript|noframes|noembed|xmp)(?:\s(?:[^<>]*[\"'\s])?)?/>", re.IGNORECASE
)
_INK = re.compile(r"[^\r\n]")


def read(decoded: Decoded) -> Page:
    """The page's visible text as blocks in source order, and its hints."""
    page = _tokens(decoded.text)
    if page is not None:
        return page
    from pipeline.blocks import soup  # 250 ms to import, and never needed yet

    return soup.read(decoded)


def _tokens(text: str) -> Page | None:  # noqa: C901 - the loop a page spends its time in; calls cost
    """The page by the fast tokenizer; None if its positions ever fall back or leave the text, which would make spans wrong."""
    places = _Places(text)
    collector = Collector(text)
    unseen: str | None = None
    pending: int | None = None
    kinds = turbohtml.TokenType
    text_kind, start_kind, end_kind = kinds.TEXT, kinds.START_TAG, kinds.END_TAG
    for token in turbohtml.tokenize(_without_closed_at_once(text)):
        kind = token.type
        # Half of all text is indentation between two tags; nobody asks where it stands.
        if kind is text_kind and not (collector.runs or collector.pre or unseen) and pending is None and _is_blank(token):
            continue
        if kind is text_kind or pending is not None:
            here = places.of(token)
            if here is None:
                return None
            if pending is not None:
                _take(collector, unseen, pending, here)
            pending = here if kind is text_kind else None
        if kind is start_kind:
            if unseen is None:
                tag = token.tag or ""
                collector.start(tag, token)
                if tag in UNSEEN and not token.self_closing:
                    unseen = tag
        elif kind is end_kind:
            tag = token.tag or ""
            if unseen is None or tag == unseen:
                unseen = None
                collector.end(tag)
    if pending is not None:
        _take(collector, unseen, pending, len(text))
    return collector.page()


def _without_closed_at_once(text: str) -> str:
    """The text of an XML page with such elements as markup of the same length that says nothing."""
    if not _XML.match(text.lstrip("\ufeff")[:SNIFF_CHARS]):
        return text
    return _CLOSED_AT_ONCE.sub(lambda match: f"<!{_INK.sub(' ', match[0][2:-1])}>", text)


def _is_blank(token: turbohtml.Token) -> bool:
    return (token.data or "").isspace()


class _Places:
    """Offsets of tokens, of which the tokenizer says line and column; they are asked for in rising order."""

    def __init__(self, text: str) -> None:
        # A carriage return alone ends a line, too; that of \r\n is the last character of its line.
        self.lines = _LONE_RETURN.sub("\n", text) if "\r" in text else text
        self.line, self.line_start, self.before = 1, 0, 0

    def of(self, token: turbohtml.Token) -> int | None:
        """Where the token begins; None if that is before the last one or outside the text."""
        line = token.line
        while self.line < line:
            self.line_start = self.lines.find("\n", self.line_start) + 1
            if not self.line_start:
                return None
            self.line += 1
        here = self.line_start + token.col
        if not self.before <= here <= len(self.lines):
            return None
        self.before = here
        return here


def _take(collector: Collector, unseen: str | None, start: int, end: int) -> None:
    if unseen is None:
        collector.characters(start, end)
    elif unseen in ("title", "script"):
        collector.hints.text(unseen, collector.text[start:end])


FORMAT = Format("html", "text/html", sniff=markup.rating, read=read)
