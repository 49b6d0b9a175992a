"""Which texts say the same: exactly, nearly, or one as an update of another. Pure: texts and numbers in, relations out.

A text is the sequence of its words, or of its characters where the script writes without spaces. Exact copies have the same
digest of it; near ones share shingles, estimated by MinHash (Broder 1997) and found by banding (Leskovec, Rajaraman, Ullman:
Mining of Massive Datasets, § 3.4). Rensa makes the signatures; its index is not used, because it answers with all members of a
bucket to each of them, which is quadratic for a family of copies. Everything here is a function of the set of texts, not of
their order.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from pipeline.surface import is_dense

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

# 85 bands of 3: texts that share 30 % of their shingles meet with 90 % probability, 40 % with 99.6 %, 1 % with 0.01 %.
BANDS, BAND_ROWS = 85, 3
PERMUTATIONS = BANDS * BAND_ROWS
SEED = 1
# Words are compared three at a time, characters of a dense script five.
WORD_SHINGLE, DENSE_SHINGLE = 3, 5
# Shorter texts share a third of their shingles by chance.
MIN_SHINGLES = 16
# Near: so much of all shingles in common, and so much of the shorter text's. 10 % of the words edited leave 57 % and 73 %.
MIN_JACCARD, MIN_CONTAINED = 0.3, 0.5
# Of a large bucket each text is compared with so many families, so that hostile input stays linear.
MOST_HEADS = 64
# A version of the same day that is longer by such a share has been added to; a smaller one differs in what was cut off.
UPDATE_GROWTH = 0.1
# What bands are sorted by is held for as many of them at once as fit; signatures are read so many rows at a time.
HELD_BYTES, CHUNK_ROWS = 4 * 2**20, 1024
EXACT, NEAR, UPDATE = "exact", "near", "update"

_WORD = re.compile(r"\w+")
_DENSE_UNIT = re.compile(r"[^\W_]")
_NAMED = re.compile(r"\W+")


class Signatures(Protocol):
    """Rows of uint32, one a text: an array, or what reads one from where it is kept."""

    def __getitem__(self, rows: slice | NDArray[np.int64], /) -> NDArray[np.uint32]:
        """The signatures of these texts."""


class Signed(NamedTuple):
    """What is remembered of texts: their sha256 as void of 32 bytes, how many shingles each has, their signatures."""

    digests: NDArray[np.void]
    shingles: NDArray[np.int64]
    signatures: Signatures


class Copy(NamedTuple):
    """What tells copies apart. `url` and `publisher` are None where unknown; `length` in code points."""

    id: str
    date: dt.date | None
    publisher: str | None
    url: str | None
    length: int


class Duplicate(NamedTuple):
    """A row of the duplicates table; `kind` is None for the representative itself, `similarity` 0…1."""

    id: str
    cluster: str
    kind: str | None
    representative: str
    similarity: float


def algorithm() -> str:
    """What signatures depend on beside the text: those of another algorithm are not comparable."""
    from rensa import RMinHash

    return f"{RMinHash.ALGORITHM_VERSION}.{BANDS}.{BAND_ROWS}.{SEED}.{WORD_SHINGLE}.{DENSE_SHINGLE}.{unicodedata.unidata_version}"


def sign(texts: Sequence[str]) -> Signed:
    """The signatures of the texts, in their order."""
    from rensa import RMinHash  # 10 ms that only this flow need pay

    digests: list[bytes] = []
    sets: list[list[str]] = []
    for text in texts:
        units, size = _units(text)
        digests.append(hashlib.sha256(("\0".join(units) or text).encode("utf-8", "surrogatepass")).digest())
        count = len(units) - size + 1
        sets.append(list({"\0".join(units[at : at + size]) for at in range(count)}) if count > 0 else ["\0".join(units)])
    rows = RMinHash.digests_from_token_sets(sets, PERMUTATIONS, SEED)
    signatures = np.array(rows, dtype=np.uint32).reshape(len(texts), PERMUTATIONS)
    return Signed(voids(b"".join(digests), 32), np.array([len(one) for one in sets], dtype=np.int64), signatures)


def voids(data: bytes, size: int) -> NDArray[np.void]:
    """Values of `size` bytes each, which compare as bytes do."""
    return np.frombuffer(data, dtype=np.dtype((np.void, size)))


def _units(text: str) -> tuple[list[str], int]:
    """The text as what is compared, whatever its case, width, punctuation and white space; and how many make a shingle."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return (_DENSE_UNIT.findall(plain), DENSE_SHINGLE) if is_dense(plain) else (_WORD.findall(plain), WORD_SHINGLE)


def duplicates(copies: Sequence[Copy], signed: Signed) -> list[Duplicate]:
    """The members of all clusters of two or more, by cluster and id: the same for any order of the texts."""
    ids = voids("".join(copy.id.ljust(32) for copy in copies).encode("ascii"), 32)
    return told(clusters(ids, signed), dict(enumerate(copies)), signed)


def clusters(ids: NDArray[np.void], signed: Signed) -> list[list[int]]:
    """The numbers of texts that are copies of each other, two or more, in the order of their ids."""
    order = np.argsort(ids, kind="stable").astype(np.int64)
    _, firsts, same = np.unique(signed.digests[order], return_index=True, return_inverse=True)
    families = _Families(len(ids))
    first = order[firsts[same]]
    for one, other in zip(first[first != order].tolist(), order[first != order].tolist(), strict=True):
        families.join(one, other)
    alone = order[np.sort(firsts)]  # exact copies are compared with others only once
    for bucket in _buckets(alone[signed.shingles[alone] >= MIN_SHINGLES], signed.signatures):
        _join(bucket, signed, families)
    roots = np.fromiter((families.root(number) for number in range(len(ids))), np.int64, len(ids))
    found: defaultdict[int, list[int]] = defaultdict(list)
    for number in order[np.bincount(roots, minlength=1)[roots[order]] > 1].tolist():
        found[int(roots[number])].append(number)
    return list(found.values())


