"""Letters that were taken apart or run together, and characters that nobody sees."""

from __future__ import annotations

import re
import unicodedata

from pipeline.repair.characters import ACCENTS, INVISIBLE, LIGATURES

_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_LIGATURE = re.compile(f"[{LIGATURES}]")
_ZWSP = "\N{ZERO WIDTH SPACE}"
# Scripts without spaces between words, where the zero-width space is the space (Unicode Standard, chapters 16 and 17; class SA of
# UAX 14): Thai, Lao, Tibetan, Myanmar, Khmer, Tai Le, New Tai Lue, Tai Tham, Balinese, Javanese, Cham, Tai Viet.
_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9ff\uaa00-\uaadf]"
)
# Characters: how far beyond others that nobody sees a neighbour is looked for.
LOOK = 8
_APART = re.compile(f"\\w[{ACCENTS}]+")


def composed(text: str) -> str:
    """`text` with letters and the accents after them as one character (NFC), where a decomposing system took them apart."""
    return text if text.isascii() else _APART.sub(lambda found: unicodedata.normalize("NFC", found.group()), text)


def unligated(text: str) -> str:
    """`text` with the printer's ligatures of f, i, l and t as letters; those that are letters of their own (œ, ĳ, ß) stay."""
    return text if text.isascii() else _LIGATURE.sub(lambda found: unicodedata.normalize("NFKC", found.group()), text)


def visible(text: str) -> str:
    """`text` without control, zero-width, direction and soft hyphen characters, but with the joiners that a script needs.

    A text of nothing else is left alone: it is no repair to make a block vanish.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = _INVISIBLE.sub(_needed, text)
    return kept if kept.strip() else text


def _needed(found: re.Match[str]) -> str:
    text, at = found.string, found.start()
    before = text[at - 1 : at]
    char = found.group()
    if char in "\u200c\u200d":
        # Joiners steer letters of Arabic and Indic scripts, and join emoji; beside Latin letters and blanks they do nothing.
        return char if before > "\u0590" and not before.isspace() and not _INVISIBLE.match(before) else ""
    if char == _ZWSP:
        # One side is enough: beside a number or a foreign word it parts two words all the same.
        before, after = _seen(text[max(0, at - LOOK) : at][::-1]), _seen(text[at + 1 : at + 1 + LOOK])
        again = _ZWSP in text[max(0, at - LOOK) : at].rpartition(before)[2] if before else True
        inside = before and after and not again and not (before.isspace() or after.isspace())
        return char if inside and (_UNSPACED.match(before) or _UNSPACED.match(after)) else ""
    return ""


def _seen(text: str) -> str:
    """The first character that is seen."""
    return next((char for char in text if not _INVISIBLE.match(char)), "")
