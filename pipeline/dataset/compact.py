"""Small files → files of a target size, without changing a row; and columns of an older version → those of this one.

Neighbouring records that are smaller than half the target are put together, up to the target. What a file counts for is the size
that its batches' own files had, which does not shrink by being put together: so doing it twice changes nothing the second time.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.columns import SCHEMA_VERSION
from pipeline.dataset.commit import install, recover, succeeding, unchanged
from pipeline.dataset.files import exists, explained, make_folder
from pipeline.dataset.gone import is_gone
from pipeline.dataset.layout import Layout
from pipeline.dataset.lock import locked
from pipeline.dataset.pack import Group, Piece, pack
from pipeline.dataset.record import Commit, load
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pipeline.dataset.record import BatchRecord
    from pipeline.settings import Settings

TARGET_BYTES = 128 * 2**20


@dataclass(frozen=True, slots=True)
class Compaction:
    """The work of one compaction: each group becomes one file a table; `kept` stay as they are."""

    out: Path
    staging: Path
    started: str
    previous: Commit
    groups: tuple[Group, ...]
    kept: tuple[BatchRecord, ...]
    keep_commits: int


def current(settings: Settings) -> Commit:
    """The newest commit, after what an interrupted run had begun to publish. The caller holds the lock.

    DatasetError if there is none, or if a newer version of winnow wrote it.
    """
    with explained(settings.out):
        recover(settings.out)
    state = load(settings.out)
    if state is None:
        raise DatasetError("no dataset here", place=str(settings.out), remedy="Run `winnow run` first")
    if int(state.identity.schema_version) > int(SCHEMA_VERSION):
        cause = f"its schema has version {state.identity.schema_version}, and this winnow knows {SCHEMA_VERSION}"
        raise DatasetError(cause, place=str(settings.out), remedy="Use a newer winnow")
    return state


def new_staging(out: Path) -> Path:
    """A folder for the files of this run."""
    path = Layout(out).staging / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    with explained(path):
        make_folder(path)
    return path


def plan_compaction(settings: Settings, target_bytes: int = TARGET_BYTES) -> Compaction:
    """What there is to put together. `target_bytes`: most bytes of a file, unless one batch alone is larger.

    The caller holds the lock. DatasetError if there is no dataset, or a file of it is missing.
    """
    started = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    state = current(settings)
    paths = [Layout(settings.out).published(file.table, batch.slot) for batch in state.batches for file in batch.files]
    for path in paths:
        if not exists(path):
            raise DatasetError("a file of the dataset is missing", place=str(path), remedy="Run again: it is made anew")
    older = state.identity.schema_version != SCHEMA_VERSION
    groups: list[Group] = []
    kept: list[BatchRecord] = []
    for records in _grouped(state.batches, target_bytes):
        if len(records) > 1 or older:
            pieces = tuple(Piece(record, 0, len(record.whole)) for record in records)
            groups.append(Group(pieces, settings.zstd_level, settings.row_group_rows))
        else:
            kept += records
    staging = new_staging(settings.out) if groups else Layout(settings.out).staging
    return Compaction(settings.out, staging, started, state, tuple(groups), tuple(kept), settings.keep_commits)


def _grouped(records: Iterable[BatchRecord], target: int) -> Iterator[list[BatchRecord]]:
    """Runs of small neighbours up to the target; everything else alone."""
    group: list[BatchRecord] = []
    total = 0
    for record in records:
        size = sum(part.bytes for part in record.whole)
        # What is gone stays by itself: its files say of themselves that they were made by other rules.
        small = 2 * size < target and not is_gone(record)
        if group and (not small or total + size > target):
            yield group
            group, total = [], 0
        if small:
            group.append(record)
            total += size
        else:
            yield [record]
    if group:
        yield group


def work_compaction(group: Group, out: Path, staging: Path) -> BatchRecord:
    """The group's files, staged. Runs in any process and can be repeated. DatasetError if they cannot be written."""
    with explained(staging):
        return pack(group, out, staging)


def commit_compaction(plan: Compaction, records: Iterable[BatchRecord]) -> Commit:
    """The same rows in their new files, published; the commit that is there, if there was nothing to put together."""
    made = {record.slot: record for record in records}
    if len(made) != len(plan.groups):
        cause = f"{len(plan.groups) - len(made)} groups were not reported"
        raise DatasetError(cause, place=str(plan.out), remedy="Run again; nothing was published")
    previous = plan.previous
    if not made:
        return unchanged(previous)
    known = made | {record.slot: record for record in plan.kept}
    batches = tuple(known[batch.slot] for batch in previous.batches if batch.slot in known)
    identity = previous.identity._replace(schema_version=SCHEMA_VERSION)
    # What was derived under other columns is derived anew.
    derived = previous.derived if identity == previous.identity else ()
    new = Commit(0, plan.started, "", identity, batches, derived=derived)
    with explained(plan.out):
        new = succeeding(previous, new)
        install(plan.out, plan.staging, new, previous, made.values(), plan.keep_commits)
    return new


def compact(
    settings: Settings,
    target_bytes: int = TARGET_BYTES,
    map: Callable[..., Iterable[BatchRecord]] = map,  # noqa: A002  it stands for the builtin
) -> Commit:
    """The dataset with the same rows in files near the target size. `map` runs the work: the builtin, or an executor's."""
    with locked(settings.out):
        todo = plan_compaction(settings, target_bytes)
        size = len(todo.groups)
        return commit_compaction(todo, map(work_compaction, todo.groups, [todo.out] * size, [todo.staging] * size))
