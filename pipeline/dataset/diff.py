"""What changed between two commits of a dataset, or between two datasets (of two rule sets, say) of the same sources.

Both are read in the order of their documents, one batch of each at a time, so memory does not grow with the datasets. Batches of
the same name hold the same rows and are not read at all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.dataset.derived import batches
from pipeline.dataset.layout import TABLES
from pipeline.dataset.parquet import table as table_of
from pipeline.dataset.record import load
from pipeline.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from pathlib import Path

    from pipeline.dataset.record import Commit, Identity

Row = dict[str, Any]
_Document = dict[str, list[Row]]  # table → its rows of one document

EXAMPLES = 3
_SHOWN = 80  # characters of a value in an example
# They differ in every row as soon as they differ at all: said once, as identity.
_SAID_ONCE = frozenset({"ruleset", "pipeline_version"})


class Example(NamedTuple):
    """One change. `article` is an id, "" where none is meant; values are cut around their first difference."""

    document: str
    article: str
    before: str
    after: str


@dataclass(slots=True)
class Changes:
    """How many rows differ in a column, or spans in a rule, with the first few of them."""

    count: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, example: Example) -> None:
        """One more."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Tally:
    """How many rows were only after, only before, in both and different, in both and the same; and the first of each."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    same: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, name: str) -> None:
        """One more of `kind`: added, removed or changed."""
        setattr(self, kind, getattr(self, kind) + 1)
        named = self.examples.setdefault(kind, [])
        if len(named) < EXAMPLES:
            named.append(name)


@dataclass(slots=True)
class Diff:
    """Everything that differs. `characters` and `rules` map a name to the source code points (before, after).

    `columns` counts changed values by table.column, of documents and articles that are in both; `spans` the ledger entries that
    a document of unchanged text has lost or gained, by "action rule".
    """

    identity: dict[str, tuple[str, str]]
    characters: dict[str, tuple[int, int]]
    rules: dict[str, tuple[int, int]]
    documents: Tally = field(default_factory=Tally)
    articles: Tally = field(default_factory=Tally)
    columns: dict[str, Changes] = field(default_factory=dict)
    spans: dict[str, Changes] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether all rows are the same. The settings' digest is in no row."""
        tallies = (self.documents, self.articles)
        moved = any(tally.added or tally.removed or tally.changed for tally in tallies)
        return not moved and not self.columns and not (self.identity.keys() & _SAID_ONCE)

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        value = asdict(self)
        for name in ("columns", "spans"):
            for changes in value[name].values():
                changes["examples"] = [example._asdict() for example in changes["examples"]]
        return {"equal": self.equal, **value}


def diff(before: Path, after: Path, commit_before: int | None = None, commit_after: int | None = None) -> Diff:
    """What changed from one commit to another, the newest by default.

    Articles are matched by id; the rest, in one document, by what they share of the source, or where that is another text, by
    their order. DatasetError if there is no such commit, or its files are no longer kept.
    """
    first, second = _state(before, commit_before), _state(after, commit_after)
    one, two = first.totals, second.totals
    rules = {name: (one.rules.get(name, (0, 0))[1], two.rules.get(name, (0, 0))[1]) for name in sorted({*one.rules, *two.rules})}
    found = Diff(
        identity=_identity(first.identity, second.identity),
        characters=_changed(one.characters, two.characters),
        rules={name: pair for name, pair in rules.items() if pair[0] != pair[1]},
    )
    shared = {batch.name for batch in first.batches} & {batch.name for batch in second.batches}
    same = [batch.counts for batch in first.batches if batch.name in shared]
    found.documents.same = sum(counts.sources for counts in same)
    found.articles.same = sum(counts.articles for counts in same)
    for pair in _paired(_documents(before, first, shared), _documents(after, second, shared)):
        _compare(found, *pair)
    found.columns = dict(sorted(found.columns.items()))
    found.spans = dict(sorted(found.spans.items()))
    return found


def _state(path: Path, number: int | None) -> Commit:
    state = load(path, number)
    if state is None:
        raise DatasetError("no dataset here", place=str(path), remedy="Name the folder of a dataset")
    return state


def _identity(one: Identity, two: Identity) -> dict[str, tuple[str, str]]:
    pairs = zip(one._fields, one, two, strict=True)
    return {name: (old, new) for name, old, new in pairs if old != new}


def _changed(one: dict[str, int], two: dict[str, int]) -> dict[str, tuple[int, int]]:
    pairs = {name: (one.get(name, 0), two.get(name, 0)) for name in sorted({*one, *two})}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _key(document: _Document) -> tuple[str, str]:
    (row,) = document["documents"]
    return row["uri"], row["member"] or ""


def _documents(path: Path, state: Commit, without: Container[str]) -> Iterator[_Document]:
    """The rows of each document, in the order of uri and member, but for the batches named in `without`."""
    last = ("", "")
    for batch, files in batches(path, state):
        if batch.name in without:
            continue
        rows = {table: table_of(files[table]).to_pylist() if table in files else [] for table in TABLES}
        of: dict[str, _Document] = {
            row["document_id"]: {"documents": [row], "articles": [], "ledger": []} for row in rows["documents"]
        }
        for table in ("articles", "ledger"):
            for row in rows[table]:
                of[row["document_id"]][table].append(row)
        for document in sorted(of.values(), key=_key):  # a container's members stand in its own order
            if _key(document) < last:
                raise DatasetError(
                    "the documents are not in order", place=str(files["documents"]), remedy="Run `winnow verify` on it"
                )
            last = _key(document)
            yield document


