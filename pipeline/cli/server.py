"""`winnow server start|stop|status`: a Prefect server in the background, for all runs of this project."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import Code, options, out, out_json

if TYPE_CHECKING:
    from flows.local import Server


class Verb(StrEnum):
    """What to do with the server."""

    START = "start"
    STOP = "stop"
    STATUS = "status"


Do = Annotated[Verb, typer.Argument(metavar="ACTION", help="start, stop or status.", show_default=False)]


def server(context: typer.Context, action: Do) -> int:
    """Start, stop or look for a local Prefect server that stays, so that no run has to wait for one of its own.

    It listens on this machine only and keeps its state in the project's folder .winnow (WINNOW_HOME). Where PREFECT_API_URL is
    set, that server is used and none is started. The exit code of status is 1 if none runs.
    """
    from flows import local
    from flows.progress import say, silence

    chosen = options(context)
    if action is Verb.START:
        if not local.running() and not chosen.quiet:
            say("starting a Prefect server, which takes 10 to 40 s")
        found: Server | None = local.start()
    elif action is Verb.STOP:
        with silence():
            found = local.stop()
    else:
        found = local.running()
    _tell(action, found, as_json=chosen.json, quiet=chosen.quiet)
    return Code.REJECTED if action is Verb.STATUS and found is None else Code.OK


def _tell(action: Verb, found: Server | None, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        there = found is not None and action is not Verb.STOP
        out_json({"running": there, "url": found.url if found else None, "pid": found.pid if found else None})
    elif not quiet:
        is_now = "was stopped" if action is Verb.STOP else "runs"
        where = f" (process {found.pid}); its pages: {found.url.removesuffix('/api')}" if found else ""
        out(f"the server {is_now}{where}\n" if found else "no server runs\n")
