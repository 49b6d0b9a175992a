"""language and language_score: langdetect on a sample from the middle of the clean text.

Where it is not sure: what an export states of the article, or null.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

from pipeline.model import Article
from pipeline.settings import Settings

if TYPE_CHECKING:
    from langdetect.detector_factory import DetectorFactory

# The head of a text is names, places and captions more often than its middle.
SAMPLE_CHARS = 1000
# Fewer letters than this name no language.
MIN_LETTERS = 12
# langdetect draws random numbers; with a fixed seed the same text gives the same answer (law 6).
SEED = 0


def enrich(article: Article, settings: Settings) -> Article:
    """The article with its language; below `settings.language_threshold` it keeps what was stated (without a score), or null."""
    code, score = detect(article.text)
    if code is None or score < settings.language_threshold:
        return article
    evidence = tuple(pair for pair in article.evidence if pair[0] != "language")
    return dataclasses.replace(article, language=code, language_score=score, evidence=evidence)


def detect(text: str) -> tuple[str | None, float]:
    """The ISO 639-1 code of the text's language and the detector's probability; (None, 0.0) for too little text.

    Chinese is "zh" whatever its script. Text in capitals is read in small letters, which the detector's profiles know better.
    """
    sample = _sample(text)
    if sum(map(str.isalpha, sample)) < MIN_LETTERS:
        return None, 0.0
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory().create()
    detector.append(sample.lower() if sample.isupper() else sample)
    try:
        best = detector.get_probabilities()[:1]
    except LangDetectException:
        return None, 0.0
    return (best[0].lang.split("-")[0], min(1.0, best[0].prob)) if best else (None, 0.0)


def _sample(text: str) -> str:
    if len(text) <= SAMPLE_CHARS:
        return text
    start = (len(text) - SAMPLE_CHARS) // 2
    return text[start : start + SAMPLE_CHARS]


@functools.cache
def _factory() -> DetectorFactory:
    """The profiles, loaded once a process (400 ms)."""
    from langdetect import detector_factory

    factory = detector_factory.DetectorFactory()
    factory.load_profile(detector_factory.PROFILES_DIRECTORY)
    factory.set_seed(SEED)
    return factory
