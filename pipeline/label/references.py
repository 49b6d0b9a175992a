"""Lists of cited works: `[1] …`, `[2] …`, footnotes `¹ …` at the end; below a heading such as "Sources" `1. …`, bullets, URLs.

A reference runs on while its lines follow without a blank line: hard-wrapped prose where the file has blank lines between
paragraphs, pieces of a URL anywhere. Footnote marks inside sentences are no references: the list counts up from 1.
"""

from __future__ import annotations

import re

from pipeline.marks import Marks, resolve
from pipeline.model import Block, Label, Mark, Page

RULE = "reference.list"
HEADING = "reference.heading"
CONFIDENCE = 0.95
_BRACKET = re.compile(r"\[(\d{1,3})\]")
_RAISED = re.compile(r"([¹²³⁰⁴-⁹]{1,3})\s*(?=\S)")
_NUMBER = re.compile(r"(\d{1,3})[.)]\s")
_ROUND, _CARET = re.compile(r"\((\d{1,3})\)\s"), re.compile(r"\^ ?(\d{1,3})\b[.:]?\s")
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
# Entries without numbers, below a heading: bullets, or lines that each hold an address.
_BULLET, _ADDRESS = re.compile(r"[-–—*•·▪◦] +\S"), re.compile(r"https?://|www\.")
_URL_PIECE = re.compile(r"\S+\Z")
# A list of one is a quotation mark of something else, unless a heading announces it.
MIN_ENTRIES = 2
# Hard-wrapped lines of one reference; longer is text that lost its blank line.
MAX_CONTINUATION = 40
# Entries without numbers, and the characters of one.
MAX_UNNUMBERED, MAX_ENTRY = 200, 600
_OPENERS = ("[", "¹")


def label(page: Page, marks: Marks) -> Marks:
    """`marks` with a reference mark on every line of every list; a heading counts only when a list follows."""
    blocks = page.blocks
    headings = {i for i, each in enumerate(marks) if each and any(mark.rule == HEADING for mark in each)}
    if not headings and not any(block.text.startswith(_OPENERS) for block in blocks):
        return marks
    spaced = sum(block.gap > 0 for block in blocks) > 0.3 * len(blocks)
    listed: dict[int, Mark] = {}
    announced: dict[int, int] = {}
    index = 0
    while index < len(blocks):
        heading = index in headings
        first = index + 1 if heading else index
        found = _list(blocks, marks, first, spaced=spaced, announced=heading)
        if found:
            listed.update((i, Mark(Label.REFERENCE, RULE, CONFIDENCE)) for i in found)
            if heading:
                announced[index] = index
            index = found[-1] + 1
        else:
            index += 1
    settled = []
    for i, each in enumerate(marks):
        keep = tuple(mark for mark in each if mark.rule != HEADING) if i in headings and i not in announced else each
        settled.append((*keep, listed[i]) if i in listed else keep)
    return tuple(settled)


def _list(blocks: tuple[Block, ...], marks: Marks, first: int, *, spaced: bool, announced: bool) -> list[int]:
    """The indices of a list's lines if one begins at `first`, else nothing."""
    if first >= len(blocks):
        return []
    pattern = next((one for one in (_BRACKET, _RAISED) if one.match(blocks[first].text)), None)
    if pattern is None and announced:
        pattern = next((one for one in (_NUMBER, _ROUND, _CARET) if one.match(blocks[first].text)), None)
        if pattern is None:
            return _unnumbered(blocks, marks, first)
    if pattern is None or _number(pattern, blocks[first]) != 1:
        return []
    found, entries, last = [first], 1, 1
    continued = 0
    for index in range(first + 1, len(blocks)):
        number = _number(pattern, blocks[index])
        if number is not None and last <= number <= last + 2:
            found.append(index)
            last, entries, continued = number, entries + 1, 0
        elif continued < MAX_CONTINUATION and _continues(blocks[index], resolve(marks[index]).label, spaced=spaced):
            found.append(index)
            continued += 1
        else:
            break
    return found if entries >= MIN_ENTRIES or announced else []


def _unnumbered(blocks: tuple[Block, ...], marks: Marks, first: int) -> list[int]:
    """The lines below a heading that have bullets as the first has, or an address each."""
    same = next((one for one in (_BULLET, _ADDRESS) if one.search(blocks[first].text)), None)
    found: list[int] = []
    for index in range(first, min(len(blocks), first + MAX_UNNUMBERED)) if same is not None else ():
        text = blocks[index].text
        fits = _BULLET.match(text) if same is _BULLET else _ADDRESS.search(text)
        if (
            resolve(marks[index]).label is not Label.BODY
            or len(text) > MAX_ENTRY
            or not (fits or _continues_url(blocks, index, first))
        ):
            break
        found.append(index)
    return found


def _continues_url(blocks: tuple[Block, ...], index: int, first: int) -> bool:
    """Whether a line goes on with the address that the line above it ends in."""
    if index == first or blocks[index].gap or not _URL_PIECE.match(blocks[index].text):
        return False
    return _ADDRESS.search(blocks[index - 1].text.rpartition(" ")[2]) is not None


def _number(pattern: re.Pattern[str], block: Block) -> int | None:
    match = pattern.match(block.text)
    return int(match.group(1).translate(_DIGITS)) if match else None


def _continues(block: Block, label: Label, *, spaced: bool) -> bool:
    """Whether a line without a number belongs to the reference above it."""
    if block.gap or label is not Label.BODY:
        return False
    if _URL_PIECE.match(block.text):
        return True
    return spaced and block.kind == "line"
