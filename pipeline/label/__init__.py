"""Blocks → marks. The only place that judges what a block is; nothing is decided here, only proposed.

`label` is the order of work: each labeler sees the page and the proposals so far, and returns proposals. Adding knowledge is a
rule in rules/; a new way of judging is one module here and its line below.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from pipeline.label import by_head, by_line, by_place, by_rule, by_score, by_template, context, references, titles
from pipeline.learned import Weights
from pipeline.marks import Marks
from pipeline.model import Page
from pipeline.rules import RuleSet
from pipeline.templates import Template

# The features of a block take 4 KB while it is scored. The longest page in 1,415 has 3,089 blocks; what has more than these is a
# book or an attack, and is scored in parts of equal length, each as if it were the page.
MAX_SCORED = 20_000


def label(page: Page, rules: RuleSet, mode: str, weights: Mapping[str, Weights], template: Template | None = None) -> Marks:
    """The marks of each block, in the order of `page.blocks`.

    `mode` (precision, balanced, recall) is how readily the learned scores drop; `weights` replaces shipped weights by name;
    `template` is what was learned of the document's site.
    """
    marks = label_before_heads(page, rules, mode, weights, template)
    if len(page.blocks) <= MAX_SCORED:
        marks = by_head.label(page, marks, weights.get(by_head.FILE))  # title, author and date of a crude dump
    return marks


def label_before_heads(
    page: Page, rules: RuleSet, mode: str, weights: Mapping[str, Weights], template: Template | None = None
) -> Marks:
    """The marks that the score of head lines sees: all others."""
    marks = by_rule.label(page, rules)
    marks = by_place.label(page, marks)  # what the page's own markup says: hidden, caption, heading
    marks = by_template.label(page, marks, template)  # what recurs on the site
    marks = _scored(page, marks, mode, weights, template)  # article or chrome, learned
    marks = references.label(page, marks)  # numbered lists of cited works
    marks = titles.label(page, marks)  # the line that names the article
    return context.label(page, marks)  # bylines and datelines: grammar is certain only in the right place


def _scored(page: Page, marks: Marks, mode: str, weights: Mapping[str, Weights], template: Template | None) -> Marks:
    """The marks with what the learned scores say: one is of the blocks of structured pages, one of the lines of a crude dump."""
    structured = any(block.node for block in page.blocks)
    length = math.ceil(len(page.blocks) / max(1, math.ceil(len(page.blocks) / MAX_SCORED)))
    settled: Marks = ()
    for start in range(0, len(page.blocks), max(1, length)):
        part = replace(page, blocks=page.blocks[start : start + length]) if length < len(page.blocks) else page
        known = marks[start : start + length]
        if structured:
            settled += by_score.label(part, known, mode, weights.get(by_score.FILE))
        else:
            settled += by_line.label(part, known, mode, weights.get(by_line.FILE), by_template.zones(part, template))
    return settled
