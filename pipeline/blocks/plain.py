"""Plain text: each line that is not blank is a block; lines that a mailer wrapped or a dump broke at tags are joined again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pipeline.blocks import hyphens
from pipeline.blocks.format import Format
from pipeline.blocks.rejoin import rejoin
from pipeline.model import Block, Decoded, Hints, Page, Repair, Run

# Line ends are \r\n, \r and \n only: str.splitlines() also cuts at U+0085, U+2028 and form feed, inside sentences.
_PIECE = re.compile(r"[^\r\n]+|\r\n|\r|\n")
# Wrap widths in use are 60 to 100; one long word may reach beyond.
MAX_WRAPPED = 110
MIN_WIDTH = 45
# A paragraph of two lines is no evidence of wrapping.
MIN_LINES = 3
# A last line of one word; longer ones are pieces of URLs.
MAX_LAST_WORD = 20
# Share of line ends in a stretch where the next word would not have fitted any more.
FULL_SHARE = 0.75
# A line that starts like this is a new paragraph, however full the line before it was.
_ITEM = re.compile(r"(?:[-*•–—·>|#]\s*|\[\d{1,3}\]\s*|\d{1,3}[.)]\s+|https?://)\S")

_WORD = re.compile(r"\S+")
# The ledger's name of a word made whole.
HYPHENATION = "repair.hyphenation"
_Line = tuple[int, int, int]  # start, end, blank lines before


def read(decoded: Decoded) -> Page:
    """The blocks of a plain text, kind "line", in source order; `gap` counts the blank lines before each."""
    paragraphs = list(_paragraphs(decoded.text))
    outlines = [(lines[0][0], lines[-1][1], lines[0][2]) for lines in paragraphs]
    broken = hyphens.soft(decoded.text, [(here[1], there[0]) for lines in paragraphs for here, there in pairwise(lines)])
    blocks: list[Block] = []
    pieces: list[Run] = []
    gap = 0
    for lines, how in zip(paragraphs, rejoin(decoded.text, outlines), strict=True):
        if how is None:
            if pieces:
                blocks.append(_block(pieces, gap))
            pieces, gap = [], lines[0][2]
        for number, (start, end, _) in enumerate(lines):
            if pieces:
                pieces += _joint(pieces.pop(), start, how if number == 0 else None, broken)
            pieces.append(Run(start, end, decoded.text[start:end], "verbatim"))
    if pieces:
        blocks.append(_block(pieces, gap))
    made_whole = [(end - 2, start) for (end, start), gone in broken.items() if gone]
    repairs = tuple(Repair(start, end, HYPHENATION, decoded.text[start:end], decoded.text[start]) for start, end in made_whole)
    return Page(tuple(blocks), Hints(), repairs)


def _joint(above: Run, start: int, how: str | None, broken: dict[hyphens.Break, bool]) -> list[Run]:
    """The run above, and what joins it with the line that begins at `start`.

    Where a word goes on, that is its last letter, with the hyphen and the line's end behind it.
    """
    inside = broken.get((above.end, start))
    if inside:
        last = above.end - 2
        rest = [above._replace(end=last, text=above.text[:-2])] if last > above.start else []
        return [*rest, Run(last, start, above.text[-2], "unhyphenated")]
    glued = how == "glued" or inside is not None
    return [above, Run(above.end, start, "" if glued else " ", "glued" if glued else "joined")]


def _block(runs: list[Run], gap: int) -> Block:
    return Block(tuple(runs), "".join(run.text for run in runs), "line", gap=gap)


def _lines(text: str) -> Iterator[_Line]:
    blank, empty = 0, True
    for match in _PIECE.finditer(text):
        piece = match.group()
        if piece in ("\n", "\r", "\r\n"):
            blank += empty
            empty = True
            continue
        stripped = piece.strip()
        if stripped:
            start = match.start() + len(piece) - len(piece.lstrip())
            yield start, start + len(stripped), blank
            blank, empty = 0, False


def _paragraphs(text: str) -> Iterator[list[_Line]]:
    """Lines in groups: a group of more than one was one paragraph before it was wrapped.

    A stretch of lines that fill its width shows that it was wrapped, and at which width the file was; shorter stretches (a list
    item of two lines) are then measured against that.
    """
    stretches = list(_stretches(text))
    widths = [_width(text, stretch) for stretch in stretches]
    usual = max(widths, default=0)
    for stretch, width in zip(stretches, widths, strict=True):
        yield from _unwrap(text, stretch, width or usual)


def _stretches(text: str) -> Iterator[list[_Line]]:
    """Lines that no blank line and no long line parts; a long line is a stretch of its own."""
    stretch: list[_Line] = []
    for line in _lines(text):
        is_long = line[1] - line[0] > MAX_WRAPPED
        if stretch and (line[2] or is_long):
            yield stretch
            stretch = []
        if is_long:
            yield [line]
        else:
            stretch.append(line)
    if stretch:
        yield stretch


def _width(text: str, stretch: list[_Line]) -> int:
    """The width at which the stretch was wrapped; 0 if it does not look wrapped."""
    width = max(end - start for start, end, _ in stretch)
    if len(stretch) < MIN_LINES or width < MIN_WIDTH:
        return 0
    full = sum(_is_full(text, here, there, width) for here, there in pairwise(stretch))
    return width if full >= FULL_SHARE * (len(stretch) - 1) else 0


def _unwrap(text: str, stretch: list[_Line], width: int) -> Iterator[list[_Line]]:
    """A stretch cut into paragraphs: a line goes on where the next line's first word would not have fitted any more."""
    paragraph = [stretch[0]]
    for here, there in pairwise(stretch):
        if width and _is_full(text, here, there, width) and not _ITEM.match(text, there[0], there[1]):
            paragraph.append(there)
        else:
            yield paragraph
            paragraph = [there]
    yield paragraph


def _is_full(text: str, here: _Line, there: _Line, width: int) -> bool:
    word = _WORD.match(text, there[0], there[1])
    # A line of one long word is a piece of a URL, which was not broken at a space.
    if word is None or (word.end() == there[1] and word.end() - word.start() > MAX_LAST_WORD) or text.find(" ", *here[:2]) < 0:
        return False
    room = width - (here[1] - here[0])
    return word.end() - word.start() >= room or hyphens.is_broken(text, (here[1], there[0]), room)


FORMAT = Format("plain", "text/plain", sniff=lambda _: 0.6, read=read)
