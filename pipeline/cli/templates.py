"""`winnow templates`: what flow `learn` found to recur on sites, for review."""

from __future__ import annotations

from pathlib import Path  # typer reads the signatures at run time
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Code, console, options, out_json, settings_of, squeezed

if TYPE_CHECKING:
    from pipeline.templates import Template

FOLDER = Path("templates")
TEXT_MOST = 90  # characters of a block

Place = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="The folder of templates; default: as set, else templates.", show_default=False),
]
Site = Annotated[str | None, typer.Option("--site", help="The blocks of this site.", show_default=False)]


def templates(context: typer.Context, folder: Place = None, site: Site = None) -> int:
    """List what recurs on sites: a line a site, or the blocks of one. To keep a block, write `keep = true` into its entry."""
    from pipeline import learn

    chosen = options(context)
    found = [one for one in learn.templates(folder or settings_of(chosen).templates or FOLDER) if site in (None, one.site)]
    if chosen.json:
        for one in found:
            for name, known in one.blocks.items():
                out_json({"site": one.site, "id": name, **known._asdict(), "drops": known.drops})
        return Code.OK
    if site is None:
        _sites(found)
    else:
        for one in found:
            _blocks(one)
    return Code.OK


def _sites(found: list[Template]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("site", "version", "articles", "blocks that recur", "of them go")
    for one in found:
        dropped = sum(known.drops for known in one.blocks.values())
        numbers = (one.version, one.documents, len(one.blocks), dropped)
        table.add_row(Text(one.site), *(f"{number:,}" for number in numbers))
    console().print(table)


def _blocks(one: Template) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("articles", "score", "becomes", "text", title=f"{one.site}, {one.documents} articles")
    for known in sorted(one.blocks.values(), key=lambda known: (-known.support, known.text)):
        becomes = "dropped" if known.drops else "kept" if known.keep else "as without"
        table.add_row(str(known.support), f"{known.score:.2f}", becomes, Text(squeezed(known.text, TEXT_MOST)))
    console().print(table)
