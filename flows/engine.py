"""Where a run's batches are done: in processes of this machine, by Dask or by Ray. Does not import Prefect.

Prefect's own runners for Dask and Ray run its engine in each worker, which costs many times a thread and asks that every worker
reaches the server (docs/engines.md). So a task is a thread here that waits for one call there; a worker needs winnow and the
shared folders and nothing else.

Paths and settings are shipped to a worker, a small report comes back: the rows go into the dataset's staging folder.
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, Protocol, Self, TypeVar

from flows.pool import Pool
from pipeline import __version__
from pipeline.errors import SettingsError, WinnowError
from pipeline.process import prepare
from pipeline.settings import url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from pipeline.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

_ONE = threading.Lock()


class Engine(Protocol):
    """Workers that do calls, as `Pool` has them. `slots`: so many calls are to be under way."""

    slots: int

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function` returns, from some worker, whose death breaks no other call. Its own errors are raised as they are."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Terms(NamedTuple):
    """What a worker must have to give the rows that this process would: the same winnow and rules, and the same folders."""

    settings: Settings
    ruleset: str
    version: str
    folders: tuple[Path, ...]


def absolute(chosen: Settings) -> Settings:
    """The settings with absolute paths: a worker stands in a working folder of its own. No digest changes."""
    paths = {name: getattr(chosen, name) for name in ("raw", "out", "templates", "decisions")}
    one = {name: path.absolute() for name, path in paths.items() if path is not None and url_of(path) is None}
    return chosen.model_copy(update=one | {"rules": tuple(path.absolute() for path in chosen.rules)})


def processes(chosen: Settings, tasks: int) -> int:
    """How many processes to ask of a Pool: no more than there are tasks; at least two where work must be able to be stopped.

    One is this process itself, in which nothing can be.
    """
    least = 2 if chosen.stall_seconds or chosen.run_seconds else 1
    return max(min(chosen.worker_count, tasks), least)


def start(chosen: Settings, calls: int, folders: Sequence[Path]) -> Engine:
    """The engine that the settings name, for so many calls. `folders` are those that every worker must see.

    Raises SettingsError where its extra is not installed, WinnowError where the cluster does not answer or has no workers.
    """
    workers = processes(chosen, calls)
    if chosen.runner == "process" or not calls:
        return Pool(workers if calls else 0)
    terms = Terms(chosen, prepare(chosen).ruleset, __version__, tuple(folders))
    try:
        if chosen.runner == "dask":
            from flows.on_dask import Dask

            return Dask(chosen.address, workers, terms)
        from flows.on_ray import Ray

        return Ray(chosen.address, workers, terms)
    except ImportError as error:
        remedy = f"pip install 'winnow[{chosen.runner}]', here and where its workers are"
        raise SettingsError(f"{error.name} is not installed", place=f"runner: {chosen.runner}", remedy=remedy) from error


def there(terms: Terms, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What `function` returns, in a worker of a cluster. Raises WinnowError if the worker would not make the same rows."""
    with _ONE:  # a worker may have several threads: Python would not be faster, and no batch is to wait inside another
        _agree(terms)
        return function(*args, **kwargs)


def _agree(terms: Terms) -> None:
    place = socket.gethostname()
    for folder in terms.folders:
        if url_of(folder) is None and not folder.is_dir():
            raise WinnowError(
                f"a worker does not see {folder}",
                place=place,
                remedy="Sources and dataset must be on storage that all workers share",
            )
    if terms.version != __version__ or terms.ruleset != prepare(terms.settings).ruleset:
        cause = f"a worker has winnow {__version__}, or rules, that are not those of this run ({terms.version})"
        raise WinnowError(cause, place=place, remedy="Install the same winnow and the same rule files on all workers")
