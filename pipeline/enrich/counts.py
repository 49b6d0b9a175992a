"""word_count: words as Unicode text segmentation would roughly count them; unspaced scripts count each character."""

from __future__ import annotations

import dataclasses
import re

from pipeline.frequencies import Frequencies
from pipeline.model import Article
from pipeline.settings import Settings

_DENSE = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(f"[{_DENSE}]|(?:(?![{_DENSE}])\\w)+(?:['’](?:(?![{_DENSE}])\\w)+)*")


def enrich(article: Article, settings: Settings, frequencies: Frequencies | None) -> Article:
    """The article with its word count."""
    del settings, frequencies
    return dataclasses.replace(article, word_count=sum(1 for _ in _WORD.finditer(article.text)))
