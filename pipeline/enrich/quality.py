"""quality: plain measures that corpus builders filter by; they judge nothing here."""

from __future__ import annotations

import dataclasses
from collections import Counter

from pipeline.frequencies import Frequencies
from pipeline.model import Article
from pipeline.settings import Settings


def enrich(article: Article, settings: Settings, frequencies: Frequencies | None) -> Article:
    """The article with its share of letters among visible characters, mean paragraph length and share of repeated text."""
    del settings, frequencies
    paragraphs = article.text.split("\n\n")
    visible = [char for char in article.text if not char.isspace()]
    seen = Counter(paragraphs)
    repeated = sum(len(text) * (count - 1) for text, count in seen.items())
    return dataclasses.replace(
        article,
        quality=(
            ("alpha_share", sum(map(str.isalpha, visible)) / max(1, len(visible))),
            ("mean_paragraph_chars", sum(map(len, paragraphs)) / len(paragraphs)),
            ("repeated_share", repeated / max(1, len(article.text))),
        ),
    )
