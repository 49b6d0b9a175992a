"""Duplicates found in invented articles, of which it is known which are copies of which; no data is needed.

Words are drawn by Zipf's law from invented vocabularies, sentences are drawn from phrases, and unrelated articles share agency
boilerplate and quotes. Copies: 1 to 10 % of the words edited, other furniture around, the end cut off, or several of these.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from itertools import combinations
from typing import NamedTuple

import numpy as np

from pipeline import dedupe

BAR = 0.98
CHUNK = 500


class Scores(NamedTuple):
    """Of pairs of articles; `seconds` of CPU for signing and for clustering; `same`: in another order the same clusters."""

    precision: float
    recall: float
    signing: float
    clustering: float
    same: bool


class Words:
    """An invented language: words by rank, drawn by Zipf's law."""

    def __init__(self, draw: random.Random, *, dense: bool = False) -> None:
        self.draw, self.dense = draw, dense
        made = (self._word() for _ in range(6000))
        self.words = list(dict.fromkeys(made))
        self.weights = [1 / (rank + 3) for rank in range(len(self.words))]
        self.furniture = [self.text(18) for _ in range(40)]

    def _word(self) -> str:
        if self.dense:
            return "".join(chr(self.draw.randrange(0x4E00, 0x5200)) for _ in range(self.draw.randint(1, 2)))
        return "".join(self.draw.choice("btkmnrslv") + self.draw.choice("aeiou") for _ in range(self.draw.randint(1, 4)))

    def drawn(self, count: int) -> list[str]:
        """So many words."""
        return self.draw.choices(self.words, self.weights, k=count)

    def text(self, count: int) -> str:
        """So many words as a paragraph."""
        return ("" if self.dense else " ").join(self.drawn(count))

    def copy(self, words: list[str]) -> list[str]:
        """A copy with up to 10 % of its words changed, or cut to no less than half, or both within those bounds."""
        edited = list(words)
        for at in self.draw.sample(range(len(words)), int(len(words) * self.draw.uniform(0.01, 0.1))):
            edited[at] = self.drawn(1)[0]
        if self.draw.random() < 1 / 3:
            edited = edited[: int(len(edited) * self.draw.uniform(0.55, 0.95))]
        if self.draw.random() < 1 / 2:
            edited = [self.draw.choice(self.furniture), *edited, self.draw.choice(self.furniture)]
        return edited


def corpus(articles: int, seed: int = 1, *, dense: bool = False) -> list[tuple[str, int]]:
    """(text, family) of so many articles; a third have copies. Some of other families share a paragraph of furniture."""
    draw = random.Random(seed)  # noqa: S311  reproducible is what it must be
    words = Words(draw, dense=dense)
    made: list[tuple[str, int]] = []
    join = "" if dense else " "
    family = 0
    while len(made) < articles:
        body = words.drawn(draw.randint(120, 700))
        if draw.random() < 1 / 2:
            body = [*body, draw.choice(words.furniture)]
        made.append((join.join(body), family))
        copies = draw.randint(1, 3) if draw.random() < 1 / 3 else 0
        made += [(join.join(words.copy(body)), family) for _ in range(copies)]
        family += 1
    draw.shuffle(made)
    return made[:articles]


def measure(made: list[tuple[str, int]]) -> Scores:
    """Precision and recall of pairs, and what they cost."""
    start = time.process_time()
    parts = [dedupe.sign([text for text, _ in made[at : at + CHUNK]]) for at in range(0, len(made), CHUNK)]
    signed = _joined(parts)
    signing = time.process_time() - start
    copies = [dedupe.Copy(f"{number:032x}", None, None, None, len(text)) for number, (text, _) in enumerate(made)]
    start = time.process_time()
    found = dedupe.duplicates(copies, signed)
    clustering = time.process_time() - start
    every = np.arange(len(made))[::-1]
    turned = dedupe.Signed(signed.digests[every], signed.shingles[every], signed.signatures[every])
    same = dedupe.duplicates(copies[::-1], turned) == found
    family = {copy.id: number for copy, (_, number) in zip(copies, made, strict=True)}
    clusters: dict[str, list[str]] = {}
    for row in found:
        clusters.setdefault(row.cluster, []).append(row.id)
    pairs = [pair for members in clusters.values() for pair in combinations(members, 2)]
    right = sum(family[one] == family[other] for one, other in pairs)
    due = sum(count * (count - 1) // 2 for count in Counter(family.values()).values())
    return Scores(right / max(len(pairs), 1), right / max(due, 1), signing, clustering, same)


def _joined(parts: list[dedupe.Signed]) -> dedupe.Signed:
    return dedupe.Signed(
        np.concatenate([part.digests for part in parts]),
        np.concatenate([part.shingles for part in parts]),
        np.concatenate([part.signatures[: len(part.digests)] for part in parts]),
    )


def run(articles: int) -> int:
    """Print the scores for a spaced and a dense script; 1 if a bar does not hold."""
    fine = True
    sys.stdout.write(
        f"{'script':8} {'articles':>9} {'precision':>9} {'recall':>7} {'CPU s sign':>11} {'cluster':>8} {'order':>6}\n"
    )
    for name, dense in (("spaced", False), ("dense", True)):
        scores = measure(corpus(articles, dense=dense))
        fine = fine and min(scores.precision, scores.recall) >= BAR and scores.same
        sys.stdout.write(
            f"{name:8} {articles:9,} {scores.precision:9.4f} {scores.recall:7.4f} {scores.signing:11.2f} {scores.clustering:8.2f}"
            f" {'same' if scores.same else 'other':>6}\n"
        )
    return int(not fine)
