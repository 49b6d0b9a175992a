"""Which blocks of a page are article text: the blocks laid along the gold text, in its order. Only for training."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

# Han, kana and Thai characters count one by one, so that a long clause is not one token that either fits or does not.
_TOKEN = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
GRAM = 4
# Offsets looked at for a block that occurs often in the gold text.
MAX_PLACES = 4
# So much of a block in the gold text makes it article text.
MIN_SHARE = 0.5
LEFT_OVER_SHARE = 0.8
LEFT_OVER_TOKENS = 8
# Of its tokens a block has at least so many where it is thought to lie, …
MIN_HIT = 0.3
# … and its first one is looked for so many gold tokens on; hits that lie no further apart join up.
NEAR = 8
# Short blocks between two hits that are tried, those at both ends first, and gold tokens between them: the work is their product.
MAX_SHORT, MAX_GAP = 150, 1500


def tokens(text: str) -> list[str]:
    """Words in lower case; characters of scripts without spaces."""
    return [token.casefold() for token in _TOKEN.findall(text)]


def align(blocks: Sequence[str], gold: str) -> list[float]:
    """The share of each block's tokens that the gold text has, in its place; a block is article text from MIN_SHARE on."""
    wanted = tokens(gold)
    words = [tokens(block) for block in blocks]
    shares = [0.0] * len(blocks)
    if not wanted:
        return shares
    places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for at in range(len(wanted) - GRAM + 1):
        places[tuple(wanted[at : at + GRAM])].append(at)
    chain = _chain([hit for index, each in enumerate(words) for hit in _hits(index, each, wanted, places)])
    for index, _, _, share in chain:
        shares[index] = share
    covered = bytearray(len(wanted))
    for _, low, high, _ in chain:
        covered[low:high] = b"\1" * (high - low)
    _fill_short(words, wanted, chain, shares, covered)
    _left_over(words, wanted, shares, covered)
    return shares


_Hit = tuple[int, int, int, float]  # block, gold tokens from, to, share of the block's tokens


def _hits(index: int, words: list[str], wanted: list[str], places: dict[tuple[str, ...], list[int]]) -> list[_Hit]:
    """Where in the gold text the block could lie: offsets that many of its grams agree on, a few tokens more or less."""
    if len(words) < GRAM:
        return []
    votes: defaultdict[int, set[int]] = defaultdict(set)
    for at in range(len(words) - GRAM + 1):
        found = places.get(tuple(words[at : at + GRAM]), ())
        for place in found[:50]:
            votes[(place - at) // 4].add(at)
            votes[(place - at) // 4 + 1].add(at)
    hits = []
    seen: set[int] = set()
    for bucket in sorted(votes, key=lambda bucket: (-len(votes[bucket]), bucket))[: 2 * MAX_PLACES]:
        if bucket - 1 in seen or bucket + 1 in seen:
            continue
        seen.add(bucket)
        # Text that was changed in the middle shifts the offset: grams of nearby buckets count too.
        matched: set[int] = set()
        near: set[int] = set()
        for other in range(bucket - 5, bucket + 6):
            near |= votes.get(other, set())
        for at in near:
            matched.update(range(at, at + GRAM))
        share = len(matched) / len(words)
        if share >= MIN_HIT:
            low = max(0, (bucket - 1) * 4 + min(matched))
            low = next((at for at in range(low, min(low + NEAR, len(wanted))) if wanted[at] == words[min(matched)]), low)
            hits.append((index, low, min(len(wanted), low + max(matched) - min(matched) + 1), share))
    return hits[:MAX_PLACES]


def _chain(hits: list[_Hit]) -> list[_Hit]:
    """The hits, at most one a block and rising in both, that cover most of the gold text; neighbours that join up win."""
    best = [0.0] * len(hits)
    came: list[int] = [-1] * len(hits)
    for i, (block, low, high, share) in enumerate(hits):
        weight = (high - low) * share * share
        best[i] = weight
        for j in range(max(0, i - 400), i):
            other, _, end, _ = hits[j]
            if other < block and end <= low + 3:
                bonus = 1.0 if low - end <= NEAR else 0.0
                bonus += 0.3 if block - other == 1 else 0.0
                if best[j] + weight + bonus > best[i]:
                    best[i], came[i] = best[j] + weight + bonus, j
    chain = []
    at = max(range(len(hits)), key=lambda i: best[i], default=-1)
    while at >= 0:
        chain.append(hits[at])
        at = came[at]
    return chain[::-1]


def _fill_short(words: list[list[str]], wanted: list[str], chain: list[_Hit], shares: list[float], covered: bytearray) -> None:
    """Short blocks between two of the chain, if the gold text has just their words between the two."""
    edges = [(-1, 0, 0, 0.0), *chain, (len(words), len(wanted), len(wanted), 0.0)]
    for (before, _, end, _), (after, start, _, _) in itertools.pairwise(edges):
        low, high = end, start
        if before < 0:
            low = max(low, high - 80)
        if after == len(words):
            high = min(high, low + 80)
        if high <= low:
            continue
        inner = [index for index in range(before + 1, after) if 0 < len(words[index]) < 3 * GRAM and shares[index] == 0]
        if before < 0:
            inner = inner[-15:]
        if after == len(words):
            inner = inner[:15]
        if len(inner) > MAX_SHORT:
            inner = inner[: MAX_SHORT // 2] + inner[-MAX_SHORT // 2 :]
        for index, at in _lay(inner, words, wanted[low:high]):
            shares[index] = 1.0
            covered[low + at : low + at + len(words[index])] = b"\1" * len(words[index])


def _lay(inner: list[int], words: list[list[str]], gap: list[str]) -> Iterator[tuple[int, int]]:
    """Blocks of `inner` and where in the gold gap they occur exactly, in order; most tokens win (a small dynamic programme)."""
    if len(gap) > MAX_GAP:
        return
    table = [[0] * (len(gap) + 1)]
    for index in inner:
        each, above = words[index], table[-1]
        row = above[:]
        size = len(each)
        for at in range(1, len(gap) + 1):
            score = max(above[at], row[at - 1])
            if at >= size and above[at - size] + size > score and gap[at - size : at] == each:
                score = above[at - size] + size
            row[at] = score
        table.append(row)
    at = len(gap)
    for number in range(len(inner), 0, -1):
        while at > 0 and table[number][at] == table[number][at - 1]:
            at -= 1
        if table[number][at] != table[number - 1][at]:
            at -= len(words[inner[number - 1]])
            yield inner[number - 1], at


def _left_over(words: list[list[str]], wanted: list[str], shares: list[float], covered: bytearray) -> None:
    """Long blocks whose words the gold text has elsewhere, where nothing lies yet: it may order things differently."""
    free: defaultdict[tuple[str, ...], int] = defaultdict(int)
    for at in range(len(wanted) - GRAM + 1):
        if not any(covered[at : at + GRAM]):
            free[tuple(wanted[at : at + GRAM])] += 1
    if not free:
        return
    for index, each in enumerate(words):
        if shares[index] or len(each) < LEFT_OVER_TOKENS:
            continue
        grams = [tuple(each[at : at + GRAM]) for at in range(len(each) - GRAM + 1)]
        share = sum(gram in free and free[gram] > 0 for gram in grams) / len(grams)
        if share >= LEFT_OVER_SHARE:
            shares[index] = share
            for gram in grams:
                if gram in free:
                    free[gram] -= 1
