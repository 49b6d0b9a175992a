"""The line that names the article: in the breadcrumb too, the page's own heading, the first line, or a line above a dateline."""

from __future__ import annotations

from pipeline.marks import LIKELY, SCORE, Marks, group, resolve
from pipeline.model import Label, Mark, Page
from pipeline.surface import could_be_title, is_prose, likeness_key, same_line

# The group of a breadcrumb rule that repeats the title.
LAST_CRUMB = "headline"
# The title stands at most so many blocks behind its breadcrumb.
AFTER_BREADCRUMB = 6
# A heading that is part of the declared title ("Cranes stay | Tidepost") must be longer than this to count, in letters.
MIN_PART = 12
# In a dump, category, byline, date and share lines stand between title and text; a title has more words than those.
ABOVE_TEXT = 12
TITLE_SPACES = 2
DECLARED = ("json-ld.headline", "meta.og:title", "meta.twitter:title", "title")
# Headings that open an article, never a section in its middle.
_OPENING = frozenset(
    [
        "introduction",
        "overview",
        "summary",
        "abstract",
        "background",
        "einleitung",
        "überblick",
        "zusammenfassung",
        "résumé",
        "introducción",
        "resumen",
        "introduzione",
        "sommario",
        "introdução",
        "resumo",
        "inleiding",
        "samenvatting",
        "введение",
        "аннотация",
        "مقدمه",
        "مقدمة",
        "引言",
        "摘要",
        "导言",
        "はじめに",
        "概要",
    ]
)
_OPENING_CHARS = max(map(len, _OPENING)) + 8
_CLOSING = frozenset((Label.DATELINE, Label.BYLINE))


def label(page: Page, marks: Marks) -> Marks:
    """`marks` with title proposals added."""
    resolved = [resolve(each) for each in marks]
    found: dict[int, Mark] = {}
    for proposals in (
        _declared(page, resolved),
        _breadcrumbs(page, marks),
        _first_line(page, resolved),
        _before(page, resolved),
        _behind(page, resolved),
        _above_text(page, resolved),
    ):
        for index, mark in proposals.items():
            if index not in found or found[index].confidence < mark.confidence:
                found[index] = mark
    return tuple((*each, found[i]) if i in found else each for i, each in enumerate(marks))


def _declared(page: Page, resolved: list[Mark]) -> dict[int, Mark]:
    """The heading that the page's own metadata repeats, else the longest that is a part of it, else the <h1> nearest the text."""
    structured = page.hints.structured
    declared = {likeness_key(value) for key in DECLARED for value in structured.get(key, ())}
    parts: list[int] = []
    nearest = None
    for index, block in enumerate(page.blocks):
        if nearest is not None and is_prose(block.text) and resolved[index].label is Label.BODY:
            break  # headings below the first paragraph are of sections
        if block.kind not in ("h1", "h2") or _is_chrome(resolved[index]):
            continue
        key = likeness_key(block.text)
        if key in declared:
            return {index: Mark(Label.TITLE, "title.declared", 0.98)}
        if len(key) > MIN_PART and any(key in other for other in declared):
            parts.append(index)
        if block.kind == "h1" and could_be_title(block.text):
            nearest = index
    if parts:
        return {max(parts, key=lambda index: len(page.blocks[index].text)): Mark(Label.TITLE, "title.declared", 0.95)}
    return {nearest: Mark(Label.TITLE, "title.h1", 0.8)} if nearest is not None else {}


def _is_chrome(mark: Mark) -> bool:
    """Furniture by a rule; the learned score knows titles as what is not text."""
    return mark.label is Label.BOILERPLATE and not mark.rule.startswith(SCORE)


def _breadcrumbs(page: Page, marks: Marks) -> dict[int, Mark]:
    found = {}
    for index, each in enumerate(marks):
        names = {name for mark in each if mark.inner and (name := group(page.blocks[index], mark, LAST_CRUMB))}
        for later in range(index + 1, min(index + 1 + AFTER_BREADCRUMB, len(page.blocks)) if names else 0):
            if any(same_line(page.blocks[later].text, name) for name in names):
                found[later] = Mark(Label.TITLE, "title.breadcrumb", 0.99)
                break
    return found


