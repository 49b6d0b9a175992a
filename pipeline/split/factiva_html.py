"""Factiva's HTML exports: each `div.article`, as a table of two-letter codes or as printed (with or without "indexing").

The codes are the same in every interface language. An article's last line is its accession number ("Document LANT0000…").
"""

from __future__ import annotations

import re

from pipeline.marks import Marks
from pipeline.model import Block, Node, Page
from pipeline.split.elements import chain, elements, outermost, stretches
from pipeline.split.export import Builder, Export, Format

NAME = "factiva-html"
# What a code states; LP (lead) and TD (text) are the text, all others are dropped under their code.
_FIELDS = {
    "HD": "headline",
    "BY": "author",
    "PD": "date_published",
    "SN": "publisher",
    "SE": "section",
    "LA": "language",
    "NS": "keywords",
}
_TEXT = frozenset(("LP", "TD"))
_CODES = _FIELDS.keys() | _TEXT
_CODES |= frozenset("CLM CR WC ET SC ED PG VOL CY CX ART CT RF CO IN RE IPC IPD PUB AN".split())  # noqa: SIM905  so they are printed
# So many different codes are no accident.
SIGNS = 3
_CLASS = re.compile(r"[a-z]{2}article")
_PARAGRAPH = "articleparagraph"
_HEADLINE = frozenset(("hd", "headline"))
_ID = re.compile(r"(?:Document|Dokument|Documento|Документ|文件|文書)\s+[A-Z][A-Z0-9]{3,11}\d{8,14}[a-z0-9]{5,}")
_WORDS = re.compile(r"[\d.,\s]+\s(?:words|mots|Wörter|palabras|parole|woorden|palavras|слов)|[\d,.]+ ?(?:字|ワード|語)")
_DAY = re.compile(r"(?:\d{1,2}\.? (?:de )?[^\W\d]+\.?,? (?:de )?\d{4}|[^\W\d]+ \d{1,2},? \d{4}|\d{4}\s?年.*日)")
_TIME = re.compile(r"\d{1,2}[:.h]\d{2}(?: ?[AP]M)?(?: ?[A-Z]{3,4})?")
_SOURCE_CODE = re.compile(r"[A-Z][A-Z0-9]{1,9}")
_NUMBER = re.compile(r"\W*\d+\W*|.{0,20}\b\d+")
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright\b)", re.IGNORECASE)
_LANGUAGE = re.compile(r"[^\W\d_]{4,20}")


def recognise(page: Page) -> float:
    """Sure of articles of this class with codes, Factiva's paragraphs or accession numbers; without those it resembles one."""
    if not page.blocks or page.blocks[0].node is None:
        return 0.0
    if not any(_is_article(node) for node in elements(page)):
        return 0.0
    items = outermost(page, _is_article)
    inside = [block for block, item in zip(page.blocks, items, strict=True) if item is not None]
    codes = len({block.text for block in inside if _is_code(block)})
    printed = any(block.node is not None and _PARAGRAPH in block.node.tokens for block in inside)
    ids = any(_ID.fullmatch(block.text) for block in inside)
    return 0.95 if codes >= SIGNS or printed or ids else 0.3


def read(page: Page, marks: Marks) -> Export | None:
    """The articles; what stands around them (headline list, search summary) is none."""
    builder = Builder(NAME, page.blocks, marks)
    found = 0
    for item, blocks in stretches(outermost(page, _is_article)):
        builder.part(blocks[0], "article" if item else "around", article=item is not None)
        if item is not None:
            found += 1
            _coded(builder, blocks) if any(_is_code(builder.blocks[at]) for at in blocks) else _printed(builder, blocks)
            _language_of(builder, item)
    ids = sum(_ID.fullmatch(block.text) is not None for block in page.blocks)
    # Every article has its number; more numbers than articles: one has lost its element.
    builder.declared = ids if ids > found else None
    return builder.done()


def _is_article(node: Node) -> bool:
    return node.tag == "div" and "article" in node.tokens and any(_CLASS.fullmatch(token) for token in node.tokens)


def _is_code(block: Block) -> bool:
    """A code stands in a table's cell of its own."""
    return block.text in _CODES and any(node.tag == "td" for node in list(chain(block))[:3])


def _language_of(builder: Builder, item: Node) -> None:
    if not builder.has("language"):
        token = min((token for token in item.tokens if _CLASS.fullmatch(token)), default="")
        builder.imply("language", token[:2], "class")


def _coded(builder: Builder, blocks: range) -> None:
    """Each code, and what stands to its right up to the next."""
    code = ""
    for at in blocks:
        block = builder.blocks[at]
        if _is_code(block):
            code = block.text
            builder.drop(at, "code")
        elif _ID.fullmatch(block.text):
            builder.drop(at, "id")
        elif code == "NS" and not builder.has("keywords"):
            builder.state(at, "keywords", _terms(block.text))
        elif code in _FIELDS:
            _state(builder, at, _FIELDS[code])
        elif code not in _TEXT:
            builder.drop(at, code.lower() or "head")


def _printed(builder: Builder, blocks: range) -> None:
    """The lines above the first paragraph, in Factiva's order: section, headline, byline, words, date, source, code, language."""
    texts = {at: builder.blocks[at].text for at in blocks}
    body = next((at for at in blocks if _within(builder.blocks[at], _PARAGRAPH)), None)
    copyright_ = next((at for at in blocks if _COPYRIGHT.match(texts[at])), None)
    body = body if body is not None else (copyright_ + 1 if copyright_ is not None else blocks[0])
    head = range(blocks[0], body)
    title = next((at for at in head if not _HEADLINE.isdisjoint(_own(builder.blocks[at]))), None)
    words = next((at for at in head if _WORDS.fullmatch(texts[at])), None)
    day = next((at for at in head if _DAY.fullmatch(texts[at])), None)
    source = next((at for at in range((day if day is not None else body) + 1, body) if not _TIME.fullmatch(texts[at])), None)
    for at in head:
        if at == title or (title is None and at == blocks[0]):
            builder.state(at, "headline")
        elif at == day:
            builder.state(at, "date_published")
        elif at == source:
            builder.state(at, "publisher")
        elif title is not None and at < title:
            _state(builder, at, "section")
        elif at < min((one for one in (words, day) if one is not None), default=0):
            _state(builder, at, "author")
        elif source is not None and at > source and _is_language(texts[at]):
            _state(builder, at, "language")
        else:
            builder.drop(at, "head")
    for at in range(body, blocks.stop):
        if _ID.fullmatch(texts[at]):
            builder.drop(at, "id")


def _state(builder: Builder, at: int, field: str) -> None:
    """The first block of a field has its value, others go on."""
    builder.state(at, field, "" if builder.has(field) else None)


def _terms(text: str) -> str:
    """The terms of "gpol : Domestic Politics | gcat : Political News" without their codes."""
    return "; ".join(part.partition(":")[2].strip() or part.strip() for part in text.split("|"))


def _is_language(text: str) -> bool:
    return _LANGUAGE.fullmatch(text) is not None and not _SOURCE_CODE.fullmatch(text) and not _NUMBER.fullmatch(text)


def _within(block: Block, token: str) -> bool:
    return any(token in node.tokens for node in chain(block))


def _own(block: Block) -> frozenset[str]:
    """The words of the two innermost elements: a headline is a span in a division."""
    nodes = list(chain(block))[:2]
    return frozenset().union(*(node.tokens for node in nodes if node.tag != "div" or "article" not in node.tokens))


FORMAT = Format(NAME, recognise=recognise, read=read)
