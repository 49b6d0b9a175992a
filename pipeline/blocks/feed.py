"""RSS, RDF and Atom feeds → blocks with exact source offsets: every element with text gives blocks, whose node names the element.

The HTML inside an item stands there as CDATA, escaped, or as XHTML; it is read as HTML is, and each run points to where it
stands in the file. Attributes that are values (links, categories) go into the hints, under the ordinal of the item's node.
"""

from __future__ import annotations

import html as entities
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.blocks import html
from pipeline.blocks.derive import VERBATIM, fold, unescaped
from pipeline.blocks.format import Format
from pipeline.blocks.tags import Kind, Token, tokens
from pipeline.model import Block, Decoded, Hints, Node, Page, Run

PROVIDER = "feed"
ITEMS = frozenset(("item", "entry"))
# Elements that may hold HTML, unless Atom's attribute says otherwise; all others are plain text.
_MARKUP = frozenset(("description", "encoded", "content", "summary", "title", "subtitle"))
_TITLES = frozenset(("title", "subtitle"))
_HTML = re.compile(
    r"<!--|</?(?:p|br|b|i|em|strong|a|span|div|img|h[1-6]|ul|ol|li|table|blockquote|figure|sup|sub|q|cite|small|u|s|code|pre|font"
    r"|iframe|article|section|hr|video|audio|abbr|mark|del|ins|time)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n[^\n\S]*\S[^\n]*)*")
# Prefixes of the vocabularies that feeds are written in: a dc:creator is a creator, a media:title is no title.
_OWN = frozenset(("", "atom", "a10", "rss", "rdf", "dc", "dcterms", "content"))
# Deeper elements are not tracked, their text is.
MAX_DEPTH = 100
_XML_REFERENCE = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")


class _Chunk(NamedTuple):
    """A piece of an element's content: source offsets, and whether references in it are to be resolved (not in CDATA)."""

    start: int
    end: int
    escaped: bool


@dataclass(slots=True)
class _Element:
    """An open element. `inline`: there are tags inside it that are no elements of the feed."""

    token: Token
    node: Node
    chunks: list[_Chunk] = field(default_factory=list)
    inline: bool = False


@dataclass(slots=True)
class _Item:
    """What the attributes of an item's elements say."""

    ordinal: int
    link: str = ""
    terms: list[str] = field(default_factory=list)


def read(decoded: Decoded) -> Page:
    """The feed's texts as blocks in source order."""
    return _Reader(decoded.text).read()


