"""`python -m bench train letters DATA_DIR`: how often each letter and mark stands in the texts of a language.

By these numbers decoding chooses between the readings that several single-byte encodings give. Counted over lang.parquet's texts
in one language; only languages that had such an encoding.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.decode import letters
from pipeline.errors import SettingsError

TEXTS = "lang.parquet"
KINDS = ("sentence", "title", "doc500", "doc2000")
# A character rarer than this share of a language's characters is left to the floor.
RAREST = 2e-5


def run(data: Path) -> int:
    """Writes pipeline/decode/letters.json: {language: {character: -10·log2 of its share}}. Raises SettingsError."""
    if not (data / TEXTS).is_file():
        raise SettingsError(f"there is no {TEXTS}", place=str(data), remedy="Name the folder that holds it")
    counts: dict[str, Counter[str]] = {}
    rows = pq.read_table(data / TEXTS, columns=["kind", "text", "gold_lang"]).to_pylist()
    for row in rows:
        if row["kind"] in KINDS:
            counts.setdefault(row["gold_lang"], Counter()).update(letters.judged(row["text"]))
    model = {language: _shares(counted) for language, counted in sorted(counts.items()) if _single_byte(counted)}
    letters.FILE.write_text(json.dumps(model, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


def _shares(counted: Counter[str]) -> dict[str, int]:
    total = sum(counted.values())
    return {
        char: round(-10 * math.log2(number / total))
        for char, number in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        if number / total >= RAREST
    }


def _single_byte(counted: Counter[str]) -> bool:
    """Most of its letters are in some encoding of one byte a character."""
    total = sum(counted.values())
    return any(
        sum(number for char, number in counted.items() if char.encode(codec, "ignore")) >= letters.MOST * total
        for codec in letters.CODECS
    )
