"""What is remembered of documents, and how two memories are joined.

A state holds the documents themselves, cut down to their blocks' ids, scores and samples, so counting a document twice is
impossible and joining is a union. Of a site with more than `most` documents those with the smallest keys stay: keys are digests,
so that is a random sample, the same in whatever order documents came. Counts in a sample are exact for the sample, and no count
is ever more than what was seen.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# Documents remembered of a site; 500 lines of 60 characters make 40 kB a document, a quarter of that on disk.
MOST_DOCUMENTS = 200
SAMPLE_CHARS = 200


class Line(NamedTuple):
    """A block: its id (`templates.fingerprint`), a sample of its text, its kind, and how sure the learned score is, 0…1.

    `words` are those a zone counts; `prose`: the characters it has if it is a paragraph of running text, else 0.
    """

    id: str
    text: str
    kind: str
    score: float
    words: float
    prose: int


class Document(NamedTuple):
    """The blocks of one document, in order. `plain`: it has no structure, so its lines have zones.

    `words` are the different ones of its text, case folded and sorted, where its `language` is known.
    """

    plain: bool
    lines: tuple[Line, ...]
    language: str | None = None
    words: tuple[str, ...] = ()


# site → key of the document (`templates.document_key`) → document
State = dict[str, dict[str, Document]]


class Observed(NamedTuple):
    """What a batch gave: its documents, and the sources that gave none (they are rejected by `ingest`, too)."""

    state: State
    skipped: int


def merge(one: Mapping[str, Mapping[str, Document]], other: Mapping[str, Mapping[str, Document]], most: int) -> State:
    """All documents of both, of each site those `most` with the smallest keys. Order, grouping and repetition do not matter."""
    return {site: kept({**one.get(site, {}), **other.get(site, {})}, most) for site in sorted({*one, *other})}


def kept(documents: Mapping[str, Document], most: int) -> dict[str, Document]:
    """The documents with the smallest keys, in that order."""
    return {key: documents[key] for key in sorted(documents)[:most]}


def to_bytes(documents: Mapping[str, Document]) -> bytes:
    """One site's documents as compressed JSON; the same bytes for the same documents."""
    plain = {key: [document.plain, document.lines, document.language, document.words] for key, document in documents.items()}
    return gzip.compress(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode(), mtime=0)


def from_bytes(data: bytes) -> dict[str, Document]:
    """The documents of `to_bytes`. Raises OSError, EOFError, ValueError, TypeError if the bytes are none."""
    found: dict[str, Any] = json.loads(gzip.decompress(data))
    return {
        key: Document(plain, tuple(Line(*line) for line in lines), language, tuple(words))
        for key, (plain, lines, language, words) in found.items()
    }
