"""`winnow flow NAME --param k=v`: any single flow."""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import Annotated

import typer

from pipeline.cli.common import Code, options, out, out_json

Name = Annotated[str, typer.Argument(metavar="NAME", help="The flow; an unknown name lists those there are.", show_default=False)]
Params = Annotated[
    list[str] | None, typer.Option("--param", "-p", metavar="KEY=VALUE", help="A parameter; may be repeated.", show_default=False)
]


def flow(context: typer.Context, name: Name, param: Params = None) -> int:
    """Run one flow with parameters written as key=value; lists and tables as JSON. Prints what it returns."""
    import flows
    from pipeline.cli.run import progress

    chosen = options(context)
    with progress(hidden=chosen.quiet or chosen.json):
        # First of all, since it takes the time that a server needs to start.
        flows.load(name)
        result = flows.run(name, param or ())
    if hasattr(result, "newly_rejected"):
        from pipeline.cli.run import summary

        out_json(summary(result))
    elif result is not None and chosen.json:
        out_json(asdict(result) if is_dataclass(result) and not isinstance(result, type) else result)
    elif result is not None and not chosen.quiet:
        out(f"{result}\n")
    return Code.OK
