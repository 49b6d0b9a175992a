"""Which lines of a dump are the article: its words aligned with the gold text, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

WORD = re.compile(r"\w+")
# Words in a row that are looked for first, and the length in words from which a line's own are looked for out of order.
SHINGLE, LONG = 4, 12
# Share of a long line's shingles that must stand in the gold text for it to be article out of order.
KNOWN = 0.7
# A line begins like another that says the same in so many words.
HEAD = 8
# A gap between two aligned stretches is aligned word by word if it has at most so many pairs of words.
MAX_CELLS = 250_000
# Far from both neighbours a single word in common says nothing: where the dump has so many times the gold's words, and some more.
FAR_TIMES, FAR_MORE = 3, 6


def labels(texts: Sequence[str], gold: str) -> tuple[list[bool], list[int]]:
    """For each line whether half of its words stand in the gold text at that place, and how many words it has."""
    words = [WORD.findall(text) for text in texts]
    flat = [word for line in words for word in line]
    right = WORD.findall(gold)
    covered = [False] * len(flat)
    for start, _, size in _aligned(flat, right):
        covered[start : start + size] = [True] * size
    known = set(_shingles(right))
    result, at = [], 0
    for line in words:
        hit = sum(covered[at : at + len(line)])
        at += len(line)
        keep = bool(line) and 2 * hit >= len(line)
        if not keep and hit == 0 and len(line) >= LONG:  # long lines in another order
            grams = _shingles(line)
            keep = sum(gram in known for gram in grams) > KNOWN * len(grams) and not _kept_elsewhere(line, flat, covered)
        result.append(keep)
    return result, [len(line) for line in words]


def _shingles(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)]


def _kept_elsewhere(line: list[str], flat: list[str], covered: list[bool]) -> bool:
    """Whether the same words were aligned at another place."""
    head = line[:HEAD]
    return any(
        flat[i : i + HEAD] == head and all(covered[i : i + HEAD]) for i in range(len(flat)) if flat[i] == head[0] and covered[i]
    )


def _aligned(left: list[str], right: list[str]) -> list[tuple[int, int, int]]:
    """Stretches of words that both have, rising in both: first by shingles, then word by word between them."""
    if len(left) < SHINGLE or len(right) < SHINGLE:
        return _matches(left, right)
    stretches = [(a, b, size + SHINGLE - 1) for a, b, size in _matches(_shingles(left), _shingles(right))]
    found: list[tuple[int, int, int]] = []
    at, other = 0, 0
    for start, start_right, length in [*stretches, (len(left), len(right), 0)]:
        overlap = max(at - start, other - start_right, 0)
        a, b, size = start + overlap, start_right + overlap, max(length - overlap, 0)
        found.extend((at + x, other + y, n) for x, y, n in _between(left[at:a], right[other:b]))
        if size:
            found.append((a, b, size))
            at, other = a + size, b + size
    return found


def _between(left: list[str], right: list[str]) -> list[tuple[int, int, int]]:
    """The same word by word, in a gap that is not too large."""
    if len(left) * len(right) > MAX_CELLS:
        return []
    near = len(left) < FAR_TIMES * len(right) + FAR_MORE
    return [(a, b, size) for a, b, size in _matches(left, right) if size > 1 or near]


def _matches(left: Sequence[object], right: Sequence[object]) -> list[tuple[int, int, int]]:
    matcher: SequenceMatcher[object] = SequenceMatcher(None, left, right, autojunk=False)
    return [(a, b, size) for a, b, size in matcher.get_matching_blocks() if size]
