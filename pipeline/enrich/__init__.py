"""Article → article, with what needs the clean text: counts, quality, language, keywords, topics.

One file each; ENRICHERS is their order.
"""

from __future__ import annotations

from collections.abc import Callable

from pipeline.enrich import counts, keywords, language, quality, topics
from pipeline.frequencies import Frequencies
from pipeline.model import Article
from pipeline.settings import Settings

Enricher = Callable[[Article, Settings, Frequencies | None], Article]

ENRICHERS: tuple[Enricher, ...] = (counts.enrich, quality.enrich, language.enrich, keywords.enrich, topics.enrich)


def enrich(article: Article, settings: Settings, frequencies: Frequencies | None = None) -> Article:
    """The article with every enrichment's columns filled; keywords need the frequencies of words, and its language."""
    for enricher in ENRICHERS:
        article = enricher(article, settings, frequencies)
    return article
