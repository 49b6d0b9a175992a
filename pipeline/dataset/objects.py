"""Publishing in an object store, which can neither rename nor link: the commit is made when its record is created.

    1. staged files are copied to the names whose content never changes (_files/); no reader knows of them yet
    2. _commits/N.json is created, which of two writers only one can: from then on whoever opens a commit sees it
    3. the folders that globs see are made to be as it says, file by file; what is no longer kept is deleted
    4. _commits/.published.json says that this was done

Until 2 nothing has changed, and an interrupted run leaves no trace; 3 and 4 can be repeated, and `recover` does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline.dataset import store
from pipeline.dataset.layout import DERIVED, TABLES, Layout, staged
from pipeline.dataset.lease import assure
from pipeline.dataset.record import Commit, numbers
from pipeline.errors import DatasetLocked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipeline.dataset.record import BatchRecord

_KEEP = "keep_commits"  # in the record: whoever finishes the commit prunes as its writer would have


def install(out: Path, staging: Path, new: Commit, written: Iterable[BatchRecord], keep_commits: int) -> None:
    """The dataset is as `new` says. `written`: the records among its own whose files stand in `staging`. Raises OSError.

    DatasetLocked if another writer has made a commit of this number meanwhile: then nothing was published.
    """
    layout = Layout(out)
    assure(out)
    made = [(file.table, batch.name) for batch in written for file in batch.files]
    store.each(store.copy, ((staged(staging, *one), layout.stored(*one)) for one in made))
    try:
        store.create(layout.record(new.number), _plain(new.to_json() | {_KEEP: keep_commits}))
    except FileExistsError as error:
        place = store.called(layout.record(new.number))
        cause = "another run has made a commit meanwhile, and nothing of this one was published"
        raise DatasetLocked(cause, place=place, remedy="Run again") from error
    recover(out)


def recover(out: Path) -> None:
    """What globs see is as the newest commit says, and nothing is staged: finishes what an interrupted run had begun."""
    layout = Layout(out)
    known = numbers(out)
    if known and not is_published(out, known[-1]):
        now, keep_commits = _load(layout, known[-1])
        before = _load(layout, known[-2])[0] if known[:-1] else None
        _publish(layout, now, before)
        _prune(layout, known, now, keep_commits)
        assure(out)
        store.put(layout.marker, _plain({"number": known[-1]}))
    assure(out)
    store.delete_tree(layout.staging)


def is_published(out: Path, number: int) -> bool:
    """Whether globs see the commit of this number, which is the newest."""
    try:
        return bool(json.loads(store.read(Layout(out).marker))["number"] == number)
    except FileNotFoundError:
        return False


def _publish(layout: Layout, now: Commit, before: Commit | None) -> None:
    """Copied is what has changed since the commit before, and what is not there; then what that one had and this has not goes."""
    new, old = _names(now), _names(before) if before is not None else {}
    there = {(table, name): size for table in (*TABLES, *DERIVED) for name, size in store.listed(layout.out / table).items()}
    stale = [
        (table, slot)
        for (table, slot), (name, size) in new.items()
        if old.get((table, slot)) != (name, size) or there.get((table, f"{slot}.parquet")) != size
    ]
    assure(layout.out)
    store.each(store.copy, ((layout.stored(table, new[table, slot][0]), layout.published(table, slot)) for table, slot in stale))
    assure(layout.out)
    store.each(store.delete, ((layout.published(table, slot),) for table, slot in sorted(old.keys() - new.keys())))


def _names(state: Commit) -> dict[tuple[str, str], tuple[str, int]]:
    """(table, slot) → (name, bytes)."""
    return {(file.table, batch.slot): (batch.name, file.bytes) for batch in state.stored for file in batch.files}


def _prune(layout: Layout, known: list[int], now: Commit, keep_commits: int) -> None:
    """Only the files of this commit and of `keep_commits` before it stay."""
    states = [now, *(_load(layout, number)[0] for number in known[max(0, len(known) - 1 - keep_commits) : -1])]
    kept = {(file.table, f"{batch.name}.parquet") for state in states for batch in state.stored for file in batch.files}
    folders = {table: layout.stored(table, "").parent for table in (*TABLES, *DERIVED)}
    gone = [folder / name for table, folder in folders.items() for name in store.listed(folder) if (table, name) not in kept]
    assure(layout.out)
    store.each(store.delete, ((path,) for path in gone))


def _load(layout: Layout, number: int) -> tuple[Commit, int]:
    """The commit, of whatever step, and how many before it are kept."""
    value: dict[str, Any] = json.loads(store.read(layout.record(number)))
    return Commit.from_json(value), int(value[_KEEP])


def _plain(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True).encode()
