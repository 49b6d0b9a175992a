"""What can be measured of where a block stands.

It is worked out once for each element: every element covers a stretch of blocks, so sums over it are differences of running
totals.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.label.features.names import LEVELS, ROW, Floats, Ints, Layout, before, fill, sums
from pipeline.label.features.words import BIT, GROUPS, STRONG, TAG_BITS, token_bits
from pipeline.model import Block

INLINE = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "kbd", "mark", "nobr", "q", "s"),
        *("samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var"),
    )
)
_BAR_TAGS = frozenset(("html", "body"))
_LEAF_TAGS = frozenset(("p", "li", "td", "th", "h2", "h3", "h4", *INLINE))
_GOOD = np.uint64(BIT["<article>"] | STRONG)
_BAD = np.uint64(BIT["<nav>"] | BIT["<footer>"] | BIT["<aside>"] | BIT["<form>"] | BIT["comment"])


class Tree:
    """The elements that blocks stand in, numbered as met: which is above, what blocks they cover, what they are called."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        number: dict[int, int] = {}
        # Number 0 is the nameless root, above all. A tuple is: parent, first, own, near, all, article, articles, article_number,
        # hidden, sig, level, depth.
        nodes: list[tuple[int, ...]] = [(0,) * 12]
        last = [0]
        sigs: dict[tuple[object, ...], int] = {}
        at = []
        met = 0
        for place, block in enumerate(blocks):
            above = block.node
            new = []
            while above is not None and above.ordinal not in number:
                new.append(above)
                above = above.parent
            here = number[above.ordinal] if above is not None else 0
            for tag, tokens, hidden, _, ordinal, _ in reversed(new):
                up = here
                parent, _, up_own, _, up_all, article, articles, article_number, _, up_sig, level, depth = nodes[up]
                here = len(nodes)
                number[ordinal] = here
                own = 0
                if tag not in _BAR_TAGS:
                    own = TAG_BITS.get(tag, 0)
                    if tokens:
                        own |= token_bits(tokens)
                if tag == "article":
                    if not article:
                        met += 1
                        article_number = met
                    article = here
                    articles += 1
                key = (tag, tokens, up_sig if tag in _LEAF_TAGS else up_own)
                sig = sigs.get(key)
                if sig is None:
                    sig = sigs[key] = len(sigs) + 1
                near = own | up_own | nodes[parent][2]
                level = level if tag in INLINE else here
                nodes.append(
                    (up, place, own, near, own | up_all, article, articles, article_number, hidden, sig, level, depth + 1)
                )
                last.append(place)
            last[here] = place
            at.append(here)
        columns = list(zip(*nodes, strict=True))
        self.parents: tuple[int, ...] = columns[0]
        for here in range(len(nodes) - 1, 0, -1):  # what stands inside is numbered later
            up = self.parents[here]
            last[up] = max(last[up], last[here])
        self.at, self.last = np.array(at), np.array(last)
        self.own, self.near, self.all = (np.array(columns[number], dtype=np.uint64) for number in (2, 3, 4))
        (
            self.parent,
            self.first,
            self.article,
            self.articles,
            self.article_number,
            self.hidden,
            self.sig,
            self.level,
            self.depth,
        ) = (np.array(columns[number]) for number in (0, 1, 5, 6, 7, 8, 9, 10, 11))


class _Sums(NamedTuple):
    """Running totals over the blocks (one more than there are), and the page's own, at least 1."""

    chars: NDArray[np.float64]
    links: NDArray[np.float64]
    prose: NDArray[np.float64]
    page_chars: float
    page_prose: float


class _Elements(NamedTuple):
    """Of each element: how many blocks it covers, its characters, shares of prose (of the page's) and of links (of its own)."""

    size: NDArray[np.float64]
    chars: NDArray[np.float64]
    prose: NDArray[np.float64]
    link: NDArray[np.float64]


def places(out: Floats, tree: Tree) -> Layout:
    """Where each block stands: in the page, in its elements, in the one that likely holds the article, among blocks like it."""
    chars, prose = out[ROW["chars"]], out[ROW["prose"]]
    mass = chars * prose
    all_chars, all_links, all_prose = sums(chars), sums(out[ROW["link_chars"]]), sums(mass)
    totals = _Sums(all_chars, all_links, all_prose, max(float(all_chars[-1]), 1.0), max(float(all_prose[-1]), 1.0))
    first, last = tree.first, tree.last
    node_chars = np.maximum(all_chars[last + 1] - all_chars[first], 1)
    elements = _Elements(
        last - first + 1.0,
        node_chars,
        (all_prose[last + 1] - all_prose[first]) / totals.page_prose,
        np.minimum((all_links[last + 1] - all_links[first]) / node_chars, 1),
    )
    levels = [tree.level[tree.at]]
    for _ in range(LEVELS):
        levels.append(tree.level[tree.parent[levels[-1]]])
    weighed = [np.bincount(each, weights=mass, minlength=len(tree.parent)) for each in levels[1:]]
    _containers(out, tree, levels, elements, weighed[0] / totals.page_prose)
    best = _best(tree, weighed)
    fill(out, _in_page(out, tree, totals))
    fill(out, _in_best(tree, elements, levels, best))
    fill(out, _topics(out, tree, elements, levels, best))
    fill(out, _alike(out, tree, totals))
    shifts = np.arange(len(GROUPS), dtype=np.uint64)[:, None]
    for kind, bits in (("near", tree.near), ("in", tree.all)):
        low = ROW[f"{kind}.{GROUPS[0]}"]
        out[low : low + len(GROUPS)] = (bits[tree.at] >> shifts) & np.uint64(1)
    return Layout(tuple(levels[:LEVELS]), first, last, tree.sig[tree.at], chars, prose)


