"""A dataset made from another, batch by batch, with the same exactly-once commit as a run's."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, NamedTuple

from pipeline.dataset.commit import commit, file_paths, recover
from pipeline.dataset.files import explained, make_folder, remove_tree, sync_folder
from pipeline.dataset.layout import TABLES, Layout
from pipeline.dataset.parquet import schema
from pipeline.dataset.plan import Batch, Plan, in_place
from pipeline.dataset.record import BatchRecord, Commit, load
from pipeline.dataset.tables import write_file
from pipeline.dataset.write import Report
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from pipeline.settings import Settings

Tables = dict[str, "pa.Table"]


class Made(NamedTuple):
    """A batch of the new dataset: what it is called, and its tables; the schemas' metadata are what the files will say.

    `tables` None: it cannot be made, and so nothing is published.
    """

    name: str
    tables: Callable[[], Tables | None]


def state_of(path: Path) -> Commit:
    """The newest commit of the dataset in `path`. DatasetError if there is none."""
    state = load(path)
    if state is None:
        raise DatasetError("no dataset here", place=str(path), remedy="Run `winnow run` first, or name the folder of a dataset")
    return state


def batches(path: Path, state: Commit) -> Iterator[tuple[BatchRecord, dict[str, Path]]]:
    """Each batch of the commit, in the order of its rows, with its file in each table that has rows."""
    files: dict[str, dict[str, Path]] = {batch.slot: {} for batch in state.batches}
    for table in TABLES:
        for where, batch, _ in file_paths(path, state, table):
            files[batch.slot][table] = where
    for batch in state.batches:
        yield batch, files[batch.slot]


def footer(path: Path) -> dict[str, str]:
    """What a Parquet file says about itself, without the `winnow.` before each key."""
    said = schema(path).metadata or {}
    return {key.decode().removeprefix("winnow."): value.decode() for key, value in said.items() if key.startswith(b"winnow.")}


def publish(
    source: Path, state: Commit, out: Path, settings: Settings, make: Callable[[BatchRecord, dict[str, Path]], Made]
) -> Commit | None:
    """`out` as a dataset of what `make` makes of each batch of `source`; None, with nothing published, if one cannot be made.

    The caller holds the lock of `out`. What `out` has already under the same name is not made again.
    """
    started = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    staging = Layout(out).staging / uuid.uuid4().hex
    with explained(out):
        recover(out)
        make_folder(staging)
    previous = load(out)
    have = {batch.name: batch for batch in in_place(Layout(out), previous.batches)} if previous else {}
    unchanged: list[BatchRecord] = []
    reports: list[Report] = []
    sound = True
    for batch, files in batches(source, state):
        made = make(batch, files)
        if made.name in have:
            unchanged.append(have[made.name])
            continue
        tables = made.tables()
        sound = sound and tables is not None
        if tables is not None and sound:
            reports.append(Report(_written(batch, made.name, tables, staging, settings), ()))
    plan = Plan(
        out=out,
        staging=staging,
        started=started,
        identity=state.identity,
        batches=tuple(Batch(report.record.slot, report.record.name, ()) for report in reports),
        unchanged=tuple(unchanged),
        order=tuple(batch.slot for batch in state.batches),
        previous=previous,
        keep_commits=settings.keep_commits,
    )
    try:
        return commit(plan, reports) if sound else None
    finally:
        with explained(out):
            remove_tree(Layout(out).staging)


def _written(batch: BatchRecord, name: str, tables: Tables, staging: Path, settings: Settings) -> BatchRecord:
    with explained(staging):
        files = tuple(write_file(table, rows, name, staging, settings) for table, rows in tables.items() if rows.num_rows)
        sync_folder(staging)
    return BatchRecord(batch.slot, name, files, batch.counts)
