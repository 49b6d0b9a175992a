"""What flows with one kind of task share: a try again where it can help, and no more under way than there are workers."""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flows import runtime

runtime.prepare()

from prefect import task  # noqa: E402  # Prefect reads its environment when it is imported
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.futures import PrefectFuture, as_completed  # noqa: E402
from prefect.runtime import task_run  # noqa: E402

from flows.engine import Engine  # noqa: E402
from flows.faults import attempt  # noqa: E402
from flows.ingest import RETRY_SECONDS, retry_if_it_can_pass  # noqa: E402
from flows.progress import Step, tell  # noqa: E402
from pipeline.errors import WinnowError  # noqa: E402


class Job:
    """A function, the arguments of each of its calls and who makes them. A plain class, because Prefect walks through others."""

    def __init__(self, function: Callable[..., Any], calls: Iterable[tuple[Any, ...]], pool: Engine) -> None:
        self.function = function
        self.calls = tuple(calls)
        self.pool = pool


def each(job: Job, name: str) -> Iterator[Any]:
    """The results of all calls, as they end. Raises WinnowError: a library's own error as it is."""
    done = 0
    tell(Step(0, len(job.calls), 0, 0))
    running: dict[PrefectFuture[Any], int] = {}
    for number in range(len(job.calls) + job.pool.slots):
        if len(running) >= job.pool.slots or (running and number >= len(job.calls)):
            yield _next(running)
            done += 1
            tell(Step(done, len(job.calls), 0, 0))
        if number < len(job.calls):
            running[_call.with_options(name=name).submit(job, number)] = number


@task(
    task_run_name="{number}",
    retries=len(RETRY_SECONDS),
    retry_delay_seconds=list(RETRY_SECONDS),
    retry_condition_fn=retry_if_it_can_pass,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def _call(job: Job, number: int) -> Any:
    again = (task_run.run_count or 1) > 1
    return (job.pool.call_alone if again else job.pool.call)(attempt, job.function, *job.calls[number])


def _next(running: dict[PrefectFuture[Any], int]) -> Any:
    future = next(as_completed(list(running)))
    del running[future]
    result = future.result(raise_on_failure=False)
    if isinstance(result, WinnowError):
        raise result
    if isinstance(result, BaseException):
        raise WinnowError(f"a task failed: {result}", remedy="Run again: nothing was published") from result
    return result
