"""Segment → claims and values. One file a field; each reads marks and hints only, never raw patterns of its own.

A field takes its blocks out of the text by claiming their span; where the page says the value elsewhere it claims nothing.
Adding a field: one module here with `find(segment, hints, alone) -> list[Found]` and its name in `FIELDS`, a column, a golden.
`alone` is true for a file's only article: what the file declares (metadata, breadcrumb) speaks of one, not of each of ten.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from pipeline.fields import byline, dates, headline, keywords, mail, provider, publisher, references, section, titles, url
from pipeline.fields.day import Day, attested
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
    mail.find,
)


_SHIPPED: Mapping[str, Weights] = MappingProxyType({})


def find(segment: Segment, hints: Hints, *, alone: bool, weights: Mapping[str, Weights] = _SHIPPED) -> list[Found]:
    """All values and claims for one article, in the order of FIELDS; the first value of a field is the one that counts.

    `weights` replaces shipped weights by name. A day in a future that the document knows nothing of is no value.
    """
    ranked = functools.partial(headline.find, weights=weights.get(titles.FILE))
    finders = (ranked if field is headline.find else field for field in FIELDS)
    found = [one for field in finders for one in field(segment, hints, alone)]
    return [one for one in found if not isinstance(one.value, Day) or attested(one.value, _texts(segment, hints))]


def _texts(segment: Segment, hints: Hints) -> Iterator[str]:
    yield from (block.text for block in segment.blocks)
    yield from (value for values in hints.structured.values() for value in values)
