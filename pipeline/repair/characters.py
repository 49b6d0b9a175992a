"""Which part each character could have in misread UTF-8, looked up for a whole text at once.

Sound text is told from mojibake by counting, without a regular expression: that is all a clean file pays for.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The encodings in which UTF-8 is most often misread, in the order in which they are believed.
CODECS = ("cp1252", "cp1250", "cp1251", "mac_roman", "cp1254", "cp1257", "iso8859-2", "cp437", "cp850")
# What ftfy may mend, wherever it stands: UTF-8 read in some Western encoding, or in windows-1251.
WESTERN, CYRILLIC = "western", "cyrillic"
READINGS = (*CODECS, WESTERN, CYRILLIC)
# What windows-1252, -1250 … make of continuation bytes, and what windows-1251 does: members of a regular expression's class.
WESTERN_TAILS = "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122"
CYRILLIC_TAILS = "\u0080-\u00bf\u0402-\u040f\u0452-\u045f\u2013-\u203a\u20ac\u2116\u2122"
# Likewise what repair takes out; and the accents that it joins with the letter before them: those that NFC joins in Latin, Greek,
# Cyrillic, Arabic and kana. Others are left: NFC takes letters of Bengali, Hebrew and others apart that keyboards type as one.
INVISIBLE = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
# Printers' ligatures: ﬀ ﬁ ﬂ ﬃ ﬄ ﬆ. The one of long s and t is left: it belongs to an old spelling.
LIGATURES = "\ufb00-\ufb04\ufb06"
ACCENTS = "\u0300-\u036f\u0653-\u0655\u3099\u309a"
# Bytes of UTF-8 that begin a character of two, three, four bytes, and those that go on with one (Unicode Standard, table 3-6).
LEADS = (range(0xC2, 0xE0), range(0xE0, 0xF0), range(0xF0, 0xF5))
TAILS = range(0x80, 0xC0)
# A character's bits, one a reading each time: begins a sequence of two, of three, of four, goes on with one, can be left at all;
# then C1 and MARK.
_GROUP = len(READINGS)
_TAIL = np.uint64(len(LEADS) * _GROUP)
_ALL = np.uint64((1 << _GROUP) - 1)
_LEFT = np.uint64((len(LEADS) + 1) * _GROUP)
C1 = np.uint64(1 << ((len(LEADS) + 2) * _GROUP))
MARK = np.uint64(2 * int(C1))
_PLANE = 0x10000


class Found(NamedTuple):
    """What a text shows of each reading of which it has a sequence.

    covered: characters in its sequences, a bound from above (those that overlap are all counted); exposed: characters that it
    could have left, in a sequence or not.
    """

    covered: dict[str, int]
    exposed: dict[str, int]


def bits(text: str) -> NDArray[np.uint64]:
    """The bits of each character of `text`; 0 for ASCII and for what no misreading leaves."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return _table()[codes if codes.max(initial=0) < _PLANE else np.minimum(codes, _PLANE - 1)]


def found(roles: NDArray[np.uint64]) -> Found:
    """What characters with these bits show, in one pass for all readings."""
    # Beyond the end stand characters without a part, that a sequence may be looked for at the last ones too.
    roles = np.concatenate([roles, np.zeros(len(LEADS), dtype=np.uint64)])
    tails = (roles >> _TAIL) & _ALL
    leads = (roles | roles >> np.uint64(_GROUP) | roles >> np.uint64(2 * _GROUP)) & _ALL
    starts = np.flatnonzero(leads[:-1] & tails[1:])
    following, sequences = np.full(len(starts), _ALL), []
    for length in range(len(LEADS)):
        following &= tails[starts + length + 1]
        sequences.append(roles[starts] >> np.uint64(length * _GROUP) & following)
    shown = int(np.bitwise_or.reduce(np.concatenate(sequences), initial=np.uint64(0)))
    covered, exposed = {}, {}
    for at, reading in enumerate(READINGS):
        if shown >> at & 1:
            bit = np.uint64(1 << at)
            covered[reading] = sum((length + 2) * int(np.count_nonzero(there & bit)) for length, there in enumerate(sequences))
            exposed[reading] = int(np.count_nonzero(roles & (bit << _LEFT)))
    return Found(covered, exposed)


@functools.cache
def image(codec: str) -> dict[int, str]:
    """Byte 80–FF → the character that misreading makes of it; the bytes that a codec leaves out become controls (WHATWG)."""
    return {byte: _char(byte, codec) for byte in range(0x80, 0x100)}


def _char(byte: int, codec: str) -> str:
    try:
        return bytes([byte]).decode(codec)
    except UnicodeDecodeError:
        return chr(byte)


@functools.cache
def inverse(codec: str) -> dict[str, int]:
    """Character → byte. For windows-1252 Latin-1's controls count too: the two are often mixed."""
    controls = {chr(code): code for code in range(0x80, 0xA0)} if codec == CODECS[0] else {}
    return controls | {char: byte for byte, char in image(codec).items()}


@functools.cache
def parts(reading: str) -> tuple[frozenset[str], ...]:
    """The characters that in a reading begin a sequence of two, of three, of four, go on with one, and can be left at all."""
    if reading == WESTERN:
        return _members("\u00c2-\u00df"), _members("\u00e0-\u00f4"), frozenset(), _members(WESTERN_TAILS)
    if reading == CYRILLIC:
        return frozenset("РСГЃВ"), frozenset("в"), frozenset(), _members(CYRILLIC_TAILS)
    return tuple(
        frozenset(char for char, byte in inverse(reading).items() if byte in part) for part in (*LEADS, TAILS, range(256))
    )


def _members(group: str) -> frozenset[str]:
    """What a class of a regular expression holds."""
    return frozenset(re.findall(f"[{group}]", "".join(map(chr, range(_PLANE)))))


@functools.cache
def _table() -> NDArray[np.uint64]:
    """The bits of each code point of the Basic Multilingual Plane."""
    table = np.zeros(_PLANE, dtype=np.uint64)
    for at, reading in enumerate(READINGS):
        for part, chars in enumerate(parts(reading)):
            table[[ord(char) for char in chars]] |= np.uint64(1 << (part * _GROUP + at))
    table[0x80:0xA0] |= C1
    table[[ord(char) for char in _members(INVISIBLE + ACCENTS + LIGATURES)]] |= MARK
    return table
