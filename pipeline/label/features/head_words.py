"""The shape of a short line: names, dates and cue words in it, read from `head_words.toml`."""

from __future__ import annotations

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
_JOINT = re.compile(r"\s*(?:[|｜»«·•:]|[-–—/~>]\s)")
_MIN_NAME, _MAX_NAME = 2, 4
# Words of a line that are looked at.
_MOST_WORDS = 40


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


def shape(text: str) -> Shape:
    """The shape of one line."""
    if len(text) > 400:  # noqa: PLR2004 - a paragraph: nothing of it is asked but that
        return Shape((*(0.0 for _ in CUES), 0, 0, 0, 0, 0, 0, 0, 0, 1), 99, 0, 0, 0, None, "", 0)
    found = [word.rstrip(".-") for word in _WORD.findall(text)][:_MOST_WORDS]
    folded = {word.casefold() for word in found}
    dense = _DENSE_WORD.findall(text) if not text.isascii() else []
    folded.update(dense)
    match = DATE_IN_LINE.search(text) or SHORT_DATE.search(text)
    date = match.group() if match else ""
    year = _YEAR.search(date) or _YEAR.search(text)
    runs = _runs(found)
    led = bool(found) and found[0].casefold() in CUES["by"]
    kinds = (
        *(float(not folded.isdisjoint(cue)) for cue in CUES.values()),
        bool(date),
        _TIME.search(text) is not None,
        bool(runs),
        any(run[0].casefold() in GIVEN for run in runs),
        led,
        led and len(found) <= 2,  # noqa: PLR2004 - "By", "Written by"
        len(found) <= 2,  # noqa: PLR2004 - a word or two, or a sign
        not found,
        is_prose(text),
    )
    first = runs[0] if runs else []
    pair = (first[0].casefold(), first[1].casefold()) if len(first) > 1 else None
    capitals = sum(word[:1].isupper() for word in found)
    return Shape(kinds, len(found), capitals, len(first), len(runs), pair, date, int(year.group()) if year else 0)


def _runs(found: list[str]) -> list[list[str]]:
    """Runs of two to four words that begin with a capital, small particles inside them; words that are cues end a run."""
    runs: list[list[str]] = []
    run: list[str] = []
    for word in [*found, ""]:
        low = word.casefold()
        capital = word[:1].isupper() and not any(low in CUES[name] for name in ("by", "month", "role"))
        if capital or (run and low in _PARTICLES):
            run.append(word)
            continue
        while run and run[-1].casefold() in _PARTICLES:
            run.pop()
        if _MIN_NAME <= len(run) <= _MAX_NAME:
            runs.append(run)
        run = []
    return runs


def bigrams(text: str) -> list[tuple[str, str]]:
    """The pairs of neighbouring words of which the first has a capital, case folded, in order."""
    found = [word.rstrip(".-") for word in _WORD.findall(text[:4000])]
    return [(one.casefold(), two.casefold()) for one, two in itertools.pairwise(found) if one[:1].isupper()]


def joint_behind(head: str, text: str) -> float:
    """Whether the head goes on behind this text with a sign that joins a title and a site: 1 yes, 2 it ends there, 0 no."""
    if not head.startswith(text):
        return 0.0
    rest = head[len(text) :]
    return 2.0 if not rest.strip() else float(_JOINT.match(rest) is not None)
