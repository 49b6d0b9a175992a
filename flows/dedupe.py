"""Flow `dedupe`: articles → the table of duplicates, one Prefect task a batch whose articles have no signatures yet."""

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


@flow(name="dedupe", task_runner=RUNNER, persist_result=False)
@refusable
def dedupe(out: Path | None = None, config: Path | None = None, workers: int | None = None) -> Commit:
    """Find articles that say the same and write the table duplicates/; nothing is removed.

    A parameter that is null is as winnow.toml or the environment say.

    Args:
        out: Folder of the dataset.
        config: Settings file; null: winnow.toml in the working folder, if it is there.
        workers: Processes; 0: one a core.
    """
    chosen = engine.absolute(settings.load(config, out=out, workers=workers))
    with writing(chosen.out, chosen.wait_seconds):
        todo = dataset.plan_dedupe(chosen)
        get_run_logger().info("%s: %d batches to sign", chosen.out, len(todo.todo))
        with engine.start(chosen, len(todo.todo), (chosen.out,)) as pool:
            job = Job(dataset.work_dedupe, [(one,) for one in todo.todo], pool)
            signed = sum(each(job, "sign", chosen))
        done = dataset.commit_dedupe(todo)
    if done.changed:
        text = markdown(done, signed, chosen.out)
        create_markdown_artifact(text, key="dedupe-summary", description="Copies among the articles")
        announce(done, "dedupe", chosen.out)
    return done


def markdown(done: Commit, signed: int, out: Path) -> str:
    """A few lines on what was found."""
    state = f"commit {done.number}" if done.changed else f"nothing new since commit {done.number}"
    table = dataset.open_dataset(out, "duplicates", done.number).to_table(columns=["cluster", "kind"]).to_pydict()
    kinds = {kind: table["kind"].count(kind) for kind in ("exact", "near", "update")}
    return (
        f"# Duplicates: {state}\n\n"
        f"- {done.totals.articles:,} articles, {signed:,} of them signed in this run\n"
        f"- {len(set(table['cluster'])):,} articles with copies: "
        f"{', '.join(f'{count:,} {kind}' for kind, count in kinds.items())}\n"
    )
