"""url: the page's canonical address, as it declares it."""

from __future__ import annotations

from pipeline.model import Found, Hints, Label, Segment

DECLARED = ("link.canonical", "meta.og:url", "json-ld.url", "container.url")


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """The first absolute address that the page declares, for a file with one article."""
    del segment
    if alone:
        for key in DECLARED:
            for value in hints.structured.get(key, ()):
                if value.startswith(("http://", "https://")):
                    return [Found("url", value, None, key, 0.9, Label.HEADER)]
    return []
