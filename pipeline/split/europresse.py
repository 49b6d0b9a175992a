"""Europresse's (Eureka's, CEDROM-SNi's) HTML exports: each <article> has a header, text and footer; classes name the fields."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.marks import Marks
from pipeline.model import Node, Page
from pipeline.split.elements import elements, outermost, stretches, tokens
from pipeline.split.export import Builder, Export, Format

NAME = "europresse"
_PUBLICATION, _HEADER, _TITLE, _TITLE_BOX = "docpublicationname", "docheader", "titrearticlevisu", "titrearticle"
_TEXT = frozenset(("doctext", "dococurrcontainer"))
_AUTHOR = frozenset(("bottomnews", "docauthors", "docauthor"))
_SIGNS = frozenset((_PUBLICATION, _HEADER, _TITLE, _TITLE_BOX)) | _TEXT
# Signs that must be there; any of these words alone is in other people's stylesheets too.
SIGNS = 2
_DAY = re.compile(
    r"\d{1,2}(?:er|\.)? (?:de )?[^\W\d]{3,12}\.?(?: de)? (?:19|20)\d\d|[^\W\d]{3,12}\.? \d{1,2},? (?:19|20)\d\d"
    r"|(?:19|20)\d\d-\d\d-\d\d"
)
# What stands behind the name: the number of the issue, "site web".
_ISSUE = re.compile(r",? (?:no|nº|n°|Nr|vol)\.? ?\d.*$|\s*\((?:site web|web site|website|Website|sitio web)\)", re.IGNORECASE)
_DECLARED = (
    re.compile(r"\W*(\d{1,5}) (?:documents?|articles?|dokumente?|documentos?)(?: \w+)?\W*", re.IGNORECASE),
    re.compile(r"(?:nombre de documents?|number of documents?|anzahl (?:der )?dokumente)\s*:\s*(\d{1,5})", re.IGNORECASE),
)


def recognise(page: Page) -> float:
    """Sure of a page with <article>s and two of the export's own class names."""
    if not page.blocks or page.blocks[0].node is None:
        return 0.0
    found: set[str] = set()
    articles = 0
    for node in elements(page):
        if not _SIGNS.isdisjoint(node.tokens):
            found |= _SIGNS & node.tokens
        articles += _is_article(node)
    return 0.95 if articles and len(found) >= SIGNS else 0.0


def read(page: Page, marks: Marks) -> Export | None:
    """The articles; a cover that says how many documents there are is checked against them."""
    builder = Builder(NAME, page.blocks, marks)
    for item, blocks in stretches(outermost(page, _is_article)):
        builder.part(blocks[0], "article" if item else "around", article=item is not None)
        if item is not None:
            _article(builder, blocks)
        elif builder.declared is None:
            builder.declared = _declared(builder.blocks[at].text for at in blocks)
    return builder.done()


def _is_article(node: Node) -> bool:
    return node.tag == "article"


def _declared(texts: Iterable[str]) -> int | None:
    for text in texts:
        for pattern in _DECLARED:
            match = pattern.fullmatch(text)
            if match:
                return int(match[1])
    return None


def _article(builder: Builder, blocks: range) -> None:
    words = {at: tokens(builder.blocks[at]) for at in blocks}
    text = [at for at in blocks if words[at] & _TEXT]
    titles = [at for at in blocks if _TITLE in words[at]] or [at for at in blocks if _TITLE_BOX in words[at]][:1]
    for at in blocks:
        if at in text:
            continue
        if at in titles:
            builder.state(at, "headline", "" if builder.has("headline") else None)
        elif _PUBLICATION in words[at]:
            _publication(builder, at)
        elif words[at] & _AUTHOR:
            builder.state(at, "author", "" if builder.has("author") else None)
        elif _HEADER in words[at]:
            _date(builder, at)
        elif text:
            builder.drop(at, "header" if at < text[0] else "footer")


def _publication(builder: Builder, at: int) -> None:
    """The first piece of the line is the name; the header with the date may stand on the same line."""
    block = builder.blocks[at]
    name = _ISSUE.sub("", block.runs[0].text).strip(" ,")
    if builder.has("publisher"):
        builder.drop(at, "header")
    else:
        builder.state(at, "publisher", name)
        _date(builder, at)


def _date(builder: Builder, at: int) -> None:
    day = _DAY.search(builder.blocks[at].text)
    if day and not builder.has("date_published"):
        builder.state(at, "date_published", day[0])
    elif not builder.has("publisher") or _HEADER in tokens(builder.blocks[at]):
        builder.drop(at, "header")


FORMAT = Format(NAME, recognise=recognise, read=read)
