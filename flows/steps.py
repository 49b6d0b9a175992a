"""Flows `clean`, `split` and `tag`: raw/ → a dataset of one step, one Prefect task a batch of files."""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
from pathlib import Path

from flows import runtime

runtime.prepare()

from prefect import Flow, flow  # noqa: E402  # Prefect reads its environment when it is imported

from flows.ingest import RUNNER, make, step  # noqa: E402
from flows.states import refusable  # noqa: E402
from pipeline.dataset import Commit  # noqa: E402

ABOUT = """{writes}

Rows are those of the whole dataset that `ingest` makes, without what belongs to other steps. A parameter that is null is as
winnow.toml or the environment say.

Args:
    raw: Folder of source files.
    out: Folder of the dataset, which holds this step alone; null: the set one's name with -{name} behind it.
    config: Settings file; null: winnow.toml in the working folder, if it is there.
    templates: Folder of what flow learn found to recur on sites; null: as the settings say, else none.
    exclude: Globs of files, relative to raw, that are not sources.
    hidden: Also read files and folders whose name starts with a dot.
    workers: Processes; 0: one a core.
    batch_files: Most files in one task.
    batch_bytes: Most bytes in one task, unless one file alone is larger.
"""


def flow_of(name: str, writes: str) -> Flow[..., Commit]:
    """The flow of the step of this name. `writes`: the first sentence of its description."""

    def body(  # noqa: PLR0913, PLR0917  # one parameter a setting
        raw: Path | None = None,
        out: Path | None = None,
        config: Path | None = None,
        templates: Path | None = None,
        exclude: tuple[str, ...] | None = None,
        hidden: bool | None = None,  # noqa: FBT001  # parameters of a flow are named by whoever starts it
        workers: int | None = None,
        batch_files: int | None = None,
        batch_bytes: int | None = None,
    ) -> Commit:
        chosen = step(
            name,
            config,
            raw=raw,
            out=out,
            templates=templates,
            exclude=exclude,
            hidden=hidden,
            workers=workers,
            batch_files=batch_files,
            batch_bytes=batch_bytes,
        )
        return make(chosen, name)

    body.__name__ = body.__qualname__ = name  # as Prefect finds it in this module
    body.__doc__ = ABOUT.format(name=name, writes=writes)
    return flow(name=name, task_runner=RUNNER, persist_result=False)(refusable(body))


clean = flow_of(
    "clean",
    "Write the clean text of each source, without what frames it, and what became of the source: table documents/.",
)
split = flow_of(
    "split",
    "Write the articles that the sources come apart into, with text and where they stand in the source: table articles/.",
)
tag = flow_of(
    "tag",
    "Write the metadata of each article, all columns of articles/ but its text: title, author, dates, language and more.",
)
