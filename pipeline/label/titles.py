"""The line that names the article: in the breadcrumb too, the page's own heading, the first line, or a line above a dateline."""

from __future__ import annotations

from pipeline.evidence import Titled, declared_titles, is_site, overlap, site_names, without_site
from pipeline.marks import LIKELY, SCORE, Marks, group, resolve
from pipeline.model import Block, Inner, Label, Mark, Page
from pipeline.surface import could_be_title, is_prose, likeness_key, same_line

# The group of a breadcrumb rule that repeats the title.
LAST_CRUMB = "headline"
# The title stands at most so many blocks behind its breadcrumb.
AFTER_BREADCRUMB = 6
# A heading that is part of the declared title ("Cranes stay | Tidepost") must be longer than this to count, in letters.
MIN_PART = 12
# In a dump, category, byline, date and share lines stand between title and text; a title has more words than those.
ABOVE_TEXT = 12
# A dump has more lines than this; its title stands among the first MAX_HEAD (menus come first), and says this share
# of the <title>.
MIN_DUMP, MAX_HEAD = 10, 1500
HEAD_SHARE = 0.3
# A line above the text that shares so many words with the <title> says the same in other words.
AKIN = 0.25
# The name of a site, in letters.
MIN_SITE, MAX_SITE = 3, 40
TITLE_SPACES = 2
# A line and a declared title: the same, or one a part of the other.
EXACT, PART = 2.0, 1.0
# "Cranes stay | Tidepost": what leads is the title, what follows the site.
LEADS = 0.3
# What content systems call the element of a title.
TITLE_TOKENS = frozenset(("headline", "title"))
# Longer headings are no titles; the longest in 1,400 gold titles has 220 characters.
MAX_TITLE = 300
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
        _repeats_head(page),
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
    """The heading that the page's own metadata repeats, else that is a part of it, else the <h1> nearest the text."""
    declared = declared_titles(page.hints)
    sites = site_names(page.hints)
    best, surest = None, 0.0
    for index, block in enumerate(page.blocks):
        if best is not None and is_prose(block.text) and resolved[index].label is Label.BODY:
            break  # headings below the first paragraph are of sections
        weight = _heads_page(block)
        if not weight or _is_chrome(resolved[index]) or len(block.text) > MAX_TITLE or block.kind == "line":
            continue
        support = max((_support(block.text, each) for each in declared), default=0.0)
        if block.kind != "h1" and support < PART:
            continue
        score = support + weight - (1 if is_site(block.text, sites) else 0)
        if best is None or score >= surest + (support < EXACT) * 0.01:
            best, surest = index, score
    if best is None:
        return {}
    support = max((_support(page.blocks[best].text, each) for each in declared), default=0.0)
    if support >= PART:
        return {best: Mark(Label.TITLE, "title.declared", 0.995 if support >= EXACT else 0.95)}
    return {best: Mark(Label.TITLE, "title.h1", 0.8)} if surest > 0 and could_be_title(page.blocks[best].text) else {}


def _heads_page(block: Block) -> float:
    """How much an element looks like the page's heading, 0…1: h1 before h2 before what is only classed as a title."""
    node = block.node
    above = node.parent if node is not None else None
    named = (node is not None and not node.tokens.isdisjoint(TITLE_TOKENS)) or (
        above is not None and not above.tokens.isdisjoint(TITLE_TOKENS)
    )
    if block.kind == "h1":
        return 0.6 if named else 0.5
    if block.kind in ("h2", "h3"):
        return 0.3 if named else 0.2
    return 0.1 if named and block.links < len(block.text) else 0.0


def _support(text: str, declared: Titled) -> float:
    """How much a declared title says that this line is the title: 2 the same, 1 a part of it, else below 1."""
    key = likeness_key(text)
    if key in (declared.key, likeness_key(declared.raw)):
        return EXACT
    raw = likeness_key(declared.raw)
    if len(key) > MIN_PART and key in raw:
        return PART + LEADS * raw.startswith(key)
    if len(declared.key) > MIN_PART and declared.key in key:
        return PART
    return overlap(text, declared.value) / 2


