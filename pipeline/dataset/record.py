"""What a commit says about itself: the types behind _commits/N.json."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.dataset.files import listed, read
from pipeline.dataset.layout import Layout
from pipeline.dataset.store import called
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Identity(NamedTuple):
    """What rows depend on beside the sources. `settings` and `ruleset` are digests."""

    ruleset: str
    settings: str
    pipeline_version: str
    schema_version: str


class FileRecord(NamedTuple):
    """One Parquet file of a batch. `bytes` is its size, `sha256` its digest."""

    table: str
    rows: int
    bytes: int
    sha256: str


class Refused(NamedTuple):
    """A source, or a part of it, that was rejected. `sha256` is "" if it could not be read."""

    uri: str
    member: str
    sha256: str
    stage: str
    reason: str
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of sources and characters.

    `characters` counts source code points: kept, taken, dropped, separator, flagged, repaired, quarantined.
    `rules` maps "action rule" to (ledger entries, source code points). `bytes` are those of the sources.
    """

    sources: int = 0
    rejected: int = 0
    articles: int = 0
    bytes: int = 0
    characters: dict[str, int] = field(default_factory=dict)
    rules: dict[str, tuple[int, int]] = field(default_factory=dict)

    @staticmethod
    def total(parts: Iterable[Counts]) -> Counts:
        """The sum of `parts`."""
        numbers: Counter[str] = Counter()
        characters: Counter[str] = Counter()
        entries: Counter[str] = Counter()
        spans: Counter[str] = Counter()
        for part in parts:
            numbers.update({"sources": part.sources, "rejected": part.rejected, "articles": part.articles, "bytes": part.bytes})
            characters.update(part.characters)
            for rule, (count, length) in part.rules.items():
                entries[rule] += count
                spans[rule] += length
        rules = {rule: (entries[rule], spans[rule]) for rule in sorted(entries)}
        return Counts(**numbers, characters=dict(characters), rules=rules)


@dataclass(frozen=True, slots=True)
class Part:
    """A batch whose rows stand one behind the other in files of several. `rows` a table; `bytes` of its largest file alone."""

    slot: str
    name: str
    counts: Counts
    rows: dict[str, int]
    bytes: int


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The files that hold the rows of one batch. `name` is the digest of all that went into it, `slot` its place.

    `parts`: the batches that `compact` put into these files, in order; none if the files are of one batch, as `work` made them.
    """

    slot: str
    name: str
    files: tuple[FileRecord, ...]
    counts: Counts
    parts: tuple[Part, ...] = ()

    @property
    def whole(self) -> tuple[Part, ...]:
        """The batches in these files: one, or those that were put together."""
        if self.parts:
            return self.parts
        rows = {file.table: file.rows for file in self.files}
        return (Part(self.slot, self.name, self.counts, rows, max((file.bytes for file in self.files), default=0)),)


@dataclass(frozen=True, slots=True)
class Commit:
    """One published state of the dataset. Times are ISO 8601 in UTC.

    `added` and `retired` are "table/name" of files against the commit before. `changed` is False if there was nothing to publish
    and this is the commit that was there already; then `newly_rejected` is empty. `derived`: tables made from all articles.
    `step`: all tables and columns, or those of one step.
    """

    number: int
    started: str
    finished: str
    identity: Identity
    batches: tuple[BatchRecord, ...]
    added: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    newly_rejected: tuple[Refused, ...] = ()
    changed: bool = True
    derived: tuple[BatchRecord, ...] = ()
    step: str = "all"

    @property
    def totals(self) -> Counts:
        """What the whole dataset holds, not only what this run did."""
        return Counts.total(batch.counts for batch in self.batches)

    def files(self, table: str) -> list[tuple[BatchRecord, FileRecord]]:
        """The files of `table`, in the order of their rows."""
        return [(batch, file) for batch in self.stored for file in batch.files if file.table == table]

    @property
    def stored(self) -> tuple[BatchRecord, ...]:
        """Everything that has files: the batches, and what was derived from them."""
        return self.batches + self.derived

    def to_json(self) -> dict[str, Any]:
        """As plain values, with the totals for whoever reads the record by eye."""
        value = asdict(self)
        del value["changed"]
        value["identity"] = self.identity._asdict()
        value["newly_rejected"] = [refused._asdict() for refused in self.newly_rejected]
        value["totals"] = asdict(self.totals)
        for batch, plain in zip(self.stored, (*value["batches"], *value["derived"]), strict=True):
            plain["files"] = [file._asdict() for file in batch.files]
        return value

    @staticmethod
    def from_json(value: dict[str, Any]) -> Commit:
        """The commit of `to_json`. KeyError or TypeError if it is none."""
        return Commit(
            number=value["number"],
            started=value["started"],
            finished=value["finished"],
            identity=Identity(**value["identity"]),
            batches=tuple(_batch(batch) for batch in value["batches"]),
            added=tuple(value["added"]),
            retired=tuple(value["retired"]),
            newly_rejected=tuple(Refused(**refused) for refused in value["newly_rejected"]),
            derived=tuple(_batch(batch) for batch in value.get("derived", ())),
            step=value.get("step", "all"),
        )


def numbers(out: Path) -> list[int]:
    """The numbers of all commits of the dataset, rising."""
    return sorted(int(path.stem) for path in listed(Layout(out).commits, ".json") if path.stem.isdecimal())


def load(out: Path, number: int | None = None, step: str = "all") -> Commit | None:
    """The commit with this number, the newest by default; None if there is none yet.

    Raises DatasetError if the number is unknown, the record cannot be read or the dataset is not one of this step.
    """
    known = numbers(out)
    if number is None:
        if not known:
            return None
        number = known[-1]
    path = Layout(out).record(number)
    if number not in known:
        raise DatasetError(f"no commit {number}", place=called(out), remedy=f"Known: {', '.join(map(str, known)) or 'none'}")
    try:
        found = Commit.from_json(json.loads(read(path)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"the commit record cannot be read ({error})",
            place=called(path),
            remedy="Restore it; or delete the dataset's folder and run again, which makes the same rows",
        ) from error
    if found.step != step:
        have, wanted = (f"of step {name}" if name != "all" else "that is whole" for name in (found.step, step))
        raise DatasetError(f"a dataset {have}, and one {wanted} is needed", place=called(out), remedy="Name another folder")
    return found


def _batch(value: dict[str, Any]) -> BatchRecord:
    return BatchRecord(
        slot=value["slot"],
        name=value["name"],
        files=tuple(FileRecord(**file) for file in value["files"]),
        counts=_counts(value["counts"]),
        parts=tuple(Part(**{**part, "counts": _counts(part["counts"])}) for part in value.get("parts", ())),
    )


def _counts(value: dict[str, Any]) -> Counts:
    rules = {rule: (int(entries), int(length)) for rule, (entries, length) in value["rules"].items()}
    return Counts(**{**value, "rules": rules})
