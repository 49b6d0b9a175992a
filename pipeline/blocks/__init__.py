"""Text → hints and blocks. One file a format; the format is chosen by sniffing the content, never the name.

Adding a format: one module here with a FORMAT, and a golden. See README, "Adding".
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from dataclasses import replace

from pipeline.blocks.derive import VERBATIM
from pipeline.blocks.format import SNIFF_CHARS, Format
from pipeline.model import Block, Decoded, Page, Repair, Run, Span
from pipeline.repair import repaired

# What extracted text gives as its evidence, and who reads it.
CONTAINER = "container"
# The hint that says where the headers and footers of a container's pages begin.
MARGIN = "container.margin"
PLAIN = "plain"

__all__ = ["Format", "choose", "formats", "read", "visible"]


@functools.cache
def formats() -> tuple[Format, ...]:
    """Every format found in this package, by name."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return tuple(sorted((module.FORMAT for module in modules if hasattr(module, "FORMAT")), key=lambda f: f.name))


def choose(decoded: Decoded) -> Format:
    """The format whose sniffer is surest; ties go to the first name. What a container held is plain text."""
    if decoded.evidence.startswith(CONTAINER):
        return next(candidate for candidate in formats() if candidate.name == PLAIN)
    head = decoded.text[:SNIFF_CHARS]
    return max(formats(), key=lambda candidate: candidate.sniff(head))


def read(decoded: Decoded) -> Page:
    """The blocks of the text, with mojibake inside them repaired and each repair noted."""
    page = choose(decoded).read(decoded)
    if decoded.margin is not None:
        page = Page(page.blocks, replace(page.hints, structured={**page.hints.structured, MARGIN: (str(decoded.margin),)}))
    if decoded.text.isascii():
        return page
    return _repaired(page)


def visible(page: Page) -> list[Span]:
    """The source spans of all blocks' runs, rising: what tiling must cover exactly once."""
    return [Span(run.start, run.end) for block in page.blocks for run in block.runs]


def _repaired(page: Page) -> Page:
    blocks: list[Block] = []
    repairs: list[Repair] = []
    for block in page.blocks:
        if block.text.isascii():
            blocks.append(block)
            continue
        runs = tuple([_repaired_run(run, repairs) for run in block.runs])
        changed = runs != block.runs
        blocks.append(block._replace(runs=runs, text="".join(run.text for run in runs)) if changed else block)
    return Page(tuple(blocks), page.hints, tuple(repairs)) if repairs else page


def _repaired_run(run: Run, repairs: list[Repair]) -> Run:
    text = repaired(run.text)
    if text == run.text:
        return run
    repairs.append(Repair(run.start, run.end, "repair.mojibake", run.text, text))
    return run._replace(text=text, how="repaired" if run.how == VERBATIM else f"{run.how}+repaired")
