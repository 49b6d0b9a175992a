"""keywords: the publisher's own tags, as the page declares them."""

from __future__ import annotations

import re

from pipeline.model import Found, Hints, Label, Segment

DECLARED = ("meta.article:tag", "json-ld.keywords", "meta.news_keywords", "meta.keywords", "meta.parsely-tags")
_COMMA = re.compile(r"\s*[,;،、]\s*")


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The tags of the first kind of evidence that has any, in the page's order, each once."""
    del segment
    if alone:
        for key in DECLARED:
            parts = (part.strip() for value in hints.structured.get(key, ()) for part in _COMMA.split(value))
            tags = tuple(dict.fromkeys(part for part in parts if part))
            if tags:
                return [Found("keywords", tags, None, key, 0.8, Label.HEADER)]
    return []
