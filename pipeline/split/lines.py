"""What readers of text exports share: lines told apart again, signs of a date, of a copyright, of a wrapped label."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from pipeline.marks import Marks
from pipeline.model import Block, Mark, Page, Run

# Only so many blocks of a file are looked at to recognise a layout: its first article shows it.
SNIFF_BLOCKS = 4000
SNIFF_CHARS = 200  # a provider's own line is not longer
_DATED = re.compile(
    r"(?:\D{0,40}?[ ,(–-])??(?:\d{1,2}(?:st|nd|rd|th|er|[.ºª])?[ .]?(?:de |of )?[^\W\d_]{3,12}\.?,? (?:de |del )?(?:19|20)\d\d"
    r"|[^\W\d_]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d"
    r"|\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d|(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2})(?:[ ,;)].{0,60})?"
    r"|[^\W\d_]{3,12}\.?(?:[/ –-][^\W\d_]{3,12})? (?:19|20)\d\d",
)
_DATE = re.compile(
    r"\d{1,2}(?:st|nd|rd|th|er|[.ºª])?[ .]?(?:de |of )?[^\W\d_]{3,12}\.?,? (?:de |del )?(?:19|20)\d\d"
    r"|[^\W\d_]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d|[^\W\d_]{3,12}\.? (?:19|20)\d\d"
    r"|\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d|(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}"
)
_RIGHTS = re.compile(
    r"(?i)(?:copyright|©|\(c\)|tous droits|alle rechte|all rights reserved|todos los derechos|todos os direitos|tutti i diritti"
    r"|alle rechten|droits d.auteur|urheberrecht|auteursrecht)"
)
_ORDINAL = re.compile(r"(\d)(?:st|nd|rd|th|er|[ºª])\b")
# As in blocks/plain: widths in use, and lines that begin an item of a list.
MAX_WRAPPED, MIN_WIDTH = 110, 45
_LISTED = re.compile(r"(?:[-*•–—·>|#]\s*|\[\d{1,3}\]\s*|\d{1,3}[.)]\s+|https?://)\S")
# Most letters of a date's line; the line of a headline that ends in a date is longer.
DATED_CHARS = 90


def physical(page: Page, marks: Marks, is_own: Callable[[str], bool]) -> tuple[tuple[Block, ...], Marks]:
    """The page's blocks, where one that was joined over a line for which `is_own` holds is told apart into its lines.

    The lines of the article around such a line stay joined. Pieces carry no marks: what was said was said of the whole.
    """
    blocks: list[Block] = []
    found: list[tuple[Mark, ...]] = []
    for block, said in zip(page.blocks, marks, strict=True):
        pieces = _pieces(block, is_own) if len(block.runs) > 1 else [block]
        blocks += pieces
        found += [said] if len(pieces) == 1 else [()] * len(pieces)
    return tuple(blocks), tuple(found)


def lines_of(block: Block) -> list[Block]:
    """The lines of the file that were joined to this block; the white space between them belongs to none."""
    lines: list[Block] = []
    runs: list[tuple[int, int]] = []
    start = 0
    for number, run in enumerate(block.runs):
        if any(how in run.how for how in ("joined", "glued", "unhyphenated")):
            runs.append((start, number))
            start = number + 1
    runs.append((start, len(block.runs)))
    for first, last in runs:
        if first < last:
            own = block.runs[first:last] + tuple(_hyphen(run) for run in block.runs[last : last + 1] if "unhyphenated" in run.how)
            lines.append(block._replace(runs=own, text="".join(run.text for run in own), gap=0 if lines else block.gap))
    return lines


def _hyphen(joint: Run) -> Run:
    """What ended the line before its word was made whole: a letter and the hyphen."""
    return Run(joint.start, joint.start + 2, joint.text + "-", "verbatim")


def _pieces(block: Block, is_own: Callable[[str], bool]) -> list[Block]:
    lines = lines_of(block)
    own = [is_own(line.text) for line in lines]
    if not any(own):
        return [block]
    pieces: list[Block] = []
    together: list[Block] = []
    for line, alone in zip(lines, own, strict=True):
        if alone and together:
            pieces.append(_together(block, together))
            together = []
        if alone:
            pieces.append(line)
        else:
            together.append(line)
    return [*pieces, *([_together(block, together)] if together else [])]


def _together(block: Block, lines: Sequence[Block]) -> Block:
    """The lines as one block again, with the runs that joined them."""
    first, last = lines[0].start, lines[-1].end
    runs = tuple(run for run in block.runs if first <= run.start and run.end <= last)
    return block._replace(runs=runs, text="".join(run.text for run in runs), gap=lines[0].gap)


def wrapped(blocks: Sequence[Block], articles: Iterable[Sequence[int]]) -> set[int]:
    """The blocks, among the numbers of each article's text, that go on with the block above: a line that was wrapped there.

    Plain text is read without knowing what it is, and short wrapped paragraphs may be a list; in an export they are not. The
    width is that of its longest line, in all articles that have no line too long to have been wrapped.
    """
    bodies = [(body, max((_longest(blocks[at]) for at in body), default=0)) for body in articles]
    width = max((longest for _, longest in bodies if longest <= MAX_WRAPPED), default=0)
    return {
        at
        for body, longest in bodies
        if MIN_WIDTH <= longest <= MAX_WRAPPED
        for above, at in pairwise(body)
        if above == at - 1 and _continues(blocks[above], blocks[at], width)
    }


def _longest(block: Block) -> int:
    return max(len(line.text) for line in lines_of(block)) if block.kind == "line" else MAX_WRAPPED + 1


def _continues(above: Block, block: Block, width: int) -> bool:
    """Whether the block's first word would not have fitted on the last line above."""
    if block.gap or _LISTED.match(block.text) or " " not in above.text:
        return False
    return len(lines_of(above)[-1].text) + 1 + len(block.text.split(maxsplit=1)[0]) > width


