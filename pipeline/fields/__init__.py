"""Segment → claims and values. One file a field; each reads marks and hints only, never raw patterns of its own.

A field takes its blocks out of the text by claiming their span; where the page says the value elsewhere it claims nothing.
Adding a field: one module here with `find(segment, hints, alone) -> list[Found]` and its name in `FIELDS`, a column, a golden.
`alone` is true for a file's only article: what the file declares (metadata, breadcrumb) speaks of one, not of each of ten.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.fields import byline, dates, headline, keywords, provider, publisher, references, section, titles, url
from pipeline.learned import Weights
from pipeline.model import Found, Hints, Segment

Finder = Callable[[Segment, Hints, bool], list[Found]]

FIELDS: tuple[Finder, ...] = (
    provider.find,
    headline.find,
    byline.find,
    dates.find,
    publisher.find,
    section.find,
    url.find,
    keywords.find,
    references.find,
)


_SHIPPED: Mapping[str, Weights] = MappingProxyType({})


def find(segment: Segment, hints: Hints, *, alone: bool, weights: Mapping[str, Weights] = _SHIPPED) -> list[Found]:
    """All values and claims for one article, in the order of FIELDS; the first value of a field is the one that counts.

    `weights` replaces shipped weights by name.
    """
    ranked = functools.partial(headline.find, weights=weights.get(titles.FILE))
    finders = (ranked if field is headline.find else field for field in FIELDS)
    return [found for field in finders for found in field(segment, hints, alone)]
