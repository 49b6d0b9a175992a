"""What is wrong with the commit records of a dataset, and with the files it keeps for readers of older commits."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline.dataset.files import digest, exists, listed, same
from pipeline.dataset.layout import DERIVED, TABLES
from pipeline.dataset.problem import Problem
from pipeline.dataset.record import load, numbers
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.dataset.layout import Layout
    from pipeline.dataset.record import Commit, FileRecord

RECORDS = "_commits"
KEPT = "_files"
_RESTORE = "Restore it from a copy; the newest commit can be read without it"
_ANEW = "Restore the record from a copy, or delete the dataset's folder and run again, which makes the same rows"
_PINNED = "Delete the file: readers of the newest commit need it not, and the next run that changes the batch makes it anew"


def check_history(layout: Layout, state: Commit) -> Iterator[Problem]:
    """What is wrong with the records, and with the kept files that stand in `_files/`. `state` is the newest commit."""
    known = numbers(layout.out)
    yield from (
        Problem(RECORDS, "", str(layout.record(number)), "the record of this commit is missing", _RESTORE)
        for number in range(1, known[-1])
        if number not in known
    )
    records: dict[int, Commit] = {known[-1]: state}
    for number in known[:-1]:
        try:
            found = load(layout.out, number)
        except DatasetError as error:
            yield Problem(RECORDS, "", error.place, error.cause, _RESTORE)
        else:
            records |= {number: found} if found is not None else {}
    for number, record in records.items():
        yield from _record(layout, number, record, records.get(number - 1))
    yield from _kept(layout, state, records.values())


def _record(layout: Layout, number: int, record: Commit, before: Commit | None) -> Iterator[Problem]:
    """What a record says that cannot be."""

    def problem(cause: str) -> Problem:
        return Problem(RECORDS, "", str(layout.record(number)), cause, _ANEW)

    if record.number != number:
        yield problem(f"the record says it is commit {record.number}")
    for name in ("slot", "name"):
        twice = [key for key, count in Counter(getattr(batch, name) for batch in record.batches).items() if count > 1]
        yield from (problem(f"two batches have the {name} {key}") for key in twice)
    if before is None and number > 1:
        return
    now, then = _names(record), _names(before) if before is not None else set()
    if set(record.added) != now - then:
        yield problem("the files it says were added are not those that the commit before has not")
    if set(record.retired) != then - now:
        yield problem("the files it says were retired are not those that the commit before had and it has not")


def _names(record: Commit) -> set[str]:
    return {f"{file.table}/{batch.name}" for batch in record.stored for file in batch.files}


def _kept(layout: Layout, state: Commit, records: Iterable[Commit]) -> Iterator[Problem]:
    """Files under their lasting names: those of some commit, with its bytes; all of the newest commit, unless none are kept."""
    due: dict[tuple[str, str], FileRecord] = {}
    for record in records:
        due |= {(file.table, batch.name): file for batch in record.stored for file in batch.files}
    there = {
        (table, path.stem): path for table in (*TABLES, *DERIVED) for path in listed(layout.stored(table, "").parent, ".parquet")
    }
    published = {
        (file.table, batch.name): layout.published(file.table, batch.slot) for batch in state.stored for file in batch.files
    }
    for key, path in there.items():
        if key not in due:
            yield Problem(KEPT, "", str(path), "no commit knows this file", "Move it elsewhere")
        elif key in published and exists(published[key]) and same(path, published[key]):
            continue  # one file with two names: its bytes are checked under the other
        elif digest(path) != due[key].sha256:
            yield Problem(KEPT, "", str(path), "the bytes of the file are not those that were written", _PINNED)
    missing = [key for key in published if key not in there]
    if len(missing) == len(published):
        return  # setting keep_commits = 0
    for table, name in missing:
        cause = f"the second name of {published[table, name]} is missing, so that a reader of this commit will lose it"
        yield Problem(KEPT, "", str(layout.stored(table, name)), cause, f"Delete {published[table, name]} and run again")
