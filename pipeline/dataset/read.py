"""The rows of one commit, for readers who need one instant. Everybody else reads the folders by glob."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline.columns import DERIVED, SCHEMAS
from pipeline.dataset import store
from pipeline.dataset.commit import file_paths
from pipeline.dataset.record import load
from pipeline.errors import DatasetError
from pipeline.model import Action, Label

if TYPE_CHECKING:
    import pyarrow.dataset as ds


def open_dataset(  # the names of the readers' own packages
    out: Path | str,
    table: str = "articles",
    commit: int | None = None,
    reader: Literal["pyarrow", "duckdb", "polars"] = "pyarrow",
) -> Any:
    """A table ("articles", "ledger", "documents", "duplicates") as of `commit`, the newest by default.

    As a pyarrow dataset, or with the other readers, which have to be installed, as a DuckDB relation or a Polars lazy frame.
    Later runs don't change what it reads, as long as the commit is kept. DatasetError if there is no such commit or table.
    """
    rows = _rows(Path(out), table, commit)
    if reader == "duckdb":
        import duckdb  # not a dependency of winnow

        return duckdb.connect().from_arrow(rows)
    if reader == "polars":
        import polars as pl  # the same

        return pl.scan_pyarrow_dataset(rows)
    return rows


def _rows(out: Path, table: str, commit: int | None) -> ds.Dataset:
    import pyarrow.dataset as ds  # 0.5 s and all of pandas, where that is installed, which a run need not wait for

    schemas = SCHEMAS | DERIVED
    if table not in schemas:
        raise DatasetError(f"no table {table!r}", place=store.called(out), remedy=f"Known: {', '.join(schemas)}")
    state = load(out, commit)
    if state is None:
        raise DatasetError(
            "no dataset here", place=store.called(out), remedy="Run `winnow run` first, or name the folder of a dataset"
        )
    if table in DERIVED and not state.files(table):
        cause = f"commit {state.number} has no table {table}: articles changed after it was made, or it never was"
        raise DatasetError(cause, place=store.called(out), remedy="Say `winnow flow dedupe`")
    paths = [path for path, _, _ in file_paths(out, state, table)]
    if not paths or not store.is_object(out):
        return ds.dataset([str(path) for path in paths], schema=schemas[table], format="parquet")
    places = [store.arrow(path) for path in paths]
    return ds.dataset([name for name, _ in places], schema=schemas[table], format="parquet", filesystem=places[0][1])


def unsure(out: Path) -> set[str]:
    """The uris of the documents with places that wait for review: where the newest commit's ledger flags a separator."""
    import pyarrow.dataset as ds  # the same

    waits = (ds.field("action") == Action.FLAGGED.value) & (ds.field("label") == Label.SEPARATOR.value)
    found = _rows(out, "ledger", None).to_table(columns=["document_id"], filter=waits)["document_id"].unique()
    rows = _rows(out, "documents", None).to_table(columns=["uri"], filter=ds.field("document_id").isin(found))
    return set(rows["uri"].to_pylist())
