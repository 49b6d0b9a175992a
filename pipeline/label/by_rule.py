"""Marks from the rules: whole blocks, everything behind a block, or ranges inside it."""

from __future__ import annotations

from array import array

from pipeline.marks import CERTAIN, Marks
from pipeline.model import Block, Inner, Label, Mark, Page
from pipeline.rules import Rule, RuleSet, folded, groups
from pipeline.surface import is_prose

TO_END = "to-end"
# Teasers in a row are found every other one at a look: so many looks find a hundred of them.
MAX_LOOKS = 8
# What is not read: a block of which nothing else is left goes whole.
_UNREAD = frozenset((Label.BOILERPLATE, Label.CAPTION))


def label(page: Page, rules: RuleSet) -> Marks:
    """One tuple of marks a block. A to-end rule marks what follows until a separator."""
    marks: list[tuple[Mark, ...]] = []
    ending: Rule | None = None
    seen_prose = False
    texts = folded([block.text for block in page.blocks])
    inline = rules.with_inline(texts)
    matches = rules.match_folded
    for place, (block, text) in enumerate(zip(page.blocks, texts, strict=True)):
        found = matches(text)
        whole = [Mark(rule.label, rule.id, rule.confidence, groups(match)) for rule, match in found] if found else []
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
        if not whole and place in inline and block.kind != "pre":  # there it is what the article shows: code, a listing
            whole = _inline(block, rules)
        marks.append(tuple(whole))
    return tuple(marks)


def _inline(block: Block, rules: RuleSet) -> list[Mark]:
    """What inline rules find; what they leave is looked at again, until nothing more is found.

    So a text that lost its cuts has none left: of two teasers in a row the second needs the full stop of the first, and the rest
    of a caption that lost its credit may be furniture itself, which makes it so as a whole.
    """
    found = rules.find_inline(block.text)
    marks = [_found(rule, start, end) for rule, start, end in found]
    text, place = block.text, array("I")  # `place`: where in the block each character of what is left stands
    for _ in range(MAX_LOOKS):
        cuts = [(start, end) for rule, start, end in found if not rule.flag]
        if not cuts:
            break
        text, place = _left(text, place or array("I", range(len(text))), cuts)
        rest = [Mark(rule.label, rule.id, rule.confidence) for rule, _ in rules.match_block(text) if rule.label in _UNREAD]
        if rest:
            return rest
        found = [each for each in rules.find_inline(text) if not each[0].flag]
        marks.extend(_found(rule, place[start], place[end - 1] + 1) for rule, start, end in found)
    return marks


def _found(rule: Rule, start: int, end: int) -> Mark:
    return Mark(rule.label, rule.id, rule.confidence, (Inner("flag" if rule.flag else "cut", start, end),), inline=True)


def _left(text: str, place: array[int], cuts: list[tuple[int, int]]) -> tuple[str, array[int]]:
    """The text and the places without the cuts, which rise by their starts and may overlap."""
    texts, places, at = list[str](), array("I"), 0
    for start, end in (*cuts, (len(text), len(text))):
        if start > at:
            texts.append(text[at:start])
            places.extend(place[at:start])
        at = max(at, end)
    return "".join(texts), places
