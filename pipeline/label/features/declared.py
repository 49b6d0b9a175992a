"""What a page declares its article to say (schema.org articleBody), laid beside its blocks.

Such a text may be cut short or stale, so it proves nothing alone; learned/ says what it weighs.
"""

from __future__ import annotations

import re

import numpy as np

from pipeline.label.features.names import ROW, Floats
from pipeline.model import Page

KEY = "json-ld.articleBody"
# Letters and digits; a declared text that is shorter says little, a longer one is not looked through.
MIN_BODY, MAX_BODY = 300, 60_000
# So many letters in a row are looked for, at the beginning, in the middle and at the end of a block.
PROBE = 16
UNKNOWN = -1
_NO_LETTERS = re.compile(r"[\W_]+")
_TAG = re.compile(r"<[^<>]{1,200}>")


def declared(out: Floats, folded: list[str], page: Page) -> None:
    """Of each block: which share of three probes the declared text has; of the page: how much of that text its blocks have."""
    out[ROW["declared"]] = UNKNOWN
    out[ROW["declared_found"]] = UNKNOWN
    texts = page.hints.structured.get(KEY, ())
    body = _letters(_TAG.sub(" ", " ".join(texts).casefold())) if texts else ""
    if not MIN_BODY <= len(body) <= MAX_BODY:
        return
    known = {body[at : at + PROBE] for at in range(len(body) - PROBE + 1)}
    found = 0
    for place, text in enumerate(folded):
        letters = _letters(text)
        if len(letters) < PROBE:
            continue
        middle = (len(letters) - PROBE) // 2
        probes = (letters[:PROBE], letters[middle : middle + PROBE], letters[-PROBE:])
        share = sum(probe in known for probe in probes) / len(probes)
        out[ROW["declared"], place] = share
        found += round(share * len(letters))
    out[ROW["declared_found"]] = np.float32(found / len(body))


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text)
