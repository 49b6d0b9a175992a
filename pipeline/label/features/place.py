"""What can be measured of where a block stands.

It is worked out once for each element: every element covers a stretch of blocks, so sums over it are differences of running
totals.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.label.features.names import LEVELS, ROW, Floats, Ints, Layout, before, fill, sums
from pipeline.label.features.words import BIT, GROUPS, STRONG, TAG_BITS, token_bits
from pipeline.model import Node

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


@functools.lru_cache(maxsize=1 << 14)
def _says(tag: str, tokens: frozenset[str]) -> int:
    """The groups that an element's name and the words of its class, id, role and itemprop belong to."""
    return 0 if tag in _BAR_TAGS else TAG_BITS.get(tag, 0) | (token_bits(tokens) if tokens else 0)


def _ints(values: list[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64, count=len(values))


class Tree:
    """The elements that blocks stand in, numbered as met: which is above, what blocks they cover, what they are called.

    Number 0 is the nameless root, above all.
    """

    def __init__(self, nodes: Iterable[Node | None]) -> None:
        number: dict[int, int] = {}
        kinds: dict[tuple[str, frozenset[str]], int] = {("", frozenset()): 0}
        own, leaf = [0], [False]  # of each kind: its groups, whether it is told apart by what it stands in
        parents, first, sig, kind, hidden = [0], [0], [0], [0], [False]
        sigs: dict[tuple[int, int], int] = {}
        at = []
        for place, node in enumerate(nodes):
            new = []
            above = node
            while above is not None and above.ordinal not in number:
                new.append(above)
                above = above.parent
            here = number[above.ordinal] if above is not None else 0
            for tag, tokens, unseen, _, ordinal, _ in reversed(new):
                it = kinds.get((tag, tokens))
                if it is None:
                    it = kinds[tag, tokens] = len(own)
                    own.append(_says(tag, tokens))
                    leaf.append(tag in _LEAF_TAGS)
                key = (it, sig[here] if leaf[it] else own[kind[here]])
                like = sigs.get(key)
                if like is None:
                    like = sigs[key] = len(sigs) + 1
                sig.append(like)
                parents.append(here)
                number[ordinal] = here = len(first)
                first.append(place)
                kind.append(it)
                hidden.append(unseen)
            at.append(here)
        last = first.copy()
        for place, here in enumerate(at):
            last[here] = place
        for here in range(len(first) - 1, 0, -1):  # what stands inside is numbered later
            last[parents[here]] = max(last[parents[here]], last[here])
        self.at, self.parent, self.first, self.last, self.sig = (_ints(each) for each in (at, parents, first, last, sig))
        self.hidden = np.array(hidden)
        kind_of = _ints(kind)
        self.own = np.array(own, dtype=np.uint64)[kind_of]
        tags = [tag for tag, _ in kinds]
        self._inherit(np.array([tag in INLINE for tag in tags])[kind_of], np.array([tag == "article" for tag in tags])[kind_of])

    def _inherit(self, inline: NDArray[np.bool_], is_article: NDArray[np.bool_]) -> None:
        """What an element has from all those above: in steps that double, so a deep page takes few."""
        parent, own = self.parent, self.own
        self.near = own | own[parent] | own[parent[parent]]
        place = np.arange(len(parent))
        self.all = own.copy()
        self.level = np.where(inline, 0, place)
        self.article, self.articles = np.where(is_article, place, 0), is_article.astype(np.int64)
        outer = self.article
        some = bool(is_article.any())
        above = parent
        while above.any():
            self.all |= self.all[above]
            self.level = np.where(self.level == 0, self.level[above], self.level)
            if some:
                self.article = np.where(self.article == 0, self.article[above], self.article)
                self.articles = self.articles + self.articles[above]
                further = outer[above]
                outer = np.where(further > 0, further, outer)
            above = above[above]
        # Of those that stand in no other, which one it is, from 1.
        self.article_number = np.cumsum(is_article & (outer == place))[outer] * (outer > 0)


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
        (last - first + 1).astype(np.float64),
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
        "best_direct": _first_equal(levels, best),
        "articles": tree.articles[tree.at],
        "article_share": np.where(article > 0, elements.size[article] / count, 0),
        "article_prose": np.where(article > 0, elements.prose[article], 0),
    }


def _first_equal(levels: list[Ints], best: int) -> Ints:
    """How far up each block has the element, one more than the furthest look where it has not."""
    found = np.full(len(levels[0]), len(levels))
    for number in range(len(levels) - 1, -1, -1):
        found[levels[number] == best] = number
    return found


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
