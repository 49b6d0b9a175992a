"""What the commands share: global options, exit codes, input files, output streams, and one way to report an error.

Imports only what is cheap: everything that costs start-up time is imported where it is used.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import os
import signal
import sys
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, ParamSpec

import typer

from pipeline.errors import Rejected, RuleError, SettingsError, WinnowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from rich.console import Console

    from pipeline.model import Outcome, Rejection, Source
    from pipeline.process import Context, Trace
    from pipeline.settings import Settings
    from pipeline.sources import Part

P = ParamSpec("P")

STDIN = "-"


class Code(IntEnum):
    """What the process says when it ends; explained in `pipeline.cli`."""

    OK = 0
    REJECTED = 1
    USAGE = 2
    FAILED = 3
    INTERRUPTED = 130
    READER_GONE = 141
    TERMINATED = 143


@dataclass(frozen=True, slots=True)
class Options:
    """The options every command has."""

    config: Path | None = None
    quiet: bool = False
    json: bool = False


class Given(NamedTuple):
    """One input of a single-file command: its name on the command line, where it comes from and its bytes."""

    name: str
    source: Source
    data: bytes


Files = Annotated[list[str], typer.Argument(metavar="FILE…", help="Files to read; - is standard input.", show_default=False)]
OneFile = Annotated[str, typer.Argument(metavar="FILE", help="The file to read; - is standard input.", show_default=False)]


def options(context: typer.Context) -> Options:
    """The global options of this call."""
    found = context.find_root().obj
    return found if isinstance(found, Options) else Options()


def settings_of(chosen: Options, **overrides: object) -> Settings:
    """The settings: winnow.toml < environment < `overrides` that are not None."""
    from pipeline import settings

    return settings.load(chosen.config, **overrides)


def guarded(command: Callable[P, int]) -> Callable[P, None]:
    """The command with its outcome as an exit code: what winnow raises on purpose becomes a message, never a traceback."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with _interrupts() as interrupts:
            try:
                code = command(*args, **kwargs)
                sys.stdout.flush()
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # each is told; what it means is the exit code
                code = _code_after(error, interrupts)
        raise typer.Exit(int(code))

    return run


