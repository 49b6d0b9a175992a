"""Marks from what was learned of a document's site: blocks that recur there, and where between them the text stands.

Without a template, or for another site, nothing is proposed. Templates are frozen inputs, so rows depend on no other document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.marks import LIKELY, TEMPLATE, Marks
from pipeline.model import Label, Mark, Page
from pipeline.templates import Known, Template, Zone, ZoneKey, document_key, fingerprint, keys_of, stretches, zones_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# A template is never certain: rules that are outrank it.
MOST = 0.89
# How far a line's log-odds move towards those of its zone, for each of the two ways to know a zone, given many words; with
# LIGHT words half as far. Measured out of fold on dumps of pages with a sibling (.2 to .4 differ little, 1 000 words as little).
PULL, LIGHT = 0.3, 100.0
# Probabilities are kept so far from 0 and 1 when odds are made of them; a line counts at most MOST_WORDS words, and a bit more.
EDGE, MOST_WORDS, MORE_WORDS = 0.002, 60.0, 0.5


def label(page: Page, marks: Marks, template: Template | None) -> Marks:
    """`marks` with a proposal on each block that the site's template drops."""
    if template is None:
        return marks
    rule = f"{TEMPLATE}{template.site}"
    found = (template.blocks.get(fingerprint(block.text)) for block in page.blocks)
    return tuple((*each, _mark(known, rule)) if known and known.drops else each for known, each in zip(found, marks, strict=True))


def zones(page: Page, template: Template | None) -> Zones | None:
    """What moves the scores of a plain text's lines; None where nothing was learned."""
    if template is None or not template.zones or any(block.node for block in page.blocks):
        return None
    return Zones([fingerprint(block.text) for block in page.blocks], template)


def weight(words: NDArray[np.float32]) -> NDArray[np.float64]:
    """What lines of so many words count for in a zone."""
    return np.minimum(np.asarray(words, dtype=np.float64), MOST_WORDS) + MORE_WORDS


class Zones:
    """Moves the scores of lines towards what the same place scored in the site's other documents."""

    def __init__(self, ids: list[str], template: Template) -> None:
        self._ids = ids
        self._template = template
        self._known = set(template.blocks)
        self._is_learned_from = document_key(ids) in template.learned_from

    def __call__(self, article: NDArray[np.float64], words: NDArray[np.float32]) -> NDArray[np.float64]:
        """The probability of each line, given the probabilities without a template.

        If the template was learned from this very document, its own part is taken out first: a score must not confirm itself.
        """
        own: dict[ZoneKey, Zone] = {}
        if self._is_learned_from:
            own = zones_of(self._ids, self._known, article.tolist(), weight(words).tolist())
        odds = _odds(article)
        for stretch in stretches(self._ids, self._known):
            here = slice(stretch.start, stretch.end)
            pulls = [self._pull(key, own.get(key, Zone(0.0, 0.0))) for key in keys_of(stretch)]
            odds[here] = odds[here] * (1.0 - sum(share for share, _ in pulls)) + sum(share * goal for share, goal in pulls)
        return np.round(1.0 / (1.0 + np.exp(-odds)), 4)

    def _pull(self, key: ZoneKey, own: Zone) -> tuple[float, float]:
        """How far a zone moves scores, 0…PULL, and the log-odds it moves them to."""
        zone = self._template.zones.get(key)
        words = zone.words - own.words if zone is not None else 0.0
        if zone is None or words < 1.0:
            return 0.0, 0.0
        goal = float(_odds(np.array([(zone.article - own.article) / words]))[0])
        return PULL * words / (words + LIGHT), goal


def _mark(known: Known, rule: str) -> Mark:
    """Confidence rises with support: .70 for two documents, .85 for ten."""
    return Mark(Label.BOILERPLATE, rule, round(LIKELY + (MOST - LIKELY) * (1.0 - 1.0 / max(known.support, 1)), 4))


def _odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    near = np.clip(probability, EDGE, 1.0 - EDGE)
    return np.asarray(np.log(near / (1.0 - near)))
