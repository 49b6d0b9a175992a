"""Flow `ingest`: raw/ → processed/, one Prefect task a batch of files."""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
import importlib
import time
from pathlib import Path
from typing import Any, Literal

from flows import runtime

runtime.prepare()

from prefect import Task, flow, get_run_logger, task  # noqa: E402  # Prefect reads its environment when it is imported
from prefect.artifacts import (  # noqa: E402
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.client.schemas.objects import State, TaskRun  # noqa: E402
from prefect.events import emit_event  # noqa: E402
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402

from flows import engine, limits, summary  # noqa: E402
from flows.engine import Engine  # noqa: E402
from flows.faults import attempt, can_pass  # noqa: E402
from flows.progress import Step, tell  # noqa: E402
from flows.states import refusable, writing  # noqa: E402
from pipeline import dataset, settings  # noqa: E402
from pipeline.dataset import Commit, Plan, Report  # noqa: E402
from pipeline.errors import DatasetError  # noqa: E402
from pipeline.settings import Settings, url_of  # noqa: E402

RETRY_SECONDS = (1.0, 5.0, 25.0)  # waits before the second, third and fourth try
MOST_WORKERS = 256  # threads are started as they are needed, one a batch under way
RUNNER: Any = ThreadPoolTaskRunner(max_workers=MOST_WORKERS)  # Any: Prefect types it too narrowly for its own flow
LOGGED_REJECTIONS = 20  # of a batch; all of them stand in the documents table
SHOWN_EVERY = 5.0  # seconds between two updates of the progress that Prefect shows: each is a call to its server


class BatchesFailed(DatasetError):  # noqa: N818  # as its base, named for what happened
    """Some batches could not be done, even after retries; the others were, but nothing was published."""


class Job:
    """What the tasks of one run share. A plain class, because Prefect walks through dataclasses and collections it is given."""

    def __init__(self, chosen: Settings, plan: Plan, pool: Engine) -> None:
        self.settings = chosen
        self.plan = plan
        self.pool = pool


@flow(name="ingest", task_runner=RUNNER, persist_result=False)
@refusable
def ingest(  # noqa: PLR0913, PLR0917  # one parameter a setting
    raw: Path | None = None,
    out: Path | None = None,
    config: Path | None = None,
    templates: Path | None = None,
    exclude: tuple[str, ...] | None = None,
    hidden: bool | None = None,  # noqa: FBT001  # parameters of a flow are named by whoever starts it
    workers: int | None = None,
    batch_files: int | None = None,
    batch_bytes: int | None = None,
    runner: Literal["process", "dask", "ray"] | None = None,
    address: str | None = None,
    then: tuple[Literal["dedupe", "compact"], ...] = (),
) -> Commit:
    """Make the dataset what the sources, rules and settings say: only new and changed sources are processed.

    A parameter that is null is as winnow.toml or the environment say. Other settings are set there.

    Args:
        raw: Folder of source files.
        out: Folder of the dataset.
        config: Settings file; null: winnow.toml in the working folder, if it is there.
        templates: Folder of what flow learn found to recur on sites; null: as the settings say, else none.
        exclude: Globs of files, relative to raw, that are not sources.
        hidden: Also read files and folders whose name starts with a dot.
        workers: Processes; 0: one a core.
        batch_files: Most files in one task.
        batch_bytes: Most bytes in one task, unless one file alone is larger.
        runner: What does the batches: processes of this machine, Dask or Ray.
        address: Of a Dask or Ray cluster that is there; null: one is started on this machine.
        then: Flows to run on the dataset afterwards, as subflows, if this one changed it.
    """
    chosen = settings.load(
        config,
        raw=raw,
        out=out,
        templates=templates,
        exclude=exclude,
        hidden=hidden,
        workers=workers,
        batch_files=batch_files,
        batch_bytes=batch_bytes,
        runner=runner,
        address=address,
    )
    done = make(chosen, "ingest")
    for name in then if done.changed else ():
        # Not imported above, since they import this.
        subflow = getattr(importlib.import_module(f"flows.{name}"), name)
        done = subflow(out=chosen.out, config=config, workers=workers)
    return done


def step(name: str, config: Path | None, out: Path | None, **given: object) -> Settings:
    """The settings of a flow of one step, whose dataset never stands where the whole one does."""
    chosen = settings.load(config, step=name, out=out, **given)
    return chosen if out is not None else chosen.model_copy(update={"out": chosen.out.with_name(f"{chosen.out.name}-{name}")})


def make(chosen: Settings, name: str) -> Commit:
    """The dataset made to be what the settings say, by the flow of this name: what `ingest` and the flows of one step share.

    A run that has nothing to do is quiet: no task, no artifact, no event.
    """
    chosen = engine.absolute(chosen)
    with writing(chosen.out, chosen.wait_seconds):
        plan = dataset.plan(chosen)
        get_run_logger().info("%s: %d sources, %d batches to do", chosen.raw, plan.sources, len(plan.batches))
        with engine.start(chosen, len(plan.batches), (chosen.raw, plan.staging)) as pool:
            job = Job(chosen, plan, pool)
            reports = work_all(job, name)
        done = publish(job, reports) if plan.batches else dataset.commit(plan, reports)
    if done.changed:
        create_table_artifact(summary.rows(done), key=name, description="What became of the sources, by rule")
        create_markdown_artifact(summary.markdown(done), key=f"{name}-summary", description="The dataset after this run")
        announce(done, name, chosen.out)
    return done


def announce(done: Commit, name: str, out: Path) -> None:
    """Tells Prefect, whose automations may wait for it, of a new commit: event winnow.FLOW.committed."""
    totals = done.totals
    counts = {"sources": totals.sources, "articles": totals.articles, "rejected": totals.rejected}
    refused = len(done.newly_rejected)
    resource = {"prefect.resource.id": f"winnow.dataset.{url_of(out) or out.absolute()}", "prefect.resource.name": str(out)}
    emit_event(f"winnow.{name}.committed", resource=resource, payload={"commit": done.number, "newly_rejected": refused} | counts)


class Shown:
    """The progress that Prefect shows of a run: an artifact, brought up to date now and then."""

    def __init__(self, name: str, batches: int) -> None:
        self._batches = batches
        self._at = time.monotonic()
        self._id: Any = create_progress_artifact(0.0, key=f"{name}-progress", description="Batches done") if batches else None

    def update(self, done: int) -> None:
        """Says that so many batches are done; the last time always, else not too often."""
        now = time.monotonic()
        if self._id is not None and (done == self._batches or now - self._at >= SHOWN_EVERY):
            self._at = now
            update_progress_artifact(self._id, 100 * done / self._batches)


def work_all(job: Job, name: str = "ingest") -> list[Report]:
    """The reports of all batches. Raises BatchesFailed, when all that can be done is done, if some could not be."""
    plan = job.plan
    waiting = plan.sources - sum(len(batch.items) for batch in plan.batches)
    step = Step(waiting, plan.sources, 0, 0)
    tell(step)
    reports: list[Report] = []
    failed: dict[int, object] = {}
    shown = Shown(name, len(plan.batches))

    def submit(number: int) -> Any:
        return work.submit(job, number, summary.shown(plan.batches[number].items[0].uri))

    for number, result in limits.results(job.settings, job.pool.slots, range(len(plan.batches)), submit):
        if isinstance(result, Report):
            counts = result.record.counts
            files = step.files_done + len(plan.batches[number].items)
            step = Step(files, plan.sources, step.articles + counts.articles, step.rejected + counts.rejected)
            reports.append(result)
            tell(step)
        else:
            failed[number] = result
        shown.update(len(reports) + len(failed))
    if failed:
        raise _failure(plan, failed)
    return reports


def retry_if_it_can_pass(of: Task[..., Report], run: TaskRun, state: State[Report]) -> bool:
    """Whether Prefect tries the batch again."""
    del of, run
    return can_pass(state.data)


@task(
    name="batch",
    task_run_name="batch {number}: {first}",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=list(RETRY_SECONDS),
    retry_condition_fn=retry_if_it_can_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def work(job: Job, number: int, first: str) -> Report:
    """The report of one batch of the plan. `first` names its first file, for people."""
    batch = job.plan.batches[number]
    report = job.pool.call(attempt, dataset.work, batch, job.settings, job.plan.staging)
    counts = report.record.counts
    logger = get_run_logger()
    logger.info("%s … %d files, %d articles, %d rejected", first, counts.sources, counts.articles, counts.rejected)
    for refused in report.refused[:LOGGED_REJECTIONS]:
        logger.warning("rejected: %s", summary.shown(f"{refused.uri} {refused.member} ({refused.reason})"))
    return report


@task(name="commit", cache_policy=NO_CACHE, persist_result=False)
def publish(job: Job, reports: list[Report]) -> Commit:
    """The dataset's new state, published."""
    return dataset.commit(job.plan, reports)


def _failure(plan: Plan, failed: dict[int, object]) -> BatchesFailed:
    first, error = next(iter(failed.items()))
    names = [summary.shown(item.uri) for number in failed for item in plan.batches[number].items]
    get_run_logger().error("not done: %s", ", ".join(names))
    cause = f"{len(failed)} of {len(plan.batches)} batches failed, with {len(names)} files; the first: {error}"
    remedy = f"Nothing was published. Run again, or exclude what breaks it among: {summary.few(names)}"
    return BatchesFailed(cause, place=summary.shown(plan.batches[first].items[0].uri), remedy=remedy)
