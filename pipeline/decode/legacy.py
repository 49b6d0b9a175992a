"""The encodings from before Unicode: a detector's guesses, judged by the text that they give."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from pipeline.decode.strange import strangeness
from pipeline.model import Decoded

# Bytes the detector sees: enough for .947 on the legacy corpus, and constant for long files.
DETECT_BYTES = 200_000
# With so few bytes beyond ASCII the detector's full list finds rare encodings that fit by chance; the web's list is surer.
FEW_BYTES = 6
# Another encoding is believed in place of the detector's if it is stranger in less than this share of the detector's places.
BETTER = 0.5
# Encodings that are read for one another, tried after what the detector names.
_SIBLINGS = {
    "iso8859-1": ("cp1252",),
    "iso8859-15": ("cp1252",),
    "iso8859-2": ("cp1250",),
    "cp1250": ("iso8859-2",),
    "iso8859-5": ("cp1251", "mac-cyrillic"),
    "koi8-r": ("koi8-u", "cp1251"),
    "mac-cyrillic": ("cp1251",),
    "cp1251": ("mac-cyrillic",),
    "iso8859-7": ("cp1253",),
    "iso8859-13": ("cp1257",),
    "iso8859-4": ("cp1257",),
    "mac-latin2": ("cp1250",),
}
_BEYOND = re.compile(rb"[\x80-\xff]")


def detected(data: bytes) -> Decoded | None:
    """The reading of `data` that looks least strange; the detector's own among equals. None if there is none."""
    best: tuple[float, Decoded] | None = None
    for name in dict.fromkeys(_candidates(data[:DETECT_BYTES])):
        try:
            found = Decoded(data.decode(name, "strict" if best else "replace"), name, "guessed")
        except UnicodeDecodeError:
            continue
        strange = strangeness(found.text)
        if best is None or (strange <= best[0] - 1 and strange < best[0] * BETTER):
            best = strange, found
        if best[0] == 0:
            break
    return best[1] if best else None


def _candidates(data: bytes) -> Iterator[str]:
    import chardet  # 70 ms to import, and most files never come here

    few = sum(1 for _ in zip(_BEYOND.finditer(data), range(FEW_BYTES + 1), strict=False)) <= FEW_BYTES
    eras = [chardet.EncodingEra.ALL, chardet.EncodingEra.MODERN_WEB]
    for era in reversed(eras) if few else eras:
        # prefer_superset=False: .947 exact on the legacy corpus; the default renames encodings to ones that decode differently.
        guess = chardet.detect(data, encoding_era=era, prefer_superset=False)["encoding"]
        if guess is not None:
            name = codecs.lookup(guess).name
            yield name
            yield from _SIBLINGS.get(name, ())
    yield "cp1252"
