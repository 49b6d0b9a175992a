"""The block collector of structured pages: start tags, end tags and text spans come in, blocks go out.

Open elements are tracked without tree construction: what a browser would move (foster parenting) stays where it stands in the
source, so that spans rise. Whoever reads the markup (the fast tokenizer, the tolerant fallback) only reports what it meets.
"""

from __future__ import annotations

import functools
import html
import re
from collections import Counter

from pipeline.blocks.derive import VERBATIM, fold
from pipeline.blocks.hints import DECLARING, HintsBuilder
from pipeline.model import Block, Node, Page, Run

# What a browser never paints. noscript: only painted where nothing else works, and then mostly a plea to switch scripts on.
UNSEEN = frozenset(
    [
        "script",
        "style",
        "template",
        "noscript",
        "title",
        "iframe",
        "noembed",
        "noframes",
        "object",
        "svg",
        "math",
        "textarea",
        "audio",
        "video",
        "canvas",
        "datalist",
    ]
)
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"])
# Elements that stand in a line of text; all others begin and end a block.
INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "mark",
        "nobr",
        "output",
        "q",
        "rb",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "input",
        "meter",
        "progress",
        "amp-img",
        "picture",
        "source",
        "map",
        "area",
        "link",
        "meta",
    ]
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
_BARRIERS = frozenset(["table", "ul", "ol", "dl", "select"])
# Deeper elements are not tracked (their text is): 100,000 nested tags cost no more than 100,000 flat ones.
MAX_DEPTH = 400
# How far up an end tag looks for its start tag; hostile nesting stays linear.
MAX_LOOK = 64

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_TOKENS = frozenset(("screen-reader-text", "visually-hidden", "sr-only"))
_SPACE = "(?:[ \\t\\n\\f\\r\xa0]|&nbsp;?|&#0*160;|&#[xX]0*[aA]0;)+"
_LEAD = re.compile(_SPACE)
_TRAIL = re.compile(_SPACE + r"\Z")
_NO_TOKENS: frozenset[str] = frozenset()


class Collector:
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

    def start(self, tag: str, attrs: dict[str, str | None]) -> None:
        """Take a start tag."""
        if tag in DECLARING:
            self.hints.element(tag, attrs)
        if tag == "br":
            # One break is a line inside a paragraph, two are a new paragraph.
            self.gap = 1 if not self.runs and self.blocks else self.gap
            if self.runs:
                self.flush()
                self.gap = 0
            return
        if tag not in INLINE:
            if self.runs:
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
        hidden = parent is not None and parent.hidden
        tokens = _NO_TOKENS
        if attrs:
            hidden = hidden or _is_hidden(attrs)
            tokens = _tokens(attrs.get("class"), attrs.get("id"), attrs.get("role"), attrs.get("itemprop"))
        self.stack.append(Node(tag, tokens, hidden, len(self.stack), self.ordinal, parent))
        self.open[tag] += 1
        self.in_link += tag == "a"
        self.pre += tag == "pre"

    def end(self, tag: str) -> None:  # noqa: C901 - one loop a page spends its time in; calls cost
        """Take an end tag; one without a start tag is nothing."""
        if tag == "br" or tag in VOID:
            return
        if tag not in INLINE:
            if self.runs:
                self.flush()
            self.gap = 1
        if self.overflow and self.overflow[tag]:
            self.overflow[tag] -= 1
            return
        if self.stack and self.stack[-1].tag == tag:  # the usual case
            self._closed(self.stack.pop())
            return
        if not self.open.get(tag):
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
            if raw.isspace():
                return
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

    def page(self) -> Page:
        """All that was collected."""
        self.flush()
        return Page(tuple(self.blocks), self.hints.build())


def _run(start: int, end: int, raw: str) -> Run:
    """The run of a source slice, with the shortest `how` that makes its text."""
    text = fold(raw)
    if "&" not in raw or html.unescape(raw) == raw:
        return Run(start, end, raw, VERBATIM) if text == raw else Run(start, end, text, "space")
    text = html.unescape(raw)
    folded = fold(text)
    return Run(start, end, text, "entity") if folded == text else Run(start, end, folded, "entity+space")


@functools.lru_cache(maxsize=8192)
def _tokens(*values: str | None) -> frozenset[str]:
    """Lower-case words of class, id, role and itemprop: "articleBody" gives article, body and articlebody."""
    joined = " ".join(value for value in values if value)
    if not joined:
        return _NO_TOKENS
    words = {word.lower() for word in _WORD.findall(joined)}
    words.update(word.lower() for word in _WORD.findall(_CAMEL.sub(" ", joined)))
    return frozenset(words)


def _is_hidden(attrs: dict[str, str | None]) -> bool:
    if "hidden" in attrs or attrs.get("aria-hidden") == "true":
        return True
    style = attrs.get("style")
    if style and _HIDING.search(style):
        return True
    return not _HIDDEN_TOKENS.isdisjoint((attrs.get("class") or "").lower().split())