class _Reader:
    """One pass over the tokens with the stack of open elements."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.blocks: list[Block] = []
        self.items: list[_Item] = []
        self.stack: list[_Element] = []
        self.overflow = Counter[str]()
        self.ordinal = 0
        self.in_item = False

    def read(self) -> Page:
        """The page."""
        for token in tokens(self.text):
            holder = self.stack[-1] if self.stack and self.stack[-1].node.tag in _MARKUP else None
            if holder is not None and token.kind in (Kind.START, Kind.END) and not _is_outside(token, holder):
                holder.inline = True
            elif token.kind is Kind.START:
                if holder is not None:  # it was not closed
                    self._leave(token.start)
                self._open(token)
            elif token.kind is Kind.END:
                self._close(token)
            elif self.stack:
                self.stack[-1].chunks.append(_Chunk(token.start, token.end, token.kind is Kind.TEXT))
        while self.stack:
            self._leave(len(self.text))
        structured: dict[str, tuple[str, ...]] = {}
        for item in self.items:
            structured |= {f"feed.url.{item.ordinal}": (item.link,)} if item.link else {}
            structured |= {f"feed.keywords.{item.ordinal}": ("; ".join(item.terms),)} if item.terms else {}
        return Page(tuple(self.blocks), Hints(structured=structured, provider=PROVIDER))

    def _open(self, token: Token) -> None:
        tag = _tag(token)
        if tag in ITEMS:
            while any(open_.node.tag in ITEMS for open_ in self.stack):  # the one before was not closed
                self._leave(token.start)
            self.items.append(_Item(self.ordinal + 1))
            self.in_item = True
        elif self.in_item:
            self._attributes(tag, token)
        if token.empty:
            return
        if len(self.stack) >= MAX_DEPTH:
            self.overflow[token.name] += 1
            return
        if self.stack:
            self._flush(self.stack[-1])  # text before a child is a block of its own
        self.ordinal += 1
        parent = self.stack[-1].node if self.stack else None
        node = Node(tag, frozenset((tag,)), hidden=False, depth=len(self.stack), ordinal=self.ordinal, parent=parent)
        self.stack.append(_Element(token, node))

    def _attributes(self, tag: str, token: Token) -> None:
        item = self.items[-1]
        if tag == "link" and not item.link and token.attribute("rel") in (None, "alternate"):
            item.link = token.attribute("href") or ""
        elif tag == "category":
            term = token.attribute("label") or token.attribute("term")
            item.terms += [term] if term else []

    def _close(self, token: Token) -> None:
        """An end tag closes its element and those inside that were left open; one without a start tag is nothing."""
        if self.overflow[token.name]:
            self.overflow[token.name] -= 1
        elif any(open_.token.name == token.name for open_ in self.stack):
            while self.stack[-1].token.name != token.name:
                self._leave(token.start)
            self._leave(token.start)

    def _leave(self, end: int) -> None:
        """Close the innermost element, whose content ends at `end`."""
        element = self.stack[-1]
        if element.inline and all(chunk.escaped for chunk in element.chunks):  # XHTML, said to be or not
            element.chunks = [_Chunk(element.token.end, end, escaped=False)]
        self._flush(element)
        self.stack.pop()
        self.in_item = self.in_item and element.node.tag not in ITEMS

    def _flush(self, element: _Element) -> None:
        if any(not self.text[chunk.start : chunk.end].isspace() for chunk in element.chunks):
            self.blocks.extend(self._read(element))
        element.chunks = []

    def _read(self, element: _Element) -> Iterator[Block]:
        content = _Content(self.text, element.chunks)
        if not _is_html(element, content.text):
            yield from _paragraphs(content, element.node)
            return
        nodes: dict[int, Node] = {}
        for block in html.read(Decoded(content.text, "", "")).blocks:
            runs = tuple(piece for run in block.runs for piece in content.runs(run.start, run.end))
            node = self._below(block.node, element.node, nodes)
            kind = element.node.tag if block.kind == "body" else block.kind
            yield block._replace(runs=runs, text="".join(run.text for run in runs), node=node, kind=kind)

    def _below(self, node: Node | None, top: Node, known: dict[int, Node]) -> Node:
        """The node of a fragment, its outermost ancestor below `top`."""
        path: list[Node] = []
        while node is not None and node.ordinal not in known:
            path.append(node)
            node = node.parent
        parent = known[node.ordinal] if node is not None else top
        for inner in reversed(path):
            self.ordinal += 1
            parent = known[inner.ordinal] = inner._replace(parent=parent, depth=parent.depth + 1, ordinal=self.ordinal)
        return parent


class _Content:
    """An element's content as its author wrote it, before it was escaped, and where each character stands in the file."""

    def __init__(self, source: str, chunks: list[_Chunk]) -> None:
        self.source = source
        self.starts: list[int] = []  # of stretches of `text` that stand in the file as they are, and of single references
        self.places: list[int] = []
        self.lengths: list[int] = []
        parts: list[str] = []
        size = 0
        for start, end, is_reference in (stretch for chunk in chunks for stretch in _stretches(source, chunk)):
            part = unescaped(source[start:end]) if is_reference else source[start:end]
            if not part:
                continue
            self.starts.append(size)
            self.places.append(start)
            self.lengths.append(end - start)
            parts.append(part)
            size += len(part)
        self.text = "".join(parts)

    def runs(self, start: int, end: int) -> Iterator[Run]:
        """The runs of text[start:end], one for each chunk that it goes through."""
        here = start
        while here < end:
            first = bisect_right(self.starts, here) - 1
            last = first
            while last + 1 < len(self.starts) and self.starts[last + 1] < end and self._goes_on(last):
                last += 1
            stop = min(end, self.starts[last + 1]) if last + 1 < len(self.starts) else end
            yield _run(self.source, self._place(first, here), self._place(last, stop), self.text[here:stop])
            here = stop

    def _goes_on(self, number: int) -> bool:
        """Whether the next stretch follows without markup in between."""
        return self.places[number] + self.lengths[number] == self.places[number + 1]

    def _place(self, number: int, at: int) -> int:
        """Where character `at` of the text, in (or just behind) this stretch, stands in the file."""
        inside = at - self.starts[number]
        size = (self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)) - self.starts[number]
        return self.places[number] + (inside if inside < size else self.lengths[number])


