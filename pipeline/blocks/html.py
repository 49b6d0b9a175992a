"""HTML → blocks with exact source offsets, from the token stream, and the hints that the page declares.

The tokenizer follows the HTML standard; its positions make every run a slice of the source. Open elements are tracked without
tree construction: what a browser would move (foster parenting) stays where it stands in the source, so that spans rise.
"""

from __future__ import annotations

import bisect
import html
import re
from collections import Counter

import turbohtml

from pipeline.blocks.derive import VERBATIM, derive
from pipeline.blocks.format import Format
from pipeline.blocks.hints import HintsBuilder
from pipeline.errors import Rejected
from pipeline.model import Block, Decoded, Node, Page, Run

# What a browser never paints. noscript: only painted where nothing else works, and then mostly a plea to switch scripts on.
UNSEEN = frozenset(
    "script style template noscript title iframe noembed noframes object svg math textarea audio video canvas datalist".split()
)
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
# Elements that stand in a line of text; all others begin and end a block.
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr output q rb rp rt ruby s samp small"
    " span strike strong sub sup time tt u var wbr input meter progress amp-img picture source map area link meta".split()
)
# A start tag of the key closes an open element of the value, as the standard's optional end tags do.
_CLOSES = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "tr": {"tr", "td", "th"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "option": {"option"},
    "optgroup": {"option", "optgroup"},
    "tbody": {"tr", "td", "th", "thead", "tbody"},
    "tfoot": {"tr", "td", "th", "tbody"},
}
_BARRIERS = frozenset("table ul ol dl select".split())
# Deeper elements are not tracked (their text is): 100,000 nested tags cost no more than 100,000 flat ones.
MAX_DEPTH = 400
# How far up an end tag looks for its start tag; hostile nesting stays linear.
MAX_LOOK = 64

_NEWLINE = re.compile(r"\r\n|\r|\n")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_TOKENS = frozenset(("screen-reader-text", "visually-hidden", "sr-only"))
_SPACE = "(?:[ \\t\\n\\f\\r\xa0]|&nbsp;?|&#0*160;|&#[xX]0*[aA]0;)+"
_LEAD = re.compile(_SPACE)
_TRAIL = re.compile(_SPACE + r"\Z")
_SIGN = re.compile(r"<(?:!doctype html|html|head|body|meta|title|article|div|p|span|a|br|h[1-6]|ul|li|table|td|script|style|img)[\s>/]", re.I)


class Positions:
    """Offsets from the tokenizer's 1-based lines and 0-based columns (code points)."""

    def __init__(self, text: str) -> None:
        self.starts = [0, *(match.end() for match in _NEWLINE.finditer(text))]
        self.size = len(text)

    def __call__(self, token: turbohtml.Token) -> int:
        return self.starts[token.line - 1] + token.col

    def line(self, offset: int) -> int:
        """The 1-based line of an offset, for messages."""
        return bisect.bisect_right(self.starts, offset)


