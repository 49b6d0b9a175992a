"""How likely a reading of bytes is as text of some language: letter frequencies decide where several encodings give words.

The numbers are made by `python -m bench train letters`.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from pathlib import Path

FILE = Path(__file__).with_name("letters.json")
# The single-byte encodings that are told apart: the Western, Central European, Baltic, Turkish, Cyrillic, Greek and Semitic ones.
CODECS = frozenset(
    "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp437 cp737 cp775 cp850 cp852 cp855 cp857 cp858 cp860 cp861 cp862"
    " cp863 cp864 cp865 cp866 cp720 cp869 hp-roman8 iso8859-1 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8"
    " iso8859-9 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 koi8-r koi8-u koi8-t kz1048 ptcp154 mac-roman mac-latin2"
    " mac-cyrillic mac-greek mac-turkish mac-iceland mac-romanian mac-croatian".split()
)
# A language is modelled if a single-byte encoding has this share of its characters.
MOST = 0.97
# What a character costs that a language does not have, in tenths of a bit.
UNKNOWN = 180
# Characters that are counted of a long text.
COUNTED = 20_000


def judged(text: str) -> Counter[str]:
    """The characters of `text` that say something about its language: letters in lower case, and signs beyond ASCII."""
    counted: Counter[str] = Counter()
    for char, number in Counter(text[:COUNTED]).items():
        if char.isalpha():
            counted[char.lower() if len(char.lower()) == 1 else char] += number
        elif not char.isascii():
            counted[char] += number
    return counted


def cost(text: str) -> float:
    """Bits that the characters of `text` cost in the language that they suit best: the less the likelier, for equally long texts."""
    counted = judged(text)
    return min(
        sum(number * model.get(char, UNKNOWN) for char, number in counted.items()) for model in _models().values()
    ) / 10


@functools.cache
def _models() -> dict[str, dict[str, int]]:
    loaded: dict[str, dict[str, int]] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded
