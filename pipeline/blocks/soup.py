"""The tolerant fallback for HTML: BeautifulSoup says what is element and what is text, a scan of the source says where.

Slower by an order of magnitude; it also is the reference that a property test holds the fast reader against.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING, NamedTuple

from pipeline.blocks.collector import UNSEEN, Collector
from pipeline.errors import Rejected
from pipeline.model import Decoded, Page

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import NavigableString, PageElement, Tag

_MARKUP = re.compile(r"<!--.*?-->|<[a-zA-Z/!?][^>]*>", re.DOTALL)


class _Element(NamedTuple):
    """What the collector asks of a start tag."""

    attrs: list[tuple[str, str | None]]


class _Event(NamedTuple):
    """An element that opens or closes, or a text node."""

    opens: Tag | None
    closes: Tag | None
    text: NavigableString | None


def read(decoded: Decoded) -> Page:
    """The page's visible text as blocks in source order.

    Raises Rejected (stage blocks) if a text node cannot be found in the source: without spans there is no ledger.
    """
    from bs4 import BeautifulSoup  # 140 ms to import, and discovery imports this module

    text = decoded.text
    collector = Collector(text)
    at = 0
    unseen = 0
    for event in _events(BeautifulSoup(text, "html.parser")):
        if event.opens is not None:
            if not unseen:
                attrs: list[tuple[str, str | None]] = [
                    (name, " ".join(value) if isinstance(value, list) else str(value))
                    for name, value in event.opens.attrs.items()
                ]
                collector.start(event.opens.name, _Element(attrs))
            unseen += event.opens.name in UNSEEN
        elif event.closes is not None:
            unseen -= event.closes.name in UNSEEN
            if not unseen:
                collector.end(event.closes.name)
        elif event.text is not None:
            found = _find(text, event.text, at) if event.text.strip() else _blank(text, at)
            if found is None:
                continue  # white space that stands elsewhere in the source: no text is lost
            start, end = found
            at = end
            if not unseen:
                collector.characters(start, end)
            elif event.text.parent is not None and event.text.parent.name in ("title", "script"):
                collector.hints.text(event.text.parent.name, text[start:end])
    return collector.page()


def _events(soup: BeautifulSoup) -> Iterator[_Event]:
    """The tree as it was written; without recursion, as pages nest deeper than Python does."""
    from bs4.element import NavigableString, PreformattedString, Tag

    stack: list[Iterator[PageElement]] = [iter(soup.contents)]
    open_tags: list[Tag] = []
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            if open_tags:
                yield _Event(None, open_tags.pop(), None)
        elif isinstance(node, Tag):
            yield _Event(node, None, None)
            open_tags.append(node)
            stack.append(iter(node.contents))
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            yield _Event(None, None, node)


def _blank(text: str, at: int) -> tuple[int, int] | None:
    """Where the next stretch between two tags is, if it is of white space; between inline tags it parts two words."""
    while markup := _MARKUP.match(text, at):
        at = markup.end()
    following = _MARKUP.search(text, at)
    end = following.start() if following else len(text)
    return (at, end) if end > at and not unescape(text[at:end]).strip() else None


def _find(text: str, node: NavigableString, at: int) -> tuple[int, int]:
    """Where the text node stands: the next stretch between two tags that reads like it."""
    wanted = "".join(str(node).split())
    while at < len(text):
        markup = _MARKUP.search(text, at)
        end = markup.start() if markup else len(text)
        if node.parent is not None and node.parent.name in ("script", "style"):
            start = text.find(str(node), at)
            if start >= 0:
                return start, start + len(node)
        if end > at and "".join(unescape(text[at:end]).split()) == wanted:
            return at, end
        if markup is None:
            break
        at = markup.end()
    raise Rejected(
        "blocks",
        "positions",
        f"the text {str(node)[:40]!r} cannot be found in the source",
        remedy="Save the page again, or report it",
    )
