"""Files of <REUTERS> elements (Reuters-21578, RCV-like SGML) → blocks with exact source offsets, one element a kind.

Paragraphs of a BODY begin with an indented line; the lines that a teleprinter wrapped are joined. Text that is in no BODY is
mostly a table: its lines stay apart. What the attributes of an article's tag say goes into the hints, one value an article.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from pipeline.blocks.derive import VERBATIM
from pipeline.blocks.format import Format
from pipeline.blocks.tags import Kind, Token, tokens
from pipeline.model import Block, Decoded, Hints, Node, Page, Run

PROVIDER = "reuters"
ITEM = "reuters"
# The distribution's own files begin so; others are somebody's selection.
_WHOLE_FILE = re.compile(r"\s*<!doctype lewis", re.IGNORECASE)
# Text straight below this element has lines of its own.
UNWRAPPED = "text"
# The line below the last paragraph.
SIGN_OFF = re.compile(r"\s*reuters?\s*\Z", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]+")
# A line that begins a paragraph is indented by so many spaces.
INDENT = 3
MAX_DEPTH = 20
# References to control characters, which framed a message on the wire; they are no text.
_CONTROL = re.compile(r"(?:&#(?:[0-9]|1[0-9]|2[0-9]|3[01]|127);)+")


def read(decoded: Decoded) -> Page:
    """The texts of all elements in source order."""
    text = decoded.text
    blocks: list[Block] = []
    stack: list[Node] = []
    ids: list[str] = []
    ordinal = 0
    for token in tokens(text):
        if token.kind is Kind.START and len(stack) < MAX_DEPTH:
            tag = token.name.lower()
            if tag == ITEM:
                stack.clear()  # the one before may not have been closed
                ids.append(token.attribute("NEWID") or "")
            ordinal += 1
            above = stack[-1] if stack else None
            stack.append(Node(tag, frozenset((tag,)), hidden=False, depth=len(stack), ordinal=ordinal, parent=above))
        elif token.kind is Kind.END:
            _close(stack, token)
        elif token.kind in (Kind.TEXT, Kind.CDATA):
            blocks.extend(_paragraphs(text, token, stack[-1] if stack else None))
    structured = {"reuters.id": tuple(ids)} | ({"reuters.whole-file": ("1",)} if _WHOLE_FILE.match(text) else {})
    return Page(tuple(blocks), Hints(structured=structured, provider=PROVIDER))


def _close(stack: list[Node], token: Token) -> None:
    tag = token.name.lower()
    if any(node.tag == tag for node in stack):
        while stack.pop().tag != tag:
            pass


def _paragraphs(text: str, token: Token, node: Node | None) -> Iterator[Block]:
    runs: list[Run] = []
    first = 1
    for line in _LINE.finditer(text, token.start, token.end):
        inner = list(_runs(text, line.start(), line.end()))
        indent = len(line[0]) - len(line[0].lstrip(" "))
        unwrapped = node is not None and node.tag == UNWRAPPED
        if runs and (indent >= INDENT or not inner or unwrapped or SIGN_OFF.match(line[0])):
            yield _block(runs, node, gap=first)
            runs, first = [], not unwrapped
        if runs and inner:
            runs.append(Run(runs[-1].end, inner[0].start, " ", "joined"))
        runs += inner
    if runs:
        yield _block(runs, node, gap=first)


def _runs(text: str, start: int, end: int) -> Iterator[Run]:
    """The pieces of a line between control characters, without white space at the line's edges."""
    edges = [start, *(edge for match in _CONTROL.finditer(text, start, end) for edge in match.span()), end]
    for low, high in zip(edges[::2], edges[1::2], strict=True):
        piece = text[low:high]
        bare = piece.strip()
        if bare:
            first = low + len(piece) - len(piece.lstrip())
            plain = html.unescape(bare)
            if plain.strip():  # a reference to a character that is none, or to a space, is no text
                yield Run(first, first + len(bare), plain, VERBATIM if plain == bare else "entity")


def _block(runs: list[Run], node: Node | None, gap: int) -> Block:
    text = "".join(run.text for run in runs)
    return Block(tuple(runs), text, node.tag if node else "body", gap, node.depth if node else 0, 0, node)


def sniff(head: str) -> float:
    """1 for a text whose first element is an article of Reuters."""
    if not head.lstrip("\ufeff \t\r\n").startswith("<"):
        return 0.0
    first = next((token for token in tokens(head) if token.kind is Kind.START), None)
    return 1.0 if first is not None and first.name.lower() == ITEM and "NEWID" in first.attributes else 0.0


FORMAT = Format("sgml", "text/sgml", sniff=sniff, read=read)
