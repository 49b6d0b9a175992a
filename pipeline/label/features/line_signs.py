"""Characters and words of many lines at once, as arrays: what `lines` counts. No loop over characters in Python."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.label.features.line_cues import GROUP_NAMES, MAX_PHRASE, entries

Places = NDArray[np.int64]
Hashes = NDArray[np.uint64]

# Classes of characters; the first four are letters and the first five make words.
UPPER, LOWER, LETTER, DENSE, DIGIT, SPACE, STOP, COMMA, COLON, QUOTE, OPEN, CLOSE, DASH, BAR, SIGN, AT, MARK, OTHER = range(18)
CLASSES = 18
# How Unicode's general categories, or their first letters, fall into these classes; others are OTHER.
_CATEGORIES = {
    "Lu": UPPER,
    "Lt": UPPER,
    "Ll": LOWER,
    "L": LETTER,
    "M": MARK,
    "N": DIGIT,
    "Z": SPACE,
    "Cc": SPACE,
}
_EXACT = {
    STOP: ".!?…。！？؟۔।։",
    COMMA: ",;،؛、，；",
    COLON: ":：",
    QUOTE: "\"“”„«»'’‘`",
    OPEN: "([{（「『【",
    CLOSE: ")]}）」』】",
    DASH: "-–—",
    BAR: "|/\\•·›‹→←>»«▸►▶#*_=~",
    SIGN: "©®™℠$€£¥%+&",
    AT: "@",
}
# Thai, kana, Han and Hangul: scripts that write without spaces or say much in one letter.
_DENSE_RANGES = ((0x0E00, 0x0E7F), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF))
# Characters from here on (emoji, rare scripts) are OTHER: the table covers Unicode's first plane.
_PLANE = 0x10000
# Hashes of words are sums modulo 2 to this power of code points times powers of _STEP; any odd numbers that mix well will do.
_BITS = 64
_SEED = np.uint64(0x9E3779B97F4A7C15)
_STEP = 0x100000001B3
_PAIRED = np.uint64(7)
# Longer words are told apart by their beginning and length.
WORD_CHARS = 24
# So many characters at either end of a line are classified.
END_CHARS = 3


class Signs(NamedTuple):
    """Counts of characters of each class (rows: lines), the classes of each line's first and last characters, and its words.

    `groups` and `head_groups` count cues: a row a line, a column a group; the latter only those that open the line.
    """

    classes: Places
    first: NDArray[np.int8]
    last: NDArray[np.int8]
    inner_stops: Places
    word_line: Places
    words: Hashes
    word_size: Places
    capital: NDArray[np.bool_]
    groups: Places
    head_groups: Places


class _Words(NamedTuple):
    """All words in order: the line each stands in, its hash, its length, and whether it begins with a capital."""

    line: Places
    hashes: Hashes
    size: Places
    capital: NDArray[np.bool_]


@functools.cache
def _table() -> NDArray[np.int8]:
    table = np.full(_PLANE, OTHER, dtype=np.int8)
    for code in range(_PLANE):
        kind = unicodedata.category(chr(code))
        table[code] = _CATEGORIES.get(kind, _CATEGORIES.get(kind[0], OTHER))
    for low, high in _DENSE_RANGES:
        part = table[low : high + 1]
        part[part == LETTER] = DENSE
    for number, chars in _EXACT.items():
        for char in chars:
            table[ord(char)] = number
    return table


@functools.cache
def _powers() -> Hashes:
    powers = [1]
    for _ in range(WORD_CHARS):
        powers.append(powers[-1] * _STEP % (1 << _BITS))
    return np.array(powers, dtype=np.uint64)


def _hash_word(word: str) -> int:
    codes = _codes(word[:WORD_CHARS]).astype(np.uint64)
    values = codes * _powers()[: len(codes)]
    return (int(values.sum(dtype=np.uint64)) + len(word) * int(_SEED)) % (1 << _BITS)


def _pair(first: Hashes, second: Hashes) -> Hashes:
    return first * _SEED + second + _PAIRED


@functools.cache
def _cues() -> tuple[tuple[Hashes, Places], ...]:
    """For phrases of one, two and three words: sorted hashes, and for each a bit set of its groups."""
    found: list[dict[int, int]] = [{} for _ in range(MAX_PHRASE)]
    for number, group in enumerate(GROUP_NAMES):
        for words in entries(group):
            value = np.array([_hash_word(words[0])], dtype=np.uint64)
            for word in words[1:]:
                value = _pair(value, np.array([_hash_word(word)], dtype=np.uint64))
            key = int(value[0])
            found[len(words) - 1][key] = found[len(words) - 1].get(key, 0) | 1 << number
    tables = []
    for each in found:
        keys = np.array(sorted(each), dtype=np.uint64)
        tables.append((keys, np.array([each[int(key)] for key in keys.tolist()], dtype=np.int64)))
    return tuple(tables)


def read(texts: Sequence[str]) -> Signs:
    """The signs of the lines, which must not be empty."""
    joined = "\n".join(texts)
    lowered = joined.lower()
    if len(lowered) != len(joined):  # a capital whose small letter is two characters: that line stays as it is
        lowered = "\n".join(low if len(low := text.lower()) == len(text) else text for text in texts)
    sizes = np.array([len(text) for text in texts], dtype=np.int64)
    codes, small = _codes(joined), _codes(lowered)
    starts = np.concatenate(([0], np.cumsum(sizes + 1)[:-1]))
    line = np.repeat(np.arange(len(texts)), sizes + 1)[:-1]
    kinds = np.where(codes < _PLANE, _table()[np.minimum(codes, _PLANE - 1)], OTHER)
    classes = np.bincount(line * CLASSES + kinds, minlength=len(texts) * CLASSES).reshape(-1, CLASSES)
    classes[:-1, SPACE] -= 1  # the line breaks
    ends = starts + sizes
    offsets = np.arange(END_CHARS)[:, None]
    first = kinds[np.minimum(starts + offsets, ends - 1)]
    last = kinds[np.maximum(ends - 1 - offsets, starts)]
    stops = np.flatnonzero((kinds[:-1] == STOP) & (kinds[1:] == SPACE))
    stops = stops[(stops + 1 < ends[line[stops]])]
    inner = np.bincount(line[stops], minlength=len(texts))
    words = _words(kinds, small, line)
    groups, heads = _groups(words.hashes, words.line, len(texts))
    return Signs(classes, first, last, inner, *words, groups, heads)


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _words(kinds: NDArray[Any], small: NDArray[np.uint32], line: Places) -> _Words:
    inside = (kinds <= DIGIT) | (kinds == MARK)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False])).astype(np.int8)))
    begins, sizes = edges[::2], edges[1::2] - edges[::2]
    if not len(begins):
        return _Words(begins, np.zeros(0, dtype=np.uint64), sizes, np.zeros(0, dtype=bool))
    letters = np.flatnonzero(inside)
    places = letters - np.repeat(begins, sizes)
    values = small[letters].astype(np.uint64) * _powers()[np.minimum(places, WORD_CHARS)]
    values[places >= WORD_CHARS] = 0
    at = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    hashes = np.add.reduceat(values, at) + sizes.astype(np.uint64) * _SEED
    return _Words(line[begins], hashes, sizes, kinds[begins] == UPPER)


def _groups(words: Hashes, word_line: Places, lines: int) -> tuple[Places, Places]:
    """How often each group of cues stands in each line, a phrase counting twice; and how often it opens the line."""
    found = np.zeros((lines, len(GROUP_NAMES)), dtype=np.int64)
    heads = np.zeros_like(found)
    if not len(words):
        return found, heads
    rank = np.arange(len(words)) - np.searchsorted(word_line, word_line, side="left")
    phrase = words
    for size, (keys, sets) in enumerate(_cues()):
        if size:
            phrase = _pair(phrase[:-1], words[size:])
        where = np.minimum(np.searchsorted(keys, phrase), len(keys) - 1)
        hit = np.flatnonzero((keys[where] == phrase) & (word_line[: len(phrase)] == word_line[size:]))
        which, group = np.nonzero(sets[where[hit], None] >> np.arange(len(GROUP_NAMES)) & 1)
        cell = word_line[hit[which]] * len(GROUP_NAMES) + group
        worth = 1 if size == 0 else 2
        found += worth * np.bincount(cell, minlength=found.size).reshape(found.shape)
        heads += np.bincount(cell[rank[hit[which]] == 0], minlength=found.size).reshape(found.shape)
    return found, heads
