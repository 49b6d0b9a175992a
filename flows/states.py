"""One writer of a dataset, seen from Prefect: which run it is, and which runs only say that they are.

A run that was killed cannot say how it ended, and Prefect would show it as running for ever. Who holds the dataset's lock knows
better: nobody else writes it.
"""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from flows import runtime

runtime.prepare()

from prefect.client.orchestration import SyncPrefectClient, get_client  # noqa: E402  # Prefect reads its environment then
from prefect.client.schemas.filters import (  # noqa: E402
    DeploymentFilter,
    DeploymentFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType  # noqa: E402
from prefect.context import FlowRunContext  # noqa: E402
from prefect.states import Cancelled, Crashed  # noqa: E402

from pipeline import dataset  # noqa: E402
from pipeline.errors import DatasetLocked  # noqa: E402
from pipeline.settings import url_of  # noqa: E402

P = ParamSpec("P")
R = TypeVar("R")

ENDED = "It ended with the program that served its schedule"
KILLED = "Its process is gone: another run holds the lock of the dataset that this one was writing"


def refusable(body: Callable[P, R]) -> Callable[P, R]:
    """The body of a flow: a run of a deployment that finds its dataset locked ends as cancelled, for it was not asked by hand."""

    @functools.wraps(body)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return body(*args, **kwargs)
        except DatasetLocked as error:
            context = FlowRunContext.get()
            if context is None or context.flow_run is None or context.flow_run.deployment_id is None:
                raise
            # Prefect takes a state that a flow returns for the run's own.
            return cast("R", Cancelled(message=f"refused: {error}"))

    return run


@contextmanager
def writing(out: Path, wait: float = 0) -> Iterator[None]:
    """Holds the lock of the dataset, as `dataset.locked` does; in a flow run, which has the tag `writing:PATH` for so long.

    Other runs with this tag that Prefect believes to be running become crashed.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    tag = f"writing:{url_of(out) or out.absolute()}"
    with dataset.locked(out, wait):
        if run is None:
            yield
            return
        with get_client(sync_client=True) as client:
            _crash(client, KILLED, FlowRunFilter(tags=FlowRunFilterTags(all_=[tag]), state=_in(StateType.RUNNING)))
            client.update_flow_run(run.id, tags=[*run.tags, tag])
        yield
        # Only here: a run that fails is not running, whatever its tags.
        with get_client(sync_client=True) as client:
            client.update_flow_run(run.id, tags=run.tags)


def settle(deployments: str) -> None:
    """Unfinished runs of the deployments of this name become crashed. For who alone serves them, and serves none now."""
    unfinished = _in(StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
    with get_client(sync_client=True) as client:
        of_these = DeploymentFilter(name=DeploymentFilterName(any_=[deployments]))
        _crash(client, ENDED, FlowRunFilter(state=unfinished), of_these)


def _crash(client: SyncPrefectClient, message: str, ghosts: FlowRunFilter, of: DeploymentFilter | None = None) -> None:
    for ghost in client.read_flow_runs(flow_run_filter=ghosts, deployment_filter=of):
        these = FlowRunFilter(id=FlowRunFilterId(any_=[ghost.id]))
        tasks = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.RUNNING])))
        for task in client.read_task_runs(flow_run_filter=these, task_run_filter=tasks):
            client.set_task_run_state(task.id, Crashed(message=message), force=True)
        client.set_flow_run_state(ghost.id, Crashed(message=message), force=True)


def _in(*types: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))
