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


def _tokens(text: str) -> Page | None:  # noqa: C901, PLR0912 - the loop a page spends its time in; calls cost
    """The page by the fast tokenizer; None if its positions ever fall back or leave the text, which would make spans wrong."""
    # A carriage return alone ends a line, too; that of \r\n is the last character of its line.
    lines = _LONE_RETURN.sub("\n", text) if "\r" in text else text
    line, line_start, before = 1, 0, 0
    collector = Collector(text)
    start, end = collector.start, collector.end
    unseen: str | None = None
    pending = -1
    kinds = turbohtml.TokenType
    text_kind, start_kind, end_kind = kinds.TEXT, kinds.START_TAG, kinds.END_TAG
    for token in turbohtml.tokenize(_without_closed_at_once(text)):
        kind = token.type
        if pending >= 0 or kind is text_kind:
            # Half of all text is indentation between two tags; nobody asks where it stands.
            if pending < 0 and (token.data or "").isspace() and not (collector.runs or collector.pre or unseen):
                continue
            while line < token.line:
                line_start = lines.find("\n", line_start) + 1
                if not line_start:
                    return None
                line += 1
            here = line_start + token.col
            if not before <= here <= len(lines):
                return None
            before = here
            if pending >= 0:
                _take(collector, unseen, pending, here)
            pending = here if kind is text_kind else -1
        if kind is start_kind:
            if unseen is None:
                tag = token.tag or ""
                start(tag, token)
                if tag in UNSEEN and not token.self_closing:
                    unseen = tag
        elif kind is end_kind:
            tag = token.tag or ""
            if unseen is None or tag == unseen:
                unseen = None
                end(tag)
    if pending >= 0:
        _take(collector, unseen, pending, len(text))
    return collector.page()


def _without_closed_at_once(text: str) -> str:
    """The text of an XML page with such elements as markup of the same length that says nothing."""
    if not _XML.match(text.lstrip("\ufeff")[:SNIFF_CHARS]):
        return text
    return _CLOSED_AT_ONCE.sub(lambda match: f"<!{_INK.sub(' ', match[0][2:-1])}>", text)


def _take(collector: Collector, unseen: str | None, start: int, end: int) -> None:
    if unseen is None:
        collector.characters(start, end)
    elif unseen in ("title", "script"):
        collector.hints.text(unseen, collector.text[start:end])


FORMAT = Format("html", "text/html", sniff=markup.rating, read=read)
