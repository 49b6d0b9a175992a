"""The blocks around an article's title, where pages say who wrote it and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipeline.marks import HEAD, LIKELY, proposed, resolve
from pipeline.model import Block, Label, Mark, Node, Segment, Span
from pipeline.surface import is_prose

# A byline or date stands at most so many blocks above or below the title; its element is at most so many levels up.
ABOVE, BELOW, LEVELS = 6, 16, 3
# Longer blocks are text.
MAX_LINE = 120
# Elements whose names and dates are not this article's.
OTHERS = frozenset(
    (
        "comment",
        "comments",
        "commentlist",
        "respond",
        "related",
        "teaser",
        "sidebar",
        "widget",
        "footer",
        "recent",
        "form",
        "fn",
        "reply",
    )
)
# Elements that hold the whole article: their class names nobody.
WIDE = frozenset(("body", "html", "article", "main", "section", "form"))


def title_of(segment: Segment) -> int:
    """The index of the title line, else of the first heading, else 0."""
    for index in proposed(segment.marks, Label.TITLE):
        mark = resolve(segment.marks[index])
        if mark.label is Label.TITLE and mark.rule != "title.head":
            return index
    return next((index for index, block in enumerate(segment.blocks) if index and block.kind == "h1"), 0)


def is_scored(segment: Segment) -> bool:
    """Whether this is a dump whose title, bylines and date the learned score has chosen."""
    return any(mark.rule.startswith(HEAD) for marks in segment.marks for mark in marks)


def scored(segment: Segment, label: Label) -> list[tuple[Block, Mark, Span | None]]:
    """The lines that the score chose, in order, with the claim: a line that stays in the text is claimed only if it is likely."""
    found = []
    for block, marks in zip(segment.blocks, segment.marks, strict=True):
        for mark in marks:
            if mark.label is label and mark.rule.startswith(HEAD):
                dropped = resolve(marks).label is Label.BOILERPLATE
                claim = Span(block.start, block.end) if dropped or mark.confidence >= LIKELY else None
                found.append((block, mark, claim))
    return found


def heads_page(segment: Segment) -> bool:
    """Whether the segment's title is the page's own: what is cut off behind it does not change who wrote it and when."""
    return any(mark.rule == "title.repeats-head" for marks in segment.marks for mark in marks)


def near_title(segment: Segment, title: int) -> Sequence[Block]:
    """The short blocks just above and below the title; in pages and their dumps a summary may stand between.

    In other texts what stands behind the first paragraph may head an entry of a chronicle.
    """
    found: list[Block] = []
    summaries = 0 if segment.blocks[title].kind == "line" and not heads_page(segment) else 1
    for index in range(max(0, title - ABOVE), min(len(segment.blocks), title + BELOW)):
        block = segment.blocks[index]
        if index > title and is_prose(block.text):
            if not summaries:
                break
            summaries -= 1
        found.append(block)
    return found


# Short words that only one of these languages is full of.
_COMMON = {
    "en": frozenset("the and of that with for was is are by".split()),  # noqa: SIM905
    "de": frozenset("der die und das ist nicht mit den von ein auch".split()),  # noqa: SIM905
    "fr": frozenset("le les des est une dans pour que qui sur".split()),  # noqa: SIM905
    "es": frozenset("el los las que una por con para del se".split()),  # noqa: SIM905
    "it": frozenset("il gli che di una per con della sono non".split()),  # noqa: SIM905
    "pt": frozenset("os que um uma para com não do da em".split()),  # noqa: SIM905
    "nl": frozenset("het een van en dat niet met voor zijn op".split()),  # noqa: SIM905
    "da": frozenset("og det er som på til af ikke har".split()),  # noqa: SIM905
}
_LOOK = 40  # paragraphs


def language_hint(segment: Segment) -> str | None:
    """The language whose short words the paragraphs have most of; None where none has many. Enough to read a date by."""
    prose = [block.text for block in segment.blocks if is_prose(block.text)][:_LOOK]
    found = Counter(word for text in prose for word in text.casefold().split()[:60])
    counts = {language: sum(found[word] for word in common) for language, common in _COMMON.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= len(prose) > 0 else None


def is_others(node: Node | None) -> bool:
    """Whether an element around it holds comments, teasers, forms."""
    for _ in range(LEVELS):
        if node is None or node.tag in WIDE:
            return False
        if not node.tokens.isdisjoint(OTHERS):
            return True
        node = node.parent
    return False
