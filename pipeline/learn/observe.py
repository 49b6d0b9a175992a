"""Sources → what is remembered of them: the map step, for any process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline import blocks, sources
from pipeline.decode import decode
from pipeline.enrich.language import detect
from pipeline.errors import Rejected
from pipeline.frequencies import words_of
from pipeline.label import by_line, by_score, by_template
from pipeline.learn.state import SAMPLE_CHARS, Document, Line, Observed, State
from pipeline.process import prepare
from pipeline.surface import fold, is_prose
from pipeline.templates import document_key, fingerprint, site_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pipeline.model import Page, Source
    from pipeline.process import Context
    from pipeline.settings import Settings
    from pipeline.sources import Listed

# From this score on a block is taken for article when documents are compared.
LIKELY_TEXT = 0.5


def observe(listed: Sequence[Listed], settings: Settings) -> Observed:
    """The documents of these files; those that cannot be read or decoded are only counted."""
    # What is learned must not depend on what was learned before.
    context = prepare(settings.model_copy(update={"templates": None}))
    state: State = {}
    skipped = 0
    for one in listed:
        try:
            with sources.opened(one, settings) as file:
                for part in file.parts():
                    skipped += not _remember(part, context, state)
        except Rejected:
            skipped += 1
    return Observed(state, skipped)


def _remember(part: sources.Part, context: Context, state: State) -> bool:
    """Whether the source had a document, which is put into `state`."""
    try:
        found = None if part.refusal else document_of(part.source, part.data, context)
    except Rejected:
        return False
    if found is None:
        return False
    site, key, document = found
    state.setdefault(site, {})[key] = document
    return True


def document_of(source: Source, data: bytes, context: Context) -> tuple[str, str, Document] | None:
    """(site, key, document) of a source; None if it has no text. Raises Rejected."""
    page = blocks.read(decode(data, source.declared_charset, context.settings.max_lossy_share))
    if not page.blocks:
        return None
    plain = not any(block.node for block in page.blocks)
    scores, counts = _scores(page, context, plain=plain)
    lines = tuple(
        Line(
            fingerprint(block.text),
            fold(block.text)[:SAMPLE_CHARS],
            block.kind,
            round(score, 4),
            count,
            len(block.text) if score >= LIKELY_TEXT and is_prose(block.text) else 0,
        )
        for block, score, count in zip(page.blocks, scores.tolist(), counts, strict=True)
    )
    text = "\n\n".join(block.text for block, score in zip(page.blocks, scores.tolist(), strict=True) if score >= LIKELY_TEXT)
    language, words = _words(text, context)
    return site_of(source.uri, page.hints), document_key([line.id for line in lines]), Document(plain, lines, language, words)


def _words(text: str, context: Context) -> tuple[str | None, tuple[str, ...]]:
    """The language of what is likely text, and its different words; nothing where the language is not sure."""
    language, sure = detect(text)
    if language is None or sure < context.settings.language_threshold:
        return None, ()
    return language, tuple(sorted({word.casefold() for word in words_of(text)}))


def _scores(page: Page, context: Context, *, plain: bool) -> tuple[NDArray[np.float64], list[float]]:
    """The learned score of each block, without any template, and the words that zones count."""
    if plain:
        scores = by_line.score(page, context.weights.get(by_line.FILE))
        return scores.article, by_template.weight(scores.words).tolist()
    scored = by_score.score(page, context.settings.mode, context.weights.get(by_score.FILE))
    return scored.scores, [0.0] * len(page.blocks)
