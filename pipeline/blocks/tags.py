"""The tokens of XML and SGML files with their offsets, without expanding entities, without a tree, in linear time.

Tolerant as feed readers must be: what is not closed is text, what is not well-formed is passed over. A tag ends at the next `>`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

_OPENING = re.compile(r"<!--|<!\[CDATA\[|<\?|<![A-Za-z]|</?(?=[A-Za-z_])")
_CLOSING = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"}
_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,100}")
_ATTRIBUTE = re.compile(r"""([A-Za-z_][\w.:-]{0,100})\s{0,20}=\s{0,20}(?:"([^"<]*)"|'([^'<]*)')""")


class Kind(Enum):
    """What a token is; comments, instructions and document types are none."""

    START = "start"
    END = "end"
    TEXT = "text"
    CDATA = "cdata"


class Token(NamedTuple):
    """A tag, or a stretch of text. `start` and `end` are its offsets, for CDATA those of what is inside.

    `name` is a tag's name as written, `attributes` the rest of a start tag, `empty` whether it closes itself.
    """

    kind: Kind
    start: int
    end: int
    name: str = ""
    attributes: str = ""
    empty: bool = False

    def attribute(self, name: str) -> str | None:
        """The value of an attribute, its character references resolved; None if the tag hasn't got it."""
        for match in _ATTRIBUTE.finditer(self.attributes):
            if match[1] == name:
                return html.unescape(match[2] if match[2] is not None else match[3])
        return None


def tokens(text: str) -> Iterator[Token]:
    """The tokens of `text` in order; together with the markup between them they cover it."""
    at = 0
    seen = 0
    ended: set[str] = set()  # closings that do not come any more: each is looked for once
    while (opening := _OPENING.search(text, seen)) is not None:
        closing = _CLOSING.get(opening[0], ">")
        end = -1 if closing in ended else _end(text, opening, closing)
        if end < 0:
            ended.add(closing)
            seen = opening.end()
            continue
        if opening.start() > at:
            yield Token(Kind.TEXT, at, opening.start())
        at = seen = end
        if opening[0] == "<![CDATA[":
            yield Token(Kind.CDATA, opening.end(), end - len(closing))
        elif opening[0] in ("<", "</"):
            yield _tag(text, opening, end)
    if at < len(text):
        yield Token(Kind.TEXT, at, len(text))


def _end(text: str, opening: re.Match[str], closing: str) -> int:
    """The offset behind the markup, -1 if it is not closed. A document type may hold declarations in brackets."""
    end = text.find(closing, opening.end())
    if opening[0].startswith("<!") and closing == ">" and end >= 0 and text.find("[", opening.end(), end) >= 0:
        inner = text.find("]", opening.end())
        end = text.find(closing, inner) if inner >= 0 else -1
    return end + len(closing) if end >= 0 else -1


def _tag(text: str, opening: re.Match[str], end: int) -> Token:
    name = _NAME.match(text, opening.end(), end)
    behind = name.end() if name else opening.end()
    empty = text.startswith("/>", end - 2)
    kind = Kind.END if opening[0] == "</" else Kind.START
    return Token(kind, opening.start(), end, name[0] if name else "", text[behind : end - 1 - empty], empty)
