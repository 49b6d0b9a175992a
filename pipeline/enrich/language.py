"""language: a vote of three detectors on the clean text, null where they carry none; and the shares of a text in several.

CLD2 is asked first and decides alone where it is sure. Else py3langid is asked too, and langdetect where it could still turn the
result. What counts as a vote and how much each weighs was measured with `python -m bench language DATA_DIR`.
Where they are not sure, what an export states of the article holds.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from pipeline.frequencies import Frequencies
from pipeline.model import Article, LanguageShare
from pipeline.settings import Settings

if TYPE_CHECKING:
    from langdetect.detector_factory import DetectorFactory
    from py3langid.langid import LanguageIdentifier

# The head of a text is names, places and captions more often than its middle.
SAMPLE_CHARS = 1000
# Shares are of the whole text, but for texts that are longer than any article.
SHARES_CHARS = 100_000
# Letters that carry less than this many bytes of UTF-8 name no language: six in Latin script, two in Chinese.
MIN_LETTER_BYTES = 6
# Signs of code and markup for each letter: prose stays below .25 (99.9 % of sentences and titles), listings mostly above.
MAX_SIGNS = 0.3
# CLD2 alone: so many letters, of which so many percent in one language, with at least so much of its own score …
SURE_LETTERS, SURE_PERCENT, SURE_SCORE = 150, 95, 300
# … unless the language is one of a group that detectors take for each other.
FAMILIES = (
    frozenset(("bs", "hr", "sr")),
    frozenset(("id", "ms")),
    frozenset(("no", "nn", "da")),
    frozenset(("xh", "zu")),
    frozenset(("es", "gl")),
)
# What each detector's vote weighs beside py3langid's, whose is its probability.
CLD_WEIGHT, LANGDETECT_WEIGHT = 0.5, 0.25
# A language that py3langid was not trained on can have no vote of it, so CLD2's counts for more.
CLD_ALONE = 0.6
# CLD2's score (per kB of text) above which its vote has its full weight; below, it falls with this power.
CLD_FULL, CLD_POWER = 1000.0, 0.6
# py3langid's name for text that is no language.
NOT_LANGUAGE = "zxx"
# langdetect draws random numbers; with a fixed seed the same text gives the same answer (law 6). One trial is as good as seven.
SEED, TRIALS = 0, 1
# A text is mixed if a second language has this share (percent) of at least so many letters.
MIXED_PERCENT, MIXED_LETTERS, MIXED_SCORE = 15, 200, 200

_ALIASES = {"iw": "he", "jw": "jv", "in": "id", "mo": "ro", "nb": "no", "fil": "tl", "srl": "sr"}
# Mark-up, addresses and characters that CLD2 refuses; all say nothing of the language.
_NOISE = re.compile(
    r"<[^<>]{1,200}>|https?://\S+|www\.\S+|[^\s@]{1,64}@\S+|[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_SIGNS = re.compile(r"[{}()\[\]<>=;_$\\|#*+/\"`~^&%@]")
# The sum of the votes, and how often such an answer was right (printed by `python -m bench language DATA_DIR`; made to rise).
_CALIBRATION = (
    *((0.0, 0.0), (0.25, 0.07), (0.35, 0.25), (0.45, 0.41), (0.55, 0.56), (0.7, 0.69), (0.85, 0.75), (0.95, 0.85)),
    *((1.0, 0.96), (1.25, 0.967), (1.35, 0.988), (1.45, 0.998), (1.5, 0.999)),
)
# CLD2 where it decides alone.
_SURE = 0.99


class Guess(NamedTuple):
    """One of CLD2's languages: its code, percent of the text, and CLD2's score for it."""

    code: str
    percent: int
    score: float


def enrich(article: Article, settings: Settings, frequencies: Frequencies | None) -> Article:
    """The article with its language and the shares of a mixed text.

    Below `settings.language_threshold` the language is what was stated (without a score), or null.
    """
    del frequencies
    code, score = detect(article.text)
    if code is None or score < settings.language_threshold:
        return article
    evidence = tuple(pair for pair in article.evidence if pair[0] != "language")
    return dataclasses.replace(
        article, language=code, language_score=score, language_shares=shares(article.text), evidence=evidence
    )


def detect(text: str) -> tuple[str | None, float]:
    """The BCP 47 code of the text's language and how often such an answer is right, 0…1; (None, 0.0) for none.

    Chinese is "zh" and Norwegian Bokmål "no" whatever detectors call them.
    """
    sample = _NOISE.sub(" ", _middle(text, SAMPLE_CHARS))
    letters = "".join(filter(str.isalpha, sample))
    if len(letters.encode()) < MIN_LETTER_BYTES or len(_SIGNS.findall(sample)) > MAX_SIGNS * len(letters):
        return None, 0.0
    if 2 * sum(map(str.isupper, letters)) > len(letters):
        sample = sample.lower()  # capitals are rare in what the detectors were trained on
    guesses, reliable = _cld(sample)
    if reliable and _sure(guesses, len(letters)):
        return guesses[0].code, _SURE
    votes = _votes(sample, guesses)
    if not votes:
        return None, 0.0
    best = max(votes, key=lambda code: (votes[code], code))
    return (None, 0.0) if best == NOT_LANGUAGE else (best, _calibrated(votes[best]))


def shares(text: str) -> tuple[LanguageShare, ...]:
    """The languages of a text in more than one and their shares of it, the largest first; () for a text in one.

    Languages of one family count as one: their parts cannot be told apart.
    """
    clean = _NOISE.sub(" ", _middle(text, SHARES_CHARS))
    if sum(map(str.isalpha, clean)) < MIXED_LETTERS:
        return ()
    merged: dict[str, int] = {}
    for guess in _cld(clean)[0]:
        if guess.percent >= MIXED_PERCENT and guess.score >= MIXED_SCORE:
            same = next((code for code in merged if any({code, guess.code} <= family for family in FAMILIES)), guess.code)
            merged[same] = merged.get(same, 0) + guess.percent
    if len(merged) < 2:  # noqa: PLR2004 – one language is no mixture
        return ()
    return tuple(LanguageShare(code, percent / 100) for code, percent in merged.items())


def _middle(text: str, chars: int) -> str:
    start = max(0, (len(text) - chars) // 2)
    return text[start : start + chars]


def _sure(guesses: list[Guess], letters: int) -> bool:
    """CLD2's answer needs no second opinion."""
    if not guesses or letters < SURE_LETTERS:
        return False
    first = guesses[0]
    return first.percent >= SURE_PERCENT and first.score >= SURE_SCORE and not any(first.code in family for family in FAMILIES)


