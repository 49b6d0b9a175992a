"""Flow `compact`: the small files of a dataset → files of a target size, one Prefect task a file to be."""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
from pathlib import Path

from flows import runtime

runtime.prepare()

from prefect import flow, get_run_logger  # noqa: E402  # Prefect reads its environment when it is imported
from prefect.artifacts import create_markdown_artifact  # noqa: E402

from flows import engine  # noqa: E402
from flows.ingest import RUNNER, announce  # noqa: E402
from flows.states import refusable, writing  # noqa: E402
from flows.tasks import Job, each  # noqa: E402
from pipeline import dataset, settings  # noqa: E402
from pipeline.dataset import Commit  # noqa: E402
from pipeline.dataset.compact import TARGET_BYTES  # noqa: E402


@flow(name="compact", task_runner=RUNNER, persist_result=False)
@refusable
def compact(
    out: Path | None = None,
    config: Path | None = None,
    target_bytes: int = TARGET_BYTES,
    workers: int | None = None,
) -> Commit:
    """Put small neighbouring files together without changing a row, and bring an older dataset to this version's columns.

    A parameter that is null is as winnow.toml or the environment say.

    Args:
        out: Folder of the dataset.
        config: Settings file; null: winnow.toml in the working folder, if it is there.
        target_bytes: Most bytes of a file, unless one batch alone is larger; files under half of it are put together.
        workers: Processes; 0: one a core.
    """
    chosen = engine.absolute(settings.load(config, out=out, workers=workers))
    with writing(chosen.out, chosen.wait_seconds):
        todo = dataset.plan_compaction(chosen, target_bytes)
        get_run_logger().info("%s: %d files a table to be made of several", chosen.out, len(todo.groups))
        with engine.start(chosen, len(todo.groups), (todo.out,)) as pool:
            calls = [(group, todo.out, todo.staging) for group in todo.groups]
            records = list(each(Job(dataset.work_compaction, calls, pool), "compact", chosen))
        done = dataset.commit_compaction(todo, records)
    if done.changed:
        create_markdown_artifact(markdown(todo.previous, done), key="compact-summary", description="The files after this run")
        announce(done, "compact", chosen.out)
    return done


def markdown(before: Commit, done: Commit) -> str:
    """A few lines on the files."""
    state = f"commit {done.number}" if done.changed else f"nothing to do since commit {done.number}"
    lines = [f"# The dataset: {state}", "", "| | files | bytes |", "| --- | --- | --- |"]
    for name, commit in (("before", before), ("now", done)):
        files = [file for batch in commit.batches for file in batch.files]
        lines.append(f"| {name} | {len(files):,} | {sum(file.bytes for file in files):,} |")
    return "\n".join(lines) + f"\n\n{done.totals.articles:,} articles, the same rows as before.\n"
