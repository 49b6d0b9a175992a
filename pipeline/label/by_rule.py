"""Marks from the rules: whole blocks, everything behind a block, or ranges inside it."""

from __future__ import annotations

from pipeline.marks import CERTAIN, Marks
from pipeline.model import Block, Inner, Label, Mark, Page
from pipeline.rules import Rule, RuleSet, folded, groups
from pipeline.surface import is_prose

TO_END = "to-end"


def label(page: Page, rules: RuleSet) -> Marks:
    """One tuple of marks a block. A to-end rule marks what follows until a separator."""
    marks: list[tuple[Mark, ...]] = []
    ending: Rule | None = None
    seen_prose = False
    texts = folded([block.text for block in page.blocks])
    inline = rules.with_inline(texts)
    for place, (block, text) in enumerate(zip(page.blocks, texts, strict=True)):
        whole = [Mark(rule.label, rule.id, rule.confidence, groups(match)) for rule, match in rules.match_folded(text)]
        if whole and any(mark.label is Label.SEPARATOR for mark in whole):
            ending = None
        if ending is not None:
            whole.append(Mark(ending.label, ending.id, ending.confidence))
        elif whole and seen_prose:
            ending = next((rules[mark.rule] for mark in whole if rules[mark.rule].scope == TO_END), None)
        elif whole:
            # On the first lines such words are a title: what ends an article stands behind one.
            whole = [mark for mark in whole if rules[mark.rule].scope != TO_END]
        seen_prose = seen_prose or (not whole and is_prose(block.text))
        if not text[:1].isalnum() and not any(char.isprintable() and not char.isspace() for char in block.text[:64]):
            whole.append(Mark(Label.BOILERPLATE, "invisible", CERTAIN))
        if not whole and place in inline:
            whole = _inline(block, rules)
        marks.append(tuple(whole))
    return tuple(marks)


def _inline(block: Block, rules: RuleSet) -> list[Mark]:
    found = rules.find_inline(block.text)
    return [
        Mark(rule.label, rule.id, rule.confidence, (Inner("flag" if rule.flag else "cut", start, end),), inline=True)
        for rule, start, end in found
    ]
