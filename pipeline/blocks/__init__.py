"""Text → hints and blocks. One file a format; the format is chosen by sniffing the content, never the name.

Adding a format: one module here with a FORMAT, and a golden. See README, "Adding".
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Sequence
from dataclasses import replace

from pipeline.blocks.derive import VERBATIM
from pipeline.blocks.format import SNIFF_CHARS, Format
from pipeline.model import Block, Decoded, Page, Repair, Run, Span
from pipeline.repair import REPAIRS, plan

_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
# The ledger's names of the repairs that do not undo mojibake.
_RULES = {"composed": "letters", "unligated": "ligatures", "visible": "invisible"}

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
    """The blocks of the text, with what is wrong inside them repaired and each repair noted."""
    page = choose(decoded).read(decoded)
    if decoded.margin is not None:
        hints = replace(page.hints, structured={**page.hints.structured, MARGIN: (str(decoded.margin),)})
        page = replace(page, hints=hints)
    if decoded.text.isascii() and not _CONTROL.search(decoded.text):
        return page
    return _repaired(page)


def visible(page: Page) -> list[Span]:
    """The source spans of all blocks' runs, rising: what tiling must cover exactly once."""
    return [Span(run.start, run.end) for block in page.blocks for run in block.runs]


def _repaired(page: Page) -> Page:
    blocks: list[Block] = []
    repairs = list(page.repairs)
    names = plan(run.text for block in page.blocks for run in block.runs)
    if not names:
        return page
    for block in page.blocks:
        if block.text.isascii() and block.text.isprintable():
            blocks.append(block)
            continue
        runs = tuple([_repaired_run(run, names, repairs) for run in block.runs])
        changed = runs != block.runs
        blocks.append(block._replace(runs=runs, text="".join(run.text for run in runs)) if changed else block)
    return Page(tuple(blocks), page.hints, tuple(sorted(repairs))) if len(repairs) > len(page.repairs) else page


def _repaired_run(run: Run, names: Sequence[str], repairs: list[Repair]) -> Run:
    for name in names:
        text = REPAIRS[name](run.text)
        if text != run.text:
            repairs.append(Repair(run.start, run.end, f"repair.{_RULES.get(name, 'mojibake')}", run.text, text))
            run = run._replace(text=text, how=name if run.how == VERBATIM else f"{run.how}+{name}")
    return run
