"""`winnow config`: every setting, its value and where that comes from."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipeline.cli.common import Code, console, options, out_json
from pipeline.errors import SettingsError

Given = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE…]", help="Settings as if given on the command line; lists as JSON.", show_default=False),
]


def config(context: typer.Context, given: Given = None) -> int:
    """Show all settings as a run here would have them, and where each value comes from.

    winnow.toml < environment (WINNOW_…) < command line. A wrong key or value is refused with its place and the nearest right one.
    """
    from rich.table import Table
    from rich.text import Text

    from pipeline import settings

    chosen = options(context)
    overrides = dict(_parsed(text) for text in given or ())
    values = settings.load(chosen.config, **overrides).model_dump(mode="json")
    origins = settings.origins(chosen.config, **overrides)
    if chosen.json:
        for name, origin in origins.items():
            out_json({"setting": name, "value": values[name], "origin": origin})
        return Code.OK
    table = Table("setting", "value", "from", "meaning")
    for name, origin in origins.items():
        style = "" if origin == "default" else "bold"
        cells = (
            name,
            json.dumps(values[name], ensure_ascii=False),
            origin,
            settings.Settings.model_fields[name].description or "",
        )
        table.add_row(*(Text(cell, style) for cell in cells))
    console().print(table)
    return Code.OK


def _parsed(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals:
        raise SettingsError("a setting is written key=value", place=text, remedy="As in: winnow config mode=recall")
    try:
        return key, json.loads(value)
    except ValueError:  # a word or a path, which needs no quotes
        return key, value
