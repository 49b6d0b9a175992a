"""The program: its commands, in the order `winnow --help` shows them, and the options that all of them have."""

from __future__ import annotations

import sys
from pathlib import Path  # typer reads the signatures at run time
from typing import Annotated

import typer

from pipeline import __version__
from pipeline.cli import (
    clean,
    config,
    diff,
    flow,
    inspect,
    rehydrate,
    review,
    rules,
    run,
    serve,
    server,
    share,
    split,
    tag,
    templates,
    verify,
    watch,
)
from pipeline.cli.common import Options, guarded, utf8_output

EPILOG = (
    "Exit codes: 0 ok; 1 something was rejected (run: newly, and without --allow-rejects), verify found problems, "
    "diff a difference; 2 wrong usage, settings or rules; 3 the command failed (dataset locked, disk full, …); 130 interrupted; "
    "141 the reader of the output went away; 143 ended by SIGTERM."
)

app = typer.Typer(
    name="winnow",
    help="Turns a folder of saved pages and text dumps into a clean dataset of articles, with a ledger of every character.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS = (
    ("run", run.run),
    ("flow", flow.flow),
    ("serve", serve.serve),
    ("watch", watch.watch),
    ("server", server.server),
    ("config", config.config),
    ("clean", clean.clean),
    ("split", split.split),
    ("tag", tag.tag),
    ("inspect", inspect.inspect),
    ("verify", verify.verify),
    ("review", review.review),
    ("diff", diff.diff),
    ("share", share.share),
    ("rehydrate", rehydrate.rehydrate),
    ("templates", templates.templates),
)

for _name, _command in COMMANDS:
    app.command(_name, epilog=EPILOG)(guarded(_command))

app.add_typer(rules.app, name="rules")

_FLAGS = frozenset({"--json", "--quiet", "-q"})


def main() -> None:
    """Runs the command line of this process and exits with the code that `pipeline.cli` explains."""
    utf8_output()
    app(args=hoisted(sys.argv[1:]), prog_name="winnow")


def hoisted(args: list[str]) -> list[str]:
    """The arguments with the global options in front, where the parser wants them: users may write them anywhere before `--`."""
    front: list[str] = []
    rest: list[str] = []
    pending = iter(args)
    for arg in pending:
        if arg == "--":
            rest += [arg, *pending]
        elif arg in _FLAGS or arg.startswith("--config="):
            front.append(arg)
        elif arg == "--config":
            front += [arg, *([value] if (value := next(pending, None)) is not None else [])]
        else:
            rest.append(arg)
    return front + rest


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"winnow {__version__}\n")
        raise typer.Exit


@app.callback()
def _global(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Settings file instead of ./winnow.toml.", show_default=False)
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no tables; errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Results as JSON, one object a line.")] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    """Turns a folder of saved pages and text dumps into a clean dataset of articles, with a ledger of every character.

    --config, --quiet and --json may stand before or behind the command.
    """
    del version
    context.obj = Options(config=config, quiet=quiet, json=as_json)
