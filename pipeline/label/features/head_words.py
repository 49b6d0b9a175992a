"""The shape of a short line: names, dates and cue words in it, read from `head_words.toml`."""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from pipeline.surface import DATE_IN_LINE, SHORT_DATE, is_prose

_WORDS: dict[str, str] = tomllib.loads(Path(__file__).with_name("head_words.toml").read_text(encoding="utf-8"))
CUES = {name: frozenset(text.split()) for name, text in _WORDS.items()}
_PARTICLES, GIVEN = CUES.pop("particle"), CUES.pop("given")
# The kinds of a line that its neighbours see: cues, shapes and what the line is.
KINDS = (*CUES, "date", "time", "name", "given", "led", "lead_only", "short", "blank_sign", "is_prose")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*|\d+", re.UNICODE)
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.h]\d{2}(?!\d)|(?i:\b\d{1,2} ?[ap]\.?m\b)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DENSE_WORD = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,4}")
# Dates, times and years are looked for only where digits stand.
_DIGIT, _FOUR_DIGITS = re.compile(r"\d"), re.compile(r"\d{4}")
_JOINT = re.compile(r"\s*(?:[|｜»«·•:]|[-–—/~>]\s)")
_MIN_NAME, _MAX_NAME = 2, 4
# Words of a line that are looked at.
_MOST_WORDS = 40
# Characters of a line in which pairs of words are looked for.
_READ = 4000
# No word between the two begins with a capital.
_LOWER, _ASCII = "a", "\x7f"
# The cues of each word, as bits; and the words that are part of no name.
_BITS: dict[str, int] = {}
for _number, _cue in enumerate(CUES.values()):
    for _word in _cue:
        _BITS[_word] = _BITS.get(_word, 0) | 1 << _number
_NO_NAME = CUES["by"] | CUES["month"] | CUES["role"]


class Shape(NamedTuple):
    """What a line holds. `kinds` has a number 0 or 1 for each of KINDS; `name_pair` the first two words of its first name."""

    kinds: tuple[float, ...]
    words: int
    capitals: int
    name_words: int
    names: int
    name_pair: tuple[str, str] | None
    date: str
    year: int
    digits: bool


def shape(text: str) -> Shape:
    """The shape of one line."""
    if len(text) > 400:  # noqa: PLR2004 - a paragraph: nothing of it is asked but that
        return Shape((*(0.0 for _ in CUES), 0, 0, 0, 0, 0, 0, 0, 0, 1), 99, 0, 0, 0, None, "", 0, digits=True)
    found = [word.rstrip(".-") for word in _WORD.findall(text)[:_MOST_WORDS]]
    folded = [word.casefold() for word in found]
    bits = 0
    for word in folded:
        bits |= _BITS.get(word, 0)
    if not text.isascii():
        for word in _DENSE_WORD.findall(text):
            bits |= _BITS.get(word, 0)
    capital = [word[0].isupper() for word in found]
    runs = _runs(folded, capital)
    digits = not text.isascii() or _DIGIT.search(text) is not None
    date, year, time = _when(text) if digits else ("", 0, False)
    led = bool(folded) and folded[0] in CUES["by"]
    kinds = (
        *_cues(bits),
        bool(date),
        time,
        bool(runs),
        any(run[0] in GIVEN for run in runs),
        led,
        led and len(found) <= 2,  # noqa: PLR2004 - "By", "Written by"
        len(found) <= 2,  # noqa: PLR2004 - a word or two, or a sign
        not found,
        is_prose(text),
    )
    first = runs[0] if runs else []
    pair = (first[0], first[1]) if first else None
    return Shape(kinds, len(found), sum(capital), len(first), len(runs), pair, date, year, digits)


@functools.cache
def _cues(bits: int) -> tuple[float, ...]:
    return tuple(float(bits >> number & 1) for number in range(len(CUES)))


def _when(text: str) -> tuple[str, int, bool]:
    """The date in a line, its year or else that of the line, and whether a time stands there."""
    match = (DATE_IN_LINE.search(text) if _FOUR_DIGITS.search(text) else None) or SHORT_DATE.search(text)
    date = match.group() if match else ""
    year = _YEAR.search(date) or _YEAR.search(text)
    return date, int(year.group()) if year else 0, _TIME.search(text) is not None


def _runs(folded: list[str], capital: list[bool]) -> list[list[str]]:
    """Runs of two to four words that begin with a capital, small particles inside them; words that are cues end a run."""
    runs: list[list[str]] = []
    run: list[str] = []
    for low, is_capital in zip((*folded, ""), (*capital, False), strict=True):
        if (is_capital and low not in _NO_NAME) or (run and low in _PARTICLES):
            run.append(low)
        elif run:
            while run and run[-1] in _PARTICLES:
                run.pop()
            if _MIN_NAME <= len(run) <= _MAX_NAME:
                runs.append(run)
            run = []
    return runs


def bigrams(text: str) -> list[tuple[str, str]]:
    """The pairs of neighbouring words of which the first has a capital, case folded, in order."""
    return [
        (one.rstrip(".-").casefold(), two.rstrip(".-").casefold())
        for one, two in itertools.pairwise(_WORD.findall(text, 0, _READ))
        if (one < _LOWER or one > _ASCII) and one[0].isupper()
    ]


def joint_behind(head: str, text: str) -> float:
    """Whether the head goes on behind this text with a sign that joins a title and a site: 1 yes, 2 it ends there, 0 no."""
    if not head.startswith(text):
        return 0.0
    rest = head[len(text) :]
    return 2.0 if not rest.strip() else float(_JOINT.match(rest) is not None)
