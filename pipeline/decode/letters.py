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
    {
        *(f"cp125{page}" for page in range(8)),
        *(f"cp{page}" for page in (437, 720, 737, 775, 850, 852, 855, 857, 858, 860, 861, 862, 863, 864, 865, 866, 869)),
        *(f"iso8859-{part}" for part in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
        *(f"koi8-{letter}" for letter in "rut"),
        *(f"mac-{name}" for name in ("roman", "latin2", "cyrillic", "greek", "turkish", "iceland", "romanian", "croatian")),
        *("hp-roman8", "kz1048", "ptcp154"),
    },
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
    """Bits that the characters of `text` cost in the language that they suit best: the less, the likelier."""
    counted = judged(text)
    return min(sum(number * model.get(char, UNKNOWN) for char, number in counted.items()) for model in _models().values()) / 10


@functools.cache
def _models() -> dict[str, dict[str, int]]:
    loaded: dict[str, dict[str, int]] = json.loads(FILE.read_text(encoding="utf-8"))
    return loaded
