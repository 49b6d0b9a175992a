"""What there is to do: sources → batches, of which those that the last commit holds already need no work.

Where a batch begins is decided by the sources' names and sizes alone (content-defined chunking of the sorted list), so a source
that comes, goes or changes touches its own batch and perhaps the next, and the files are the same whatever the history was.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import stat
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pipeline.columns import SCHEMA_VERSION
from pipeline.dataset import store
from pipeline.dataset.commit import recover
from pipeline.dataset.files import digest, explained, make_folder
from pipeline.dataset.gone import Keeping, Kept, is_gone, keep
from pipeline.dataset.layout import TABLES, Layout
from pipeline.dataset.pack import Group, match
from pipeline.dataset.record import BatchRecord, Commit, Identity, load
from pipeline.errors import DatasetError, Rejected
from pipeline.process import prepare
from pipeline.sources import Listed, discover, is_readable, is_remote, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from pipeline.decisions import Decisions
    from pipeline.model import Rejection, Source
    from pipeline.process import Context
    from pipeline.settings import Settings

# The key of a source that could not be read. The settings' digest covers the bound that makes one too large.
UNREAD = ""
NAME_DIGITS = 16


class Item(NamedTuple):
    """A file of a batch: one source, or a container of them.

    `key` is the sha256 of its bytes when it was planned, UNREAD if they could not be read; what was decided
    in review about those bytes is part of it. `refused` is set for what was rejected
    before it could be listed (a dangling link).
    """

    uri: str
    member: str
    path: str
    key: str
    size: int
    refused: tuple[Source, Rejection] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Sources that are processed together: one task, one file a table. Small and picklable."""

    slot: str
    name: str
    items: tuple[Item, ...]

    @property
    def bytes(self) -> int:
        """Size of its sources."""
        return sum(item.size for item in self.items)


@dataclass(frozen=True, slots=True)
class Plan:
    """The work of one run. `order` holds the slots of all batches; `unchanged` those that need no work.

    `carried` are unchanged batches that shared their files with others that changed: their rows are copied, not made anew;
    of `gone` the same holds, of which the files are no longer there.
    """

    out: Path
    staging: Path
    started: str
    identity: Identity
    batches: tuple[Batch, ...]
    unchanged: tuple[BatchRecord, ...]
    order: tuple[str, ...]
    previous: Commit | None
    keep_commits: int
    carried: tuple[Group, ...] = ()
    gone: tuple[Keeping, ...] = ()
    step: str = "all"

    @property
    def sources(self) -> int:
        """How many sources there are, with those that need no work."""
        still = sum(group.counts.sources for group in self.carried) + sum(batch.counts.sources for batch in self.unchanged)
        return sum(len(batch.items) for batch in self.batches) + still


def plan(settings: Settings) -> Plan:
    """What there is to do to make the dataset what the sources, rules and settings say.

    The caller holds the lock (`dataset.locked`). Finishes what an interrupted run had begun to publish.
    """
    started = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
    layout = Layout(settings.out)
    with explained(settings.out):
        make_folder(settings.out)
        recover(settings.out)
    previous = load(settings.out, step=settings.step)
    context = prepare(settings)
    made_by = identity(context)
    items = _items(settings, context.decisions)
    _refuse_emptiness(items, previous, settings)
    batches = list(_batches(items, made_by, settings))
    have = in_place(layout, previous.batches) if previous else []
    live = [batch for batch in have if not is_gone(batch)]
    matched = match([(batch.slot, batch.name) for batch in batches], live, settings)
    kept = _kept(items, batches, have, previous, settings)
    todo = tuple(batch for batch in batches if batch.name in matched.missing)
    staging = layout.staging / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    if todo or matched.carried or kept.made:
        with explained(staging):
            make_folder(staging)
    return Plan(
        out=settings.out,
        staging=staging,
        started=started,
        identity=made_by,
        batches=todo,
        unchanged=matched.unchanged + kept.unchanged,
        order=matched.order + kept.order,
        previous=previous,
        keep_commits=settings.keep_commits,
        carried=matched.carried,
        gone=kept.made,
        step=settings.step,
    )


def _kept(
    items: Sequence[Item], batches: Sequence[Batch], have: Sequence[BatchRecord], previous: Commit | None, settings: Settings
) -> Kept:
    """What stays of files that are gone: nothing, unless a setting says so."""
    if previous is None or not settings.keep_deleted:
        return Kept((), ())
    older = previous.identity.schema_version != SCHEMA_VERSION
    with explained(settings.out):
        there = {item.uri: item.key for item in items}
        return keep(have, {batch.name for batch in batches}, there, settings, migrate=older)


