"""One writer of a dataset, seen from Prefect: which run it is, and which runs only say that they are.

A run that was killed cannot say how it ended, and Prefect would show it as running for ever. Who holds the dataset's lock knows
better: nobody else writes it.
"""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows import runtime

runtime.prepare()

from prefect.client.orchestration import SyncPrefectClient, get_client  # noqa: E402  # Prefect reads its environment then
from prefect.client.schemas.filters import (  # noqa: E402
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
from prefect.states import Crashed  # noqa: E402

from pipeline import dataset  # noqa: E402

KILLED = "Its process is gone: another run holds the lock of the dataset that this one was writing"


@contextmanager
def writing(out: Path, wait: float = 0) -> Iterator[None]:
    """Holds the lock of the dataset, as `dataset.locked` does; in a flow run, which has the tag `writing:PATH` for so long.

    Other runs with this tag that Prefect believes to be running become crashed.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    tag = f"writing:{out.absolute()}"
    with dataset.locked(out, wait):
        if run is None:
            yield
            return
        with get_client(sync_client=True) as client:
            _settle(client, tag)
            client.update_flow_run(run.id, tags=[*run.tags, tag])
        yield
        # Only here: a run that fails is not running, whatever its tags.
        with get_client(sync_client=True) as client:
            client.update_flow_run(run.id, tags=run.tags)


def _settle(client: SyncPrefectClient, tag: str) -> None:
    running = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))
    for ghost in client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=[tag]), state=running)):
        these = FlowRunFilter(id=FlowRunFilterId(any_=[ghost.id]))
        tasks = TaskRunFilter(state=TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.RUNNING])))
        for task in client.read_task_runs(flow_run_filter=these, task_run_filter=tasks):
            client.set_task_run_state(task.id, Crashed(message=KILLED), force=True)
        client.set_flow_run_state(ghost.id, Crashed(message=KILLED), force=True)
