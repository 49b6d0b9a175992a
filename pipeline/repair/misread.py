"""Mojibake: UTF-8 that was read in another encoding.

ftfy's `fix_encoding` finds the usual cases; the encodings it misses are undone here, by reading the very bytes again. A file's
mistake is found once (`mistake`) and mended alike everywhere in it.
ftfy's other fixes stay off on purpose: with its defaults 8.8 % of clean sentences change (curly quotes, full-width punctuation).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from pipeline.repair.characters import C1, CODECS, CYRILLIC, CYRILLIC_TAILS, WESTERN, WESTERN_TAILS, Found, found, inverse, parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

# So many sequences must be found for a file's mistake, and of the characters beyond ASCII that the misread UTF-8 could have
# left, this share must be in them. By chance such sequences do not come in a row.
MIN_SEQUENCES = 3
MIN_SHARE = 0.8
# Times a text may have been misread on top of itself.
MAX_ROUNDS = 3
SHOWN = 20_000  # characters by which the mistake is found
# In Ukrainian and its neighbours one pair of such letters may be sound: two in a row, or a sign in the second place, are not.
_SUSPECT = re.compile(
    f"[\x80-\x9f]|[\u00c2-\u00df][{WESTERN_TAILS}]|[\u00e0-\u00f4][{WESTERN_TAILS}]{{2}}"
    f"|(?:[РСГЃВ][{CYRILLIC_TAILS}]){{2}}|[РСГЃВ](?=[{CYRILLIC_TAILS}])[^\\w\\s]|в[{CYRILLIC_TAILS}]{{2}}"
)


def undoing(text: str, roles: NDArray[np.uint64]) -> tuple[str, ...]:
    """The names in REPAIRS of what undoes the mojibake of a file's text, in order; nothing where there is none.

    `roles` has the bits of each character of `text`.
    """
    shown = found(roles)
    codec = mistake(text[:SHOWN], found(roles[:SHOWN]) if len(roles) > SHOWN else shown) if shown.covered else None
    if codec is None:
        suspect = np.any(roles & C1) or WESTERN in shown.covered or (CYRILLIC in shown.covered and _SUSPECT.search(text))
        return ("repaired",) if suspect else ()
    # ftfy knows more of windows-1252 (a lost no-break space, say); of the others it knows too little to go first.
    return ("repaired", f"reread-{codec}") if codec == CODECS[0] else (f"reread-{codec}", "repaired")


def repaired(text: str) -> str:
    """`text` with mojibake undone that shows by itself, or `text` itself when it shows none."""
    if text.isascii() or not _SUSPECT.search(text):
        return text
    from ftfy import TextFixerConfig, fix_encoding_and_explain  # 160 ms to import, and clean files never come here

    return fix_encoding_and_explain(text, TextFixerConfig()).text


def mistake(text: str, shown: Found) -> str | None:
    """The encoding of CODECS in which a file's UTF-8 was misread, judged by a part of its text; None for a sound file."""
    best, most = None, 0
    for codec in CODECS:
        exposed = shown.exposed.get(codec, 0)
        # In sound text there are few sequences, and they are little of what could be one.
        if shown.covered.get(codec, 0) < max(1, MIN_SHARE * exposed):
            continue
        lengths = [len(match.group()) for match in _sequences(codec).finditer(text) if _read_again(match, codec) is not None]
        covered = sum(lengths)
        enough = covered >= MIN_SHARE * exposed if len(lengths) >= MIN_SEQUENCES else len(lengths) > 1 and covered == exposed
        if enough and covered > most:
            best, most = codec, covered
    return best


def reread(text: str, codec: str) -> str:
    """`text` with each sequence that is UTF-8 misread in `codec` read rightly, and again while that leaves further ones."""
    for _ in range(MAX_ROUNDS):
        again = _sequences(codec).sub(lambda match: _read_again(match, codec) or match.group(), text)
        if again == text:
            break
        text = again
    return text


@functools.cache
def _sequences(codec: str) -> re.Pattern[str]:
    """What UTF-8 characters of two to four bytes look like when misread in `codec`."""
    two, three, four, tail, _ = ("[" + re.escape("".join(sorted(part))) + "]" for part in parts(codec))
    return re.compile(f"{two}{tail}|{three}{tail}{{2}}|{four}{tail}{{3}}")


def _read_again(match: re.Match[str], codec: str) -> str | None:
    """The character that a sequence was before it was misread; None if it never was one.

    A letter of another alphabet beside Latin ones is none: an apostrophe and an accented letter are such a sequence by chance.
    """
    try:
        char = bytes(inverse(codec)[char] for char in match.group()).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not char.isalpha() or unicodedata.name(char, "").startswith("LATIN"):
        return char
    text, (start, end) = match.string, match.span()
    beside = text[max(0, start - 1) : start] + text[end : end + 1]
    return None if any(letter.isascii() and letter.isalpha() for letter in beside) else char
