"""Markdown → blocks with exact source offsets: CommonMark and tables, read by markdown-it-py, and YAML front matter.

The library says where blocks stand, by line, and what is in a line; each of its inline pieces is then looked for in the source,
where it must stand right behind the one before. Signs, addresses of links, pictures and link definitions are markup. A block
whose pieces cannot be placed so is kept as it is written. Kinds are those of HTML, without nodes: nothing is judged by its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.helpers import parseLinkDestination, parseLinkTitle
from markdown_it.token import Token

from pipeline.blocks.derive import VERBATIM, derive
from pipeline.blocks.format import Format
from pipeline.model import Block, Decoded, Hints, Page, Run

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_FRONT = re.compile(
    r"\ufeff?---[ \t]*\r?\n(?P<yaml>(?:(?!(?:---|\.\.\.)[ \t]*\r?$)[^\n]{0,2000}\n){1,100}?)(?:---|\.\.\.)[ \t]*\r?$",
    re.MULTILINE,
)
_KEY = re.compile(r"^[A-Za-z][\w-]*[ \t]*:(?:[ \t]|\r?$)", re.MULTILINE)
# Keys of front matter that say something of the article (Jekyll, Hugo, Pandoc), and what they are called here.
_KEYS = {"title": "title", "author": "author", "authors": "author", "date": "date", "tags": "tags", "keywords": "tags"}
# YAML that may be deeper than this is hostile: the parser is recursive.
MAX_OPEN = 50
_DEEP = re.compile(r"(?:[-?:][ \t]+){4}")
# A paragraph with more signs, or a longer one, is kept as written: some cost the library the square of their number.
SIGNS, MAX_SIGNS, MAX_INLINE = "[]*_`<&!\\", 500, 20_000
_TAGS = re.compile(
    r"<!--(?:(?!-->).)*+(?:-->|\Z)|<(script|style)\b(?:(?!</\1).)*+(?:</\1\s*>|\Z)|</?[a-z][^<>]*>|<[!?][^<>]*>",
    re.IGNORECASE | re.DOTALL,
)
_INK = re.compile(r"\S(?:[^\r\n]*\S)?")
_BREAK = re.compile(r"[ \t]*\\?\n[ \t]*")
_SPACE = re.compile(r"\s*")

# What only Markdown has, a kind each. Of two kinds one may be an accident of the text; a number sign or star alone always may.
_SIGNS = (
    re.compile(r"^ {0,3}#{1,6} \S.*$", re.MULTILINE),
    re.compile(r"(?<!!)\[[^\]\[\n]{1,200}\]\((?:https?://|mailto:|[./#])[^()\s]*(?: \"[^\"\n]*\")?\)"),
    re.compile(r"!\[[^\]\[\n]{0,200}\]\([^()\s]+\)"),
    re.compile(r"^ {0,3}(?:```|~~~)[\w+-]*[ \t]*$", re.MULTILINE),
    re.compile(r"^ {0,3}\[[^\]\[\n]{1,80}\]:[ \t]+(?:<[^<>\s]+>|https?://\S+)[ \t]*$", re.MULTILINE),
    re.compile(r"^ {0,3}\|?(?:[ \t]*:?-{3,}:?[ \t]*\|)+(?:[ \t]*:?-{3,}:?[ \t]*)?$", re.MULTILINE),
    re.compile(r"(?<![\w*])\*\*[^\s*](?:[^*\n]*[^\s*])?\*\*(?![\w*])"),
    re.compile(r"\S[ \t]{0,9}\n={4,}[ \t]*$", re.MULTILINE),
)
ENOUGH = 3
# Dumps with a paragraph a line have no blank lines; Markdown would make one paragraph of them.
LONG, MOST_LONG = 200, 0.1
_LONG_PAIR = re.compile(rf"^[^\n]{{{LONG},}}\n(?=[^\s>|*+#\d-])", re.MULTILINE)
RATING = 0.7  # above plain text, below pages

_Place = tuple[int, int]  # where a line of a block begins in its content, and in the source


def sniff(head: str) -> float:
    """RATING for front matter or three kinds of signs that only Markdown has; 0 if long lines follow each other without a gap."""
    plain = head.replace("\r\n", "\n")
    front = _FRONT.match(plain)
    if front is None and ("](" in plain) + ("#" in plain) + ("```" in plain) + ("**" in plain) + ("---" in plain) == 0:
        return 0.0
    if sum(1 for _ in _LONG_PAIR.finditer(plain)) > MOST_LONG * (plain.count("\n\n") + 1):
        return 0.0
    if front is not None and _declared(front["yaml"]):
        return RATING
    return RATING if sum(sign.search(plain) is not None for sign in _SIGNS) >= ENOUGH else 0.0


def read(decoded: Decoded) -> Page:
    """The blocks in source order, and what the front matter declares."""
    text = decoded.text
    front = _FRONT.match(text)
    declared = _declared(front["yaml"]) if front is not None else {}
    begin = front.end() if front is not None and declared else 0
    reader = _Reader(text, begin)
    return Page(tuple(reader.blocks()), Hints(structured=declared))


def _declared(front: str) -> dict[str, tuple[str, ...]]:
    """The values that front matter has for the article, as hints; none if it is no YAML mapping with such a key."""
    if not _KEY.search(front) or front.count("[") + front.count("{") > MAX_OPEN or _DEEP.search(front):
        return {}
    try:
        said: Any = yaml.load(front, Loader=yaml.BaseLoader)  # noqa: S506  it makes strings, lists and mappings only
    except (yaml.YAMLError, ValueError):
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for key, value in said.items() if isinstance(said, dict) else ():
        name = _KEYS.get(str(key).lower())
        values = value if isinstance(value, list) else [value]
        texts = tuple(" ".join(one.split()) for one in values if isinstance(one, str) and one.strip())
        if name is not None and texts:
            found[f"front-matter.{name}"] = (*found.get(f"front-matter.{name}", ()), *texts)
    return found


class _Reader:
    """The blocks of a text from `begin` on."""

    def __init__(self, text: str, begin: int) -> None:
        self.text = text
        self.starts: list[int] = []
        self.ends: list[int] = []
        for match in _LINE.finditer(text, begin):
            if match.start() < len(text):
                self.starts.append(match.start())
                self.ends.append(match.start() + len(match[0].rstrip("\r\n")))
        self.parser = MarkdownIt("commonmark").enable("table")
        self.references: dict[str, Any] = {}

    def blocks(self) -> Iterator[Block]:
        """All of them, in source order."""
        tokens: list[Token] = []
        lines = (
            self.text[start:end].replace("\x00", "\N{REPLACEMENT CHARACTER}")
            for start, end in zip(self.starts, self.ends, strict=True)
        )
        self.parser.block.parse("\n".join(lines), self.parser, self.references, tokens)
        kinds: list[str] = []
        row = (-1, 0)  # line of a table's row, and where in the source its next cell is looked for
        for token in tokens:
            if token.nesting == 1:
                kinds.append(token.tag)
                row = (-1, 0) if token.tag == "table" else row
            elif token.nesting == -1:
                kinds.pop()
            elif token.type == "inline" and token.map:
                cell = bool(kinds) and kinds[-1] in {"td", "th"}
                first = cell and row[0] < 0
                if cell and token.map[0] != row[0]:
                    row = (token.map[0], self.starts[token.map[0]])
                block, after = self._inline(token, kinds, row[1] if cell else None)
                block = [one._replace(gap=1) for one in block] if first else block
                row = (row[0], after)
                yield from block
            elif token.type in {"fence", "code_block"} and token.map:
                yield from self._code(token)
            elif token.type == "html_block" and token.map:
                yield from self._html(*token.map)

    def _inline(self, token: Token, kinds: Sequence[str], cell: int | None) -> tuple[list[Block], int]:
        """The block of a paragraph, heading or cell; and where in the source it ends."""
        first, last = token.map or [0, 0]
        kind = "li" if len(kinds) > 1 and kinds[-2:] == ["li", "p"] else kinds[-1] if kinds else "p"
        lines = token.content.split("\n")
        places: list[_Place] = []
        at = 0
        for number, line in enumerate(lines):
            here = min(first + number, last - 1)
            start, end = self.starts[here], self.ends[here]
            place = self.text.find(line, cell, end) if cell is not None else self.text.rfind(line, start, end)
            if place < 0:
                return self._as_written(first + number if cell is None else first, last, kind, cell), self.ends[last - 1]
            places.append((at, place))
            at += len(line) + 1
        runs = self._runs(token.content, places) if _is_usual(token.content) else None
        after = places[-1][1] + len(lines[-1])
        if runs is None:
            runs = [*self._joined((place, place + len(line)) for (_, place), line in zip(places, lines, strict=True))]
        return [_block(runs, kind, gap=int(cell is None and kind != "li"))] if runs else [], after

    def _as_written(self, first: int, last: int, kind: str, cell: int | None) -> list[Block]:
        """Lines first … last - 1 as one block, with all their signs."""
        begin = cell if cell is not None else self.starts[first]
        runs = [*self._joined((max(self.starts[line], begin), self.ends[line]) for line in range(first, last))]
        return [_block(runs, kind, gap=1)] if runs else []

    def _joined(self, spans: Iterator[_Place]) -> Iterator[Run]:
        before: int | None = None
        for start, end in spans:
            ink = _INK.search(self.text, start, end)
            if ink is not None:
                if before is not None:
                    yield Run(before, ink.start(), " ", "joined")
                yield Run(ink.start(), ink.end(), ink[0], VERBATIM)
                before = ink.end()

    def _code(self, token: Token) -> Iterator[Block]:
        """A block for each line of code."""
        first, last = token.map or [0, 0]
        lines = token.content.split("\n")
        gap = 1
        for number, line in zip(range(first + (token.type == "fence"), last), lines, strict=False):
            ink = _INK.search(self.text, max(self.starts[number], self.ends[number] - len(line)), self.ends[number])
            if ink is not None:
                yield Block((Run(ink.start(), ink.end(), ink[0], VERBATIM),), ink[0], "pre", gap)
                gap = 0

    def _html(self, first: int, last: int) -> Iterator[Block]:
        """A block for each piece of text between tags."""
        start, end = self.starts[first], self.ends[last - 1]
        edges = [start, *(edge for tag in _TAGS.finditer(self.text, start, end) for edge in tag.span()), end]
        for low, high in zip(edges[::2], edges[1::2], strict=True):
            for ink in _INK.finditer(self.text, low, high):
                plain = derive("entity", ink[0])
                if plain.strip():
                    run = Run(ink.start(), ink.end(), plain, VERBATIM if plain == ink[0] else "entity")
                    yield Block((run,), plain, "p", 1)

    def _runs(self, content: str, places: Sequence[_Place]) -> list[Run] | None:
        """The runs of a block's content; None if its pieces do not stand one behind the other."""
        pieces = _pieces(self.parser, content, self.references)
        if pieces is None:
            return None
        runs: list[Run] = []
        number = 0
        broken = False
        for start, end, how in pieces:
            while number + 1 < len(places) and places[number + 1][0] <= start:
                number += 1
            low = places[number][1] + start - places[number][0]
            if how == "break":
                broken = bool(runs)
                continue
            text = self.text[low : low + end - start]
            if broken and text.strip():
                runs.append(Run(runs[-1].end, low, " ", "joined"))
                broken = False
            runs.append(Run(low, low + end - start, derive(how, text), how))
        return _trimmed(runs)