def together(blocks: Sequence[Block]) -> Block:
    """The blocks as one, with a space for what stands between them."""
    if len(blocks) == 1:
        return blocks[0]
    runs = list(blocks[0].runs)
    for above, block in pairwise(blocks):
        runs += [Run(above.end, block.start, " ", "joined"), *block.runs]
    return blocks[0]._replace(runs=tuple(runs), text=" ".join(block.text for block in blocks))


def short(blocks: Sequence[Block]) -> list[tuple[int, str]]:
    """(number, text) of the blocks that may be a provider's line, among the first SNIFF_BLOCKS; none of a page's."""
    if not blocks or blocks[0].kind != "line":
        return []
    return [(at, block.text) for at, block in enumerate(blocks[:SNIFF_BLOCKS]) if len(block.text) <= SNIFF_CHARS]


def is_dated(text: str) -> bool:
    """Whether the line holds a date and little else: a weekday, an edition, a page."""
    return len(text) <= DATED_CHARS and _DATED.fullmatch(text) is not None and not is_rights(text)


def date_in(text: str) -> str:
    """The first date in the line, without ordinal endings; the line itself if none is seen."""
    match = _DATE.search(text)
    return _ORDINAL.sub(r"\1", match.group()) if match else text


def is_rights(text: str) -> bool:
    """Whether the line claims a copyright."""
    return len(text) <= SNIFF_CHARS and _RIGHTS.match(text) is not None


def indent(before: Block | None, block: Block) -> int:
    """About how far the block's line is indented, in characters: what parts it from the block before, without its line ends."""
    between = block.start - (before.end if before is not None else 0)
    return max(0, between - 2 * (block.gap + 1))


def listed(numbers: Sequence[int]) -> int:
    """How many of 1, 2, 3 … follow each other in `numbers` from the first 1 on: the length of a numbered list."""
    due = 1
    for number in numbers:
        if number == due:
            due += 1
    return due - 1


def declared(numbered: Sequence[tuple[int, int]], selected: int | None = None) -> int | None:
    """How many articles a file says it holds, from its lines (N, M) for "N of M" and the number that its cover page names.

    M counts the whole result; databases hand out large results in files of some hundreds. So a file that begins behind a full
    hundred, or ends at one, holds what it numbers; any other says M, and lacks what is missing of it. Where the numbers begin
    again, files were put one behind the other, and their counts add up.
    """
    runs = runs_of(numbered)
    if not runs or (selected is not None and len(runs) == 1):
        return selected
    return sum(_declared(run) for run in runs)


def runs_of(numbered: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """The lines (N, M) in runs in which N rises and M stays."""
    runs: list[list[tuple[int, int]]] = []
    for number, total in numbered:
        if not runs or number <= runs[-1][-1][0] or total != runs[-1][-1][1]:
            runs.append([])
        runs[-1].append((number, total))
    return runs


def _declared(run: Sequence[tuple[int, int]]) -> int:
    first, (last, total) = run[0][0], run[-1]
    is_piece = first % 100 == 1 and (last == total or last % 100 == 0)
    return last - first + 1 if is_piece else total