def told(found: Iterable[Sequence[int]], copies: Mapping[int, Copy], signed: Signed) -> list[Duplicate]:
    """The rows of all clusters, by cluster and id."""
    rows = [row for members in found for row in _told(members, copies, signed)]
    return sorted(rows, key=lambda row: (row.cluster, row.id))


class _Families:
    """Disjoint sets of numbers."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def root(self, number: int) -> int:
        above = self._above
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._above[high] = low


def _buckets(numbers: NDArray[np.int64], signatures: Signatures) -> Iterator[NDArray[np.int64]]:
    """Texts that agree in a band, two or more, in the order of `numbers`; one band after the other."""
    at_once = max(1, HELD_BYTES // max(1, len(numbers) * BAND_ROWS * 4))
    for first in range(0, BANDS, at_once):
        for keys in _keys(numbers, signatures, range(first, min(first + at_once, BANDS))):
            _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
            by_key = np.argsort(inverse, kind="stable")
            ends = np.cumsum(counts)
            for key in np.flatnonzero(counts > 1):
                yield numbers[by_key[ends[key] - counts[key] : ends[key]]]


def _keys(numbers: NDArray[np.int64], signatures: Signatures, bands: range) -> Iterator[NDArray[np.void]]:
    """What decides in each band who meets whom: the band's part of each of the signatures `numbers`."""
    parts = np.empty((len(bands), len(numbers), BAND_ROWS), dtype=np.uint32)
    places = np.argsort(numbers, kind="stable")  # read in the order in which they are kept
    rising = numbers[places]
    for low in range(0, int(rising[-1]) + 1 if len(rising) else 0, CHUNK_ROWS):
        first, last = np.searchsorted(rising, (low, low + CHUNK_ROWS))
        rows = signatures[low : low + CHUNK_ROWS][rising[first:last] - low]
        columns = rows[:, bands.start * BAND_ROWS : bands.stop * BAND_ROWS].reshape(-1, len(bands), BAND_ROWS)
        parts[:, places[first:last]] = columns.transpose(1, 0, 2)
    for part in parts:
        yield part.view(np.dtype((np.void, part.itemsize * BAND_ROWS))).ravel()


def _join(bucket: NDArray[np.int64], signed: Signed, families: _Families) -> None:
    """Joins those of the bucket that are near each other: each is compared with one of every family that is in it already."""
    heads: list[int] = []
    for number in bucket.tolist():
        if families.root(number) in {families.root(head) for head in heads}:
            continue
        others = np.array(heads, dtype=np.int64)
        for other in others[_are_near(number, others, signed)].tolist():
            families.join(number, other)
        if len(heads) < MOST_HEADS:
            heads.append(number)


def _are_near(number: int, others: NDArray[np.int64], signed: Signed) -> NDArray[np.bool_]:
    jaccard = _shared(number, others, signed)
    sizes, mine = signed.shingles[others], signed.shingles[number]
    contained = jaccard / (1 + jaccard) * (sizes + mine) / np.minimum(sizes, mine)
    near: NDArray[np.bool_] = (jaccard >= MIN_JACCARD) & (contained >= MIN_CONTAINED)
    return near


def _shared(number: int, others: NDArray[np.int64], signed: Signed) -> NDArray[np.float64]:
    """The estimated Jaccard index of the text with each of the others."""
    agreed: NDArray[np.float64] = (signed.signatures[others] == signed.signatures[np.array([number])]).mean(axis=1)
    return agreed


def _told(members: Sequence[int], copies: Mapping[int, Copy], signed: Signed) -> Iterator[Duplicate]:
    """The rows of one cluster. It is represented by its earliest article, of one day the longest; undated ones come last."""
    ranked = sorted(members, key=lambda number: _rank(copies[number]))
    head = ranked[0]
    digests = {bytes(signed.digests[head])}
    updates = _updates(ranked, copies)
    cluster = min(copies[number].id for number in members)
    for number in ranked:
        kind = None
        if number != head:
            kind = EXACT if bytes(signed.digests[number]) in digests else UPDATE if number in updates else NEAR
        digests.add(bytes(signed.digests[number]))
        similarity = _shared(head, np.array([number]), signed)
        yield Duplicate(copies[number].id, cluster, kind, copies[head].id, float(similarity[0]))


def _rank(copy: Copy) -> tuple[bool, int, int, str]:
    return copy.date is None, copy.date.toordinal() if copy.date else 0, -copy.length, copy.id


def _updates(ranked: Iterable[int], copies: Mapping[int, Copy]) -> set[int]:
    """Those that an outlet published again: on a later day, or on the same day and longer. One address is one outlet."""
    first_day: dict[str, dt.date] = {}
    shortest: dict[tuple[str, dt.date], int] = {}
    dated = [(number, day, name) for number in ranked if (day := copies[number].date) for name in _outlets(copies[number])]
    for number, day, name in dated:
        first_day[name] = min(first_day.get(name, day), day)
        shortest[name, day] = min(shortest.get((name, day), copies[number].length), copies[number].length)
    return {
        number
        for number, day, name in dated
        if day > first_day[name] or copies[number].length >= (1 + UPDATE_GROWTH) * shortest[name, day]
    }


def _outlets(copy: Copy) -> list[str]:
    names = [f"publisher {_NAMED.sub('', copy.publisher.casefold())}"] if copy.publisher else []
    return [*names, f"url {copy.url}"] if copy.url else names