def _is_chrome(mark: Mark) -> bool:
    """Furniture by a rule; the learned score knows titles as what is not text."""
    return mark.label is Label.BOILERPLATE and not mark.rule.startswith(SCORE)


def _breadcrumbs(page: Page, marks: Marks) -> dict[int, Mark]:
    found = {}
    grouped = {index for index, each in enumerate(marks) for mark in each if mark.inner}
    for index, each in enumerate(marks):
        if index not in grouped:
            continue
        names = {name for mark in each if mark.inner and (name := group(page.blocks[index], mark, LAST_CRUMB))}
        for later in range(index + 1, min(index + 1 + AFTER_BREADCRUMB, len(page.blocks)) if names else 0):
            if any(same_line(page.blocks[later].text, name) for name in names):
                found[later] = Mark(Label.TITLE, "title.breadcrumb", 0.99)
                break
    return found


def _repeats_head(page: Page) -> dict[int, Mark]:
    """In a dump of a page: the line below that says again what the first line, the page's <title>, says, the site aside.

    The longest that the head begins with, else ends in; else the line above the first paragraph that shares most words with it;
    else the head itself, without the site's name, which such a dump has as a line of its own.
    """
    if len(page.blocks) < MIN_DUMP or page.blocks[0].kind != "line":
        return {}
    head = likeness_key(page.blocks[0].text)
    leads, ends = (0, 0), (0, 0)  # index (0: none) and length
    for index in range(1, min(len(page.blocks), MAX_HEAD)):
        text = page.blocks[index].text
        key = likeness_key(text)
        if (leads[0] or ends[0]) and is_prose(text) and key not in head:
            break
        if len(key) < max(MIN_PART - 1, len(head) * HEAD_SHARE):
            continue
        if head.startswith(key) and len(key) >= leads[1]:
            leads = (index, len(key))
        elif head.endswith(key) and len(key) >= ends[1]:
            ends = (index, len(key))
    best = leads[0] or ends[0]
    return {} if not best else {best: Mark(Label.TITLE, "title.repeats-head", 0.98)}


def _is_dump(page: Page) -> bool:
    """Whether this is a text dump of a page, whose first line is its <title>: many lines, and a title or a menu word second."""
    return len(page.blocks) >= MIN_DUMP and page.blocks[0].kind == "line" and could_be_title(page.blocks[1].text)


def _head_itself(page: Page) -> dict[int, Mark]:
    """The first line of a dump without the site's name; the group `headline` says which part that is."""
    head = page.blocks[0].text
    others = {likeness_key(block.text) for block in page.blocks[1:MAX_HEAD]}
    title = without_site(head, frozenset(key for key in others if MIN_SITE < len(key) <= MAX_SITE and key in likeness_key(head)))
    title = title.rpartition(" | ")[0] or title
    start = head.find(title)
    return {0: Mark(Label.TITLE, "title.head", 0.7, (Inner(LAST_CRUMB, start, start + len(title)),))}


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
    dump = _is_dump(page)
    above = [
        index
        for index in range(max(dump, (first or 0) - ABOVE_TEXT), first or 0)
        if (resolved[index].rule.startswith(SCORE) or resolved[index].label is Label.BODY)
        and could_be_title(page.blocks[index].text)
        and page.blocks[index].text.count(" ") >= TITLE_SPACES
    ]
    head = page.blocks[0].text
    best = max(above, key=lambda i: (dump and overlap(page.blocks[i].text, head), len(page.blocks[i].text)), default=None)
    if dump and head.count(" ") > TITLE_SPACES and (best is None or overlap(page.blocks[best].text, head) < AKIN):
        return _head_itself(page)
    return {} if best is None else {best: Mark(Label.TITLE, "title.above-text", 0.65)}


def _prose_within(page: Page, start: int, blocks: int = 3) -> bool:
    return any(is_prose(block.text) for block in page.blocks[start : start + blocks])
