"""Pages that hold several whole articles one below the other: the index of a blog, the archive of a newsletter.

The page's own elements say so: siblings marked as articles (<article>, microformats' h-entry and hentry, a blog's div.post), each
with a linked heading of its own and the whole text. A page with one article and teasers of others has one such element at most,
and is never cut; neither is a page that declares itself one article, as a live blog does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.marks import Marks
from pipeline.model import Block, Node, Page
from pipeline.split.splitter import Cut, Splitter
from pipeline.surface import is_prose, likeness_key

RULE = "structure.articles"
CONFIDENCE = 0.85
ITEM_TAGS = frozenset(("article", "div", "section", "li"))
# Class words of items; "h-entry" gives two.
ITEM_TOKENS = frozenset(("post", "hentry", "entry", "blogpost"))
# Readers' comments are marked up like articles.
_OTHERS = frozenset(
    ("comment", "comments", "comentario", "kommentar", "review", "reviews", "reply", "related", "teaser", "widget")
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4"))
# The heading stands among the first blocks of its item, with a date or a category above it.
HEADING_WITHIN = 5
# A whole text has so many paragraphs and characters of running text; teasers have one paragraph, and end in dots or a link.
WHOLE_PARAGRAPHS = 2
WHOLE_CHARS = 400
# Articles inside articles inside articles: only the innermost are looked at.
MAX_NESTED = 3
# Of the siblings so many are whole; and none of them is nearly all of the page.
MIN_ITEMS = 2
MIN_WHOLE_SHARE = 0.5
MAX_ITEM_SHARE = 0.9
_CUT_OFF = re.compile(r"(?:…|\.\.\.|\[(?:…|\.\.\.)\])\s*(?:[»›→]\s*)?$")
_MORE = re.compile(
    r"(?i)\W*(?:(?:continue|keep) reading|read (?:more|on|the (?:rest|full|whole))|more\b.{0,3}$|full (?:story|article|text)"
    r"|weiterlesen|mehr lesen|(?:den )?ganzen (?:artikel|beitrag)|lire (?:la suite|plus|l.article)|la suite"
    r"|leer (?:más|mas|el resto)|seguir leyendo|sigue leyendo|leggi (?:tutto|di più|l.articolo)|continua(?: a leggere)?\b"
    r"|lees (?:meer|verder)|läs (?:mer|vidare)|les mer|læs mere|ler mais|leia mais|continuar? (?:lendo|a ler|leyendo)"
    r"|czytaj (?:więcej|dalej)|читать (?:далее|дальше|полностью)|devamını oku|阅读全文|閱讀全文|続きを読む|全文)"
)
MAX_MORE_CHARS = 80


@dataclass(slots=True)
class _Item:
    """What stands in one element: its first block, its heading, its running text."""

    first: int
    blocks: int = 0
    heading: str | None = None
    linked: bool = False
    paragraphs: int = 0
    chars: int = 0
    cut_off: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the item has a linked heading and the whole text."""
        enough = self.paragraphs >= WHOLE_PARAGRAPHS and self.chars >= WHOLE_CHARS
        return self.heading is not None and self.linked and enough and not self.cut_off


def cuts(page: Page, marks: Marks) -> Iterator[Cut]:
    """A cut at the beginning of each item with a heading, if the page is a list of whole articles."""
    del marks
    if not page.blocks or page.blocks[0].node is None or _is_one_article(page):
        return
    best: list[_Item] = []
    for group in _siblings(page).values():
        whole = [item for item in group if item.is_whole]
        if _is_list(group, whole) and _chars(whole) > _chars(best):
            best = [item for item in group if item.heading is not None]
    for item in best:
        yield Cut(item.first, RULE, CONFIDENCE)


def _is_one_article(page: Page) -> bool:
    """Whether the page declares itself one article."""
    structured = page.hints.structured
    declared = structured.get("meta.og:type", ("",))[0].lower()
    return declared in ("article", "video", "product") or len(structured.get("json-ld.headline", ())) == 1


def _siblings(page: Page) -> dict[int, list[_Item]]:
    """The items by the element that they stand in, each list in page order."""
    items: dict[int, _Item] = {}
    groups: dict[int, list[_Item]] = {}
    around: dict[int, tuple[Node, ...]] = {}
    for at, block in enumerate(page.blocks):
        for node in _around(block.node, around):
            item = items.get(node.ordinal)
            if item is None:
                item = items[node.ordinal] = _Item(at)
                groups.setdefault(node.parent.ordinal if node.parent else 0, []).append(item)
            _add(item, block)
    return groups


def _around(node: Node | None, known: dict[int, tuple[Node, ...]]) -> tuple[Node, ...]:
    """The elements marked as articles around (and at) a node; each element is looked at once."""
    path: list[Node] = []
    while node is not None and node.ordinal not in known:
        path.append(node)
        node = node.parent
    found = known[node.ordinal] if node is not None else ()
    for inner in reversed(path):
        if _is_item(inner):
            found = (*found, inner)[-MAX_NESTED:]
        known[inner.ordinal] = found
    return found


def _is_item(node: Node) -> bool:
    if node.tag not in ITEM_TAGS or not node.tokens.isdisjoint(_OTHERS):
        return False
    return node.tag == "article" or not node.tokens.isdisjoint(ITEM_TOKENS)


def _add(item: _Item, block: Block) -> None:
    item.blocks += 1
    if item.heading is None and item.blocks <= HEADING_WITHIN and block.kind in _HEADINGS:
        item.heading = likeness_key(block.text)
        item.linked = block.links > len(block.text) / 2
    elif len(block.text) <= MAX_MORE_CHARS and block.links and _MORE.match(block.text):
        item.cut_off = True
    elif is_prose(block.text) and block.links < len(block.text) / 2:
        item.paragraphs += 1
        item.chars += len(block.text)
        item.cut_off = item.cut_off or _CUT_OFF.search(block.text[-8:]) is not None


def _is_list(group: list[_Item], whole: list[_Item]) -> bool:
    headed = [item for item in group if item.heading is not None]
    if len(whole) < MIN_ITEMS or len(whole) < MIN_WHOLE_SHARE * len(headed):
        return False
    names = {item.heading for item in whole}
    return len(names) == len(whole) and max(item.chars for item in whole) <= MAX_ITEM_SHARE * _chars(group)


def _chars(items: list[_Item]) -> int:
    return sum(item.chars for item in items)


SPLITTER = Splitter("structure", cuts)