def _first_line(page: Page, resolved: list[Mark]) -> dict[int, Mark]:
    """The first line of a plain text that is neither furniture nor prose, if prose (or its byline) follows."""
    if any(block.kind != "line" for block in page.blocks[:1]):
        return {}
    first = _next_text(page, resolved, -1)
    if first is None or not could_be_title(page.blocks[first].text) or is_prose(page.blocks[first].text):
        return {}
    then = _next_text(page, resolved, first)
    if then is None:
        return {}
    if is_prose(page.blocks[then].text) or (page.blocks[then].gap and not could_be_title(page.blocks[then].text)):
        return {first: Mark(Label.TITLE, "title.first-line", 0.8)}
    return {}


def _next_text(page: Page, resolved: list[Mark], index: int) -> int | None:
    for later in range(index + 1, len(page.blocks)):
        if resolved[later].label in (Label.BODY, Label.HEADING):
            return later
    return None


def _before(page: Page, resolved: list[Mark]) -> dict[int, Mark]:
    """A short line just before a byline, a dateline, or a heading that only ever opens an article, with prose to come."""
    found = {}
    blocks = page.blocks
    for index in range(len(blocks) - 2):
        below = resolved[index + 1]
        closes = below.label in _CLOSING and below.confidence >= LIKELY
        if not closes and not _opens(blocks[index + 1].text):
            continue
        if resolved[index].label is not Label.BODY or is_prose(blocks[index].text) or not could_be_title(blocks[index].text):
            continue
        if index and not (is_prose(blocks[index - 1].text) or resolved[index - 1].label is not Label.BODY):
            continue
        if closes:
            if _prose_within(page, index + 2):
                found[index] = Mark(Label.TITLE, "title.before-byline", 0.75)
        elif is_prose(blocks[index + 2].text):
            found[index] = Mark(Label.TITLE, "title.before-opening", 0.75)
    return found


def _opens(text: str) -> bool:
    return len(text) <= _OPENING_CHARS and text.strip(" :").casefold() in _OPENING


def _behind(page: Page, resolved: list[Mark]) -> dict[int, Mark]:
    """A short line just behind a closing line or a separator, with prose (or its byline) just below it.

    Whether an article begins there is for split/ to say; where none does, the line stays text.
    """
    found = {}
    blocks = page.blocks
    for index in range(1, len(blocks) - 1):
        if blocks[index].kind != "line" or resolved[index].label is not Label.BODY or not could_be_title(blocks[index].text):
            continue
        above, below = resolved[index - 1].label, resolved[index + 1].label
        if above is Label.SEPARATOR and index > 1 and resolved[index - 2].label is Label.REFERENCE:
            continue  # a rule below the references stands above a source line
        starts = is_prose(blocks[index + 1].text) or below in (Label.BYLINE, Label.DATELINE)
        if starts and above in (Label.BYLINE, Label.SEPARATOR) and not is_prose(blocks[index].text):
            found[index] = Mark(Label.TITLE, "title.behind-closing", 0.6)
    return found


def _above_text(page: Page, resolved: list[Mark]) -> dict[int, Mark]:
    """In a dump: the longest line that could be a title among those just above the first paragraph that the score keeps."""
    if not any(mark.rule.startswith(SCORE) for mark in resolved) or page.blocks[0].kind != "line":
        return {}
    first = next((i for i, b in enumerate(page.blocks) if resolved[i].label is Label.BODY and is_prose(b.text)), None)
    above = [
        index
        for index in range(max(0, (first or 0) - ABOVE_TEXT), first or 0)
        if (resolved[index].rule.startswith(SCORE) or resolved[index].label is Label.BODY)
        and could_be_title(page.blocks[index].text)
        and page.blocks[index].text.count(" ") >= TITLE_SPACES
    ]
    best = max(above, key=lambda index: len(page.blocks[index].text), default=None)
    return {} if best is None else {best: Mark(Label.TITLE, "title.above-text", 0.65)}


def _prose_within(page: Page, start: int, blocks: int = 3) -> bool:
    return any(is_prose(block.text) for block in page.blocks[start : start + blocks])
