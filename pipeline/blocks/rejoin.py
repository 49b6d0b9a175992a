r"""Lines that a crude text dump broke at inline tags, joined again: `get_text("\n")` makes three lines of "a <b>b</b> c".

What lies at the break tells it: a text node keeps its outer white space, so `a ` or ` c` went on in the same paragraph, and where
there was no space the pieces belong to one word or sign. Nothing is joined in a file that shows no such break: it is no dump.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# A comma or stop that opens a line followed its word without a space; no writer begins a line so.
_CLOSES = re.compile(r"(?:[,;.!?)\]”’»،؛؟。，、；：！？）」』]|:(?!\w)|['’]\w{1,2}\b)(?=$|[\s\"”’»)\]\w])(?!\.\.|\)\s*\w{1,12}$)")
_SURE_CLOSES = re.compile(r"(?:[,;](?=\s|$)|\.(?=$|\s)|[)\]](?=$|[\s.,;:]))")
_OPENS = re.compile(r"(?:^|[\s(])[(\[“‘«„「『（]$|[（「『]$")
_SENTENCE_END = re.compile(r"[.!?…。！？؟۔।։:][\"'”’»)\]]*$")
_ITEM = re.compile(r"[-*•–—·>|#‣▪●]|\[?\d{1,3}[\].)]\s|https?://|--$")
_DENSE = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# So many characters at the end and the beginning of a line are looked at.
TAIL, HEAD = 4, 16
# One break may be an accident; two show that the file was broken at inline tags.
MIN_EVIDENCE = 2
# A line of so many characters is running text; without it on either side of a break two list items could be meant.
LONG = 50
# Shorter lines are signs, or one letter.
WORD = 2
# The mark of a list item is not longer.
MAX_MARK = 2
# Blank lines inside a paragraph, at most.
MAX_GAP = 2
# Nobody's paragraph has more pieces; bounds the work on hostile input.
MAX_PIECES = 400

Line = tuple[int, int, int]  # start, end, blank lines before


class Joint(NamedTuple):
    """How a piece goes on from the one before: with a space between them, or glued; `sure`: only a dump looks so."""

    spaced: bool
    sure: bool = False


class _Break(NamedTuple):
    """The end of a line, the beginning of the next, their lengths, and the white space at either side of the line break."""

    tail: str
    head: str
    left: int
    right: int
    before: str
    after: str

    @property
    def spaced(self) -> bool:
        return bool(self.before or self.after)

    @property
    def ended(self) -> bool:
        return _SENTENCE_END.search(self.tail) is not None

    @property
    def lower(self) -> bool:
        return self.head[0].islower()

    @property
    def long(self) -> bool:
        return self.left >= LONG or self.right >= LONG


def rejoin(text: str, lines: list[Line]) -> list[str | None]:
    """For each line how it continues the line before it: "joined", "glued", or None where it begins a block."""
    joints: list[Joint | None] = [None] * len(lines)
    for index in range(1, len(lines)):
        if lines[index][2] <= MAX_GAP:
            joints[index] = _joint(text, lines[index - 1], lines[index])
    if sum(joint is not None and joint.sure for joint in joints) < MIN_EVIDENCE:
        return [None] * len(lines)
    hows: list[str | None] = []
    pieces = 1
    for joint in joints:
        goes_on = joint is not None and pieces < MAX_PIECES
        pieces = pieces + 1 if goes_on else 1
        hows.append(("joined" if joint.spaced else "glued") if joint is not None and goes_on else None)
    return hows


def _joint(text: str, here: Line, there: Line) -> Joint | None:
    """Whether and how `there` goes on from `here`."""
    at = _break(text, here, there)
    # Between inline tags stood a line of white space, or a text node was wrapped and indented by its author.
    if there[2]:
        return _mid_sentence(at)
    # Two spaces at the end of a line are Markdown for a line break; deep indentation is layout.
    if len(at.before) > 1 or len(at.after) > 1:
        return _mid_sentence(at) if len(at.before) <= 1 and at.after else None
    if _ITEM.match(at.head) or (at.left <= MAX_MARK and _ITEM.match(at.tail)):
        return None
    if at.left >= WORD and _CLOSES.match(at.head):
        return Joint(at.spaced, sure=not at.spaced and _SURE_CLOSES.match(at.head) is not None)
    if _OPENS.search(at.tail):
        return Joint(at.spaced)
    return _spaced(at) if at.spaced else _unspaced(at)


def _break(text: str, here: Line, there: Line) -> _Break:
    tail, head = text[max(here[1] - TAIL, here[0]) : here[1]], text[there[0] : min(there[0] + HEAD, there[1])]
    before, _, after = text[here[1] : there[0]].replace("\r\n", "\n").replace("\r", "\n").partition("\n")
    return _Break(tail, head, here[1] - here[0], there[1] - there[0], before, after)


def _mid_sentence(at: _Break) -> Joint | None:
    """Only the middle of a sentence says that two lines were one paragraph."""
    return Joint(spaced=True) if at.lower and not at.ended and at.left >= LONG else None


def _spaced(at: _Break) -> Joint | None:
    """White space was kept at the break: the sentence goes on, unless one ended and another may begin."""
    if at.lower and not at.ended:
        return Joint(spaced=True, sure=at.long)
    if at.ended and not at.lower:
        # Paragraphs, too, end in a space; hardly any begins with one.
        return Joint(spaced=True) if at.after and at.long and min(at.left, at.right) < LONG else None
    return Joint(spaced=True) if at.long or not at.after else None


def _unspaced(at: _Break) -> Joint | None:
    """No white space at the break: a word after a drop cap, a sentence that goes on, or a script without spaces."""
    last = at.tail[-1]
    if at.left == 1 and last.isupper() and at.lower and at.right > LONG:
        return Joint(spaced=False)
    if at.lower and not at.ended and at.long and not last.isdigit():
        return Joint(spaced=True)
    if _DENSE.match(at.head) and not at.ended and last.isalnum() and at.left >= LONG:
        return Joint(spaced=False)
    return None