def _is_usual(content: str) -> bool:
    return len(content) <= MAX_INLINE and sum(content.count(sign) for sign in SIGNS) <= MAX_SIGNS


def _pieces(parser: MarkdownIt, content: str, references: dict[str, Any]) -> list[tuple[int, int, str]] | None:
    """(start, end, how) of what can be seen of the content; None if the library's pieces do not stand where they must."""
    tokens: list[Token] = []
    parser.inline.parse(content, parser, references, tokens)
    found: list[tuple[int, int, str]] = []
    at = 0
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"}:
            match = _BREAK.match(content, at)
            if match is None:
                return None
            found.append((at, match.end(), "break"))
            at = match.end()
            continue
        markup = _written(token)
        if not content.startswith(markup, at):
            return None
        end = at + len(markup)
        if token.type == "code_inline":
            close = re.compile(rf"(?<!`){markup}(?!`)").search(content, end)
            if close is None:
                return None
            found += _code_pieces(content, end, close.start())
            end = close.end()
        elif token.type == "text":
            found.append((at, end, VERBATIM))
        elif token.type == "text_special":
            found.append((at, end, "entity") if markup.startswith("&") else (end - 1, end, VERBATIM))
        elif token.type == "image" or (token.type == "link_close" and markup == "]"):
            end = _behind_link(content, end, references)
        at = end
    return found