def _containers(out: Floats, tree: Tree, levels: list[Ints], elements: _Elements, direct: NDArray[np.float64]) -> None:
    """Of the element of each block and those above: size, shares of prose and links, mean length, prose right inside, place."""
    place = np.arange(out.shape[1])
    low = ROW["blocks0"]
    for number, each in enumerate(levels[:LEVELS]):
        row = low + 6 * number
        out[row] = elements.size[each]
        out[row + 1] = elements.prose[each]
        out[row + 2] = elements.link[each]
        out[row + 3] = (elements.chars / elements.size)[each]
        out[row + 4] = direct[each]
        out[row + 5] = (place - tree.first[each]) / elements.size[each]


def _best(tree: Tree, weighed: list[NDArray[Any]]) -> int:
    """The element that holds the article, most likely: prose counts less the further up it is looked at from."""
    score = np.zeros(len(tree.parent))
    for number, each in enumerate(weighed):
        score += 0.8**number * each
    score = score * np.where(tree.own & _GOOD > 0, 1.5, 1.0) * np.where(tree.all & _BAD > 0, 0.3, 1.0)
    score[0] = 0
    return int(score.argmax())


def _in_page(out: Floats, tree: Tree, totals: _Sums) -> dict[str, Any]:
    count = out.shape[1]
    place = np.arange(count)
    flagged, heading = out[ROW["prose"]] > 0, out[ROW["heading"]] > 0
    values: dict[str, Any] = {
        "place": place,
        "place_end": count - 1 - place,
        "place_rel": place / max(count - 1, 1),
        "chars_before": totals.chars[:-1] / totals.page_chars,
        "prose_before": totals.prose[:-1],
        "prose_after_share": 1 - totals.prose[1:] / totals.page_prose,
        "blocks": count,
        "page_prose": totals.page_prose,
        "page_link": totals.links[-1] / totals.page_chars,
        "prose_count": flagged.sum(),
        "hidden": tree.hidden[tree.at],
        "to_prose_before": before(flagged),
        "to_prose_after": before(flagged[::-1])[::-1],
        "h1_before": sums(out[ROW["h1"]])[:-1],
        # How many articles have begun, those inside others apart.
        "articles_before": np.maximum.accumulate(tree.article_number[tree.at]),
        "heading_gap": before(heading),
        "next_heading": before(heading[::-1])[::-1],
    }
    for width in (3, 8):
        high, start = np.minimum(place + width + 1, count), np.maximum(place - width, 0)
        around = np.maximum(totals.chars[high] - totals.chars[start], 1)
        values[f"window{width}_prose"] = (totals.prose[high] - totals.prose[start]) / around
        values[f"window{width}_link"] = (totals.links[high] - totals.links[start]) / around
    return values


def _in_best(tree: Tree, elements: _Elements, levels: list[Ints], best: int) -> dict[str, Any]:
    """Where each block stands to the element that likely holds the article, and to <article> elements."""
    count = len(tree.at)
    place, first, last = np.arange(count), tree.first[best], tree.last[best]
    article = tree.article[tree.at]
    return {
        "in_best": (place >= first) & (place <= last),
        "best_place": (place - first) / elements.size[best],
        "best_before": np.maximum(first - place, 0),
        "best_after": np.maximum(place - last, 0),
        "best_share": elements.prose[best],
        "best_direct": np.select([each == best for each in levels], range(LEVELS + 1), LEVELS + 1),
        "articles": tree.articles[tree.at],
        "article_share": np.where(article > 0, elements.size[article] / count, 0),
        "article_prose": np.where(article > 0, elements.prose[article], 0),
    }


def _topics(out: Floats, tree: Tree, elements: _Elements, levels: list[Ints], best: int) -> dict[str, Any]:
    """How much the elements around each block speak of the page's topic, and of consent (words in 1,000 characters)."""
    count = out.shape[1]
    place, first, last = np.arange(count), tree.first, tree.last
    all_topic, all_consent = sums(out[ROW["topic"]]), sums(out[ROW["consent"]])
    node_topic = 1000 * (all_topic[last + 1] - all_topic[first]) / (elements.chars + 200)
    node_consent = 1000 * (all_consent[last + 1] - all_consent[first]) / (elements.chars + 200)
    return {
        "topic1": node_topic[levels[1]],
        "topic2": node_topic[levels[2]],
        "topic3": node_topic[levels[3]],
        "topic_best": node_topic[best],
        "consent1": node_consent[levels[1]],
        "consent2": node_consent[levels[2]],
        "consent8": all_consent[np.minimum(place + 9, count)] - all_consent[np.maximum(place - 8, 0)],
    }


def _alike(out: Floats, tree: Tree, totals: _Sums) -> dict[str, Any]:
    """Blocks with the same markup around: how many, how long, how linked; and how many of them in a row."""
    chars, prose = out[ROW["chars"]], out[ROW["prose"]]
    count = len(chars)
    sig = tree.sig[tree.at]
    number = np.bincount(sig)
    sig_chars, sig_links, sig_prose = (np.bincount(sig, weights=each) for each in (chars, out[ROW["link_chars"]], chars * prose))
    bounds = np.concatenate(([0], np.flatnonzero(np.diff(sig)) + 1, [count]))
    lengths = np.diff(bounds)
    return {
        "sig_count": number[sig],
        "sig_mean": (sig_chars / np.maximum(number, 1))[sig],
        "sig_link": (sig_links / np.maximum(sig_chars, 1))[sig],
        "sig_prose": sig_prose[sig] / totals.page_prose,
        "sig_share": number[sig] / count,
        "run_same": np.repeat(lengths, lengths),
        "same": np.concatenate(([0], sig[1:] == sig[:-1])),
    }
