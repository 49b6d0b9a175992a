"""Reuters-21578 and what is cut out of it: each <REUTERS> an article (README of the collection, D. Lewis, 1997).

The collection's own files number their articles without a gap, so the first and the last number say how many there are.
"""

from __future__ import annotations

import re
from itertools import groupby

from pipeline.marks import Marks
from pipeline.model import Block, Page
from pipeline.split.export import Builder, Export, Format

NAME = "reuters"
ITEM = "reuters"
_FIELDS = {"title": "headline", "author": "author", "date": "date_published"}
# Lists of index terms; each term is a <D>.
_TERMS = frozenset(("topics", "places", "people", "orgs", "exchanges", "companies"))
_AGENCY = re.compile(r",\s*Reuters?$", re.IGNORECASE)
_SIGN_OFF = re.compile(r"reuters?", re.IGNORECASE)
_TEXT = frozenset(("text", "body"))


def recognise(page: Page) -> float:
    """1 for what the reader of this SGML has read."""
    return 1.0 if page.hints.provider == NAME else 0.0


def read(page: Page, marks: Marks) -> Export | None:
    """The articles, in the order of the file."""
    builder = Builder(NAME, page.blocks, marks, "en")
    for item, group in groupby(range(len(page.blocks)), key=lambda at: _item(page.blocks[at])):
        numbers = list(group)
        builder.part(numbers[0], "article" if item is not None else "between", article=item is not None)
        if item is not None:
            _article(builder, numbers)
    builder.declared = _declared(page)
    return builder.done()


def _article(builder: Builder, numbers: list[int]) -> None:
    terms = [at for at in numbers if _above(builder.blocks[at]) in _TERMS]
    for at in numbers:
        tag = builder.blocks[at].kind
        if at in terms:
            builder.state(at, "keywords", "" if at != terms[0] else "; ".join(builder.blocks[term].text for term in terms))
        elif tag in _FIELDS:
            text = _AGENCY.sub("", builder.blocks[at].text)
            builder.state(at, _FIELDS[tag], "" if builder.has(_FIELDS[tag]) else text)
        elif tag in _TEXT and _SIGN_OFF.fullmatch(builder.blocks[at].text):
            builder.drop(at, "sign-off")
        elif tag not in _TEXT:
            builder.drop(at, tag)
    builder.imply("publisher", "Reuters")
    builder.imply("language", "en")


def _declared(page: Page) -> int | None:
    if not page.hints.structured.get("reuters.whole-file"):
        return None
    ids = [int(number) for number in page.hints.structured.get("reuters.id", ()) if number.isdecimal()]
    return max(ids) - min(ids) + 1 if ids else None


def _item(block: Block) -> int | None:
    node = block.node
    while node is not None and node.tag != ITEM:
        node = node.parent
    return node.ordinal if node is not None else None


def _above(block: Block) -> str:
    return block.node.parent.tag if block.node is not None and block.node.parent is not None else ""


FORMAT = Format(NAME, recognise=recognise, read=read)
