"""Publishing: journal, files, record, in steps that whoever comes next can finish.

Until the journal stands, nothing of the dataset has changed and an interrupted run leaves no trace. From then on the commit is
made, and every step can be repeated: `recover` does them all again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from pipeline.dataset.files import explained, make_folder, move, publish, put_json, remove, remove_tree, sync_folder
from pipeline.dataset.layout import TABLES, Layout, staged
from pipeline.dataset.record import Commit, FileRecord, load, numbers
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable
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
    records = {batch.slot: batch for batch in plan.unchanged} | {slot: report.record for slot, report in made.items()}
    previous = plan.previous
    if previous is not None and not made and plan.order == tuple(batch.slot for batch in previous.batches):
        return dataclasses.replace(previous, newly_rejected=(), added=(), retired=(), changed=False)
    with explained(plan.out):
        new = _new_commit(plan, tuple(records[slot] for slot in plan.order), tuple(made.values()))
        journal = _journal(plan, new, [report.record for report in made.values()])
        layout = Layout(plan.out)
        for folder in (layout.staging, layout.commits, *_table_folders(layout)):
            make_folder(folder)
        put_json(layout.journal, journal, layout.scratch)
        recover(plan.out)
    return new


def recover(out: Path) -> None:
    """The dataset with no journal and nothing staged: finishes what an interrupted run had begun to publish."""
    layout = Layout(out)
    if layout.journal.exists():
        journal = json.loads(layout.journal.read_bytes())
        _publish(layout, journal)
        put_json(layout.record(journal["record"]["number"]), journal["record"], layout.scratch)
        _prune(layout, journal["keep_commits"])
        remove(layout.journal)
        sync_folder(layout.commits)
    remove_tree(layout.staging)


def _new_commit(plan: Plan, batches: tuple[BatchRecord, ...], reports: tuple[Report, ...]) -> Commit:
    previous = plan.previous
    now = _file_names(batches)
    before = _file_names(previous.batches) if previous else set()
    return Commit(
        number=previous.number + 1 if previous else 1,
        started=plan.started,
        finished=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
        identity=plan.identity,
        batches=batches,
        added=tuple(sorted(now - before)),
        retired=tuple(sorted(before - now)),
        newly_rejected=_newly_rejected(plan, reports),
    )


def _file_names(batches: Iterable[BatchRecord]) -> set[str]:
    return {f"{file.table}/{batch.name}" for batch in batches for file in batch.files}


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
        if path.exists():  # else it was deleted by hand, and its rejections are news
            rows = pq.read_table(path, columns=["uri", "member", "sha256", "reason"]).to_pylist()
            known |= {(row["uri"], row["member"] or "", row["sha256"] or "", row["reason"]) for row in rows if row["reason"]}
    return tuple(one for one in refused if (one.uri, one.member, one.sha256, one.reason) not in known)


def _journal(plan: Plan, new: Commit, made: Iterable[BatchRecord]) -> dict[str, Any]:
    published = {(file.table, batch.slot) for batch in new.batches for file in batch.files}
    before = plan.previous.batches if plan.previous else ()
    return {
        "record": new.to_json(),
        "run": plan.staging.name,
        "adds": [[file.table, batch.slot, batch.name] for batch in made for file in batch.files],
        "removes": sorted({(file.table, batch.slot) for batch in before for file in batch.files} - published),
        "keep_commits": plan.keep_commits,
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


def _prune(layout: Layout, keep_commits: int) -> None:
    """Only the files of the newest commit and of `keep_commits` before it stay; without any to keep, no second names at all."""
    kept: set[tuple[str, str]] = set()
    for number in numbers(layout.out)[-1 - keep_commits :] if keep_commits else []:
        record = load(layout.out, number)
        kept |= {(file.table, batch.name) for batch in record.batches for file in batch.files} if record else set()
    for table in TABLES:
        for path in layout.stored(table, "*").parent.glob("*.parquet"):
            if (table, path.stem) not in kept:
                remove(path)


def _table_folders(layout: Layout) -> list[Path]:
    return [folder for table in TABLES for folder in (layout.out / table, layout.stored(table, "").parent)]


def _sync_tables(layout: Layout) -> None:
    for folder in _table_folders(layout):
        sync_folder(folder)


def file_paths(out: Path, state: Commit, table: str) -> list[tuple[Path, BatchRecord, FileRecord]]:
    """Where the files of `table` in a commit are to be read, in the order of their rows.

    Under the names whose content never changes; where no commits are kept, the newest under those that globs see.
    DatasetError if the commit's files are no longer kept.
    """
    layout = Layout(out)
    newest = numbers(out)[-1] == state.number
    found = []
    for batch, file in state.files(table):
        path = layout.stored(table, batch.name)
        if not path.exists() and newest:
            path = layout.published(table, batch.slot)
        if not path.exists():
            raise DatasetError(
                f"a file of commit {state.number} is gone",
                place=str(path),
                remedy="Its time was up (setting keep_commits), or it was deleted; open a newer commit, or run again",
            )
        found.append((path, batch, file))
    return found
