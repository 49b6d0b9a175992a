"""What each line looks like: its length, how it opens and ends, its signs, its marks, and whether it stands elsewhere again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.model import Label
from pipeline.split.features import words
from pipeline.split.features.characters import KINDS, Kind, classes, code_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pipeline.model import Block, Mark

    Floats = NDArray[np.float64]

# Marks of learned scores of whole dumps say nothing of where articles part.
SCORES = "score."
# Lines of these labels are one bit each.
BITS = {
    label: 1 << place
    for place, label in enumerate(
        (Label.BYLINE, Label.DATELINE, Label.REFERENCE, Label.BOILERPLATE, Label.SECTION, Label.SEPARATOR, Label.TITLE)
    )
}
# The characters by which long lines are compared, and up to which digits don't count.
SAME_CHARS, SHAPE_CHARS = 60, 80
# See pipeline.surface: the same limits, here for all lines at once.
PROSE, SENTENCE, SPACES, DENSE_PROSE, TITLE, TITLE_WORDS, DENSE_TITLE = 150, 60, 8, 40, 180, 25, 60
DENSE_SHARE, DENSE_WORTH = 0.3, 2.5
MAX_SYMBOLS = 200
# How agencies open: "BERGEN, Norway (AP) —", "Bergen – ", "(Reuters) -", "BERGEN:".
_NAME = r"[A-ZÀ-ÞА-Я][\w.'’-]+"
_AGENCY = r"\([^)]{2,30}\)"
_WIRED = re.compile(
    rf"{_NAME}(?:[ /]{_NAME}){{0,3}}(?:, [A-ZÀ-ÞА-Я][\w. ]{{1,20}})?(?:,? ?\d{{1,2}}\.? [\w.]{{2,12}})? ?(?:{_AGENCY} ?)?"
    rf"(?:—|–|--|- |\.- )|[A-ZÀ-ÞА-Я]{{3,}}[A-ZÀ-ÞА-Я,. -]{{0,30}}(?:{_AGENCY})?[:—–]|{_AGENCY} ?(?:—|–|--|-)"
)
_DIGITS = re.compile(r"\d+")
_ENDS = (Kind.STOP, Kind.QUESTION, Kind.EXCLAMATION)
_CLOSERS = (Kind.STRAIGHT_QUOTE, Kind.CURLY_QUOTE, Kind.ANGLE_QUOTE, Kind.ROUND, Kind.STRAIGHT_APOSTROPHE, Kind.CURLY_APOSTROPHE)
LETTERS = (Kind.LOWER, Kind.UPPER, Kind.LETTER, Kind.DENSE)


@dataclass(frozen=True, slots=True)
class Signs:
    """Columns with a value a line of text, separators left out, and the text of these lines as numbers.

    `at`: numbers of the lines' blocks; `counts`: characters of each kind; `codes`, `kinds`: the lines, each with a line feed
    behind it; `offset`: where each begins.
    """

    at: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]
    counts: Floats
    codes: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    offset: NDArray[np.int64]


def signs(blocks: Sequence[Block], marks: Sequence[Sequence[Mark]]) -> Signs | None:
    """The signs of the lines of a text; None if all of it is separators."""
    bits = [_bits(each) for each in marks]
    texts = [block.text for block in blocks]
    parts = [bool(bit & BITS[Label.SEPARATOR]) or _symbols(text) for bit, text in zip(bits, texts, strict=True)]
    at = np.flatnonzero(~np.array(parts))
    if not len(at):
        return None
    chosen = at.tolist()
    lines = [texts[number] for number in chosen]
    whole = "\n".join(lines) + "\n"
    codes = code_points(whole)
    kinds = classes(codes)
    size = np.array([len(line) for line in lines])
    offset = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(size + 1)[:-1]))
    owner = np.repeat(np.arange(len(lines)), size + 1)
    counts = np.bincount(owner * KINDS + kinds, minlength=len(lines) * KINDS).reshape(-1, KINDS).astype(np.float64)
    counts[:, Kind.SPACE] -= 1
    columns = _looks(size, counts, kinds, offset)
    columns |= _parted(blocks, texts, parts, at)
    labels = np.array([bits[number] for number in chosen])
    for label, bit in BITS.items():
        # "title" is what could be one by its looks.
        columns["named" if label is Label.TITLE else str(label)] = (labels & bit > 0).astype(np.float64)
    columns["opening"] = np.array([words.opening(line) for line in lines], dtype=np.float64)
    columns["wired"] = np.array([_WIRED.match(line) is not None for line in lines], dtype=np.float64)
    columns |= _again(lines)
    return Signs(at, columns, counts, codes, kinds, offset)


def _bits(marks: Sequence[Mark]) -> int:
    found = 0
    for mark in marks:
        if not mark.inline and not mark.rule.startswith(SCORES):
            found |= BITS.get(mark.label, 0)
    return found


def _symbols(text: str) -> bool:
    """A line without a letter or a digit."""
    return len(text) <= MAX_SYMBOLS and not any(char.isalnum() for char in text)


def _looks(size: NDArray[Any], counts: Floats, kinds: NDArray[np.uint8], offset: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Length, first and last sign, and whether the line is prose or could be a title, as pipeline.surface says it."""
    dense = counts[:, Kind.DENSE] > DENSE_SHARE * size
    worth = size + counts[:, Kind.DENSE] * (DENSE_WORTH - 1)
    last = kinds[offset + size - 1]
    inner = kinds[np.maximum(offset + size - 2, offset)]
    closed = np.isin(last, _CLOSERS)
    end = np.where(closed, inner, last)
    ends = np.isin(end, _ENDS)
    spaces = counts[:, Kind.SPACE]
    prose = np.where(dense, size >= DENSE_PROSE, ((size >= PROSE) | ((size >= SENTENCE) & ends)) & (spaces >= SPACES))
    first = kinds[offset]
    short = np.where(dense, size <= DENSE_TITLE, (size <= TITLE) & (spaces < TITLE_WORDS))
    letters = counts[:, list(LETTERS)].sum(axis=1)
    title = short & ~np.isin(last, (Kind.STOP, Kind.COMMA, Kind.COLON)) & (letters > 0) & (first != Kind.LOWER) & ~prose
    cased = counts[:, Kind.UPPER] + counts[:, Kind.LOWER]
    return {
        "size": np.log1p(worth),
        "worth": worth,
        "prose": prose.astype(np.float64),
        "title": title.astype(np.float64),
        "ends": ends.astype(np.float64),
        "closed": closed.astype(np.float64),
        "last": last.astype(np.float64),
        "first": first.astype(np.float64),
        "upper": np.where(cased > 0, counts[:, Kind.UPPER] / np.maximum(cased, 1), -1),
        # Capitals a word: a Title Case Line has one a word, a sentence hardly any.
        "capitals": np.where(cased > 0, np.minimum(counts[:, Kind.UPPER] / (spaces + 1), 2), -1),
        "words": np.log1p(spaces),
        "digits": np.minimum(counts[:, Kind.DIGIT], 40),
        "sentence": _first_sentence(size, kinds, offset),
    }


