"""The types of every stage, from bytes to rows.

Spans are half-open ranges of code points in `Decoded.text`. Per-block types are `NamedTuple` (creation is what costs there),
the others frozen, slotted dataclasses. Nothing here computes; this module needs the standard library only.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Span(NamedTuple):
    """A half-open range of code points in `Decoded.text`."""

    start: int
    end: int


class Label(StrEnum):
    """What a block is, in falling precedence: where several marks are certain, the first of these wins."""

    SEPARATOR = "separator"
    HEADER = "header"
    TITLE = "title"
    BYLINE = "byline"
    DATELINE = "dateline"
    SECTION = "section"
    BOILERPLATE = "boilerplate"
    REFERENCE = "reference"
    CAPTION = "caption"
    HEADING = "heading"
    BODY = "body"


PRECEDENCE = {label: rank for rank, label in enumerate(Label)}


class Action(StrEnum):
    """What the ledger says became of a span. Flags and repairs are notes inside kept text and do not count in tiling."""

    DROPPED = "dropped"
    TAKEN = "taken"
    SEPARATOR = "separator"
    FLAGGED = "flagged"
    REPAIRED = "repaired"


@dataclass(frozen=True, slots=True)
class Source:
    """Where bytes came from. `uri` is relative to raw/, with `/`; `member` is the path inside an archive, "" for a plain file."""

    uri: str
    sha256: str
    size: int
    member: str = ""
    modified: dt.datetime | None = None
    media_type: str | None = None
    declared_charset: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Decoded:
    """The source text, decoded once and never edited.

    `evidence` says how the encoding was found (bom, utf-8, header, declared, guessed, container, fallback);
    `lossy` counts the U+FFFD characters that decoding put in. From `margin` on stand the headers and footers that a container
    prints on each page (None: it has none).
    """

    text: str
    encoding: str
    evidence: str
    lossy: int = 0
    margin: int | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """What the format itself declares about the article.

    `structured` maps a kind of evidence ("json-ld.headline", "og:title", "meta.author", "title", "canonical") to its values in
    document order; `headers` are mail or WARC headers; `provider` names a recognised export layout.
    """

    structured: dict[str, tuple[str, ...]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    provider: str | None = None


class Run(NamedTuple):
    """A piece of block text and the source slice it comes from.

    `how` is "verbatim", or the `+`-joined names of the functions in `pipeline.blocks.derive` that make `text` from the slice:
    entity (character references), unescaped (those of XML around HTML), space (white space folded), joined (a line break inside
    a paragraph), glued (one inside a word), unhyphenated (one with the letter and hyphen before it), repaired (mojibake).
    """

    start: int
    end: int
    text: str
    how: str


class Node(NamedTuple):
    """An open element of a structured file. `tokens` are the lower-case words of its class, id, role, itemprop and property."""

    tag: str
    tokens: frozenset[str]
    hidden: bool
    depth: int
    ordinal: int
    parent: Node | None


class Block(NamedTuple):
    """A paragraph-like unit. `text` is exactly the concatenation of its runs' texts, without outer white space.

    `kind` is "line" in plain text, else the tag that made the block (h1…h6, p, li, td, figcaption, nav …); `gap` counts the
    blank lines before it (plain text; 0 in a page: after a single line break); `depth` the open elements (structured); `links`
    the characters of `text` inside links.
    """

    runs: tuple[Run, ...]
    text: str
    kind: str
    gap: int = 0
    depth: int = 0
    links: int = 0
    node: Node | None = None

    @property
    def start(self) -> int:
        """Offset of the first character in `Decoded.text`."""
        return self.runs[0].start

    @property
    def end(self) -> int:
        """Offset behind the last character in `Decoded.text`."""
        return self.runs[-1].end


class Inner(NamedTuple):
    """A named range inside `Block.text` (not in the source): a group of a grammar rule, or what an inline rule found."""

    name: str
    start: int
    end: int


class Mark(NamedTuple):
    """A proposal: this block is a `label`, says `rule`, with `confidence` 0…1.

    `inner` holds a grammar rule's named groups (author, date, publisher …); for `scope = "inline"` rules the ranges to cut or
    flag, whose name is "cut" or "flag", and then the label speaks of those ranges only.
    """

    label: Label
    rule: str
    confidence: float
    inner: tuple[Inner, ...] = ()
    inline: bool = False


class Repair(NamedTuple):
    """Text inside a block that was changed because it was broken in the source; a note for the ledger."""

    start: int
    end: int
    rule: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Page:
    """One decoded file cut into blocks, in source order, with what the format declares and what was repaired inside blocks."""

    blocks: tuple[Block, ...]
    hints: Hints
    repairs: tuple[Repair, ...] = ()


class Stated(NamedTuple):
    """A field of an article as a line of an export states it. `text` is raw, without the line's label; fields/provider reads it.

    `field` is a column (author, date_published, …). `span` is the block it claims: what states two fields claims twice, what goes
    on over several blocks has text "" from the second on; None claims nothing.
    """

    field: str
    text: str
    span: Span | None
    rule: str


class Provided(NamedTuple):
    """What an export of a news database says of one of its articles.

    `name` is the export's layout ("lexisnexis"), `language` the BCP 47 tag of its labels and dates, None if they don't tell.
    """

    name: str
    language: str | None
    stated: tuple[Stated, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """One article's blocks, with their marks (a tuple of marks a block). `splitter` names the rule that cut before it.

    `provided` stands for an article of an export; an export's cover page and trailer have None, as undelimited text has.
    """

    ordinal: int
    blocks: tuple[Block, ...]
    marks: tuple[tuple[Mark, ...], ...]
    splitter: str
    confidence: float
    provided: Provided | None = None


class Found(NamedTuple):
    """A value for a field. `claim` is the source span of the block it takes out of the text; None claims nothing."""

    field: str
    value: object
    claim: Span | None
    rule: str
    confidence: float
    label: Label = Label.HEADER


class Entry(NamedTuple):
    """One ledger line. `article` is the position of the article it belongs to, None between articles."""

    action: Action
    start: int
    end: int
    label: Label
    rule: str
    confidence: float
    text: str
    replacement: str | None = None
    article: int | None = None


class Kept(NamedTuple):
    """`text[at : at + length]` of an article comes from `Decoded.text[start:end]` by `how`."""

    at: int
    length: int
    start: int
    end: int
    how: str


class Reference(NamedTuple):
    """A cited work: its number as printed (None: unnumbered), its text and the URLs in it.

    `same_as` is the number of the entry that an "ibid." stands for, whose URLs it has; `cited` counts the marks in the text that
    name its number.
    """

    number: int | None
    text: str
    urls: tuple[str, ...]
    same_as: int | None = None
    cited: int = 0


class LanguageShare(NamedTuple):
    """A language of a text in several, and its share of the text, 0…1."""

    language: str
    share: float


class Topic(NamedTuple):
    """A topic of the user's taxonomy: the phrases that gave it, as the taxonomy writes them, and how often they stand there."""

    topic: str
    phrases: tuple[str, ...]
    times: int


