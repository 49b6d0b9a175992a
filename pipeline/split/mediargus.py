"""Mediargus and Gopress as text: numbered titles, each with a line of publication, date, page and words.

    1. Kraanvogels blijven                   the number and the title
    De Havenkrant, 3 maart 2011, p. 4, 250w. the source line

Mediargus prints this list on top and the texts below it in the same order, each below four blank lines and under its title and
section; Gopress prints each text below its own two lines. Source: the layout as AmCAT's reader takes it apart.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from pipeline.marks import Marks
from pipeline.model import Block, Page
from pipeline.split.export import Builder, Export, Format
from pipeline.split.lines import declared, is_dated, is_rights, physical, short
from pipeline.surface import ends_sentence, is_prose, likeness_key, same_line

NAME = "mediargus"
_ITEM = re.compile(r"(\d{1,4})\. (\S.{2,})", re.DOTALL)
_SOURCE = re.compile(
    r"(?P<name>[^\W\d_][^,*|]{1,60}?) ?\*?(?: ?[,|–-] ?| )"
    r"(?P<date>\d{1,2}[ ./-][^\W\d_]{3,10}\.?[ ./-]\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{4})"
    r"(?P<page>(?: ?[,|–-] ?| )\(?(?:p\.|pp\.|pag\.|page|pagina|blz\.?) ?[\w./-]{1,12}\)?)?"
    r"(?P<words>(?: ?[,|–-] ?| )\d{1,5} ?(?:w|m|mots|woorden|words)\.?)?"
)
# Blank lines above each text that Mediargus prints below its list.
GAP = 4
# A source line stands right below its title, or one line further down.
NEAR = 2
MAX_HEAD = 4
MAX_SECTION_WORDS = 5


class _Item(NamedTuple):
    """A numbered title at block `at` and its source line at block `below`."""

    number: int
    at: int
    below: int
    title: str
    source: re.Match[str]


def recognise(page: Page) -> float:
    """Numbered titles from 1 on, each with a source line below; a second one, and lines with page and words, make it sure."""
    lines = short(page.blocks)
    if not any(text[0].isdigit() and _ITEM.fullmatch(text) for _, text in lines):
        return 0.0
    items = _items(page.blocks)
    if not items or [item.number for item in items] != list(range(items[0].number, items[0].number + len(items))):
        return 0.0
    full = all(item.source["page"] and item.source["words"] for item in items)
    return 0.4 + 0.3 * (len(items) > 1) + 0.3 * full


def read(page: Page, marks: Marks) -> Export | None:
    """The articles below their two lines, or below the list of all."""
    blocks, marks = physical(page, marks, lambda text: bool(_ITEM.fullmatch(text) or _SOURCE.fullmatch(text)))
    items = _items(blocks)
    if not items:
        return None
    french = sum("page" in item.source.group() or "mots" in item.source.group() for item in items)
    builder = Builder(NAME, blocks, marks, "fr" if 2 * french > len(items) else "nl")
    builder.declared = declared([(item.number, items[-1].number) for item in items])
    above = any(is_prose(block.text) for block in blocks[items[0].below + 1 : items[-1].at])
    if above or len(items) == 1:
        _inline(builder, items)
    else:
        _listed(builder, items)
    return builder.done()


def _items(blocks: tuple[Block, ...]) -> list[_Item]:
    items: list[_Item] = []
    for at, block in enumerate(blocks):
        match = _ITEM.fullmatch(block.text) if block.kind == "line" and block.text[0].isdigit() else None
        if match is None:
            continue
        for below in range(at + 1, min(at + 1 + NEAR, len(blocks))):
            source = _SOURCE.fullmatch(blocks[below].text)
            if source and (source["page"] or source["words"]):
                items.append(_Item(int(match[1]), at, below, match[2], source))
                break
    return items


def _inline(builder: Builder, items: list[_Item]) -> None:
    """Each text stands below its own title."""
    if any(is_prose(block.text) for block in builder.blocks[: items[0].at]):
        builder.warnings.append("its first article has no number")
        builder.part(0, "unnumbered", 0.9)
    stops = [item.at for item in items[1:]] + [len(builder.blocks)]
    for item, stop in zip(items, stops, strict=True):
        builder.part(item.at, "item")
        builder.state(item.at, "headline", item.title)
        for between in range(item.at + 1, item.below):
            builder.state(between, "headline", "")
        builder.state(item.below, "publisher", item.source["name"], "source")
        builder.state(item.below, "date_published", item.source["date"], "source")
        if stop - 1 > item.below and is_rights(builder.blocks[stop - 1].text):
            builder.drop(stop - 1, "copyright")


def _listed(builder: Builder, items: list[_Item]) -> None:
    """The list is the cover; each text below it begins behind a wide gap and belongs to the next title, or the one it repeats."""
    blocks = builder.blocks
    first = items[-1].below + 1
    starts = [at for at in range(first, len(blocks)) if at == first or blocks[at].gap >= GAP]
    titled = {likeness_key(item.title): item for item in items}
    alike = len(starts) == len(items)
    stops = [*starts[1:], len(blocks)] if starts else []  # a list alone holds no article
    for number, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        item = titled.get(likeness_key(blocks[start].text)) or (items[number] if alike else None)
        builder.part(start, "text")
        if item is not None:
            builder.imply("headline", item.title, "item")
            builder.imply("publisher", item.source["name"], "source")
            builder.imply("date_published", item.source["date"], "source")
        _above(builder, start, stop, item)


def _above(builder: Builder, start: int, stop: int, item: _Item | None) -> None:
    """Title, section and date, which Mediargus repeats above the text."""
    prose = next((at for at in range(start, min(stop, start + MAX_HEAD)) if is_prose(builder.blocks[at].text)), start)
    for at in range(start, prose):
        text = builder.blocks[at].text
        if item is not None and same_line(text, item.title):
            builder.state(at, "headline")
        elif is_dated(text) or _SOURCE.fullmatch(text):
            builder.drop(at, "source")
        elif text.count(" ") < MAX_SECTION_WORDS and not ends_sentence(text) and not builder.has("section"):
            builder.state(at, "section")


FORMAT = Format(NAME, recognise, read)