def _code_after(error: BaseException, interrupts: list[int]) -> Code:
    """The exit code after an error, which is told on standard error; a traceback only for what nobody foresaw."""
    if interrupts or isinstance(error, KeyboardInterrupt):
        # Whatever was raised in the end: on its way out a library may replace the interrupt by a failure of its own.
        sys.stderr.write("winnow: interrupted\n")
        return Code.TERMINATED if signal.SIGTERM in interrupts else Code.INTERRUPTED
    if isinstance(error, WinnowError):
        report(error)
        return code_of(error)
    if isinstance(error, BrokenPipeError):
        _drop_stdout()
        return Code.READER_GONE
    if isinstance(error, OSError) and error.errno is not None:
        sys.stderr.write(f"winnow: {error}. Free the resource it names and run the same command again\n")
        return Code.FAILED
    traceback.print_exception(error)
    sys.stderr.write("winnow: this is a fault of winnow; please report it with the lines above\n")
    return Code.FAILED


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """A context with a list of the SIGINT and SIGTERM that came; both raise KeyboardInterrupt, so that all is left in order."""
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield seen
        return

    def note(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.default_int_handler(number, frame)

    previous = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield seen
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def code_of(error: WinnowError) -> Code:
    """The exit code that says what an error means for the caller."""
    if isinstance(error, Rejected):
        return Code.REJECTED
    return Code.USAGE if isinstance(error, (SettingsError, RuleError)) else Code.FAILED


def report(error: WinnowError) -> None:
    """Writes place, cause and remedy to standard error."""
    sys.stderr.write(f"winnow: {error}\n")


def utf8_output() -> None:
    """Makes both output streams UTF-8 whatever the locale; what UTF-8 cannot say (names in no known encoding) is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def out(text: str) -> None:
    """Writes to standard output."""
    sys.stdout.write(text)


def out_json(value: object) -> None:
    """Writes one JSON object on a line of its own."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def console(*, stderr: bool = False) -> Console:
    """A rich console; not on a terminal it writes 120 columns and no colours."""
    from rich.console import Console as RichConsole

    class Piped(RichConsole):
        def on_broken_pipe(self) -> None:
            """Leaves the answer to `guarded`, which knows the exit code."""
            raise BrokenPipeError

    stream = sys.stderr if stderr else sys.stdout
    return Piped(file=stream, highlight=False, emoji=False, width=None if stream.isatty() else 120)


def given(files: Iterable[str], settings: Settings, rejects: list[str]) -> Iterator[Given]:
    """The inputs in the order given; one that cannot be read is told on standard error and its name added to `rejects`."""
    for name in files:
        try:
            yield from _sources_of(name, settings, rejects)
        except Rejected as error:
            report(error)
            rejects.append(name)


def _sources_of(name: str, settings: Settings, rejects: list[str]) -> Iterator[Given]:
    """The sources in an input: itself, or the members of a container. Raises Rejected if nothing of it can be read."""
    from pipeline import sources

    if name == STDIN:
        yield from given_of(name, sources.parts_of("stdin", _stdin(settings), settings), rejects)
        return
    if Path(name).is_dir():
        raise Rejected("sources", "is-a-folder", "a folder, not a file", remedy=f"Use: winnow run {name}", place=name)
    if not os.path.lexists(name):
        raise Rejected("sources", "no-such-file", "no such file", remedy="Check its name", place=name)
    # Below raw/ it has the same uri as in `winnow run`, so the same ids.
    with sources.opened(sources.Listed(uri_of(name, settings), os.fspath(name)), settings) as file:
        yield from given_of(name, file.parts(), rejects)


def given_of(name: str, parts: Iterator[Part], rejects: list[str]) -> Iterator[Given]:
    """What could be read of an input's sources; the rest is told on standard error and its name added to `rejects`."""
    from pipeline import sources

    for part in parts:
        here = f"{name}{sources.INSIDE}{part.source.member}" if part.source.member else name
        if part.refusal is None:
            yield Given(here, part.source, part.data)
        else:
            tell(here, [part.refusal], rejects)


def _stdin(settings: Settings) -> bytes:
    data = sys.stdin.buffer.read(settings.max_source_bytes + 1)
    if len(data) > settings.max_source_bytes:
        raise Rejected(
            "sources",
            "too-large",
            f"more than {settings.max_source_bytes} bytes",
            remedy="Raise max_source_bytes, or split the input",
            place="standard input",
        )
    return data


def uri_of(name: str, settings: Settings) -> str:
    """The uri of a file: relative to raw/ where it lies below it, else the name as given; with `/`."""
    from pipeline import sources

    # Not resolved: a link below raw/ is a source under its own name.
    whole, raw = Path(os.path.abspath(name)), Path(os.path.abspath(settings.raw))  # noqa: PTH100
    below = whole.relative_to(raw) if whole.is_relative_to(raw) else Path(name)
    return sources.uri_of(below.as_posix())


def processed(
    files: Iterable[str], settings: Settings, rejects: list[str], *, enriched: bool = True
) -> Iterator[tuple[Given, Outcome]]:
    """The inputs with what became of them; each rejection is told on standard error and the name added to `rejects`.

    `enriched` False for who shows the text alone: the language profiles cost 0.4 s to load.
    """
    from pipeline import process

    context = dataclasses.replace(process.prepare(settings), enriched=enriched)
    for item in given(files, settings, rejects):
        outcome = process.process(item.source, item.data, context)
        tell(item.name, outcome.rejections, rejects)
        yield item, outcome


def traced(files: Iterable[str], settings: Settings, rejects: list[str]) -> Iterator[tuple[Given, Trace]]:
    """As `processed`, with the blocks and marks on the way; what never came to blocks is told and left out."""
    from pipeline import process

    context = dataclasses.replace(process.prepare(settings), enriched=False)
    for item in given(files, settings, rejects):
        trace = trace_of(item, context, rejects)
        if trace is not None:
            yield item, trace


def trace_of(item: Given, context: Context, rejects: list[str]) -> Trace | None:
    """Every stage's result for one input; None if it never came to blocks. Rejections are told as in `processed`."""
    from pipeline import process

    traced = process.trace(item.source, item.data, context)
    found, outcome = (traced, traced.outcome) if isinstance(traced, process.Trace) else (None, traced)
    tell(item.name, outcome.rejections, rejects)
    return found


def tell(name: str, rejections: Iterable[Rejection], rejects: list[str]) -> None:
    """Writes each rejection to standard error and adds `name` to `rejects` if there was one."""
    for rejection in rejections:
        sys.stderr.write(f"winnow: {describe(name, rejection)}\n")
        if name not in rejects:
            rejects.append(name)


def describe(name: str, rejection: Rejection) -> str:
    """One line on a rejection: file, stage, reason, what to do."""
    return f"{name}: rejected at {rejection.stage} ({rejection.reason}): {rejection.detail}. {rejection.remedy}"


def line_of(text: str, offset: int) -> int:
    """The 1-based line that `offset` stands in; lines end at line feeds."""
    return text.count("\n", 0, offset) + 1


def squeezed(text: str, most: int) -> str:
    """The text on one line, at most `most` characters long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"


def _drop_stdout() -> None:
    # The interpreter flushes stdout once more when it ends; give it somewhere to go.
    try:
        target = sys.stdout.fileno()
    except (io.UnsupportedOperation, ValueError):
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), target)