def _paired(
    before: Iterator[_Document], after: Iterator[_Document]
) -> Iterator[tuple[_Document, None] | tuple[None, _Document] | tuple[_Document, _Document]]:
    """The documents of both by their keys, in order; None where one has none."""
    old, new = next(before, None), next(after, None)
    while old is not None or new is not None:
        if new is None or (old is not None and _key(old) < _key(new)):
            if old is not None:
                yield old, None
            old = next(before, None)
        elif old is None or _key(new) < _key(old):
            yield None, new
            new = next(after, None)
        else:
            yield old, new
            old, new = next(before, None), next(after, None)


def _compare(found: Diff, old: _Document | None, new: _Document | None) -> None:
    if old is None or new is None:
        _alone(found, "added" if old is None else "removed", old or new or {"documents": [], "articles": []})
        return
    (one,), (two,) = old["documents"], new["documents"]
    changed = _columns(found, "documents", one, two)
    same_text = one["text_sha256"] == two["text_sha256"]
    for mine, theirs in _matched(old["articles"], new["articles"], same_text=same_text):
        if mine is None or theirs is None:
            only, kind = (theirs, "added") if mine is None else (mine, "removed")
            if only is not None:
                found.articles.add(kind, _named(only))
            changed = True
        elif _columns(found, "articles", mine, theirs):
            found.articles.add("changed", _named(theirs))
            changed = True
        else:
            found.articles.same += 1
    if old["ledger"] != new["ledger"]:
        changed = True
        if same_text:
            _spans(found, one["uri"], old["ledger"], new["ledger"])
    if changed:
        found.documents.add("changed", one["uri"])
    else:
        found.documents.same += 1


def _alone(found: Diff, kind: str, document: _Document) -> None:
    """A document that only one side has."""
    for row in document["documents"]:
        found.documents.add(kind, row["uri"])
    for article in document["articles"]:
        found.articles.add(kind, _named(article))


def _named(article: Row) -> str:
    return f"{article['id']} {article['headline'] or article['source_file']}"


def _columns(found: Diff, table: str, one: Row, two: Row) -> bool:
    """Whether any column differs; each is noted."""
    changed = [name for name in one if name not in _SAID_ONCE and one[name] != two.get(name)]
    for name in changed:
        before, after = _shown(one[name], two.get(name))
        uri = one["uri"] if table == "documents" else one["source_file"]
        found.columns.setdefault(f"{table}.{name}", Changes()).add(Example(uri, one.get("id", ""), before, after))
    return bool(changed)


def _shown(one: Any, two: Any) -> tuple[str, str]:
    """The values, from shortly before their first difference on; a null as ∅."""
    old, new = ("∅" if value is None else value if isinstance(value, str) else str(value) for value in (one, two))
    first = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new)))
    start = max(0, first - _SHOWN // 4) if max(len(old), len(new)) > _SHOWN else 0
    before, after = (
        ("…" if start else "") + value[start : start + _SHOWN] + ("…" if len(value) > start + _SHOWN else "")
        for value in (old, new)
    )
    return before, after


def _matched(old: list[Row], new: list[Row], *, same_text: bool) -> Iterator[tuple[Row | None, Row | None]]:
    """Articles of one document with what became of them; None where there is no other."""
    after = {article["id"]: article for article in new}
    for article in old:
        if article["id"] in after:
            yield article, after[article["id"]]
    before = {article["id"] for article in old}
    gone = [article for article in old if article["id"] not in after]
    come = [article for article in new if article["id"] not in before]
    if not same_text:
        yield from zip_longest(gone, come)
        return
    taken: set[str] = set()
    for _, mine, theirs in sorted(_overlaps(gone, come), key=lambda pair: -pair[0]):
        if mine["id"] not in taken and theirs["id"] not in taken:
            taken |= {mine["id"], theirs["id"]}
            yield mine, theirs
    yield from ((article, None) for article in gone if article["id"] not in taken)
    yield from ((None, article) for article in come if article["id"] not in taken)


def _overlaps(old: list[Row], new: list[Row]) -> Iterator[tuple[int, Row, Row]]:
    """The pairs that share a stretch of the source, and how many characters long it is. Both lists rise (law 3)."""
    one = two = 0
    while one < len(old) and two < len(new):
        (start, end), (begin, stop) = _extent(old[one]), _extent(new[two])
        shared = min(end, stop) - max(start, begin)
        if shared > 0:
            yield shared, old[one], new[two]
        if end <= stop:
            one += 1
        else:
            two += 1


def _extent(article: Row) -> tuple[int, int]:
    kept = article["kept"] or [{"start": 0, "end": 0}]
    return kept[0]["start"], kept[-1]["end"]


def _spans(found: Diff, uri: str, old: list[Row], new: list[Row]) -> None:
    """Entries that only one of the two ledgers has."""

    def keyed(entries: list[Row]) -> dict[tuple[str, str, int, int], Row]:
        return {(entry["action"], entry["rule"], entry["start"], entry["end"]): entry for entry in entries}

    before, after = keyed(old), keyed(new)
    for key in sorted(before.keys() ^ after.keys()):
        entry = before.get(key) or after[key]
        shown = _shown(entry["text"], None) if key in before else _shown(None, entry["text"])
        found.spans.setdefault(f"{key[0]} {key[1]}", Changes()).add(Example(uri, entry["article_id"] or "", *shown))
