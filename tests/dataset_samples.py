"""Sources, and ways to look at a dataset, that several tests share."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from pipeline import dataset
from pipeline.dataset.layout import TABLES, Layout

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.settings import Settings

PLACES = ("Ostwick", "Marren", "Tolby", "Queen's Reach", "Little Farrow", "Hale", "Brindle", "Storrow")


def prose(number: int) -> str:
    place = PLACES[number % len(PLACES)]
    return (
        f"{place} reopens its harbour after {number} weeks\n\n"
        f"The harbour of {place} was opened again on Tuesday, {number} weeks after the storm had torn away its northern wall. "
        "Fishermen had asked the council to hurry, because the autumn catch cannot wait.\n\n"
        f"The work cost {number} thousand crowns, said the harbour master, who had asked for twice as much in the spring. "
        "She called the new wall a good one and promised to watch it.\n\n"
        "You may also like\n"
    )


def rows(out: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows as a glob reads them, in the order of documents."""
    found = {}
    for table in TABLES:
        read = [row for path in sorted((out / table).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
        found[table] = sorted(read, key=lambda row: (row["document_id"], row.get("position", 0), row.get("start", 0)))
    return found


def content(out: Path) -> dict[str, bytes]:
    """Every file that says what the dataset holds, but for the times."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.parquet"))}


def module(name: str) -> Any:
    """The module, not the function of its name that the package exports."""
    return importlib.import_module(f"pipeline.dataset.{name}")


def sound(settings: Settings) -> None:
    assert dataset.verify(settings.out, settings.raw) == []
    assert not Layout(settings.out).journal.exists()
    assert not Layout(settings.out).staging.exists()


def make_raw(folder: Path) -> Path:
    """A folder of nine stories, an empty file and a dangling link."""
    folder.mkdir()
    for number in range(9):
        (folder / f"story {number}.txt").write_text(prose(number), encoding="utf-8")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "gone.txt").symlink_to("nowhere.txt")
    return folder