def _votes(sample: str, guesses: list[Guess]) -> Mapping[str, float]:
    """The sum of the weighted votes for each language that was named."""
    votes: defaultdict[str, float] = defaultdict(float)
    identifier = _identifier()
    for guess in guesses:
        votes[guess.code] += CLD_WEIGHT * guess.percent / 100 * (min(guess.score, CLD_FULL) / CLD_FULL) ** CLD_POWER
    if guesses and guesses[0].code not in known_to_py3langid():
        votes[guesses[0].code] += CLD_ALONE * guesses[0].percent / 100 * min(guesses[0].score, CLD_FULL) / CLD_FULL
    for code, probability in identifier.rank(sample)[:6]:
        votes[_code(code)] += probability
    first, *others = sorted(votes.values(), reverse=True)
    if others and first - others[0] < LANGDETECT_WEIGHT:
        for code, probability in langdetect(sample, TRIALS):
            votes[code] += LANGDETECT_WEIGHT * probability
    return votes


def _calibrated(votes: float) -> float:
    """How often an answer with such votes is right: a line between the measured points."""
    place = bisect_right([point[0] for point in _CALIBRATION], votes)
    if place == len(_CALIBRATION):
        return _CALIBRATION[-1][1]
    (x0, y0), (x1, y1) = _CALIBRATION[max(place - 1, 0)], _CALIBRATION[place]
    return round(y0 + (y1 - y0) * (votes - x0) / (x1 - x0), 4) if x1 > x0 else y0


def _code(code: str) -> str:
    """One name for what detectors name differently."""
    short = code.split("-", maxsplit=1)[0].lower()
    return _ALIASES.get(short, short)


def _cld(text: str) -> tuple[list[Guess], bool]:
    """CLD2's languages, the best first, and whether it relies on the first."""
    import pycld2

    reliable, _, details = pycld2.detect(text, isPlainText=True, bestEffort=True)
    return [Guess(_code(code), percent, score) for _, code, percent, score in details if code != "un"], reliable


def langdetect(text: str, trials: int | None = None) -> list[tuple[str, float]]:
    """The languages langdetect finds and their probabilities, the best first; `trials` None: as many as its default."""
    from langdetect.lang_detect_exception import LangDetectException

    detector = _factory().create()
    if trials is not None:
        detector.n_trial = trials
    detector.append(text)
    try:
        return [(_code(found.lang), min(1.0, found.prob)) for found in detector.get_probabilities()]
    except LangDetectException:
        return []  # it found none of the letters it knows, and has no vote


@functools.cache
def _identifier() -> LanguageIdentifier:
    """py3langid's own model with probabilities, loaded once a process."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@functools.cache
def known_to_py3langid() -> frozenset[str]:
    """The languages py3langid was trained on."""
    return frozenset(map(_code, _identifier().labels))


@functools.cache
def known_to_langdetect() -> frozenset[str]:
    """The languages langdetect has profiles of."""
    return frozenset(map(_code, _factory().langlist))


@functools.cache
def _factory() -> DetectorFactory:
    """The profiles of langdetect, loaded once a process (400 ms)."""
    from langdetect import detector_factory

    factory = detector_factory.DetectorFactory()
    factory.load_profile(detector_factory.PROFILES_DIRECTORY)
    factory.set_seed(SEED)
    return factory
