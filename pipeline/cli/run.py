"""`winnow run`: the main job, raw/ → processed/, with a progress bar and a summary."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.common import Code, Options, console, options, out_json, settings_of
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.dataset import Commit, Plan, Report
    from pipeline.settings import Settings

RULES_SHOWN = 15
CHARACTERS = ("kept", "taken", "dropped", "separator", "quarantined")

Raw = Annotated[
    Path | None,
    typer.Argument(metavar="RAW", help="Folder of source files, or a URL (s3://…); default: raw.", show_default=False),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the dataset; default: processed.", show_default=False)
]
Workers = Annotated[int | None, typer.Option("--workers", help="Processes; 0: one a core.", show_default=False)]
BatchFiles = Annotated[int | None, typer.Option("--batch-files", help="Most files in one task.", show_default=False)]
Templates = Annotated[
    Path | None, typer.Option("--templates", metavar="DIR", help="Use what flow learn found on sites.", show_default=False)
]
AllowRejects = Annotated[bool, typer.Option("--allow-rejects", help="Exit with 0 even if something was newly rejected.")]
Runner = Annotated[str | None, typer.Option("--runner", metavar="NAME", help="process, dask or ray.", show_default=False)]
Address = Annotated[
    str | None, typer.Option("--address", metavar="URL", help="Of a Dask or Ray cluster that is there.", show_default=False)
]
NoServer = Annotated[bool, typer.Option("--no-server", help="Without Prefect: the same work and the same rows in a plain loop.")]


def run(  # noqa: PLR0917  # typer calls it by name
    context: typer.Context,
    raw: Raw = None,
    out: Out = None,
    workers: Workers = None,
    batch_files: BatchFiles = None,
    templates: Templates = None,
    allow_rejects: AllowRejects = False,
    no_server: NoServer = False,
    runner: Runner = None,
    address: Address = None,
) -> int:
    """Make the dataset from a folder of files: only what is new or changed since the last run is processed.

    Ends with what became of every character, and with each newly rejected source and what to do about it.

    What is kept is set in winnow.toml or the environment: mode (WINNOW_MODE) is precision, balanced or recall, from the strictest
    to the most lenient; keep_captions (WINNOW_KEEP_CAPTIONS) leaves captions of pictures in the text.
    """
    chosen = options(context)
    given = {"workers": workers, "batch_files": batch_files, "templates": templates, "runner": runner, "address": address}
    settings = settings_of(chosen, raw=raw, out=out, **given)
    if settings.raw_url is None and not settings.raw.is_dir():  # the flow says the same, after its server has started
        raise SettingsError(
            "no such folder", place=str(settings.raw), remedy="Name the folder of source files: winnow run FOLDER"
        )
    hidden = chosen.quiet or chosen.json
    commit = plainly(settings, hidden=hidden) if no_server else by_flow(chosen, settings, given, hidden=hidden)
    if chosen.json:
        out_json(summary(commit))
    else:
        _show(commit, quiet=chosen.quiet)
    return Code.REJECTED if commit.newly_rejected and not allow_rejects else Code.OK


def summary(commit: Commit) -> dict[str, object]:
    """What a run made, ready for JSON. Counts are of the whole dataset; `newly_rejected` is of this run."""
    totals = commit.totals
    return {
        "commit": commit.number,
        "changed": commit.changed,
        "files": totals.sources,
        "articles": totals.articles,
        "rejected": totals.rejected,
        "bytes": totals.bytes,
        "characters": totals.characters,
        "rules": [{"rule": rule, "entries": n, "characters": length} for rule, (n, length) in _by_rule(commit)],
        "newly_rejected": [refused._asdict() for refused in commit.newly_rejected],
    }


def plainly(settings: Settings, *, hidden: bool) -> Commit:
    """The dataset, made by the library alone, without Prefect."""
    import multiprocessing
    import signal
    from concurrent.futures import ProcessPoolExecutor
    from itertools import count

    from flows.progress import Step, tell
    from pipeline import dataset

    seen = [0, 0, 0]  # files, articles, rejected
    done = count()

    def told(todo: Plan, report: Report | None) -> None:
        if report is not None:  # in the order of the batches; its own sources are more than its files where some are containers
            files, counts = len(todo.batches[next(done)].items), report.record.counts
            for place, number in enumerate((files, counts.articles, counts.rejected)):
                seen[place] += number
        there = todo.sources - sum(len(batch.items) for batch in todo.batches)
        tell(Step(there + seen[0], todo.sources, seen[1], seen[2]))

    with progress(hidden=hidden):
        if settings.worker_count == 1:
            return dataset.build(settings, progress=told)
        # Ctrl-C reaches every process of the terminal: this one alone decides what becomes of the work.
        spawn, deaf = multiprocessing.get_context("spawn"), (signal.SIGINT, signal.SIG_IGN)
        with ProcessPoolExecutor(settings.worker_count, spawn, initializer=signal.signal, initargs=deaf) as pool:
            try:
                return dataset.build(settings, map=pool.map, progress=told)
            finally:
                pool.shutdown(cancel_futures=True)


def by_flow(chosen: Options, settings: Settings, given: Mapping[str, Any], *, hidden: bool) -> Commit:
    """The dataset, made by flow `ingest`; `given` are the options of the command that are the flow's parameters too."""
    import flows
    from flows import lost

    config = str(chosen.config) if chosen.config is not None else None
    with progress(hidden=hidden):
        # Starts a Prefect server where there is none, which takes 15 to 40 s. Any: its type depends on Prefect's version.
        ingest: Any = flows.load("ingest")
        with lost.explained():
            commit: Commit = ingest(
                raw=str(settings.raw),
                out=str(settings.out),
                config=config,
                **{name: str(value) if isinstance(value, Path) else value for name, value in given.items()},
            )
    return commit


