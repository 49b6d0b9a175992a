"""The vocabulary of `line_words.toml`: words and phrases that furniture of pages is made of, and the small words of prose."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

_WORDS: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("line_words.toml").read_text(encoding="utf-8"))
GROUP_NAMES = tuple(_WORDS)
# Longer phrases are not looked for.
MAX_PHRASE = 3


def entries(group: str) -> list[tuple[str, ...]]:
    """The entries of a group: single words, and phrases of several."""
    words = [(word,) for word in _WORDS[group]["words"].split()]
    phrases = [tuple(phrase.split()) for phrase in _WORDS[group].get("phrases", ())]
    return words + [phrase for phrase in phrases if len(phrase) <= MAX_PHRASE]
