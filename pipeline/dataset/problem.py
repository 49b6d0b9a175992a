"""What `verify` says is wrong."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong. `document` is the source's uri, "" where none is meant; `place` a file, column, id or offset.

    `file` is the Parquet file that the row stands in, "" where `place` names it or there is none.
    """

    table: str
    document: str
    place: str
    cause: str
    remedy: str
    file: str = ""

    def __str__(self) -> str:
        where = " ".join(part for part in (self.table, self.document, self.place) if part)
        return f"{where}: {self.cause}. {self.remedy}{f' ({self.file})' if self.file else ''}"


MIGRATE = "Say `winnow flow compact`: it adds the new columns, empty; or run again, which fills them"
AGAIN = "Delete the file and say `winnow flow dedupe`: it is made anew"
REBUILD = "Delete the file and run again: it is made anew from its sources"
RERUN = "Run again: changed and deleted sources are processed anew"
REPORT = "This is a fault of winnow: please report it with the source file"
EDITED = "The dataset was edited, or this is a fault of winnow; delete the file in question and run again"