@contextmanager
def progress(*, hidden: bool) -> Iterator[None]:
    """A context in which flows show how far they are: a bar with counts and the time left, on standard error."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from flows.progress import Step, listening, silence

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files, {task.fields[articles]} articles, {task.fields[rejected]} rejected"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(stderr=True), disable=hidden) as bar:
        task = bar.add_task("starting", total=None, articles=0, rejected=0)

        def listen(step: Step) -> None:
            bar.update(
                task,
                description="winnowing",
                completed=step.files_done,
                total=step.files_total,
                articles=step.articles,
                rejected=step.rejected,
            )

        with listening(listen), silence() if hidden else nullcontext():
            yield


def _by_rule(commit: Commit) -> list[tuple[str, tuple[int, int]]]:
    """("action rule", (ledger entries, characters)), most characters first."""
    return sorted(commit.totals.rules.items(), key=lambda item: (-item[1][1], item[0]))


def _show(commit: Commit, *, quiet: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    if not quiet:
        totals = commit.totals
        state = f"commit {commit.number}" if commit.changed else f"nothing new since commit {commit.number}"
        console().print(f"the dataset, {state}:")
        table = Table("what", "count")
        table.columns[1].justify = "right"
        for name, number in (("files", totals.sources), ("articles", totals.articles), ("rejected", totals.rejected)):
            table.add_row(name, f"{number:,}")
        for name in CHARACTERS:
            table.add_row(f"characters {name}", f"{totals.characters.get(name, 0):,}")
        console().print(table)
        console().print(f"by rule, the first {RULES_SHOWN}:")
        rules = Table("action", "rule", "times", "characters")
        for column in rules.columns[2:]:
            column.justify = "right"
        for name, (entries, length) in _by_rule(commit)[:RULES_SHOWN]:
            action, _, rule = name.partition(" ")
            rules.add_row(action, Text(rule), f"{entries:,}", f"{length:,}")
        console().print(rules)
    if commit.newly_rejected:
        console(stderr=quiet).print("newly rejected:")
        table = Table("source", "stage", "reason", "what to do")
        for refused in commit.newly_rejected:
            name = f"{refused.uri} {refused.member}".strip()
            table.add_row(Text(name), refused.stage, refused.reason, Text(refused.remedy))
        console(stderr=quiet).print(table)
