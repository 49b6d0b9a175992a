"""The Unicode encodings, told by their own shape: UTF-8 sound or damaged, UTF-16 without a mark, ISO-2022 by its escapes."""

from __future__ import annotations

import codecs
import re
import unicodedata

from pipeline.model import Decoded

# One whole character of more than one byte (Unicode Standard, table 3-7).
SOUND = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
# Characters that decide between the two byte orders; they come from the whole length of the text.
SAMPLED = 2_000
# Code points that text has none of: unassigned, private, half surrogates, controls. More than this share is the wrong reading.
MAX_ODD_SHARE = 0.02
# The other byte order must be this much odder, or use this many times as many different upper bytes.
CLEARLY = 3
_NO_TEXT = {"Cn", "Co", "Cs", "Cc"}
_COMMON = frozenset(" \n\r\t.,-0123456789\N{IDEOGRAPHIC COMMA}\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH COMMA}")
# The escapes that open a double-byte set, and the codec that knows them (RFC 1468, RFC 1557).
_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_ext"))


def sound_utf8(data: bytes) -> Decoded | None:
    """Strict UTF-8; only a character cut off at the very end may be missing."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        text = decoder.decode(data)
    except UnicodeDecodeError:
        return None
    pending = decoder.getstate()[0]
    return Decoded(text + "\N{REPLACEMENT CHARACTER}" if pending else text, "utf-8", "utf-8")


def iso2022(data: bytes) -> Decoded | None:
    """ISO-2022-JP or -KR: seven-bit bytes, so they would pass for UTF-8, but with escapes that say which set follows."""
    if b"\x1b$" not in data:
        return None
    for escape, codec in _ESCAPES:
        if escape in data:
            try:
                return Decoded(data.decode(codec), codec, "escapes")
            except UnicodeDecodeError:
                continue  # an escape for a terminal, or cut off: no ISO-2022
    return None


def utf16(data: bytes) -> str | None:
    """utf-16-le or -be for text without a byte order mark, else None.

    Where letters are mostly Latin, the zeros stand on one side of each pair. Elsewhere both readings are judged by what they
    give: the right one has no unassigned code points, few different upper bytes and the common spaces, digits and marks.
    """
    even, odd = data[0::2].count(0), data[1::2].count(0)
    pairs = len(data) // 2 or 1
    if odd > 0.2 * pairs and even < 0.02 * pairs:
        return "utf-16-le"
    if even > 0.2 * pairs and odd < 0.02 * pairs:
        return "utf-16-be"
    little, big = _oddness(data, "utf-16-le"), _oddness(data, "utf-16-be")
    (best, codec), (other, _) = sorted([(little, "utf-16-le"), (big, "utf-16-be")])
    return codec if best[0] <= MAX_ODD_SHARE and (other[0] > CLEARLY * MAX_ODD_SHARE or other[1] > best[1]) else None


def _oddness(data: bytes, codec: str) -> tuple[float, float]:
    """(share of characters that are no text, minus the share of common ones): lower is better in both."""
    text = data.decode(codec, "replace")
    text = text[:: max(1, len(text) // SAMPLED)]
    odd = sum(char not in "\n\r\t" and unicodedata.category(char) in _NO_TEXT for char in text)
    return odd / len(text), -sum(char in _COMMON for char in text) / len(text)
