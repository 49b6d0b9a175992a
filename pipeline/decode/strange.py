"""How strange a reading of bytes looks: what decides between encodings where the bytes allow several.

A wrong single-byte encoding betrays itself next to the letters that every encoding shares: signs inside words, capitals after
small letters, a second alphabet within a word, controls, box drawing.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

# Characters beyond ASCII that are judged: a constant price for long files.
JUDGED = 4_000
_BEYOND = re.compile(r"[^\x00-\x7f]")
# Signs that do stand between letters: apostrophes, the Catalan point, hyphens, an ellipsis, invisible joiners.
_JOINERS = frozenset("’‘·‐‑…ʼ\N{SOFT HYPHEN}\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")
# Letters that hardly any text has, but which bytes FF and B5 become in most Western encodings.
_RARE = frozenset("ÿµ")
_AFTER_LETTERS = frozenset("®™°ªº²³")
_LATIN, _GREEK, _CYRILLIC = "latin", "greek", "cyrillic"


def strangeness(text: str) -> float:
    """The number of characters of `text` beyond ASCII that do not fit their neighbours; of the first JUDGED ones."""
    last = len(text) - 1
    total = 0.0
    for found in islice(_BEYOND.finditer(text), JUDGED):
        at = found.start()
        total += _misfit(text[at], text[at - 1] if at else " ", text[at + 1] if at < last else " ")
    return total


def _misfit(char: str, before: str, after: str) -> float:  # noqa: PLR0911  one return a class of characters
    """0: it fits; 1: it does not; more: no text has it."""
    category = unicodedata.category(char)
    if category in {"Cc", "Cn", "Co", "Cs"}:
        return 1.5
    if "\u2500" <= char <= "\u259f":
        return 1.0
    if category[0] == "L":
        return _letter_misfit(char, category, before, after)
    if category[0] == "M":
        return float(before.isalpha() and _script(before) != _script(char) and not "\u0300" <= char < "\u0370")
    if category[0] == "Z" or char in _JOINERS or category == "Pd":
        return 0.0
    if char in "¿¡":
        return float(before.isalpha())
    inside = before.isalpha() + after.isalpha()
    if category[0] == "S" and not (char in _AFTER_LETTERS and inside == before.isalpha()):
        return inside / 2
    return float(inside == 2)  # noqa: PLR2004  letters on both sides


def _letter_misfit(char: str, category: str, before: str, after: str) -> float:
    if category == "Lo":
        return float(before.isalpha() and _script(before) != _script(char) and char not in _AFTER_LETTERS)
    if char in _RARE:
        return 1.0
    if category == "Lu" and before.islower():
        return 1.0
    script = _script(char)
    for neighbour in (before, after):
        if neighbour.isdigit() and neighbour.isascii():
            return 0.5
        if neighbour.isalpha() and _script(neighbour) != script:
            return 1.0
    return 0.0


def _script(char: str) -> str:
    code = ord(char)
    if code < 0x250 or 0x1E00 <= code < 0x1F00:  # noqa: PLR2004  block limits of the Unicode Standard
        return _LATIN
    if 0x370 <= code < 0x400 or 0x1F00 <= code < 0x2000:  # noqa: PLR2004
        return _GREEK
    return _CYRILLIC if 0x400 <= code < 0x530 else ""  # noqa: PLR2004
