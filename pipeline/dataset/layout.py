"""Where things stand in a dataset's folder.

    articles/SLOT.parquet      what any tool reads by glob: the newest commit's rows (also ledger/, documents/)
    _files/TABLE/NAME.parquet  the same files, and those of the commits still kept, under names whose content never changes
    _commits/00000001.json     one record a commit; .journal.json beside them while one is being published
    _signatures/NAME.parquet   what flow dedupe remembers of a batch; it may be deleted at any time
    .staging/RUN/              what a run has written and not published
    .lock                      held by the one writer; in an object store a folder (`lease`)

SLOT says where in the sorted sources a batch begins, NAME what went into it. So a batch that is made anew replaces its file in
the glob's folder at one instant, while whoever has opened a commit goes on reading the old one in _files/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

TABLES = ("articles", "ledger", "documents")
# Made from the rows of all articles, by a flow of their own; a commit whose articles changed has none until it has run.
DERIVED = ("duplicates",)


class Layout(NamedTuple):
    """The paths of the dataset in the folder `out`."""

    out: Path

    @property
    def commits(self) -> Path:
        """Folder of the commit records."""
        return self.out / "_commits"

    @property
    def journal(self) -> Path:
        """What is being published, while it is."""
        return self.commits / ".journal.json"

    @property
    def marker(self) -> Path:
        """In an object store: the number of the commit that globs see."""
        return self.commits / ".published.json"

    @property
    def staging(self) -> Path:
        """Folder of the runs' unpublished files."""
        return self.out / ".staging"

    @property
    def scratch(self) -> Path:
        """A name that a file has for an instant before it replaces another."""
        return self.staging / "next"

    @property
    def signatures(self) -> Path:
        """Folder of what flow `dedupe` remembers of each batch, so that it need not look at it again."""
        return self.out / "_signatures"

    @property
    def lock(self) -> Path:
        """The file that the one writer locks."""
        return self.out / ".lock"

    @property
    def owner(self) -> Path:
        """Who holds the lock, for the message to others."""
        return self.out / ".lock.json"

    def record(self, number: int) -> Path:
        """The record of a commit."""
        return self.commits / f"{number:08d}.json"

    def published(self, table: str, slot: str) -> Path:
        """The file as globs see it."""
        return self.out / table / f"{slot}.parquet"

    def stored(self, table: str, name: str) -> Path:
        """The file under the name whose content never changes."""
        return self.out / "_files" / table / f"{name}.parquet"


def staged(staging: Path, table: str, name: str) -> Path:
    """The file as a run writes it."""
    return staging / f"{name}.{table}.parquet"