def _first_sentence(size: NDArray[Any], kinds: NDArray[np.uint8], offset: NDArray[np.int64]) -> Floats:
    """The length of each line's first sentence, log: to a full stop before white space, or to the end of the line."""
    stop = np.isin(kinds, _ENDS)
    stop[:-1] &= kinds[1:] == Kind.SPACE
    places = np.append(np.flatnonzero(stop), len(kinds))
    found = places[np.searchsorted(places, offset)] - offset + 1
    length: Floats = np.log1p(np.minimum(found, size))
    return length


def _parted(blocks: Sequence[Block], texts: list[str], parts: list[bool], at: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """What stands between a line and the line of text above it: separators, and blank lines in all."""
    before = np.diff(at, prepend=-1) - 1
    blank = np.cumsum([block.gap for block in blocks])
    shapes: dict[str, int] = {}
    for text, part in zip(texts, parts, strict=True):
        if part:
            shapes[text] = shapes.get(text, 0) + 1
    times, length = np.zeros(len(at)), np.zeros(len(at))
    for number in np.flatnonzero(before).tolist():
        text = texts[int(at[number]) - 1]
        times[number], length[number] = shapes[text], len(text)
    gaps = np.diff(blank[at], prepend=0)
    return {
        "parted": np.minimum(before, 4).astype(np.float64),
        "parted_times": np.minimum(times, 30),
        "parted_share": times / max(1.0, float(max(shapes.values(), default=1))),
        "parted_length": np.minimum(length, 80),
        "gap": np.minimum(gaps, 9).astype(np.float64),
    }


def _again(lines: list[str]) -> dict[str, NDArray[Any]]:
    """How often a line of the same shape (digits aside) stands in the file, and how far off the same text is next and last."""
    shapes = [_DIGITS.sub("0", line.casefold()) if len(line) <= SHAPE_CHARS else line[:SAME_CHARS] for line in lines]
    times: dict[str, int] = {}
    last: dict[str, int] = {}
    back, ahead = np.full(len(lines), 99.0), np.full(len(lines), 99.0)
    for number, shape in enumerate(shapes):
        times[shape] = times.get(shape, 0) + 1
        before = last.get(shape)
        if before is not None:
            back[number] = min(back[number], number - before)
            ahead[before] = number - before
        last[shape] = number
    return {
        "again": np.minimum(np.array([times[shape] for shape in shapes], dtype=np.float64), 12),
        "again_back": np.minimum(back, 99),
        "again_ahead": np.minimum(ahead, 99),
    }