def _stretches(source: str, chunk: _Chunk) -> Iterator[tuple[int, int, bool]]:
    """The stretches of a chunk between references, and the references."""
    at = chunk.start
    for match in _XML_REFERENCE.finditer(source, chunk.start, chunk.end) if chunk.escaped else ():
        yield at, match.start(), False
        yield match.start(), match.end(), True
        at = match.end()
    yield at, chunk.end, False


def _run(source: str, start: int, end: int, text: str) -> Run:
    """The run of a source slice whose content is `text`, with the shortest `how` that makes its text."""
    how = [] if source[start:end] == text else ["unescaped"]
    plain = entities.unescape(text) if "&" in text else text
    how += ["entity"] if plain != text else []
    folded = fold(plain)
    how += ["space"] if folded != plain else []
    return Run(start, end, folded, "+".join(how) or VERBATIM)


def _is_html(element: _Element, text: str) -> bool:
    """Whether the content is HTML: Atom says so; RSS leaves it open, and titles speak of <tags>."""
    stated = element.token.attribute("type") or ""
    if element.node.tag not in _MARKUP or stated in ("text", "text/plain"):
        return False
    if element.node.tag in _TITLES and not stated and "</" not in text:
        return False
    return stated in ("html", "xhtml", "text/html") or _HTML.search(text) is not None


def _paragraphs(content: _Content, node: Node) -> Iterator[Block]:
    """A block for each paragraph of plain text; blank lines part them."""
    for match in _PARAGRAPH.finditer(content.text):
        runs = tuple(content.runs(match.start(), match.start() + len(match[0].rstrip())))
        if any(run.text.strip() for run in runs):
            yield Block(runs, "".join(run.text for run in runs), node.tag, 1, node.depth, 0, node)


def _tag(token: Token) -> str:
    """The element's name in lower case, without the prefixes that feeds use for their own vocabulary."""
    prefix, _, name = token.name.lower().rpartition(":")
    return name if prefix in _OWN else f"{prefix}:{name}"


def _is_outside(token: Token, holder: _Element) -> bool:
    """Whether a tag is not part of the holder's HTML: its end, or what shows that it was not closed."""
    return token.name == holder.token.name or _tag(token) in ITEMS


def sniff(head: str) -> float:
    """1 for a text whose first element is that of a feed."""
    if not head.lstrip("\ufeff \t\r\n").startswith("<"):
        return 0.0
    first = next((token for token in tokens(head) if token.kind is Kind.START), None)
    if first is None:
        return 0.0
    attributes = first.attributes.lower()
    is_feed = {"rss": True, "feed": "atom" in attributes, "rdf": "rss" in attributes}.get(_tag(first).rpartition(":")[2], False)
    return 1.0 if is_feed else 0.0


FORMAT = Format("feed", "application/xml", sniff=sniff, read=read)
