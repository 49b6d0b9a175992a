"""Which element of a page its blocks stand in: what layouts of HTML exports and the structure of pages are read from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.model import Block, Node, Page


def chain(block: Block) -> Iterator[Node]:
    """The elements that a block stands in, from the innermost on."""
    node = block.node
    while node is not None:
        yield node
        node = node.parent


def tokens(block: Block) -> frozenset[str]:
    """The words of class, id, role and itemprop of all elements that a block stands in."""
    return frozenset().union(*(node.tokens for node in chain(block)))


def elements(page: Page) -> Iterator[Node]:
    """Every element of the page that has text inside, each once."""
    known: set[int] = set()
    for block in page.blocks:
        node = block.node
        while node is not None and node.ordinal not in known:
            known.add(node.ordinal)
            yield node
            node = node.parent


def outermost(page: Page, wanted: Callable[[Node], bool]) -> list[Node | None]:
    """For each block the outermost element around it that is `wanted`; each element is looked at once."""
    known: dict[int, Node | None] = {}
    found: list[Node | None] = []
    for block in page.blocks:
        path: list[Node] = []
        node = block.node
        while node is not None and node.ordinal not in known:
            path.append(node)
            node = node.parent
        best = known[node.ordinal] if node is not None else None
        for inner in reversed(path):
            best = best or (inner if wanted(inner) else None)
            known[inner.ordinal] = best
        found.append(best)
    return found


def stretches(items: list[Node | None]) -> Iterator[tuple[Node | None, range]]:
    """The stretches of blocks in the same element (or in none), in order."""
    start = 0
    for at in range(1, len(items) + 1):
        if at == len(items) or items[at] is not items[start]:
            yield items[start], range(start, at)
            start = at
