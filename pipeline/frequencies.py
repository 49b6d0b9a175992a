"""In how many documents a word stands, a table a language: the file that flow `learn` writes and derived keywords are weighed by.

Frozen: a row depends on the table through its digest, which is part of the rule set's. No table, no derived keywords.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import SettingsError
from pipeline.surface import is_dense

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# Beside the templates, whose files end otherwise.
NAME = "frequencies.json"
FORMAT = 1
# A word of fewer documents is as rare as one that is not there; beyond so many words the rarest are left out.
MIN_DOCUMENTS, MOST_WORDS = 2, 50_000
# Of a text so many characters are read: the rest repeats its words.
MAX_CHARS = 100_000
_WORD = re.compile(r"[^\W\d_]{3,40}(?:[-’'][^\W\d_]{2,40})*")


@dataclass(frozen=True, slots=True)
class Frequencies:
    """For each language (BCP 47) the documents seen and, for each word, case folded, those that have it."""

    version: int
    documents: Mapping[str, int]
    words: Mapping[str, Mapping[str, int]]
    digest: str = ""


def words_of(text: str) -> list[str]:
    """The words of a text as they stand, in order; none of a script that writes without spaces: there it takes a dictionary."""
    return [] if is_dense(text) else _WORD.findall(text[:MAX_CHARS])


def frozen(seen: Iterable[tuple[str, Iterable[str]]], before: Frequencies | None = None) -> Frequencies:
    """The table of documents, each its language and its different words; the version is one more than before if it differs."""
    documents: Counter[str] = Counter()
    words: dict[str, Counter[str]] = {}
    for language, found in seen:
        documents[language] += 1
        words.setdefault(language, Counter()).update(set(found))
    kept = {
        language: dict(
            sorted(
                sorted(((w, n) for w, n in each.items() if n >= MIN_DOCUMENTS), key=lambda pair: (-pair[1], pair[0]))[:MOST_WORDS]
            )
        )
        for language, each in sorted(words.items())
    }
    made = Frequencies(before.version if before else 1, dict(sorted(documents.items())), kept)
    if before is not None and (before.documents, before.words) != (made.documents, made.words):
        return Frequencies(before.version + 1, made.documents, made.words)
    return made


def to_json(table: Frequencies) -> str:
    """The file of a table; `load` reads it back."""
    held = {"format": FORMAT, "version": table.version, "documents": table.documents, "words": table.words}
    return json.dumps(held, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


def load(folder: Path) -> Frequencies | None:
    """The table in a folder of templates; None if there is none. Raises SettingsError."""
    path = folder / NAME
    if not path.is_file():
        return None
    data = path.read_bytes()
    try:
        held = _checked(json.loads(data))
        documents = {str(key): int(value) for key, value in held["documents"].items()}
        words = {str(key): {str(word): int(n) for word, n in each.items()} for key, each in held["words"].items()}
        return Frequencies(int(held["version"]), documents, words, hashlib.sha256(data).hexdigest())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        cause = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise SettingsError(
            f"not a table of frequencies: {cause}", place=str(path), remedy="Delete it and learn again"
        ) from error


def _checked(held: dict[str, Any]) -> dict[str, Any]:
    if held["format"] != FORMAT:
        raise ValueError(f"its format is {held['format']}, not {FORMAT}")
    return held
