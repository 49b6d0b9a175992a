"""What flows with one kind of task share: a try again where it can help, and no more under way than there are workers."""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flows import runtime

runtime.prepare()

from prefect import task  # noqa: E402  # Prefect reads its environment when it is imported
from prefect.cache_policies import NO_CACHE  # noqa: E402

from flows.engine import Engine  # noqa: E402
from flows.faults import attempt  # noqa: E402
from flows.ingest import RETRY_SECONDS, retry_if_it_can_pass  # noqa: E402
from flows.limits import results  # noqa: E402
from flows.progress import Step, tell  # noqa: E402
from pipeline.errors import WinnowError  # noqa: E402
from pipeline.settings import Settings  # noqa: E402


class Job:
    """A function, the arguments of each of its calls and who makes them. A plain class, because Prefect walks through others."""

    def __init__(self, function: Callable[..., Any], calls: Iterable[tuple[Any, ...]], pool: Engine) -> None:
        self.function = function
        self.calls = tuple(calls)
        self.pool = pool


def each(job: Job, name: str, chosen: Settings) -> Iterator[Any]:
    """The results of all calls, as they end. Raises WinnowError: a library's own error as it is."""
    count = len(job.calls)
    tell(Step(0, count, 0, 0))
    named = _call.with_options(name=name)
    ended = results(chosen, job.pool.slots, range(count), lambda number: named.submit(job, number))
    for done, (_, result) in enumerate(ended, start=1):
        if isinstance(result, WinnowError):
            raise result
        if isinstance(result, BaseException):
            raise WinnowError(f"a task failed: {result}", remedy="Run again: nothing was published") from result
        yield result
        tell(Step(done, count, 0, 0))


@task(
    task_run_name="{number}",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=list(RETRY_SECONDS),
    retry_condition_fn=retry_if_it_can_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def _call(job: Job, number: int) -> Any:
    return job.pool.call(attempt, job.function, *job.calls[number])