def _written(token: Token) -> str:
    """How an inline piece begins in the source."""
    if token.type in {"text", "html_inline"}:
        return token.content
    if token.type in {"link_open", "link_close"}:
        signs = "<>" if token.markup == "autolink" else "[]"
        return signs[token.type == "link_close"]
    return f"![{token.content}]" if token.type == "image" else token.markup


def _code_pieces(content: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    for match in re.finditer(r"[^\n]+|\n", content[start:end]):
        yield start + match.start(), start + match.end(), "break" if match[0] == "\n" else VERBATIM


def _behind_link(content: str, at: int, references: dict[str, Any]) -> int:
    """Where a link ends whose text ends at `at`: behind its address and title, or the label of a definition."""
    size = len(content)
    if content.startswith("(", at):
        place = _behind_space(content, at + 1)
        address = parseLinkDestination(content, place, size)
        place = _behind_space(content, address.pos if address.ok else place)
        title = parseLinkTitle(content, place, size)
        place = _behind_space(content, title.pos if title.ok else place)
        return place + 1 if content.startswith(")", place) else at
    if content.startswith("[", at) and (close := content.find("]", at)) > 0:
        label = " ".join(content[at + 1 : close].split()).lower().upper()  # as the library normalises labels
        return close + 1 if close == at + 1 or label in references.get("references", {}) else at
    return at


def _behind_space(content: str, at: int) -> int:
    match = _SPACE.match(content, at)
    return match.end() if match is not None else at


def _trimmed(runs: list[Run]) -> list[Run]:
    """The runs without white space at the block's edges."""
    while runs and not runs[0].text.strip():
        runs.pop(0)
    while runs and not runs[-1].text.strip():
        runs.pop()
    if runs and runs[0].how == VERBATIM:
        bare = runs[0].text.lstrip()
        runs[0] = Run(runs[0].end - len(bare), runs[0].end, bare, VERBATIM)
    if runs and runs[-1].how == VERBATIM:
        bare = runs[-1].text.rstrip()
        runs[-1] = Run(runs[-1].start, runs[-1].start + len(bare), bare, VERBATIM)
    return runs


def _block(runs: Sequence[Run], kind: str, gap: int) -> Block:
    return Block(tuple(runs), "".join(run.text for run in runs), kind, gap)


FORMAT = Format("markdown", "text/markdown", sniff=sniff, read=read)
