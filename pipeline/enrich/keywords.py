"""derived_keywords: the words that an article has more often than other texts of its language, by TF-IDF (Spärck Jones, 1972).

The frequencies are those of a frozen table (pipeline.frequencies); without one for the article's language there are no keywords.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter, defaultdict

from pipeline.frequencies import Frequencies, words_of
from pipeline.model import Article
from pipeline.settings import Settings

MOST = 10
# A table of fewer documents says nothing of how common a word is.
MIN_TABLE = 20
# A word must stand so often in the text, the title counting TITLE_WEIGHT times, and in no larger share of all documents.
MIN_TIMES, TITLE_WEIGHT, MAX_SHARE = 2, 2, 0.2


def enrich(article: Article, settings: Settings, frequencies: Frequencies | None) -> Article:
    """The article with its derived keywords, the weightiest first, spelled as the text spells them most often."""
    del settings
    documents = frequencies.documents.get(article.language, 0) if frequencies is not None and article.language else 0
    if frequencies is None or article.language is None or documents < MIN_TABLE:
        return article
    known = frequencies.words[article.language]
    spelled: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word in words_of(article.text):
        spelled[word.casefold()][word] += 1
    times = Counter({key: each.total() for key, each in spelled.items()})
    for word in words_of(article.headline or ""):
        if word.casefold() in times:
            times[word.casefold()] += TITLE_WEIGHT
    weights = {
        key: count * math.log(documents / (1 + known.get(key, 0)))
        for key, count in times.items()
        if count >= MIN_TIMES and known.get(key, 0) <= MAX_SHARE * documents
    }
    best = sorted(weights, key=lambda key: (-round(weights[key], 6), key))[:MOST]
    found = tuple(min(spelled[key], key=lambda word, key=key: (-spelled[key][word], word)) for key in best)  # type: ignore[misc]
    return dataclasses.replace(article, derived_keywords=found)
