"""topics: those of the user's taxonomy (winnow.toml, [taxonomy]) of which the article uses a phrase, with the phrases found.

Phrases are compared word by word, case folded, so "port" is not found in "report"; scripts that write without spaces are
compared sign by sign.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections import Counter, defaultdict

from pipeline.frequencies import Frequencies
from pipeline.model import Article, Topic
from pipeline.settings import Settings

_TOKEN = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|(?:(?![\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff])\\w)+")
# A taxonomy as the settings hold it, in a form that can be a key.
_Items = tuple[tuple[str, tuple[str, ...]], ...]
# The first word of phrases → (all words, topic, the phrase as the user writes it), the longest first.
_Phrases = dict[str, list[tuple[tuple[str, ...], str, str]]]


def enrich(article: Article, settings: Settings, frequencies: Frequencies | None) -> Article:
    """The article with its topics, those with most hits first, then in the taxonomy's order."""
    del frequencies
    if not settings.taxonomy:
        return article
    phrases = _phrases(tuple(settings.taxonomy.items()))
    hits: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for part in (article.headline or "", article.text):
        words = _words(part)
        for at, word in enumerate(words):
            for phrase, topic, written in phrases.get(word, ()):
                if tuple(words[at : at + len(phrase)]) == phrase:
                    hits[topic][written] += 1
    order = {topic: place for place, topic in enumerate(settings.taxonomy)}
    found = [Topic(topic, tuple(sorted(each, key=lambda one: (-each[one], one))), each.total()) for topic, each in hits.items()]
    return dataclasses.replace(article, topics=tuple(sorted(found, key=lambda one: (-one.times, order[one.topic]))))


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _TOKEN.findall(text)]


@functools.lru_cache(maxsize=8)
def _phrases(taxonomy: _Items) -> _Phrases:
    found: _Phrases = {}
    for topic, written in taxonomy:
        for phrase in dict.fromkeys(written):
            words = tuple(_words(phrase))
            if words:
                found.setdefault(words[0], []).append((words, topic, phrase))
    return found
