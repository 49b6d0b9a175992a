"""The block collector of structured pages: start tags, end tags and text spans come in, blocks go out.

Open elements are tracked without tree construction: what a browser would move (foster parenting) stays where it stands in the
source, so that spans rise. Whoever reads the markup (the fast tokenizer, the tolerant fallback) only reports what it meets.
"""

from __future__ import annotations

import functools
import html
import re
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

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
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
        "ins", "kbd", "label", "mark", "nobr", "output", "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span",
        "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "input", "meter", "progress", "amp-img",
        "picture", "source", "map", "area", "link", "meta",
    ]
)  # fmt: skip
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

_WORD = re.compile(r"[a-z][a-z0-9]*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_CLASSES = frozenset(("screen-reader-text", "visually-hidden", "sr-only"))
_HIDDEN_WORDS = frozenset(("reader", "hidden", "sr"))
# Attributes that a Node tells of, by its tokens or by being hidden; the first five, in this order, give the tokens.
_NAMING = ("class", "id", "role", "itemprop", "property")
_TELLING = frozenset((*_NAMING, "hidden", "aria-hidden", "style"))
# Longer values are read each time: what is remembered between pages stays small.
_REMEMBERED = 256
# White space that edges of blocks lose; fold() makes a space of all but U+00A0.
_BLANK = " \t\n\f\r\xa0"
_BLANK_REFERENCE = re.compile(r"&nbsp;?|&#0*160;|&#[xX]0*[aA]0;")
_LEAD = re.compile(f"(?:[{_BLANK}]|{_BLANK_REFERENCE.pattern})+")
# The first and last characters of all that is blank.
_BLANK_STARTS = _BLANK + "&"
_BLANK_ENDS = _BLANK + ";p"
_NO_TOKENS: frozenset[str] = frozenset()

# What a tag does, as bits, so that one look at its name tells.
_IS_INLINE, _IS_VOID, _DECLARES, _CLOSES_OTHERS, _IS_COUNTED, _BREAKS = (1 << bit for bit in range(6))
_DOES = Counter[str]()
for _tags, _bit in (
    (INLINE, _IS_INLINE),
    (VOID, _IS_VOID),
    (DECLARING, _DECLARES),
    (_CLOSES, _CLOSES_OTHERS),
    (("a", "pre"), _IS_COUNTED),
    (("br",), _BREAKS),
):
    for _tag in _tags:
        _DOES[_tag] |= _bit
_does = dict(_DOES).get
# A call of the type itself costs three times as much.
_new = tuple.__new__


class Element(Protocol):
    """A start tag, by whoever read it."""

    @property
    def attrs(self) -> Sequence[tuple[str, str | None]] | None:
        """Its attributes, names in lower case; None: it has none."""
        ...


class Collector:
    """Collects runs into the open block and elements onto the stack while tokens pass."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hints = HintsBuilder()
        self.blocks: list[Block] = []
        self.stack: list[tuple[str, Element, int]] = []
        self.nodes: list[Node] = []
        self.overflow = Counter[str]()
        self.told: dict[tuple[str | None, ...], tuple[bool, frozenset[str]]] = {}
        self.ordinal = 0
        self.links = 0
        self.pre = 0
        self.in_link = 0
        self.runs: list[Run] = []
        self.node: Node | None = None
        self.gap = 1

    def start(self, tag: str, element: Element) -> None:
        """Take a start tag."""
        does = _does(tag, 0)
        stack = self.stack
        if not does & _IS_INLINE:
            if does & _BREAKS:
                self._line_break()
                return
            if self.runs:
                self.flush()
            self.gap = 1
            if stack and stack[-1][0] == "p":
                self._close(1)
            if does & _CLOSES_OTHERS:
                self._close_implied(_CLOSES[tag])
        if does & _DECLARES:
            self.hints.element(tag, dict(element.attrs or ()))
        if does & _IS_VOID:
            return
        if len(stack) >= MAX_DEPTH:
            self.overflow[tag] += 1
            return
        self.ordinal += 1
        stack.append((tag, element, self.ordinal))
        if does & _IS_COUNTED:
            self._opened(tag)

    def end(self, tag: str) -> None:
        """Take an end tag; one without a start tag is nothing."""
        does = _does(tag, 0)
        if not does & _IS_INLINE:
            if does & _IS_VOID:
                return
            if self.runs:
                self.flush()
            self.gap = 1
        if self.overflow and self.overflow[tag]:
            self.overflow[tag] -= 1
            return
        stack = self.stack
        if stack and stack[-1][0] == tag:  # the usual case
            stack.pop()
            if len(self.nodes) > len(stack):
                self.nodes.pop()
            if does & _IS_COUNTED:
                self._closed(tag)
        else:
            self._end_further_up(tag)

    def _end_further_up(self, tag: str) -> None:
        stack = self.stack
        for back, (other, _, _) in enumerate(reversed(stack[-MAX_LOOK:]), 1):
            if other == tag:
                if tag in INLINE:  # mis-nested: <b><p></b> leaves the paragraph open
                    self._innermost()
                    del stack[-back], self.nodes[-back]
                    self._closed(tag)
                else:
                    self._close(back)
                return

    def _line_break(self) -> None:
        """One break is a line inside a paragraph, two are a new paragraph."""
        if self.runs:
            self.flush()
            self.gap = 0
        elif self.blocks:
            self.gap = 1

    def _close_implied(self, closes: set[str]) -> None:
        """Close what a start tag ends without an end tag: the list item or cell before."""
        stack = self.stack
        for back, (other, _, _) in enumerate(reversed(stack[-MAX_LOOK:]), 1):
            if other in _BARRIERS:
                return
            if other in closes and (back == len(stack) or stack[-back - 1][0] not in closes):
                self._close(back)
                return

    def _close(self, count: int) -> None:
        """Close the innermost open elements."""
        for _ in range(count):
            self._closed(self.stack.pop()[0])
        del self.nodes[len(self.stack) :]

    def _opened(self, tag: str) -> None:
        if tag == "a":
            self.in_link += 1
        elif tag == "pre":
            self.pre += 1

    def _closed(self, tag: str) -> None:
        if tag == "a":
            self.in_link -= 1
        elif tag == "pre":
            self.pre -= 1

    def _innermost(self) -> Node | None:
        """The innermost open element. Nodes are made here and not before: a third of all elements holds no text of its own."""
        nodes, stack = self.nodes, self.stack
        parent = nodes[-1] if nodes else None
        hidden = parent is not None and parent.hidden
        for depth in range(len(nodes), len(stack)):
            tag, element, ordinal = stack[depth]
            tokens = _NO_TOKENS
            telling: tuple[str | None, ...] = ()
            for pair in element.attrs or ():
                if pair[0] in _TELLING:
                    telling += pair
            if telling:
                told = self.told.get(telling)
                if told is None:
                    told = self.told[telling] = _told(telling)
                hidden = hidden or told[0]
                tokens = told[1]
            parent = _new(Node, (tag, tokens, hidden, depth, ordinal, parent))
            nodes.append(parent)
        return parent

    def characters(self, start: int, end: int) -> None:
        """Take the text between two tags; inside <pre> each line is a block."""
        if not self.pre:
            self.piece(start, end)
            return
        for match in re.finditer(r"[^\r\n]+|\r\n|\r|\n", self.text[start:end]):
            if match.group() in ("\r\n", "\r", "\n"):
                self.flush()
                self.gap = 0
            else:
                self.piece(start + match.start(), start + match.end())

    def piece(self, start: int, end: int) -> None:
        """Take text that no line break ends."""
        runs = self.runs
        raw = self.text[start:end]
        if not runs or runs[-1].text.endswith(" "):
            if raw.isspace():
                return
            lead = _LEAD.match(raw) if raw[:1] in _BLANK_STARTS else None
            if lead:
                start, raw = start + lead.end(), raw[lead.end() :]
                if not raw:
                    return
            if not runs:
                self.node = self._innermost()
                self.links = 0
        run = _run(start, end, raw)
        runs.append(run)
        if self.in_link > 0:
            self.links += len(run.text)

    def flush(self) -> None:
        """End the open block, if it has visible text; white space at its edges is markup, not text."""
        runs = self.runs
        self.runs = []
        while runs:
            last = runs[-1]
            if self.text[last.end - 1] not in _BLANK_ENDS:
                break
            end = _visible_end(self.text, last.start, last.end)
            if end > last.start:
                if end < last.end:
                    runs[-1] = _run(last.start, end, self.text[last.start : end])
                break
            runs.pop()
        text = runs[0].text if len(runs) == 1 else "".join([run.text for run in runs])
        if not text or text.isspace():
            return
        stack, size, links = self.stack, len(text), self.links
        kind = stack[-1][0] if stack else "body"
        if kind in INLINE:
            kind = next((tag for tag, _, _ in reversed(stack[-MAX_LOOK:]) if tag not in INLINE), "body")
        depth = len(stack)
        self.blocks.append(_new(Block, (tuple(runs), text, kind, self.gap, depth, min(size, links) if links else 0, self.node)))

    def page(self) -> Page:
        """All that was collected."""
        self.flush()
        return Page(tuple(self.blocks), self.hints.build())


def _run(start: int, end: int, raw: str) -> Run:
    """The run of a source slice, with the shortest `how` that makes its text."""
    if "&" in raw:
        text = html.unescape(raw)
        if text != raw:
            folded = fold(text)
            return Run(start, end, folded, "entity" if folded == text else "entity+space")
    text = fold(raw)
    return _new(Run, (start, end, text, VERBATIM if text == raw else "space"))


def _visible_end(text: str, start: int, end: int) -> int:
    """Where text[start:end] ends without the white space behind it, of which some may be written as references."""
    end = start + len(text[start:end].rstrip(_BLANK))
    while end > start and text[end - 1] in ";p":
        reference = text.rfind("&", start, end)
        if reference < 0 or not _BLANK_REFERENCE.fullmatch(text, reference, end):
            break
        end = reference
        while end > start and text[end - 1] in _BLANK:
            end -= 1
    return end


def _told(telling: tuple[str | None, ...]) -> tuple[bool, frozenset[str]]:
    """Whether the element is hidden, and its tokens, by its telling attributes: names and values in turn."""
    return _read(telling) if sum([len(each or "") for each in telling]) > _REMEMBERED else _remembered(telling)


def _read(telling: tuple[str | None, ...]) -> tuple[bool, frozenset[str]]:
    attrs = dict(zip(telling[::2], telling[1::2], strict=True))
    tokens = _tokens(" ".join([value for name in _NAMING if (value := attrs.get(name))]))
    return _is_hidden(attrs, tokens), tokens


_remembered = functools.lru_cache(maxsize=8192)(_read)


def _tokens(names: str) -> frozenset[str]:
    """Lower-case words of class, id, role, itemprop and property: "articleBody" gives article, body and articlebody."""
    lower = names.lower()
    words = _WORD.findall(lower)
    if lower != names:
        words += _WORD.findall(_CAMEL.sub(" ", names).lower())
    return frozenset(words)


def _is_hidden(attrs: dict[str | None, str | None], tokens: frozenset[str]) -> bool:
    if "hidden" in attrs or attrs.get("aria-hidden") == "true":
        return True
    style = attrs.get("style")
    if style and _HIDING.search(style):
        return True
    if _HIDDEN_WORDS.isdisjoint(tokens):
        return False
    return not _HIDDEN_CLASSES.isdisjoint((attrs.get("class") or "").lower().split())
