"""The objects of a JSON-LD script, also where it is broken as pages break it: one small tolerant reading, in linear time.

Mended are comments and CDATA marks around it, character references for its quotes, commas before a closing bracket, raw line
breaks in strings, and several objects one behind another. Nothing is guessed: a string without an end ends the reading.
"""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

_WRAPPED = re.compile(r"\A(?:\s|<!--|//|/\*|\*/|<!\[CDATA\[)+")
_ENDS = ("-->", "]]>", "//", "/*", "*/", ";")
# A string, to be left alone, or a comma that nothing follows. A string without its end takes the rest, once.
_IDLE_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"?)|,(?=\s*[}\]])', re.DOTALL)
_BETWEEN = re.compile(r"[\s,;]*")
_DECODER = json.JSONDecoder(strict=False)


def read(text: str) -> tuple[list[Any], bool]:
    """All objects and lists of a script, in order, and whether that is the whole of it."""
    try:
        return [json.loads(text, strict=False)], True
    except (ValueError, RecursionError):
        return _mended(text)


def _mended(text: str) -> tuple[list[Any], bool]:
    text = _bare(text)
    if text[1:].lstrip().startswith("&"):  # {&quot;@type&quot;: …
        text = unescape(text)
    text = _IDLE_COMMA.sub(lambda match: match.group(1) or "", text)
    found: list[Any] = []
    at = _past(text, 0)
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return found, False
        found.append(value)
        at = _past(text, at)
    return found, bool(found)


def _past(text: str, at: int) -> int:
    """Where what stands between two objects ends."""
    between = _BETWEEN.match(text, at)
    return between.end() if between else at


def _bare(text: str) -> str:
    """The script without the marks that hide it from old browsers and from XML."""
    start = _WRAPPED.match(text)
    text = text[start.end() :] if start else text
    end = len(text)
    while mark := next((mark for mark in _ENDS if text.endswith(mark, 0, end)), text[max(0, end - 1) : end].isspace()):
        end -= 1 if mark is True else len(mark)
    return text[:end]
