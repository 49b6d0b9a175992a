"""What a page declares about itself: <title>, <meta>, <link>, <html lang>, <time> and JSON-LD, gathered while its tags pass."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any

from pipeline.blocks import json_ld
from pipeline.model import Hints

# schema.org types whose headline, author and dates speak of the page's own article.
ARTICLE_TYPES = frozenset(
    [
        "Article",
        "NewsArticle",
        "BlogPosting",
        "Report",
        "ReportageNewsArticle",
        "AnalysisNewsArticle",
        "OpinionNewsArticle",
        "ReviewNewsArticle",
        "BackgroundNewsArticle",
        "LiveBlogPosting",
        "SocialMediaPosting",
        "TechArticle",
        "ScholarlyArticle",
        "Review",
        "VideoObject",
        "WebPage",
    ]
)
_TEXT_KEYS = (
    *("headline", "name", "datePublished", "dateModified", "articleSection", "keywords", "inLanguage", "url", "articleBody"),
)
_PARTY_KEYS = ("author", "publisher")
# What stands below these speaks of something else: parties, comments, teasers, the posts of a live blog.
_ELSEWHERE = frozenset(
    [*_PARTY_KEYS, "comment", "mentions", "citation", "hasPart", "itemListElement", "review", "relatedLink", "liveBlogUpdate"]
)
# Elements whose attributes declare something; others need no look.
DECLARING = frozenset(("meta", "link", "html", "time", "script"))
# JSON-LD is nested a few levels; deeper is hostile.
MAX_NESTING = 20


class HintsBuilder:
    """Takes start tags and the text of <title> and <script>, gives Hints."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}
        self._script_is_data = False

    def add(self, key: str, value: object) -> None:
        """Note one value; blank ones are nothing."""
        text = " ".join(unescape(str(value)).split()) if isinstance(value, str | int | float) else ""
        if text:
            self._found.setdefault(key, []).append(text)

    def element(self, tag: str, attrs: dict[str, str | None]) -> None:
        """Note what a start tag declares."""
        if tag == "meta":
            name = attrs.get("property") or attrs.get("name") or attrs.get("itemprop")
            if name and attrs.get("content"):
                self.add(f"meta.{name.strip().lower().removeprefix('schema:')}", attrs["content"])
        elif tag == "link":
            rel = (attrs.get("rel") or "").lower().split()
            if "canonical" in rel:
                self.add("link.canonical", attrs.get("href"))
        elif tag == "html":
            self.add("html.lang", attrs.get("lang") or attrs.get("xml:lang"))
        elif tag == "time":
            self.add("time.datetime", attrs.get("datetime"))
            # Microdata and RDFa: <time itemprop="datePublished">, <time property="schema:datePublished">.
            said = (attrs.get("itemprop") or attrs.get("property") or "").lower()
            for name in ("datepublished", "datemodified"):
                if name in said:
                    self.add(f"microdata.{name}", attrs.get("datetime"))
        elif tag == "script":
            self._script_is_data = (attrs.get("type") or "").strip().lower() == "application/ld+json"

    def text(self, tag: str, text: str) -> None:
        """Note the text of <title> or of a JSON-LD script; what of it no reading mends is noted as broken."""
        if tag == "title":
            if "title" not in self._found:
                self.add("title", text)
        elif self._script_is_data:
            data, whole = json_ld.read(text)
            if not whole:
                self.add("json-ld.broken", "1")
            if data:
                self._json_ld(data)

    def build(self) -> Hints:
        """All that was found."""
        return Hints(structured={key: tuple(values) for key, values in self._found.items()})

    def _json_ld(self, data: Any) -> None:
        nodes = list(_nodes(data))
        named = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and "name" in node}
        for node in nodes:
            kinds = node.get("@type")
            kinds = {kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)}
            if "BreadcrumbList" in kinds:
                for crumb in _breadcrumb(node):
                    self.add("json-ld.breadcrumb", crumb)
            prefix = "json-ld.page" if kinds <= {"WebPage", "VideoObject"} else "json-ld"
            if not kinds & ARTICLE_TYPES:
                continue
            for kind in sorted(kinds):
                self.add("json-ld.type", kind)
            for key in _TEXT_KEYS:
                for value in _strings(node.get(key)):
                    self.add(f"{prefix}.{key}", unescape(value))  # often escaped twice: for JSON and for HTML
            for key in _PARTY_KEYS:
                for value, organisation in _parties(node.get(key), named):
                    self.add(f"{prefix}.{key}.organization" if organisation and key == "author" else f"{prefix}.{key}", value)


def _nodes(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """All objects that have a type, in document order."""
    if depth > MAX_NESTING:
        return
    if isinstance(data, list):
        for item in data:
            yield from _nodes(item, depth + 1)
    elif isinstance(data, dict):
        if "@type" in data:
            yield data
        for key, value in data.items():
            if key not in _ELSEWHERE and isinstance(value, dict | list):
                yield from _nodes(value, depth + 1)


def _strings(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item


def _parties(value: Any, named: dict[str, dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """(name, whether it is declared an organisation's): strings, objects with a name, or references to such objects."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item, False
        elif isinstance(item, dict):
            node = item if "name" in item else named.get(str(item.get("@id", "")), {})
            organisation = "Organization" in str(node.get("@type"))
            yield from ((name, organisation) for name in _strings(node.get("name")))


def _breadcrumb(node: dict[str, Any]) -> Iterator[str]:
    items = node.get("itemListElement")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            inner = item.get("item")
            yield from _strings(item.get("name", inner.get("name") if isinstance(inner, dict) else None))
