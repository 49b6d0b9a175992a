"""Reading marks: which proposal wins, and what a grammar rule's groups say. Order of proposals never matters."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pipeline.model import PRECEDENCE, Block, Label, Mark

Marks = tuple[tuple[Mark, ...], ...]

# From here on a mark is certain: certain rules outrank scores, scores outrank uncertain rules.
CERTAIN = 0.9
# Below this a proposal does not stand against the default, which is to keep the text.
LIKELY = 0.5
# Marks of learned scores have rules that begin so.
SCORE = "score."
# Those of the score that chooses a dump's title, bylines and dateline; what it does not choose is none.
HEAD = "head."
# Marks of site templates have rules that begin so; scores leave those blocks alone.
TEMPLATE = "template."
# What a line may be for, other than to be read.
PURPOSES = frozenset((Label.SEPARATOR, Label.HEADER, Label.TITLE, Label.BYLINE, Label.DATELINE, Label.SECTION, Label.REFERENCE))
DEFAULT = Mark(Label.BODY, "default", LIKELY)


def resolve(marks: Sequence[Mark], without: Collection[Label] = ()) -> Mark:
    """The mark that holds for the whole block; inline marks, and those of the labels `without`, don't count.

    Certain marks: the first label in precedence. Then what a line is for (title, byline …) if it is likely; then the learned
    score, which outranks uncertain rules; then the highest confidence. Ties go by precedence, then by the rule's name.
    """
    if not marks:
        return DEFAULT
    if len(marks) == 1:  # the usual case, half of the cost of a page otherwise
        only = marks[0]
        return only if not only.inline and only.confidence >= LIKELY and only.label not in without else DEFAULT
    whole = [mark for mark in marks if not mark.inline and mark.confidence >= LIKELY and mark.label not in without]
    if len(whole) <= 1:
        return whole[0] if whole else DEFAULT
    certain = [mark for mark in whole if mark.confidence >= CERTAIN]
    if len(certain) == 1:
        return certain[0]
    if certain:
        return min(certain, key=lambda mark: (PRECEDENCE[mark.label], -mark.confidence, mark.rule))
    scored = [mark for mark in whole if mark.rule.startswith(SCORE)]
    if scored:
        purpose = [mark for mark in whole if mark.label in PURPOSES]
        if scored[0].label is Label.BODY:
            purpose = purpose or [mark for mark in whole if mark.label is Label.HEADING]
        whole = purpose or scored
    return min(whole, key=lambda mark: (-mark.confidence, PRECEDENCE[mark.label], mark.rule), default=DEFAULT)


def proposed(marks: Marks, *labels: Label) -> list[int]:
    """The places of the blocks that somebody proposes to be one of these labels, rising: resolving all would cost."""
    return sorted({place for place, each in enumerate(marks) for mark in each if mark.label in labels})


def is_explained(marks: Sequence[Mark]) -> bool:
    """Whether a site template says what the block is, so that no score has to."""
    return any(mark.rule.startswith(TEMPLATE) for mark in marks)


def group(block: Block, mark: Mark, name: str) -> str | None:
    """The text of a grammar rule's named group in this block, None if it took no part."""
    for inner in mark.inner:
        if inner.name == name:
            return block.text[inner.start : inner.end]
    return None
