"""RSS, RDF and Atom feeds: each item an article (RSS 2.0 specification; RFC 4287; the dc and content modules of RSS 1.0).

Where an item has its full content, its description is only its teaser. A feed says nothing of how many items it has.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

from pipeline.marks import Marks
from pipeline.model import Block, Node, Page
from pipeline.split.export import Builder, Export, Format

NAME = "feed"
ITEMS = frozenset(("item", "entry"))
CHANNELS = frozenset(("channel", "feed"))
# What an item's elements state, by name.
_FIELDS = {
    "title": "headline",
    "author": "author",
    "creator": "author",
    "pubdate": "date_published",
    "published": "date_published",
    "issued": "date_published",
    "date": "date_published",
    "updated": "date_modified",
    "modified": "date_modified",
    "category": "keywords",
    "subject": "keywords",
    "link": "url",
    "language": "language",
}
_CONTENT = frozenset(("encoded", "content"))
_TEASER = frozenset(("description", "summary"))
# "jane@tidepost.example (Jane Okoro)", as RSS wants it.
_IN_BRACKETS = re.compile(r"\S+@\S+ \((.+)\)")
_JOINED = frozenset(("author", "keywords"))


class _Place(NamedTuple):
    """Where a block stands: its item (None: it speaks of the feed), and the elements below that or below the channel."""

    item: int | None
    path: tuple[str, ...]


def recognise(page: Page) -> float:
    """1 for what the reader of feeds has read."""
    return 1.0 if page.hints.provider == NAME else 0.0


def read(page: Page, marks: Marks) -> Export | None:
    """The items; what the feed says of itself is its cover."""
    builder = Builder(NAME, page.blocks, marks)
    places = [_place(block) for block in page.blocks]
    of_feed = {
        place.path[0]: block.text for block, place in zip(page.blocks, places, strict=True) if place.item is None and place.path
    }
    for item, group in groupby(range(len(places)), key=lambda at: places[at].item):
        numbers = list(group)
        if item is None:
            if numbers[0]:
                builder.part(numbers[0], "channel", article=False)
            continue
        builder.part(numbers[0], "item")
        _item(builder, {at: places[at].path for at in numbers})
        for field in ("url", "keywords"):
            for value in page.hints.structured.get(f"feed.{field}.{item}", ()):
                if not builder.has(field):
                    builder.imply(field, value)
        for field, name in (("publisher", "title"), ("language", "language")):
            if name in of_feed and not builder.has(field):
                builder.imply(field, of_feed[name], f"channel-{name}")
    return builder.done()


def _item(builder: Builder, paths: dict[int, tuple[str, ...]]) -> None:
    """What the blocks of one item state; the rest of them is dropped, under their element's name."""
    names = {path[0] for path in paths.values() if path}
    full = not names.isdisjoint(_CONTENT)
    bare = names.isdisjoint(_CONTENT | _TEASER)
    values: dict[str, list[int]] = {}
    for at, path in paths.items():
        name = path[0] if path else "text"
        field = _FIELDS.get(name)
        if field == "author" and path[-1] not in ("author", "creator", "name"):
            builder.drop(at, "author-page")
        elif field is not None:
            values.setdefault(field, []).append(at)
        elif name in _TEASER and full:
            builder.drop(at, "teaser")
        elif bare and path and path[-1].rpartition(":")[2] in _TEASER:
            continue  # a video's or a podcast's own vocabulary has the only text
        elif name not in _TEASER | _CONTENT and path:
            builder.drop(at, name.replace(":", "-"))
    for field, numbers in values.items():
        texts = [_IN_BRACKETS.sub(r"\1", builder.blocks[at].text) for at in numbers]
        whole = "; ".join(texts) if field in _JOINED else texts[0]
        for order, at in enumerate(numbers):
            builder.state(at, field, "" if order else whole)


def _place(block: Block) -> _Place:
    chain: list[Node] = []
    node = block.node
    while node is not None:
        chain.append(node)
        node = node.parent
    chain.reverse()
    for depth, node in enumerate(chain):
        if node.tag in ITEMS:
            return _Place(node.ordinal, tuple(inner.tag for inner in chain[depth + 1 :]))
    above = max((depth for depth, node in enumerate(chain) if node.tag in CHANNELS), default=-1)
    return _Place(None, tuple(node.tag for node in chain[above + 1 :]))


FORMAT = Format(NAME, recognise=recognise, read=read)
