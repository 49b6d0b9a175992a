"""Publishing: journal, files, record, in steps that whoever comes next can finish.

Until the journal stands, nothing of the dataset has changed and an interrupted run leaves no trace. From then on the commit is
made, and every step can be repeated: `recover` does them all again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from pipeline.dataset import objects, store
from pipeline.dataset.files import (
    exists,
    explained,
    listed,
    make_folder,
    move,
    publish,
    put_json,
    remove,
    remove_tree,
    sync_folder,
)
from pipeline.dataset.gone import copy
from pipeline.dataset.layout import DERIVED, TABLES, Layout, staged
from pipeline.dataset.pack import pack
from pipeline.dataset.parquet import table as table_of
from pipeline.dataset.record import Commit, FileRecord, load, numbers
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipeline.dataset.plan import Plan
    from pipeline.dataset.record import BatchRecord, Refused
    from pipeline.dataset.write import Report


def commit(plan: Plan, reports: Iterable[Report]) -> Commit:
    """The dataset's new state, published; the state it was in, if there was nothing to change.

    `reports` are those of all batches of the plan, in any order. DatasetError if one is missing or the disk refuses.
    """
    made = {report.record.slot: report for report in reports}
    lost = [batch.slot for batch in plan.batches if batch.slot not in made]
    if lost:
        cause = f"{len(lost)} batches were not reported"
        raise DatasetError(cause, place=str(plan.out), remedy="Run again; nothing was published")
    previous = plan.previous
    same = not (made or plan.carried or plan.gone)
    if previous is not None and same and plan.order == tuple(batch.slot for batch in previous.batches):
        return unchanged(previous)
    with explained(plan.out):
        written = [report.record for report in made.values()] + [pack(group, plan.out, plan.staging) for group in plan.carried]
        written += [copy(keeping, plan.staging) for keeping in plan.gone]
        records = {batch.slot: batch for batch in (*plan.unchanged, *written)}
        new = _new_commit(plan, tuple(records[slot] for slot in plan.order), tuple(made.values()))
        install(plan.out, plan.staging, new, previous, written, plan.keep_commits)
    return new


def unchanged(previous: Commit) -> Commit:
    """The commit that is there already, as the result of a run that had nothing to publish."""
    return dataclasses.replace(previous, newly_rejected=(), added=(), retired=(), changed=False)


def succeeding(previous: Commit | None, new: Commit) -> Commit:
    """`new` with its number, what it adds and retires, and the time: the state that follows `previous`."""
    now = _file_names(new)
    before = _file_names(previous) if previous else set()
    return dataclasses.replace(
        new,
        number=previous.number + 1 if previous else 1,
        finished=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        added=tuple(sorted(now - before)),
        retired=tuple(sorted(before - now)),
    )


def install(  # noqa: PLR0913, PLR0917  # all that a commit is made of
    out: Path, staging: Path, new: Commit, previous: Commit | None, written: Iterable[BatchRecord], keep_commits: int
) -> None:
    """The dataset is as `new` says. `written`: the records among its own whose files stand in `staging`. Raises OSError."""
    if store.is_object(out):
        objects.install(out, staging, new, written, keep_commits)
        return
    journal = _journal(staging, new, previous, written, keep_commits)
    layout = Layout(out)
    tables = {*(TABLES if new.step == "all" else ()), *(file.table for batch in new.stored for file in batch.files)}
    for folder in (layout.staging, layout.commits, *(folder for table in sorted(tables) for folder in _folders(layout, table))):
        make_folder(folder)
    put_json(layout.journal, journal, layout.scratch)
    recover(out)


def recover(out: Path) -> None:
    """The dataset with no journal and nothing staged: finishes what an interrupted run had begun to publish."""
    if store.is_object(out):
        objects.recover(out)
        return
    layout = Layout(out)
    if layout.journal.exists():
        journal = _unfinished(layout)
        if journal is not None:
            _publish(layout, journal)
            put_json(layout.record(journal["record"]["number"]), journal["record"], layout.scratch)
            _prune(layout, journal["keep_commits"], journal["record"].get("step", "all"))
        remove(layout.journal)
        sync_folder(layout.commits)
    remove_tree(layout.staging)


def _unfinished(layout: Layout) -> dict[str, Any] | None:
    """What was being published; None for a torn journal: a file system without atomic renames stopped before anything was."""
    try:
        found: dict[str, Any] = json.loads(layout.journal.read_bytes())
    except ValueError:
        return None
    return found


def _new_commit(plan: Plan, batches: tuple[BatchRecord, ...], reports: tuple[Report, ...]) -> Commit:
    previous = plan.previous
    refused = _newly_rejected(plan, reports)
    new = Commit(0, plan.started, "", plan.identity, batches, newly_rejected=refused, step=plan.step)
    if previous is not None and _part_names(new) == _part_names(previous):
        new = dataclasses.replace(new, derived=previous.derived)
    return succeeding(previous, new)


def _part_names(state: Commit) -> list[str]:
    return [part.name for batch in state.batches for part in batch.whole]


def _file_names(state: Commit) -> set[str]:
    return {f"{file.table}/{batch.name}" for batch in state.stored for file in batch.files}


def _newly_rejected(plan: Plan, reports: tuple[Report, ...]) -> tuple[Refused, ...]:
    """What was not rejected for the same reason, with the same bytes, in the commit before."""
    refused = sorted(one for report in reports for one in report.refused)
    if not refused or plan.previous is None:
        return tuple(refused)
    known: set[tuple[str, str, str, str]] = set()
    same = {batch.name for batch in plan.unchanged}
    for batch, file in plan.previous.files("documents"):
        if batch.name in same or not batch.counts.rejected:
            continue
        path = Layout(plan.out).published(file.table, batch.slot)
        if exists(path):  # else it was deleted by hand, and its rejections are news
            rows = table_of(path, columns=["uri", "member", "sha256", "reason"]).to_pylist()
            known |= {(row["uri"], row["member"] or "", row["sha256"] or "", row["reason"]) for row in rows if row["reason"]}
    return tuple(one for one in refused if (one.uri, one.member, one.sha256, one.reason) not in known)


def _journal(
    staging: Path, new: Commit, previous: Commit | None, made: Iterable[BatchRecord], keep_commits: int
) -> dict[str, Any]:
    published = {(file.table, batch.slot) for batch in new.stored for file in batch.files}
    before = previous.stored if previous else ()
    return {
        "record": new.to_json(),
        "run": staging.name,
        "adds": [[file.table, batch.slot, batch.name] for batch in made for file in batch.files],
        "removes": sorted({(file.table, batch.slot) for batch in before for file in batch.files} - published),
        "keep_commits": keep_commits,
    }


def _publish(layout: Layout, journal: dict[str, Any]) -> None:
    run = layout.staging / journal["run"]
    make_folder(layout.staging)
    for table, _, name in journal["adds"]:
        file, stored = staged(run, table, name), layout.stored(table, name)
        if file.exists():
            move(file, stored)
        elif not stored.exists():
            raise DatasetError(
                "a file of an unfinished commit is gone",
                place=str(file),
                remedy=f"Delete {layout.journal} and run again: what is missing is made anew",
            )
    # The content is safe under its lasting name before any glob sees it.
    _sync_tables(layout)
    for table, slot, name in journal["adds"]:
        publish(layout.stored(table, name), layout.published(table, slot), layout.scratch)
    for table, slot in journal["removes"]:
        remove(layout.published(table, slot))
    _sync_tables(layout)


def _prune(layout: Layout, keep_commits: int, step: str) -> None:
    """Only the files of the newest commit and of `keep_commits` before it stay; without any to keep, no second names at all."""
    kept: set[tuple[str, str]] = set()
    for number in numbers(layout.out)[-1 - keep_commits :] if keep_commits else []:
        record = load(layout.out, number, step=step)
        kept |= {(file.table, batch.name) for batch in record.stored for file in batch.files} if record else set()
    for table in (*TABLES, *DERIVED):
        for path in listed(layout.stored(table, "*").parent, ".parquet"):
            if (table, path.stem) not in kept:
                remove(path)


def _folders(layout: Layout, table: str) -> tuple[Path, Path]:
    return layout.out / table, layout.stored(table, "").parent


def _sync_tables(layout: Layout) -> None:
    for table in (*TABLES, *DERIVED):
        for folder in _folders(layout, table):
            if folder.is_dir():
                sync_folder(folder)


def file_paths(out: Path, state: Commit, table: str) -> list[tuple[Path, BatchRecord, FileRecord]]:
    """Where the files of `table` in a commit are to be read, in the order of their rows.

    Under the names whose content never changes; where no commits are kept, the newest under those that globs see.
    DatasetError if the commit's files are no longer kept.
    """
    layout = Layout(out)
    newest = numbers(out)[-1] == state.number
    is_there = _among(layout, table) if store.is_object(out) else exists
    found = []
    for batch, file in state.files(table):
        path = layout.stored(table, batch.name)
        if not is_there(path) and newest:
            path = layout.published(table, batch.slot)
        if not is_there(path):
            raise DatasetError(
                f"a file of commit {state.number} is gone",
                place=store.called(path),
                remedy="Its time was up (setting keep_commits), or it was deleted; open a newer commit, or run again",
            )
        found.append((path, batch, file))
    return found


def _among(layout: Layout, table: str) -> Callable[[Path], bool]:
    """Whether there is such a file, for one request a folder."""
    known = {path for folder in _folders(layout, table) for path in listed(folder, ".parquet")}
    return known.__contains__
