"""Blocks → marks. The only place that judges what a block is; nothing is decided here, only proposed.

LABELERS is the order of work: each sees the page and the proposals so far, and returns proposals. Adding knowledge is a rule in
rules/; a new way of judging is one module here and its line in the list.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.label import by_place, by_rule, context, references, titles
from pipeline.marks import Marks
from pipeline.model import Page
from pipeline.rules import RuleSet

Labeler = Callable[[Page, Marks], Marks]

LABELERS: tuple[Labeler, ...] = (
    by_place.label,  # where a block stands in a structured page
    references.label,  # numbered lists of cited works
    titles.label,  # the line that names the article
    context.label,  # bylines and datelines: grammar is certain only in the right place
)


def label(page: Page, rules: RuleSet) -> Marks:
    """The marks of each block, in the order of `page.blocks`."""
    marks = by_rule.label(page, rules)
    for labeler in LABELERS:
        marks = labeler(page, marks)
    return marks