@dataclass(frozen=True, slots=True)
class Article:
    """One row of the articles table; `pipeline.columns` documents the columns. Missing is None or an empty tuple, never ""."""

    id: str
    position: int
    text: str
    kept: tuple[Kept, ...]
    split_by: str
    split_confidence: float
    url: str | None = None
    headline: str | None = None
    author: tuple[str, ...] = ()
    date_published: dt.date | None = None
    date_precision: str | None = None
    date_modified: dt.date | None = None
    publisher: str | None = None
    section: str | None = None
    language: str | None = None
    language_score: float | None = None
    language_shares: tuple[LanguageShare, ...] = ()
    keywords: tuple[str, ...] = ()
    derived_keywords: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = ()
    references: tuple[Reference, ...] = ()
    word_count: int = 0
    char_count: int = 0
    evidence: tuple[tuple[str, str], ...] = ()
    quality: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a source, or a span of it, did not become an article: a row of the documents table, never only a log line."""

    stage: str
    reason: str
    detail: str
    remedy: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source: ≥ 1 article or a rejection. `ledger` entries say their article by position.

    `export` names the news database's layout it was read as, `declared` how many articles the source says it holds; `warnings`
    are what looked odd though nothing was lost.
    """

    document_id: str
    source: Source
    decoded: Decoded | None
    articles: tuple[Article, ...]
    ledger: tuple[Entry, ...]
    rejections: tuple[Rejection, ...]
    text_sha256: str | None = None
    export: str | None = None
    declared: int | None = None
    warnings: tuple[str, ...] = ()
