"""Mojibake inside a block, mended by ftfy's `fix_encoding` behind a gate that costs clean text next to nothing.

ftfy's other fixes stay off on purpose: with its defaults 8.8 % of clean sentences change (curly quotes, full-width punctuation).
"""

from __future__ import annotations

import re

# UTF-8 read as a single-byte encoding always leaves a lead byte (C2–F4 as a letter) followed by a continuation byte (80–BF as a
# letter or sign, or what windows-1252, -1251, -1250 … make of it), or a C1 control. Text without such a pair is clean.
_SUSPECT = re.compile(
    "[\x80-\x9f]"
    "|[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
    "|[\u0420\u0421\u0432\u0413\u0403][\u0080-\u00bf\u0402-\u040f\u0452-\u045f\u2013-\u203a\u20ac\u2116\u2122]"
)


def repaired(text: str) -> str:
    """`text` with mojibake undone, or `text` itself when it shows none."""
    if text.isascii() or not _SUSPECT.search(text):
        return text
    from ftfy import fix_encoding  # 160 ms to import, and clean files never come here

    return fix_encoding(text)
