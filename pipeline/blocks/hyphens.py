"""Words that were hyphenated where a line was full: which hyphen goes when the lines are joined, and which is the word's own."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A line that was broken inside a word has no room left for another syllable.
SYLLABLE = 6
_BEFORE = re.compile(r"(?:\A|(?<=[^\w-]))(?:[^\W\d_]+-)+\Z")
_AFTER = re.compile(r"[^\W\d_]+")
# Enough characters of the line before to hold any word.
TAIL = 60
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# What a hyphen of its own stands behind, where the file does not tell: first parts of English and French compounds.
_FIRST = frozenset(
    _WORD.findall(
        "all avant cross demi eighty ex far fifty first five forty four full grand half hard high ill long low mi mid ninety"
        " non old one part peut quasi second self seventy short six sixty so sous ten third thirty three twenty two vice well"
    )
)
# What follows a hyphen that stands for a word left out: "Vor- und Nachteile", "pre- and postwar".
_AND = frozenset(_WORD.findall("and or to und oder bis bzw sowie et ou en of y o e och eller og i"))

Break = tuple[int, int]  # the end of a line, the start of the next


def is_broken(text: str, at: Break, room: int) -> bool:
    """Whether a word may go on over this end of a line, which has `room` characters left."""
    return room < SYLLABLE and text[at[0] - 1] == "-" and _parts(text, at) is not None


def soft(text: str, breaks: Sequence[Break]) -> dict[Break, bool]:
    """Of ends of lines inside paragraphs, those inside a word: true where its hyphen goes with the line's end.

    The file's own words decide; where it has the word neither whole nor with a hyphen, the hyphen is the typesetter's.
    """
    parts = {at: found for at in breaks if (found := _parts(text, at)) is not None}
    if not parts:
        return {}
    words = {match.group().casefold() for match in _WORD.finditer(text)}
    return {at: _is_soft(first, second, words) for at, (first, second) in parts.items()}


def _parts(text: str, at: Break) -> tuple[str, str] | None:
    """The two parts of the word, in small letters; None where no word is broken."""
    end, start = at
    before, after = _BEFORE.search(text[max(0, end - TAIL) : end]), _AFTER.match(text, start)
    if before is None or after is None or not after.group().islower() or after.group() in _AND:
        return None
    return before.group()[:-1].casefold(), after.group()


def _is_soft(first: str, second: str, words: set[str]) -> bool:
    if first + second in words:
        return True
    return f"{first}-{second}" not in words and first not in _FIRST and "-" not in first
