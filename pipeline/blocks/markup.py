"""Whether a text is HTML: by how it begins, or by how much of its text stands in elements. Prose about tags is prose."""

from __future__ import annotations

import re

# What only a page begins with: its rating is certain, or nearly.
_BEFORE = r"(?:[\s\ufeff]|<!--(?:(?!-->).)*+-->|<\?xml[^>]*>)*+"
_DOCTYPE = re.compile(_BEFORE + r"<(?:!doctype\s+html|html)(?=[\s>])", re.IGNORECASE | re.DOTALL)
_HEAD = re.compile(_BEFORE + r"<(?:head|body|title|meta|link|base|style|script)(?=[\s>/])", re.IGNORECASE | re.DOTALL)
DOCTYPE, HEAD = 1.0, 0.8
# Elements of pages, longest names first where one begins like another.
_TAG = re.compile(
    r"<(/?)(html|head|body|title|meta|link|style|script|noscript|article|section|main|header|footer|nav|aside|address|div|span|"
    r"p|pre|a|br|hr|h[1-6]|ul|ol|li|dl|dt|dd|table|thead|tbody|tr|td|th|caption|figure|figcaption|img|picture|source|blockquote|"
    r"strong|em|b|i|u|small|sup|sub|font|center|form|input|button|label|select|option|iframe|svg|path)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_LINE = re.compile(r"[^\S\n]*(\S(?:[^\n]*\S)?)")
# What is no text, closed or cut off at the end of what is looked at.
_UNSEEN = re.compile(r"<!--(?:(?!-->).)*+(?:-->|$)|<(script|style|svg)(?=[\s>])(?:(?!</\1\s*>).)*+", re.IGNORECASE | re.DOTALL)
# An element of more characters (a column, a page) says nothing about its text: what it holds must be marked up itself.
MAX_ELEMENT = 4000
# From this share of its text in elements on a text is rated above plain text; a rating without a doctype is at most MOST.
SHARE_WORTH, MOST = 1.2, 0.9


def rating(head: str) -> float:
    """1 for a doctype or <html>, .8 for another tag of a page's head, else by the share of the text that elements hold."""
    if "<" not in head:
        return 0.0
    if _DOCTYPE.match(head):
        return DOCTYPE
    if _HEAD.match(head):
        return HEAD
    return min(MOST, SHARE_WORTH * share(_UNSEEN.sub("", head)))


def share(text: str) -> float:
    """The share 0…1 of the text's characters, less tags and white space, in short elements or on lines with a tag at their edge.

    1 where there are tags only.
    """
    tags = list(_TAG.finditer(text))
    if not tags:
        return 0.0
    spans = _merged(_elements(tags) + _edged(text, tags))
    inside = sum(_solid(text[start:end]) for start, end in spans)
    total = _solid(text)
    return inside / total if total else 1.0


def _solid(text: str) -> int:
    return len("".join(_TAG.sub("", text).split()))


def _elements(tags: list[re.Match[str]]) -> list[tuple[int, int]]:
    """From start tags to their end tags, where that is not far."""
    opened: dict[str, int] = {}
    found: list[tuple[int, int]] = []
    for tag in tags:
        name = tag[2].lower()
        if not tag[1]:
            opened[name] = tag.start()
        elif name in opened and tag.end() - opened[name] <= MAX_ELEMENT:
            found.append((opened.pop(name), tag.end()))
    return found


def _edged(text: str, tags: list[re.Match[str]]) -> list[tuple[int, int]]:
    """Lines that a tag opens (a space behind it is prose that names it), and those that an end tag or a break closes."""
    starts = {tag.start() for tag in tags if text[tag.end() : tag.end() + 1] != " "}
    ends = {tag.end() for tag in tags if tag[1] or tag[2].lower() == "br"}
    return [line.span(1) for line in _LINE.finditer(text) if line.start(1) in starts or line.end(1) in ends]


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same places as spans that rise and do not touch."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
