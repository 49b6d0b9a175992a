"""What is fuzzed: each target takes any bytes and raises only if the pipeline breaks one of its promises.

A target is a room or one plug-in of it: decode, blocks, blocks.html, split, split.prose, sources, process. Nothing here needs
atheris, so what was once found is replayed by the suite on every machine.
"""

from __future__ import annotations

import codecs
import functools
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

from containers import epub
from wrapped import WRAPPINGS

from pipeline import blocks, split
from pipeline.blocks.derive import derive
from pipeline.decode import decode
from pipeline.errors import Rejected
from pipeline.label import label
from pipeline.model import Action, Block, Decoded, Outcome, Page
from pipeline.process import Context, Trace, prepare, trace
from pipeline.settings import load
from pipeline.sources import from_bytes, parts_of
from pipeline.split.export import RECOGNISED

SMALL = b"<title>Cranes stay</title><h1>Cranes stay</h1><p>The harbour council met again and decided that the cranes would stay."

Target = Callable[[bytes], None]
FOLDER = Path(__file__).parent
FOUND = FOLDER / "found"
GOLDEN = FOLDER.parent / "golden"
COUNTED = {Action.DROPPED, Action.TAKEN, Action.SEPARATOR}


@functools.cache
def context() -> Context:
    """The shipped rules and weights, with bounds so small that what a fuzzer makes in a second meets them."""
    return prepare(load(max_source_bytes=2**20, max_expanded_bytes=2**22, max_members=200))


def decoding(data: bytes) -> None:
    """Decoding gives text that can be stored, says how, and is honest about its losses."""
    try:
        decoded = decode(data)
    except Rejected as refusal:
        check_refusal(refusal)
        return
    decoded.text.encode("utf-8")
    assert decoded.evidence
    assert codecs.lookup(decoded.encoding)
    assert 0 <= decoded.lossy <= decoded.text.count("\N{REPLACEMENT CHARACTER}")


def reading(format_: blocks.Format, data: bytes) -> None:
    """The reader's blocks are made of the text, in its order, each run as its name says; whoever chose the reader."""
    decoded = text_of(data)
    try:
        page = format_.read(decoded)
    except Rejected as refusal:
        check_refusal(refusal)
        return
    check_page(page, decoded.text)


def cutting(names: frozenset[str], data: bytes) -> None:
    """A splitter's cuts lie inside the page, and an export's layout keeps all of its text."""
    decoded = text_of(data)
    page = blocks.read(decoded)
    if not page.blocks:
        return
    marks = label(page, context().rules, context().settings.mode, {})
    for splitter in split.splitters():
        if splitter.name in names:
            for cut in splitter.cuts(page, marks):
                assert 0 <= cut.confidence <= 1
                assert splitter.explain is None or list(splitter.explain(page, marks, cut.at)) is not None
    for layout in split.formats():
        if layout.name in names and layout.recognise(page) >= RECOGNISED and (export := layout.read(page, marks)) is not None:
            check_page(Page(export.blocks, page.hints), decoded.text)
            assert len(export.blocks) == len(export.marks)
            starts = [part.start for part in export.parts]
            assert starts[0] == 0
            assert all(one < other for one, other in pairwise(starts))
            assert visible(export.blocks, decoded.text) == visible(page.blocks, decoded.text)


def opening(data: bytes) -> None:
    """Whatever a file holds, each part is bytes with a digest or a refusal, and each name comes once."""
    seen = set()
    for part in parts_of("it", data, context().settings):
        assert part.refusal is None or part.refusal.reason
        assert part.refusal is None or part.refusal.remedy
        assert part.refusal is not None or len(part.source.sha256) == 64
        place = (part.source.member, part.refusal is None)
        assert place not in seen
        seen.add(place)


def processing(data: bytes) -> None:
    """The laws of the design, of each source in the file."""
    for part in parts_of("it", data, context().settings):
        if part.refusal is None:
            traced = trace(from_bytes("it", part.data), part.data, context())
            if isinstance(traced, Trace):
                check_laws(traced)
            else:
                check_outcome(traced)