def identity(context: Context) -> Identity:
    """What rows made in this context depend on beside the sources."""
    return Identity(context.ruleset, context.settings.digest, context.version, SCHEMA_VERSION)


def batch_name(keys: Iterable[tuple[str, str, str]], made_by: Identity) -> str:
    """The digest of all that rows depend on: each source's uri, member and digest, and what they were made by."""
    sha = hashlib.sha256("\0".join(made_by).encode())
    for key in keys:
        sha.update(b"\n" + "\0".join(key).encode("utf-8", "surrogatepass"))
    return sha.hexdigest()[:NAME_DIGITS]


def refused_key(reason: str) -> str:
    """The key of a source that was rejected before its bytes were known."""
    return f"!{reason}"


def _items(settings: Settings, decided: Decisions) -> list[Item]:
    listed, refused = discover(settings)
    items = [_item(source, settings, decided) for source in listed]
    for source, rejection in refused:
        items.append(Item(source.uri, source.member, "", refused_key(rejection.reason), 0, (source, rejection)))
    return sorted(items, key=lambda item: (item.uri, item.member))


def _refuse_emptiness(items: Sequence[Item], previous: Commit | None, settings: Settings) -> None:
    """DatasetError where every source has gone at once: a disk that is not mounted looks like this, and so do links to one."""
    if settings.allow_empty or previous is None or any(item.refused is None for item in items):
        return
    there = previous.totals.sources - previous.totals.rejected
    if there:
        cause = f"no file to read here, and the dataset has rows of {there}: they would all be retired"
        remedy = (
            "Mount the disk, or name the right folder; if they are really to go, set allow_empty = true (WINNOW_ALLOW_EMPTY=1)"
        )
        raise DatasetError(cause, place=str(settings.raw), remedy=remedy)


def _item(listed: Listed, settings: Settings, decided: Decisions) -> Item:
    if is_remote(listed.path):
        return _remote_item(listed, settings, decided)
    try:
        found = os.stat(listed.path)  # noqa: PTH116  the path may be no valid Unicode
        readable = stat.S_ISREG(found.st_mode) and is_readable(listed.path, settings)
        return Item(listed.uri, "", listed.path, decided.key(digest(listed.path)) if readable else UNREAD, found.st_size)
    except OSError:
        # Not lost: `work` tries to read it and writes down why it could not.
        return Item(listed.uri, "", listed.path, UNREAD, 0)


def _remote_item(listed: Listed, settings: Settings, decided: Decisions) -> Item:
    """Its digest costs reading it: what services say of versions is no digest that two of them share."""
    try:
        with opened(listed, settings) as file:
            return Item(listed.uri, "", listed.path, decided.key(file.digest), file.size)
    except Rejected:  # `work` meets the same and writes it down
        return Item(listed.uri, "", listed.path, UNREAD, 0)


def _batches(items: Sequence[Item], made_by: Identity, settings: Settings) -> Iterator[Batch]:
    batch: list[Item] = []
    size = 0
    for item in items:
        full = len(batch) >= settings.batch_files or size + item.size > settings.batch_bytes
        if batch and (full or _begins(item, settings)):
            yield _batch(batch, made_by)
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield _batch(batch, made_by)


def _begins(item: Item, settings: Settings) -> bool:
    """Whether a batch begins here whatever came before: so often that the bounds are rarely what ends one."""
    drawn = int.from_bytes(hashlib.sha256(item.uri.encode("utf-8", "surrogatepass")).digest()[:8], "big") / 2**64
    return drawn < 1 / settings.batch_files + item.size / settings.batch_bytes


def _batch(items: list[Item], made_by: Identity) -> Batch:
    first = f"{items[0].uri}\0{items[0].member}".encode("utf-8", "surrogatepass")
    name = batch_name(((item.uri, item.member, item.key) for item in items), made_by)
    return Batch(hashlib.sha256(first).hexdigest()[:NAME_DIGITS], name, tuple(items))


def in_place(layout: Layout, batches: Iterable[BatchRecord]) -> list[BatchRecord]:
    """Those whose files are in place. Sizes only: `verify` is there to read them."""
    if not store.is_object(layout.out):
        return [batch for batch in batches if _is_there(layout, batch)]
    # One request a table, not one a file.
    there = {(table, name): size for table in TABLES for name, size in store.listed(layout.out / table).items()}
    return [
        batch for batch in batches if all(there.get((file.table, f"{batch.slot}.parquet")) == file.bytes for file in batch.files)
    ]


def _is_there(layout: Layout, batch: BatchRecord) -> bool:
    for file in batch.files:
        try:
            if layout.published(file.table, batch.slot).stat().st_size != file.bytes:
                return False
        except OSError:
            return False
    return True
