"""The encodings from before Unicode: a detector's guesses, judged by the text that they give."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from pipeline.decode import letters
from pipeline.decode.strange import strangeness
from pipeline.model import Decoded

# Bytes the detector sees: enough for .947 on the legacy corpus, and constant for long files.
DETECT_BYTES = 200_000
# With so few bytes beyond ASCII the detector's full list finds rare encodings that fit by chance; the web's list is surer, and
# no encoding of two bytes a character can be told.
FEW_BYTES = 6
# What a character that does not fit its neighbours costs, and what the detector's own guess is given, in bits of letters.cost.
STRANGE_BITS = 8
GUESSED_BITS = 4
# What an encoding costs that few files have: any but these.
RARE_BITS = 2
_USUAL = frozenset(
    {*(f"cp125{page}" for page in range(8)), "iso8859-1", "iso8859-2", "iso8859-15", "koi8-r", "koi8-u"},
)
_DEFAULT = "cp1252"
# Encodings that are read for one another, tried with what the detector names.
_SIBLINGS = {
    "cp1250": ("iso8859-2",),
    "cp1251": ("mac-cyrillic", "koi8-u"),
    "iso8859-2": ("cp1250",),
    "iso8859-7": ("cp1253",),
    "iso8859-13": ("cp1257",),
    "koi8-r": ("koi8-u",),
}
# Tags and their attributes are in no language.
_MARKUP = re.compile(r"<[^<>]{0,500}>")
_BEYOND = re.compile(rb"[\x80-\xff]")


def detected(data: bytes) -> Decoded | None:
    """The likeliest reading of `data` in an encoding from before Unicode; None if the detector finds none."""
    import chardet  # 70 ms to import, and most files never come here

    shown = data[:DETECT_BYTES]
    few = sum(1 for _ in zip(_BEYOND.finditer(shown), range(FEW_BYTES + 1), strict=False)) <= FEW_BYTES
    era = chardet.EncodingEra.MODERN_WEB if few else chardet.EncodingEra.ALL
    # prefer_superset=False: .947 exact on the legacy corpus; the default renames encodings to ones that decode differently.
    guess = chardet.detect(shown, encoding_era=era, prefer_superset=False)["encoding"]
    if guess is None:
        return None
    name = codecs.lookup(guess).name
    if name in letters.CODECS or few:
        others = chardet.detect_all(shown, ignore_threshold=True, prefer_superset=False)
        name = _likeliest(shown, name, [codecs.lookup(other["encoding"]).name for other in others if other["encoding"]])
    return Decoded(data.decode(name, "replace"), name, "guessed")


def bits(text: str) -> float:
    """What a reading costs: the less the likelier."""
    return letters.cost(text) + STRANGE_BITS * strangeness(text)


def _likeliest(shown: bytes, guess: str, others: Iterable[str]) -> str:
    """Of the single-byte encodings the one whose text costs least; among equals the guess, then the default."""
    names = [guess, _DEFAULT, *others]
    names += [sibling for name in names for sibling in _SIBLINGS.get(name, ())]
    best, least = guess, float("inf")
    for name in dict.fromkeys(names):
        if name not in letters.CODECS:
            continue
        try:
            text = _MARKUP.sub(" ", shown.decode(name))
        except UnicodeDecodeError:
            continue
        cost = bits(text) - GUESSED_BITS * (name == guess) + RARE_BITS * (name not in _USUAL)
        if cost < least:
            best, least = name, cost
    return best
