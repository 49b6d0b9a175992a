"""Article → article, with what needs the clean text: counts, quality, language. One file each; ENRICHERS is their order."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.enrich import counts, language, quality
from pipeline.model import Article
from pipeline.settings import Settings

Enricher = Callable[[Article, Settings], Article]

ENRICHERS: tuple[Enricher, ...] = (counts.enrich, quality.enrich, language.enrich)


def enrich(article: Article, settings: Settings) -> Article:
    """The article with every enrichment's columns filled."""
    for enricher in ENRICHERS:
        article = enricher(article, settings)
    return article
