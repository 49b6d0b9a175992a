"""One source: bytes → Outcome. The only place that knows the order of the stages."""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pipeline import __version__, blocks, decisions, frequencies, learned, rules, templates
from pipeline.compose import compose
from pipeline.decisions import Decisions
from pipeline.enrich import enrich
from pipeline.errors import Rejected
from pipeline.fields import find
from pipeline.frequencies import Frequencies
from pipeline.label import features, label
from pipeline.learned import Weights
from pipeline.marks import Marks
from pipeline.model import Action, Article, Decoded, Entry, Label, Outcome, Page, Rejection, Repair, Segment, Source, Span
from pipeline.repair import REPAIRS, mojibake
from pipeline.rules import RuleSet
from pipeline.settings import Settings
from pipeline.sources import extract
from pipeline.split import Cut, Split, split
from pipeline.split.features import VOCABULARIES
from pipeline.templates import Templates


@dataclass(frozen=True, slots=True)
class Context:
    """What every source of a run shares. `ruleset` is the digest of all knowledge that decides (rules, weights, vocabularies).

    `weights` replaces shipped weights by name, for figures that must not be in-sample. `enriched` False leaves out what needs the
    clean text (language …) and costs 0.4 s to load, for who wants the text alone. `decisions` stay out of `ruleset`: each touches
    one source, of whose identity it is a part (`Decisions.key`).
    """

    settings: Settings
    rules: RuleSet
    ruleset: str
    version: str = __version__
    enriched: bool = True
    weights: Mapping[str, Weights] = field(default_factory=dict)
    templates: Templates | None = None
    frequencies: Frequencies | None = None
    decisions: Decisions = field(default_factory=Decisions)


class Trace(NamedTuple):
    """The way of one source, stage by stage, for those who want to look."""

    decoded: Decoded
    page: Page
    marks: Marks
    segments: tuple[Segment, ...]
    outcome: Outcome
    unsure: tuple[Cut, ...] = ()


_contexts: dict[str, Context] = {}


def prepare(settings: Settings) -> Context:
    """The context of a run; rules are loaded once a process, templates and decisions again when their files changed.

    Raises RuleError, SettingsError.
    """
    learned_of_sites = templates.load(settings.templates) if settings.templates is not None else None
    words = frequencies.load(settings.templates) if settings.templates is not None else None
    decided = decisions.load(settings.decisions)
    made_by_learn = [found.digest for found in (learned_of_sites, words) if found is not None]
    key = settings.model_dump_json() + ":".join(made_by_learn)
    known = _contexts.get(key)
    if known is None:
        loaded = rules.load(settings.rules, settings.rule)
        weights = learned.digest(*features.VOCABULARIES, *VOCABULARIES)
        parts = [loaded.digest, weights, *made_by_learn]
        knowledge = hashlib.sha256(":".join(parts).encode()).hexdigest()
        enriched = settings.step in {"all", "tag"}
        known = _contexts[key] = Context(
            settings, loaded, knowledge, enriched=enriched, templates=learned_of_sites, frequencies=words
        )
    return replace(known, decisions=decided) if decided.of else known


def document_id(uri: str, member: str = "") -> str:
    """The identity of a source: sha256 of its uri and member, 32 hex digits."""
    return hashlib.sha256(f"{uri}\0{member}".encode()).hexdigest()[:32]


def process(source: Source, data: bytes, context: Context) -> Outcome:
    """What becomes of one source: articles and their ledger, or a rejection. Bad input never raises."""
    traced = trace(source, data, context)
    return traced.outcome if isinstance(traced, Trace) else traced


def trace(source: Source, data: bytes, context: Context) -> Trace | Outcome:
    """Every stage's result; only the outcome for a source that was rejected."""
    settings = context.settings
    try:
        decoded = extract.text_of(data, source.declared_charset, settings.max_lossy_share)
        chosen = extract.choose(data) or blocks.choose(decoded)
        source = replace(source, media_type=source.media_type or chosen.media_type)
        page = _said_outside(blocks.read(decoded), source)
    except Rejected as refusal:
        return rejected(source, Rejection(refusal.stage, refusal.reason, refusal.cause, refusal.remedy))
    template = context.templates.get(templates.site_of(source.uri, page.hints)) if context.templates is not None else None
    marks = label(page, context.rules, settings.mode, context.weights, template)
    cut = split(page, marks, settings.split_threshold, settings.review_threshold, context.decisions.about(source.sha256))
    outcome = compose_all(source, decoded, page, cut, context)
    return Trace(decoded, replace(page, blocks=cut.blocks), cut.marks, tuple(cut.segments), outcome, cut.unsure)


def _said_outside(page: Page, source: Source) -> Page:
    """The page with what its container says of it, as hints that the page's own outrank."""
    if not source.headers:
        return page
    said = {f"container.{name}": (value,) for name, value in source.headers}
    return replace(page, hints=replace(page.hints, structured={**page.hints.structured, **said}))


