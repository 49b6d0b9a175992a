"""Flow `learn`: raw/ → templates/, one Prefect task a batch of files, then one a site's template."""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from flows import runtime

runtime.prepare()

from prefect import flow, get_run_logger, task  # noqa: E402  # Prefect reads its environment when it is imported
from prefect.artifacts import create_markdown_artifact, create_table_artifact  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402

from flows import engine, summary  # noqa: E402
from flows.engine import Engine  # noqa: E402
from flows.faults import attempt  # noqa: E402
from flows.ingest import RETRY_SECONDS, RUNNER, retry_if_it_can_pass  # noqa: E402
from flows.limits import results  # noqa: E402
from flows.progress import Step, tell  # noqa: E402
from flows.states import refusable, writing  # noqa: E402
from pipeline import learn as learning  # noqa: E402
from pipeline import settings  # noqa: E402
from pipeline.errors import WinnowError  # noqa: E402
from pipeline.learn.freeze import MIN_SUPPORT  # noqa: E402
from pipeline.learn.state import MOST_DOCUMENTS  # noqa: E402
from pipeline.settings import Settings  # noqa: E402

TEMPLATES = Path("templates")
SHOWN = 100  # sites in the table; a UI page takes no more
SITES = 50  # templates written in one task


class Summary(NamedTuple):
    """What a run of `learn` did. `files` were new to it, of which `skipped` gave no text; `sites` have something that recurs."""

    folder: str
    files: int
    skipped: int
    sites: int
    changed: int
    recurring: int
    dropped: int


class Job:
    """What the tasks of one run share. A plain class, because Prefect walks through dataclasses and collections it is given."""

    def __init__(self, chosen: Settings, parts: tuple[learning.Part, ...], pool: Engine) -> None:
        self.settings = chosen
        self.parts = parts
        self.pool = pool

    def call(self, function: Callable[..., Any], *args: object) -> Any:
        """What `function` returns, from a worker."""
        return self.pool.call(attempt, function, *args)


@flow(name="learn", task_runner=RUNNER, persist_result=False)
@refusable
def learn(  # noqa: PLR0913, PLR0917  # one parameter a setting
    raw: Path | None = None,
    templates: Path | None = None,
    config: Path | None = None,
    min_support: int = MIN_SUPPORT,
    documents: int = MOST_DOCUMENTS,
    workers: int | None = None,
    batch_files: int | None = None,
    batch_bytes: int | None = None,
) -> Summary:
    """Learn what recurs on each site from the sources that it did not see yet, and write the sites' templates for review.

    A parameter that is null is as winnow.toml or the environment say. `ingest` uses the templates where the setting says so.

    Args:
        raw: Folder of source files.
        templates: Folder of the templates; null: as the settings say, else templates in the working folder.
        config: Settings file; null: winnow.toml in the working folder, if it is there.
        min_support: Different articles of a site that must have a block for it to recur; at least 2.
        documents: Most documents that are remembered of a site; of more a random sample, the same whatever their order.
        workers: Processes; 0: one a core.
        batch_files: Most files in one task.
        batch_bytes: Most bytes in one task, unless one file alone is larger.
    """
    chosen = settings.load(config, raw=raw, workers=workers, batch_files=batch_files, batch_bytes=batch_bytes)
    folder = (templates or chosen.templates or TEMPLATES).absolute()
    # What is learned must not depend on what was learned before.
    chosen = engine.absolute(chosen).model_copy(update={"templates": None})
    with writing(folder, chosen.wait_seconds):
        store = learning.Store(folder, documents)
        parts = tuple(learning.plan(chosen, folder))
        with engine.start(chosen, max(len(parts), 1), (chosen.raw, folder)) as pool:
            job = Job(chosen, parts, pool)
            skipped = observe_all(job, store)
            found = publish_all(job, folder, min_support)
        store.publish_frequencies()
    done = Summary(
        str(folder),
        sum(len(part.keys) for part in parts),
        skipped,
        len(found),
        sum(one.changed for one in found),
        sum(one.recurring for one in found),
        sum(one.dropped for one in found),
    )
    create_table_artifact([one._asdict() for one in found[:SHOWN]], key="learn", description="What recurs, by site")
    create_markdown_artifact(markdown(done), key="learn-summary", description="What was learned")
    return done


