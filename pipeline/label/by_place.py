"""Marks from where a block stands in a structured page: what the page's own markup says is chrome, caption, heading or article.

A first version: containers by tag and class words, and the container that holds most prose. It proposes below certainty.
"""

from __future__ import annotations

from collections import defaultdict

from pipeline.marks import Marks
from pipeline.model import Block, Label, Mark, Node, Page
from pipeline.surface import is_prose

CHROME_TAGS = frozenset(
    ["nav", "footer", "aside", "form", "button", "select", "menu", "dialog", "option", "label", "fieldset", "legend"]
)
CHROME_WORDS = frozenset(
    [
        "nav",
        "navbar",
        "navigation",
        "menu",
        "breadcrumb",
        "breadcrumbs",
        "footer",
        "sidebar",
        "aside",
        "related",
        "recommended",
        "recommendations",
        "share",
        "sharing",
        "social",
        "comment",
        "comments",
        "disqus",
        "respond",
        "newsletter",
        "subscribe",
        "subscription",
        "cookie",
        "cookies",
        "consent",
        "banner",
        "promo",
        "advert",
        "advertisement",
        "ad",
        "ads",
        "sponsored",
        "outbrain",
        "taboola",
        "widget",
        "widgets",
        "masthead",
        "toolbar",
        "pagination",
        "pager",
        "popular",
        "trending",
        "login",
        "signup",
        "paywall",
        "popup",
        "modal",
        "toc",
        "tags",
        "taglist",
        "complementary",
        "contentinfo",
        "search",
        "searchform",
    ]
)
BODY_WORDS = frozenset(["articlebody", "entry", "post", "story", "article"])
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
CAPTIONS = frozenset(("figcaption", "caption"))
# More of a block inside links than this is a menu or a list of teasers.
MAX_LINK_SHARE = 0.6
# How far above a paragraph its container is looked for.
ANCESTORS = 4


def label(page: Page, marks: Marks) -> Marks:
    """`marks` with one proposal a block of a structured page added; plain text gets none."""
    if not any(block.node for block in page.blocks):
        return marks
    container = _container(page.blocks)
    return tuple(
        (*each, mark) if (mark := _mark(block, container)) else each for block, each in zip(page.blocks, marks, strict=True)
    )


def _mark(block: Block, container: int | None) -> Mark | None:
    node = block.node
    if node is None:
        return None
    if node.hidden:
        return Mark(Label.BOILERPLATE, "place.hidden", 0.8)
    chrome = _chrome(node, container)
    if chrome is not None:
        return chrome
    if block.kind in CAPTIONS:
        return Mark(Label.CAPTION, "place.caption", 0.95)
    if block.links > MAX_LINK_SHARE * len(block.text):
        return Mark(Label.BOILERPLATE, "place.links", 0.6)
    return Mark(Label.HEADING, "place.heading", 0.6) if block.kind in HEADINGS else None


def _chrome(node: Node, container: int | None) -> Mark | None:
    """What the elements around a block say, from the inside out, as far as the container of the article."""
    above: Node | None = node
    while above is not None and above.ordinal != container:
        if above.tag in CHROME_TAGS:
            return Mark(Label.BOILERPLATE, f"place.{above.tag}", 0.85)
        if not above.tokens.isdisjoint(CHROME_WORDS) and above.tag not in ("body", "html"):
            return Mark(Label.BOILERPLATE, "place.class", 0.7)
        above = above.parent
    return Mark(Label.BOILERPLATE, "place.outside", 0.65) if container is not None and above is None else None


def _container(blocks: tuple[Block, ...]) -> int | None:
    """The ordinal of the element that holds the article: most prose, a paragraph counting less the further up."""
    mass: defaultdict[int, float] = defaultdict(float)
    for block in blocks:
        if block.node is None or block.node.hidden or not is_prose(block.text) or block.links > len(block.text) / 2:
            continue
        node: Node | None = block.node if block.kind != "p" or block.node.tag != "p" else block.node.parent
        weight = 1.0
        for _ in range(ANCESTORS):
            if node is None or node.tag in ("body", "html") or node.tag in CHROME_TAGS:
                break
            bonus = 1.5 if node.tag == "article" or not node.tokens.isdisjoint(BODY_WORDS) else 1.0
            mass[node.ordinal] += weight * bonus * len(block.text)
            weight *= 0.8
            node = node.parent
    return max(mass, key=lambda ordinal: (mass[ordinal], ordinal)) if mass else None