class _Reader:
    """Collects runs into the open block and elements onto the stack while tokens pass."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hints = HintsBuilder()
        self.blocks: list[Block] = []
        self.stack: list[Node] = []
        self.open = Counter[str]()
        self.overflow = Counter[str]()
        self.ordinal = 0
        self.links = 0
        self.pre = 0
        self.in_link = 0
        self.runs: list[Run] = []
        self.node: Node | None = None
        self.gap = 1

    def start(self, token: turbohtml.Token) -> None:
        tag = token.tag or ""
        attrs = dict(token.attrs or ())
        self.hints.element(tag, attrs)
        if tag == "br":
            # One break is a line inside a paragraph, two are a new paragraph.
            self.gap = 1 if not self.runs and self.blocks else self.gap
            if self.runs:
                self.flush()
                self.gap = 0
            return
        if tag not in INLINE:
            self.flush()
            self.gap = 1
            self._close_implied(tag)
        if tag in VOID:
            return
        if len(self.stack) >= MAX_DEPTH:
            self.overflow[tag] += 1
            return
        parent = self.stack[-1] if self.stack else None
        self.ordinal += 1
        hidden = (parent is not None and parent.hidden) or _is_hidden(attrs)
        self.stack.append(Node(tag, _tokens(attrs), hidden, len(self.stack), self.ordinal, parent))
        self.open[tag] += 1
        self.in_link += tag == "a"
        self.pre += tag == "pre"

    def end(self, tag: str) -> None:
        if tag == "br" or tag in VOID:
            return
        if tag not in INLINE:
            self.flush()
            self.gap = 1
        if self.overflow[tag]:
            self.overflow[tag] -= 1
            return
        if not self.open[tag]:
            return
        for back, node in enumerate(reversed(self.stack[-MAX_LOOK:]), 1):
            if node.tag == tag:
                if tag in INLINE:  # mis-nested: <b><p></b> leaves the paragraph open
                    self._closed(self.stack.pop(-back))
                else:
                    for _ in range(back):
                        self._closed(self.stack.pop())
                return

    def _close_implied(self, tag: str) -> None:
        """Close what this start tag ends without an end tag: an open paragraph, the list item or cell before."""
        if self.stack and self.stack[-1].tag == "p":
            self._closed(self.stack.pop())
        closes = _CLOSES.get(tag)
        if not closes:
            return
        for back, node in enumerate(reversed(self.stack[-MAX_LOOK:]), 1):
            if node.tag in _BARRIERS:
                return
            if node.tag in closes and (back == len(self.stack) or self.stack[-back - 1].tag not in closes):
                for _ in range(back):
                    self._closed(self.stack.pop())
                return

    def _closed(self, node: Node) -> None:
        self.open[node.tag] -= 1
        self.in_link -= node.tag == "a"
        self.pre -= node.tag == "pre"

    def characters(self, start: int, end: int) -> None:
        """Take the text between two tags; inside <pre> each line is a block."""
        if not self.pre:
            self._piece(start, end)
            return
        for match in re.finditer(r"[^\r\n]+|\r\n|\r|\n", self.text[start:end]):
            if match.group() in ("\r\n", "\r", "\n"):
                self.flush()
                self.gap = 0
            else:
                self._piece(start + match.start(), start + match.end())

    def _piece(self, start: int, end: int) -> None:
        raw = self.text[start:end]
        if not self.runs or self.runs[-1].text.endswith(" "):
            lead = _LEAD.match(raw)
            if lead:
                start, raw = start + lead.end(), raw[lead.end() :]
        if not raw:
            return
        run = _run(start, end, raw)
        if not self.runs:
            self.node = self.stack[-1] if self.stack else None
            self.links = 0
        self.runs.append(run)
        if self.in_link > 0:
            self.links += len(run.text)

    def flush(self) -> None:
        """End the open block, if it has visible text; white space at its edges is markup, not text."""
        runs = self.runs
        self.runs = []
        while runs:
            last = runs.pop()
            trail = _TRAIL.search(self.text, last.start, last.end)
            if trail is None:
                runs.append(last)
                break
            if trail.start() > last.start:
                runs.append(_run(last.start, trail.start(), self.text[last.start : trail.start()]))
                break
        text = "".join(run.text for run in runs)
        if not text.strip():
            return
        kind = next((node.tag for node in reversed(self.stack[-MAX_LOOK:]) if node.tag not in INLINE), "body")
        depth = len(self.stack)
        self.blocks.append(Block(tuple(runs), text, kind, self.gap, depth, min(self.links, len(text)), self.node))


def read(decoded: Decoded) -> Page:
    """The page's visible text as blocks in source order, and its hints.

    Raises Rejected (stage blocks) if the tokenizer's positions do not fit the text, which would make every span wrong.
    """
    text = decoded.text
    position = Positions(text)
    reader = _Reader(text)
    unseen: str | None = None
    pending: int | None = None
    kind = turbohtml.TokenType
    for token in turbohtml.tokenize(text):
        here = position(token)
        if pending is not None:
            _take(reader, unseen, pending, here)
            pending = None
        if token.type is kind.TEXT:
            pending = here
        elif token.type is kind.START_TAG:
            if unseen is None:
                reader.start(token)
                unseen = token.tag if token.tag in UNSEEN and not token.self_closing else None
        elif token.type is kind.END_TAG:
            if unseen is None or token.tag == unseen:
                unseen = None
                reader.end(token.tag or "")
    if pending is not None:
        _take(reader, unseen, pending, len(text))
    reader.flush()
    blocks = tuple(reader.blocks)
    if any(block.end > len(text) for block in blocks[-1:]):
        raise Rejected("blocks", "positions", "the parser's positions do not fit the text", remedy="Report this file")
    return Page(blocks, reader.hints.build())


def _take(reader: _Reader, unseen: str | None, start: int, end: int) -> None:
    if unseen is None:
        reader.characters(start, end)
    elif unseen in ("title", "script"):
        reader.hints.text(unseen, reader.text[start:end])


def _run(start: int, end: int, raw: str) -> Run:
    """The run of a source slice, with the shortest `how` that makes its text."""
    entity = "&" in raw and html.unescape(raw) != raw
    how = "entity+space" if entity else "space"
    text = derive(how, raw)
    if text == raw:
        return Run(start, end, raw, VERBATIM)
    if entity and html.unescape(raw) == text:
        how = "entity"
    return Run(start, end, text, how)


def _tokens(attrs: dict[str, str | None]) -> frozenset[str]:
    """Lower-case words of class, id, role and itemprop: "articleBody" gives article, body and articlebody."""
    values = [value for name in ("class", "id", "role", "itemprop") if (value := attrs.get(name))]
    if not values:
        return frozenset()
    joined = " ".join(values)
    words = {word.lower() for word in _WORD.findall(joined)}
    words.update(word.lower() for word in _WORD.findall(_CAMEL.sub(" ", joined)))
    words.update(name.lower() for name in joined.split() if name.lower() in _HIDDEN_TOKENS)
    return frozenset(words)


def _is_hidden(attrs: dict[str, str | None]) -> bool:
    if not attrs:
        return False
    if "hidden" in attrs or attrs.get("aria-hidden") == "true":
        return True
    style = attrs.get("style")
    if style and _HIDING.search(style):
        return True
    return not _HIDDEN_TOKENS.isdisjoint((attrs.get("class") or "").lower().split())


def sniff(head: str) -> float:
    """1 for a doctype or <html>, .8 for a text that begins with a tag, else by how many different tags of web pages it has."""
    start = head.lstrip("\ufeff \t\r\n")[:200].lower()
    if start.startswith(("<!doctype html", "<html")):
        return 1.0
    tags = {match.group().lower()[:-1] for match in _SIGN.finditer(head)}
    return max(0.8 if _SIGN.match(start) else 0.0, min(0.9, 0.25 * len(tags)))


FORMAT = Format("html", "text/html", sniff=sniff, read=read)
