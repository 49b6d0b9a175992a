"""Which of many texts one of many patterns may be found in: one search over all of them instead of one each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import re2

# A larger automaton may not fit its memory, and then be slower than a search in each text.
_MAX_PROGRAM = 80_000
_MEMORY = 64 << 20
# A bounded repetition; what looks like one but is an escape, a quotation or part of a character class comes first.
_REPETITION = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|\{(\d+),\d+\}", re.DOTALL)


class Sieve:
    """The patterns as one, looked for in texts joined by line breaks.

    No pattern sees a line break, so that a match never leaves its text; what means the ends of a text means those of a line.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        options = re2.Options()
        options.never_nl, options.never_capture, options.log_errors, options.max_mem = True, True, False, _MEMORY
        lines = "|".join(f"(?:{_of_lines(without_most(pattern))})" for pattern in patterns)
        self._none = not lines
        self._pattern: Any = None
        try:
            pattern = re2.compile(f"(?m:{lines})".encode(), options=options)
        except re2.error:  # each pattern is fine, all of them are too many for one automaton
            return
        self._pattern = pattern if pattern.programsize <= _MAX_PROGRAM else None

    def places(self, texts: Sequence[str]) -> Iterable[int]:
        """The places of the texts, none of which holds a line break, that may hold a match; all others hold none."""
        if self._none:
            return
        if self._pattern is None:
            yield from range(len(texts))
            return
        joined = "\n".join(texts).encode()
        at = place = 0
        while (found := self._pattern.search(joined, at)) is not None:
            place += joined.count(b"\n", at, found.start())
            yield place
            at = joined.find(b"\n", found.start())
            if at < 0:
                return


def _of_lines(pattern: str) -> str:
    r"""The pattern with the ends of a text (\A, \z) as those of a line (^, $ with `m`)."""
    pieces = pattern.split("\\\\")  # an escaped backslash before an A is no anchor
    return "\\\\".join(piece.replace(r"\A", "^").replace(r"\z", "$") for piece in pieces)


def without_most(pattern: str) -> str:
    """The pattern with `{n,}` for each `{n,m}`: it finds no less, and needs no copy of what repeats for each time it may."""
    return _REPETITION.sub(lambda found: found[0] if found[1] is None else f"{{{found[1]},}}", pattern)
