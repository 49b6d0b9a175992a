"""headline: the title line of the text, else what the page declares."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.evidence import Titled, cuts, declared_titles, is_site, overlap, site_names
from pipeline.fields import titles
from pipeline.fields.day import without_date
from pipeline.fields.near import scored
from pipeline.fields.people import leads
from pipeline.marks import group, proposed, resolve
from pipeline.model import Block, Found, Hints, Label, Mark, Segment, Span
from pipeline.surface import fold, is_prose, likeness_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.learned import Weights

# A heading that shares fewer of its words with what all declarations agree on heads something else: the blog, a section.
STRANGER = 0.3
# The rule of title lines that the page's metadata repeats.
REPEATED = "title.declared"
# Written for the article alone, where <title> and og:title may be written for searchers.
STRUCTURED = "json-ld.headline"
# What content systems call the element of an article's title.
TITLE_TOKENS = frozenset(("headline", "title"))
# A title is at least so much of the <title> that says it, in characters; names of what joins the lines of a paragraph.
HALF, JOINED = 0.5, ("joined", "glued")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
AGREED, ALONE, ONLY_TITLE = 0.85, 0.75, 0.6

# An article of a page that holds several begins with its heading.
FROM_STRUCTURE = "structure.articles"
# Only a web page has one, and with it all the other places that are ranked.
HEAD = "title"
HEADINGS = frozenset(("h1", "h2", "h3", "h4"))


def find(segment: Segment, hints: Hints, alone: bool, weights: Weights | None = None) -> list[Found]:
    """What the rules find; in a page of one article, spelled as the learned ranking of all its candidates prefers.

    `weights` replaces the shipped ones.
    """
    found = by_rules(segment, hints, alone)
    if not alone or not found or segment.blocks[0].node is None or HEAD not in hints.structured:
        return found
    choice = titles.choose(segment, hints, str(found[0].value), weights)
    if choice is None or choice.value == found[0].value or found[0].rule.startswith(FROM_STRUCTURE):
        return found
    return [found[0]._replace(value=choice.value, rule=f"{titles.RULE}{choice.place}", confidence=choice.probability)]


def by_rules(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The surest title line above the article's first prose, with its claim.

    For a file's only article, the declared title where there is no such line, or where the declarations agree on another.
    """
    for line, mark, claim in scored(segment, Label.TITLE):
        return [Found("headline", _shown(_as_in_head(line, segment.blocks)), claim, mark.rule, mark.confidence, Label.TITLE)]
    marked: list[tuple[Mark, Block]] = []
    below = False  # behind prose, a line like a title heads a section, unless the page itself says otherwise
    titles = frozenset(proposed(segment.marks, Label.TITLE))
    for place, (block, marks) in enumerate(zip(segment.blocks, segment.marks, strict=True)):
        if below and place not in titles:
            continue
        mark = resolve(marks)
        if mark.label is Label.TITLE and (not below or mark.rule == REPEATED):
            marked.append((mark, block))
        below = below or (mark.label is Label.BODY and is_prose(block.text))
    own = _heading(segment) if segment.splitter == FROM_STRUCTURE else None
    if own is not None:
        return [Found("headline", fold(own.text), Span(own.start, own.end), f"{FROM_STRUCTURE}.heading", 0.9, Label.TITLE)]
    declared = declared_titles(hints) if alone else []
    if marked:
        best, block = max(marked, key=lambda pair: (pair[0].confidence, -pair[1].start))
        claim = Span(block.start, block.end)
        other = _outvotes(declared, block, hints)
        if other is None:
            return [
                Found(
                    "headline",
                    _shown(group(block, best, "headline") or block.text),
                    claim,
                    best.rule,
                    best.confidence,
                    Label.TITLE,
                )
            ]
        # The heading goes too: it says the same in other words, or names the blog.
        return [Found("headline", _shown(other.value), claim, other.rule, AGREED, Label.TITLE)]
    if not declared:
        return []
    agreed = _agreed(declared)
    chosen = agreed or declared[0]
    confidence = AGREED if agreed else ONLY_TITLE if chosen.rule == "title" else ALONE
    return [Found("headline", _shown(chosen.value), None, chosen.rule, confidence, Label.TITLE)]


def _outvotes(declared: list[Titled], block: Block, hints: Hints) -> Titled | None:
    """The declared title that is surer than the title line: the agreed one, if none repeats the line."""
    line, agreed = block.text, _agreed(declared)
    if agreed is None or any(likeness_key(line) in (each.key, likeness_key(each.raw)) for each in declared):
        return None
    if agreed.key in likeness_key(line) or agreed.rule == STRUCTURED or is_site(line, site_names(hints)):
        return agreed
    if block.node is not None and not block.node.tokens.isdisjoint(TITLE_TOKENS):
        return None
    return agreed if overlap(line, agreed.value) < STRANGER else None


def _agreed(declared: list[Titled]) -> Titled | None:
    """The first title of those that most declarations repeat, if at least two do."""
    times = Counter(each.key for each in declared)
    best = max(declared, key=lambda each: times[each.key], default=None)
    return best if best is not None and times[best.key] > 1 else None


def _as_in_head(line: Block, blocks: Sequence[Block]) -> str:
    """A dump's title line without the lines that were joined to it, or with the word above it, where the page's <title> says so.

    A dump breaks at inline tags: what stands behind the title in its paragraph may be "by", or the title's first word a link.
    """
    head, lines = blocks[0].text, _lines(line)
    if line.start == blocks[0].start:
        return _shown_again(head, blocks)
    key = likeness_key(head)
    short = (lines[:count] for count in range(len(lines), 0, -1))
    said = next((each for each in short if len(own := likeness_key("".join(each))) >= HALF * len(key) and own in key), None)
    if said is None:
        while len(lines) > 1 and (leads(lines[-1]) or without_date(lines[-1]) != lines[-1] or lines[-1].strip() in lines[:-1]):
            lines.pop()
    text = "".join(said or lines)
    above = next((before for before, each in pairwise(blocks[1:]) if each.start == line.start), None)
    goes_on = above is not None and above.text[-1:].isalnum() and text[:1].isalnum() and f"{above.text} {text}" in head
    return f"{above.text} {text}" if above is not None and goes_on else text


def _shown_again(head: str, blocks: Sequence[Block]) -> str:
    """The part of a dump's <title> that a line below repeats, most of it; else all of it."""
    parts = [part for part in (head, *cuts(head)) if len(part) >= HALF * len(head)]
    texts = {block.text for block in blocks[1:]}
    return next((part for part in parts if part in texts), head)


def _lines(block: Block) -> list[str]:
    """The texts of the lines that were joined to a block, what joins them before each."""
    found = [""]
    for run in block.runs:
        if run.how in JOINED:
            found.append("")
        found[-1] += run.text
    return found


def _shown(title: str) -> str:
    """The title in one line, without the marks that only say where a line may break."""
    return fold(_INVISIBLE.sub("", title))


def _heading(segment: Segment) -> Block | None:
    """The first heading above the first prose."""
    for block in segment.blocks:
        if block.kind in HEADINGS:
            return block
        if is_prose(block.text):
            break
    return None