def observe_all(job: Job, store: learning.Store) -> int:
    """Stores what all parts gave, each as soon as it is there; the number of files that gave nothing."""
    total = sum(len(part.keys) for part in job.parts)
    step = Step(0, total, 0, 0)
    tell(step)
    skipped = 0
    for number, observed in _results(job, observe, range(len(job.parts))):
        store.add(job.parts[number], observed)
        skipped += observed.skipped
        step = Step(step.files_done + len(job.parts[number].keys), total, 0, skipped)
        tell(step)
    return skipped


def publish_all(job: Job, folder: Path, min_support: int) -> list[learning.Learned]:
    """Writes the templates of all sites, those with most that recurs first in what is returned."""
    sites = learning.Store(folder).sites()
    chunks = [sites[at : at + SITES] for at in range(0, len(sites), SITES)]
    found: list[learning.Learned] = []
    for _, learned in _results(job, publish, range(len(chunks)), folder, chunks, min_support):
        found += learned
    return sorted(found, key=lambda one: (-one.recurring, one.site))


_TRIED: Any = {
    "retries": len(RETRY_SECONDS),
    "retry_delay_seconds": list(RETRY_SECONDS),
    "retry_condition_fn": retry_if_it_can_pass,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}


@task(name="observe", task_run_name="observe {number}", **_TRIED)
def observe(job: Job, number: int) -> learning.Observed:
    """What one part of the sources gave."""
    part = job.parts[number]
    found: learning.Observed = job.call(learning.observe, part.listed, job.settings)
    get_run_logger().info("%s … %d files, %d without text", summary.shown(part.listed[0].uri), len(part.keys), found.skipped)
    return found


@task(name="publish", task_run_name="publish {number}", **_TRIED)
def publish(job: Job, number: int, folder: Path, chunks: list[list[str]], min_support: int) -> list[learning.Learned]:
    """The templates of a chunk of sites, written."""
    found: list[learning.Learned] = job.call(publish_here, folder, chunks[number], min_support)
    for one in found:
        if one.changed:
            text = "%s: version %d, %d blocks recur in %d articles, %d of them go"
            get_run_logger().info(text, summary.shown(one.site), one.version, one.recurring, one.documents, one.dropped)
    return found


def publish_here(folder: Path, sites: list[str], min_support: int) -> list[learning.Learned]:
    """The same, in whatever process this is called."""
    store = learning.Store(folder)
    return [one for one in (store.publish(site, min_support) for site in sites) if one is not None]


def markdown(done: Summary) -> str:
    """A few lines on what was learned, and what to do with it."""
    return (
        f"# {done.sites:,} sites with something that recurs\n\n"
        f"- {done.files:,} new files, {done.skipped:,} of them without text\n"
        f"- {done.recurring:,} blocks recur, {done.dropped:,} of them go; {done.changed:,} templates changed\n"
        f"- to review: `{summary.shown(done.folder)}/*.toml`; to use: the setting `templates`\n"
    )


def _results(job: Job, work: Any, numbers: Iterable[int], *more: object) -> Iterator[tuple[int, Any]]:
    """(number, result) of each task, as they end. No more are under way than there are workers. Raises WinnowError."""
    for number, result in results(job.settings, job.pool.slots, numbers, lambda number: work.submit(job, number, *more)):
        if isinstance(result, WinnowError):
            raise result
        if isinstance(result, BaseException):
            raise WinnowError(f"a batch failed: {result}", remedy="Run again: what was learned before is kept") from result
        yield number, result
