"""Runs in pieces: where inside a source slice each character of a derived text stands, so that cuts fall exactly."""

from __future__ import annotations

import re
from html import unescape

from pipeline.model import Run

VERBATIM = "verbatim"
# Stretches of HTML white space, character references as the standard's parser takes them, and everything between those.
_PIECE = re.compile(r"[ \t\n\f\r]+|&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)|[^ \t\n\f\r&]+|&")
# What can be taken piece by piece; mojibake and joints between lines cannot.
_PIECEWISE = frozenset(("space", "entity", "entity+space"))


def pieces(run: Run, source: str) -> tuple[Run, ...]:
    """The run as verbatim runs with derived ones between them, the same text in sum.

    A run that is verbatim already comes back as it is, and so does one whose text is more than the sum of its pieces (white space
    made by character references folds across them).
    """
    if run.how not in _PIECEWISE:
        return (run,)
    found: list[Run] = []
    for match in _PIECE.finditer(source, run.start, run.end):
        raw = match.group()
        if raw[0] in " \t\n\f\r":
            found.append(Run(match.start(), match.end(), " ", VERBATIM if raw == " " else "space"))
        else:
            text = unescape(raw) if raw[0] == "&" and "entity" in run.how else raw
            found.append(Run(match.start(), match.end(), text, VERBATIM if text == raw else "entity"))
    return tuple(_merged(found)) if "".join(piece.text for piece in found) == run.text else (run,)


def _merged(found: list[Run]) -> list[Run]:
    """Neighbouring verbatim runs as one."""
    merged: list[Run] = []
    texts: list[str] = []
    for piece in found:
        if merged and piece.how == merged[-1].how == VERBATIM:
            texts.append(piece.text)
            merged[-1] = merged[-1]._replace(end=piece.end)
            continue
        if len(texts) > 1:
            merged[-1] = merged[-1]._replace(text="".join(texts))
        merged.append(piece)
        texts = [piece.text]
    if len(texts) > 1:
        merged[-1] = merged[-1]._replace(text="".join(texts))
    return merged
