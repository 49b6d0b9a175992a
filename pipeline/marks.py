"""Reading marks: which proposal wins, and what a grammar rule's groups say. Order of proposals never matters."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.model import PRECEDENCE, Block, Label, Mark

Marks = tuple[tuple[Mark, ...], ...]

# From here on a mark is certain: certain rules outrank scores, scores outrank uncertain rules.
CERTAIN = 0.9
# Below this a proposal does not stand against the default, which is to keep the text.
LIKELY = 0.5
DEFAULT = Mark(Label.BODY, "default", LIKELY)


def resolve(marks: Sequence[Mark]) -> Mark:
    """The mark that holds for the whole block; inline marks don't count.

    Certain marks: the first label in precedence; else the highest confidence; ties go by precedence, then by the rule's name.
    """
    whole = [mark for mark in marks if not mark.inline and mark.confidence >= LIKELY]
    if not whole:
        return DEFAULT
    certain = [mark for mark in whole if mark.confidence >= CERTAIN]
    if certain:
        return min(certain, key=lambda mark: (PRECEDENCE[mark.label], -mark.confidence, mark.rule))
    return min(whole, key=lambda mark: (-mark.confidence, PRECEDENCE[mark.label], mark.rule))


def group(block: Block, mark: Mark, name: str) -> str | None:
    """The text of a grammar rule's named group in this block, None if it took no part."""
    for inner in mark.inner:
        if inner.name == name:
            return block.text[inner.start : inner.end]
    return None
