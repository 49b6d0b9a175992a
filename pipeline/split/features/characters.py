"""Classes of characters, looked up for a whole text at once."""

from __future__ import annotations

import functools
import unicodedata
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Code points of the Basic Multilingual Plane have a row in the tables; those beyond are ideographs or pictures.
PLANE = 0x10000
IDEOGRAPHS = range(0x20000, 0x40000)


class Kind(IntEnum):
    """What a character is, as far as style and words go. DENSE: a letter of a script that writes without spaces."""

    SPACE = 0
    LOWER = 1
    UPPER = 2
    LETTER = 3
    DENSE = 4
    DIGIT = 5
    MARK = 6
    STOP = 7
    QUESTION = 8
    EXCLAMATION = 9
    COMMA = 10
    COLON = 11
    STRAIGHT_QUOTE = 12
    CURLY_QUOTE = 13
    ANGLE_QUOTE = 14
    STRAIGHT_APOSTROPHE = 15
    CURLY_APOSTROPHE = 16
    HYPHEN = 17
    EM_DASH = 18
    EN_DASH = 19
    ROUND = 20
    SQUARE = 21
    TECHNICAL = 22
    SYMBOL = 23


KINDS = len(Kind)
_SIGNS = {
    Kind.STOP: ".…。।۔։｡",
    Kind.QUESTION: "?？؟",
    Kind.EXCLAMATION: "!！",
    Kind.COMMA: ",，、،",
    Kind.COLON: ":;：；؛",
    Kind.STRAIGHT_QUOTE: '"',
    Kind.CURLY_QUOTE: "“”„‟",
    Kind.ANGLE_QUOTE: "«»‹›「」『』《》〈〉",
    Kind.STRAIGHT_APOSTROPHE: "'`",
    Kind.CURLY_APOSTROPHE: "’‘‚",
    Kind.HYPHEN: "-‐‑",
    Kind.EM_DASH: "—―",
    Kind.EN_DASH: "–",
    Kind.ROUND: "()（）",
    Kind.SQUARE: "[]【】",
    Kind.TECHNICAL: "/@_#\\=%&+",
}
_CATEGORIES = {"Ll": Kind.LOWER, "Lu": Kind.UPPER, "Lt": Kind.UPPER, "Lo": Kind.LETTER, "Lm": Kind.LETTER, "Nd": Kind.DIGIT}
_DENSE = ((0x0E00, 0x0E7F), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF))


@functools.cache
def tables() -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """The class and the lower-case form of each code point of the plane; what has no single lower-case form stays."""
    kinds = np.full(PLANE, Kind.SYMBOL, dtype=np.uint8)
    lower = np.arange(PLANE, dtype=np.uint32)
    for code in range(PLANE):
        char = chr(code)
        category = unicodedata.category(char)
        if category in _CATEGORIES:
            kinds[code] = _CATEGORIES[category]
            small = char.lower()
            if category in ("Lu", "Lt") and len(small) == 1:
                lower[code] = ord(small)
        elif category[0] == "M":
            kinds[code] = Kind.MARK
        elif category[0] == "Z" or category == "Cc" or char.isspace():
            kinds[code] = Kind.SPACE
    for low, high in _DENSE:
        span = kinds[low : high + 1]
        span[span == Kind.LETTER] = Kind.DENSE
    for kind, chars in _SIGNS.items():
        kinds[[ord(char) for char in chars]] = kind
    return kinds, lower


def classes(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The class of each code point."""
    kinds, _ = tables()
    if not len(codes) or codes.max() < PLANE:
        return kinds[codes]
    found = kinds[np.minimum(codes, PLANE - 1)]
    found[codes >= PLANE] = Kind.SYMBOL
    found[(codes >= IDEOGRAPHS.start) & (codes < IDEOGRAPHS.stop)] = Kind.DENSE
    return found


def code_points(text: str) -> NDArray[np.uint32]:
    """One number a character; a lone surrogate is its own code point."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