def check_laws(traced: Trace) -> None:
    """Tiling, verbatim, order and accounting of one source."""
    text, outcome = traced.decoded.text, traced.outcome
    check_outcome(outcome)
    spans = [(kept.start, kept.end) for article in outcome.articles for kept in article.kept]
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    for article in outcome.articles:
        for kept in article.kept:
            assert article.text[kept.at : kept.at + kept.length] == derive(kept.how, text[kept.start : kept.end])
    spans += [(entry.start, entry.end) for entry in outcome.ledger if entry.action in COUNTED]
    seen = [0] * len(text)
    for start, end in spans:
        for at in range(start, end):
            seen[at] += 1
    assert max(seen, default=0) <= 1
    runs = (run for block in traced.page.blocks for run in block.runs)
    assert all(seen[at] for run in runs for at in range(run.start, run.end) if not text[at].isspace())


def check_outcome(outcome: Outcome) -> None:
    """Every source ends as an article or a rejection, whole."""
    assert outcome.articles or outcome.rejections
    assert all(rejection.stage and rejection.reason and rejection.remedy for rejection in outcome.rejections)


def check_page(page: Page, text: str) -> None:
    """Blocks are not blank, and their runs rise and are what their names say."""
    runs = [run for block in page.blocks for run in block.runs]
    assert all(0 <= run.start <= run.end <= len(text) for run in runs)
    assert all(one.end <= other.start for one, other in pairwise(runs))
    assert all(derive(run.how, text[run.start : run.end]) == run.text for run in runs)
    assert all("".join(run.text for run in block.runs) == block.text != "" for block in page.blocks)


def check_refusal(refusal: Rejected) -> None:
    """A refusal says stage, reason, cause and remedy."""
    assert refusal.stage
    assert refusal.reason
    assert refusal.cause
    assert refusal.remedy


def visible(found: tuple[Block, ...], text: str) -> str:
    """All that the blocks show, without white space."""
    return "".join("".join(text[run.start : run.end].split()) for block in found for run in block.runs)


def text_of(data: bytes) -> Decoded:
    """The bytes as text, one way or the other."""
    return Decoded(data.decode("utf-8", "replace"), "utf-8", "utf-8")


def _plug_ins() -> Iterator[tuple[str, Target]]:
    for format_ in blocks.formats():
        yield f"blocks.{format_.name}", functools.partial(reading, format_)
    for name in _cutters():
        yield f"split.{name}", functools.partial(cutting, frozenset((name,)))


def _cutters() -> list[str]:
    return [splitter.name for splitter in split.splitters()] + [layout.name for layout in split.formats()]


def targets() -> dict[str, Target]:
    """Every target by its name; that of a room runs all of its plug-ins."""
    found: dict[str, Target] = {"decode": decoding, "sources": opening, "process": processing, **dict(_plug_ins())}
    found["blocks"] = functools.partial(_each, tuple(run for name, run in found.items() if name.startswith("blocks.")))
    found["split"] = functools.partial(cutting, frozenset(_cutters()))
    return found


def _each(runs: tuple[Target, ...], data: bytes) -> None:
    for run in runs:
        run(data)


def seeds(target: str) -> dict[str, bytes]:
    """What a fuzzer begins with, by name: the goldens of the room; for whole files all goldens, in every container too."""
    room = target.partition(".")[0]
    whole = room in {"sources", "process"}
    inputs = (path for path in GOLDEN.iterdir() if path.is_file() and path.suffix not in {".json", ".py"})
    found = {path.name: path.read_bytes() for path in inputs if whole or room == "decode" or path.name.startswith(f"{room}.")}
    if not whole:
        return found
    return (
        found | {name: wrap({"a.html": SMALL}) for name, wrap in WRAPPINGS.items()} | {"epub": epub({"a.xhtml": SMALL.decode()})}
    )
