"""Flow `clean`: raw/ → the clean text of each source, one Prefect task a batch of files."""

# Without `from __future__ import annotations`: in the process of a scheduled run Prefect cannot resolve annotations kept as text.
from pathlib import Path

from flows import runtime

runtime.prepare()

from prefect import flow  # noqa: E402  # Prefect reads its environment when it is imported

from flows.ingest import RUNNER, make, step  # noqa: E402
from flows.states import refusable  # noqa: E402
from pipeline.dataset import Commit  # noqa: E402


@flow(name="clean", task_runner=RUNNER, persist_result=False)
@refusable
def clean(  # noqa: PLR0913, PLR0917  # one parameter a setting
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
    """Write the clean text of each source, without what frames it, and what became of the source: table documents/.

    Rows are those of the whole dataset that `ingest` makes, without what belongs to other steps. A parameter that is null is as
    winnow.toml or the environment say.

    Args:
        raw: Folder of source files.
        out: Folder of the dataset, which holds this step alone; null: the set one's name with -clean behind it.
        config: Settings file; null: winnow.toml in the working folder, if it is there.
        templates: Folder of what flow learn found to recur on sites; null: as the settings say, else none.
        exclude: Globs of files, relative to raw, that are not sources.
        hidden: Also read files and folders whose name starts with a dot.
        workers: Processes; 0: one a core.
        batch_files: Most files in one task.
        batch_bytes: Most bytes in one task, unless one file alone is larger.
    """
    return make(
        step(
            "clean",
            config,
            raw=raw,
            out=out,
            templates=templates,
            exclude=exclude,
            hidden=hidden,
            workers=workers,
            batch_files=batch_files,
            batch_bytes=batch_bytes,
        ),
        "clean",
    )