def rejected(source: Source, rejection: Rejection) -> Outcome:
    """The outcome of a source that gave nothing."""
    return Outcome(document_id(source.uri, source.member), source, None, (), (), (rejection,))


def decoded_text(source: Source, data: bytes, context: Context) -> str:
    """The whole text of a source, decoded, with mojibake repaired line by line, alike in all. Raises Rejected."""
    decoded = extract.text_of(data, source.declared_charset, context.settings.max_lossy_share)
    names = mojibake(decoded.text)
    if not names:
        return decoded.text
    # Not splitlines(): it also cuts at U+0085, which is half of many a garbled character.
    return re.sub(r"[^\r\n]+", lambda line: _mended(line.group(), names), decoded.text)


def _mended(text: str, names: tuple[str, ...]) -> str:
    for name in names:
        text = REPAIRS[name](text)
    return text


def compose_all(source: Source, decoded: Decoded, page: Page, cut: Split, context: Context) -> Outcome:
    """Articles in order. A segment of which nothing is kept is no article: its entries stand between articles.

    An article that an export announces and that has no text is a rejection, and so is a wrong number of them.
    """
    identity = document_id(source.uri, source.member)
    articles: list[Article] = []
    ledger: list[Entry] = []
    empty: list[Segment] = []
    doubts = _doubts(cut)
    for segment in cut.segments:
        article, entries = compose(
            segment,
            find(segment, page.hints, alone=len(cut.segments) == 1 and cut.export is None, weights=context.weights),
            decoded,
            identity,
            len(articles),
            _within(page.repairs, segment),
            keep_captions=context.settings.keep_captions,
        )
        noted = doubts[segment.ordinal]
        if noted:
            place = article.position if article is not None else None
            entries = sorted([*entries, *(note._replace(article=place) for note in noted)], key=lambda entry: entry[1:3])
        ledger.extend(entries)
        if article is not None:
            articles.append(enrich(article, context.settings, context.frequencies) if context.enriched else article)
        elif segment.provided is not None:
            empty.append(segment)
    rejections = tuple(_lost(cut, len(articles), empty)) if articles else (_nothing_kept(decoded, page),)
    digest = hashlib.sha256(decoded.text.encode("utf-8", "surrogatepass")).hexdigest()
    return Outcome(
        identity,
        source,
        decoded,
        tuple(articles),
        tuple(ledger),
        rejections,
        digest,
        export=cut.export,
        declared=cut.declared,
        warnings=cut.warnings,
    )


def _doubts(cut: Split) -> list[list[Entry]]:
    """For each segment the notes of where it might be cut as well; each stands on the line that would begin an article."""
    notes: list[list[Entry]] = []
    end = number = 0
    for segment in cut.segments:
        end += len(segment.blocks)
        notes.append([])
        while number < len(cut.unsure) and cut.unsure[number].at < end:
            at, rule, confidence = cut.unsure[number]
            block = cut.blocks[at]
            notes[-1].append(Entry(Action.FLAGGED, block.start, block.end, Label.SEPARATOR, rule, confidence, block.text))
            number += 1
    return notes


def _lost(cut: Split, found: int, empty: list[Segment]) -> Iterator[Rejection]:
    """What an export promised and did not give. The lines of an article without text are in the ledger, so no span is named."""
    if cut.declared is not None and cut.declared != found + len(empty):
        detail = f"the {cut.export} export declares {cut.declared} articles, and {found + len(empty)} were found"
        yield Rejection("split", "wrong-count", detail, "Look at it with `winnow inspect`; export it again if it is incomplete")
    if empty:
        detail = f"{len(empty)} articles of the {cut.export} export have no text, the first of them: {_named(empty[0])}"
        yield Rejection("compose", "no-text", detail, "Look at it with `winnow inspect`; export them again with their full text")


def _named(segment: Segment) -> str:
    """The headline of an article of an export, or the first of its lines."""
    stated = segment.provided.stated if segment.provided else ()
    return next((one.text for one in stated if one.field == "headline" and one.text), segment.blocks[0].text)[:80]


def _within(repairs: tuple[Repair, ...], segment: Segment) -> tuple[Repair, ...]:
    """The repairs inside a segment; they stand in source order."""
    first = bisect_left(repairs, segment.blocks[0].start, key=lambda repair: repair.start)
    last = bisect_left(repairs, segment.blocks[-1].end, key=lambda repair: repair.start)
    return repairs[first:last]


def _nothing_kept(decoded: Decoded, page: Page) -> Rejection:
    span = Span(0, len(decoded.text))
    if not page.blocks:
        return Rejection("blocks", "no-text", "the file has no visible text", "Remove it, or export it again", span)
    return Rejection(
        "compose",
        "no-article",
        "all of the text was taken for furniture or metadata",
        "Look at it with `winnow inspect`; a rule may be wrong",
        span,
    )
