"""HTML → blocks with exact source offsets, from the token stream, and the hints that the page declares.

The tokenizer follows the HTML standard; its positions make every run a slice of the source. Should they ever not fit,
the tolerant fallback reads the page.
"""

from __future__ import annotations

import re

import turbohtml

from pipeline.blocks.collector import UNSEEN, Collector
from pipeline.blocks.format import Format
from pipeline.model import Decoded, Page

_LONE_RETURN = re.compile(r"\r(?!\n)")
_SIGN = re.compile(
    r"<(?:!doctype html|html|head|body|meta|title|article|div|p|span|a|br|h[1-6]|ul|li|table|td|script|style|img)[\s>/]",
    re.IGNORECASE,
)


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
    # The tokenizer counts lines; a carriage return alone ends one too, of \r\n it is the last character.
    lined = _LONE_RETURN.sub("\n", text) if text.count("\r") != text.count("\r\n") else text
    line, line_start = 1, 0
    collector = Collector(text)
    unseen: str | None = None
    pending: int | None = None
    before = 0
    kinds = turbohtml.TokenType
    text_kind, start_kind, end_kind = kinds.TEXT, kinds.START_TAG, kinds.END_TAG
    for token in turbohtml.tokenize(text):
        kind = token.type
        is_text = kind is text_kind
        if is_text and pending is unseen is None and not collector.runs and not collector.pre and token.data.isspace():
            continue  # half of all text: indentation between two tags; nobody asks where it stands
        if is_text or pending is not None:
            while line < token.line:
                line_start = lined.find("\n", line_start) + 1
                if not line_start:
                    return None
                line += 1
            here = line_start + token.col
            if not before <= here <= size:
                return None
            before = here
            if pending is not None:
                _take(collector, unseen, pending, here)
                pending = None
            if is_text:
                pending = here
                continue
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
        _take(collector, unseen, pending, size)
    return collector.page()


def _take(collector: Collector, unseen: str | None, start: int, end: int) -> None:
    if unseen is None:
        collector.characters(start, end)
    elif unseen in ("title", "script"):
        collector.hints.text(unseen, collector.text[start:end])


def sniff(head: str) -> float:
    """1 for a doctype or <html>, .8 for a text that begins with a tag, else by how many different tags of web pages it has."""
    start = head.lstrip("\ufeff \t\r\n")[:200].lower()
    if start.startswith(("<!doctype html", "<html")):
        return 1.0
    tags = {match.group().lower()[:-1] for match in _SIGN.finditer(head)}
    return max(0.8 if _SIGN.match(start) else 0.0, min(0.9, 0.25 * len(tags)))


FORMAT = Format("html", "text/html", sniff=sniff, read=read)
