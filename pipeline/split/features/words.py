"""The vocabulary of `words.toml`: what the first word of a line says."""

from __future__ import annotations

import tomllib
from pathlib import Path

_FILE: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
GOES_ON, CLOSES, DATES = (
    frozenset(_FILE[group][name].split()) for group, name in (("goes_on", "words"), ("starts", "closes"), ("dates", "words"))
)
# Groups of words that are counted in the first words of a line.
GROUPS = (GOES_ON, DATES, *(frozenset(_FILE["articles"][name].split()) for name in ("definite", "indefinite", "speaker")))
GROUP_NAMES = ("goes_on", "dates", "definite", "indefinite", "speaker")
_EDGES = "\"'“”„«»‘’([{—–-*•:,.;!?…"
# Nothing known, goes on from what stands above, closes an article.
NOTHING, GOES, CLOSING = 0, 1, 2


def opening(text: str) -> int:
    """What the first word of a line says."""
    word = next(iter(text.lstrip()[:40].split(None, 1)), "").strip(_EDGES).casefold()  # a line may be far indented
    return GOES if word in GOES_ON else CLOSING if word in CLOSES else NOTHING
