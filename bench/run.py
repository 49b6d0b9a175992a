"""What the benchmarks share: the library with its default settings, and what its outcomes say in lines."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from pipeline import process, sources
from pipeline.model import Action
from pipeline.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.model import Outcome
    from pipeline.process import Context

# Entries that say where text went; flags and repairs are notes inside kept text.
MOVED = frozenset({Action.DROPPED, Action.TAKEN})


def default_settings() -> Settings:
    """The settings as they are shipped: no winnow.toml and no environment variable changes a figure."""
    return Settings.model_construct()


@functools.cache
def context() -> Context:
    """The context of default settings, made once a process."""
    return process.prepare(default_settings())


def outcome_of(uri: str, data: bytes, shared: Context | None = None) -> Outcome:
    """What the library makes of these bytes, knowing nothing of other documents; with default settings unless told."""
    return process.process(sources.from_bytes(uri, data), data, shared or context())


def starts(outcome: Outcome) -> list[int]:
    """The offset at which each article starts, in order: its first character that is kept, taken or dropped."""
    found = []
    for article in outcome.articles:
        offsets = [kept.start for kept in article.kept]
        offsets += [entry.start for entry in outcome.ledger if entry.article == article.position and entry.action in MOVED]
        found.append(min(offsets))
    return found


def start_lines(outcome: Outcome) -> list[int]:
    """The 1-based lines on which articles start, rising, without the one that starts where the file's text does."""
    if outcome.decoded is None:
        return []
    text = outcome.decoded.text
    found = starts(outcome)
    first = min([*found[:1], *(entry.start for entry in outcome.ledger if entry.article is None)], default=0)
    return sorted({text.count("\n", 0, offset) + 1 for offset in found if offset > first})


def lines(text: str) -> Iterator[tuple[int, int, int]]:
    """(1-based number, start, end) of each line that is not blank."""
    start = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, start, start + len(line)
        start += len(line) + 1
