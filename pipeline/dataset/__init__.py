"""The dataset on disk: plain Parquet folders that any tool reads by glob, written exactly once whatever is killed.

    with locked(settings.out):
        plan_ = plan(settings)
        reports = [work(batch, settings, plan_.staging) for batch in plan_.batches]   # anywhere, in any order
        result = commit(plan_, reports)

is what `build` does. `open_dataset` reads one commit; `verify` checks everything that can be checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.dataset.checksum import checksum
from pipeline.dataset.commit import commit, recover
from pipeline.dataset.compact import Compaction, commit_compaction, compact, plan_compaction, work_compaction
from pipeline.dataset.diff import Diff, diff
from pipeline.dataset.duplicates import Deduplication, commit_dedupe, find_duplicates, plan_dedupe, work_dedupe
from pipeline.dataset.layout import TABLES, Layout
from pipeline.dataset.lock import locked
from pipeline.dataset.partitions import partition
from pipeline.dataset.plan import Batch, Plan, plan
from pipeline.dataset.read import open_dataset, unsure
from pipeline.dataset.record import BatchRecord, Commit, Counts, FileRecord, Refused, load, numbers
from pipeline.dataset.rehydrate import Rehydrated, rehydrate
from pipeline.dataset.share import Shared, share
from pipeline.dataset.verify import Problem, verify
from pipeline.dataset.write import Report, work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline.settings import Settings

__all__ = [
    "TABLES",
    "Batch",
    "BatchRecord",
    "Commit",
    "Compaction",
    "Counts",
    "Deduplication",
    "Diff",
    "FileRecord",
    "Layout",
    "Plan",
    "Problem",
    "Refused",
    "Rehydrated",
    "Report",
    "Shared",
    "build",
    "checksum",
    "commit",
    "commit_compaction",
    "commit_dedupe",
    "compact",
    "diff",
    "find_duplicates",
    "load",
    "locked",
    "numbers",
    "open",
    "open_dataset",
    "partition",
    "plan",
    "plan_compaction",
    "plan_dedupe",
    "recover",
    "rehydrate",
    "share",
    "unsure",
    "verify",
    "work",
    "work_compaction",
    "work_dedupe",
]

open = open_dataset  # noqa: A001  as in gzip.open: it is said with the module's name before it


def build(
    settings: Settings,
    map: Callable[..., Iterable[Report]] = map,  # noqa: A002  it stands for the builtin
    progress: Callable[[Plan, Report | None], None] | None = None,
) -> Commit:
    """The dataset made to be what the sources, rules and settings say.

    `map` runs `work` over the batches: the builtin, or that of an executor. `progress` is called before any work, without
    a report, and after each batch.
    """
    with locked(settings.out, settings.wait_seconds):
        todo = plan(settings)
        if progress is not None:
            progress(todo, None)
        size = len(todo.batches)
        reports = []
        for report in map(work, todo.batches, [settings] * size, [todo.staging] * size):
            reports.append(report)
            if progress is not None:
                progress(todo, report)
        return commit(todo, reports)
