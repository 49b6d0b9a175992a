"""What is wrong with a dataset, told from its files and, where they are there, the raw files alone. It changes nothing.

Nothing here trusts the code that wrote the dataset: rows are checked against each other, digests against bytes, spans
against the text.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.columns import DERIVED as DERIVED_SCHEMAS
from pipeline.columns import SCHEMA_VERSION, SCHEMAS
from pipeline.dataset import store
from pipeline.dataset.against import Rows, check_file
from pipeline.dataset.clusters import check_duplicates
from pipeline.dataset.files import digest, exists, listed
from pipeline.dataset.gone import is_gone
from pipeline.dataset.history import RECORDS, check_history
from pipeline.dataset.layout import DERIVED, TABLES, Layout
from pipeline.dataset.objects import is_published
from pipeline.dataset.parquet import opened
from pipeline.dataset.parquet import table as table_of
from pipeline.dataset.problem import EDITED, MIGRATE, REBUILD, Problem
from pipeline.dataset.record import load
from pipeline.errors import DatasetError
from pipeline.model import Action, Label
from pipeline.process import document_id
from pipeline.settings import Settings
from pipeline.table import GONE, OK, PARTIAL, REJECTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.dataset.record import BatchRecord, Commit, FileRecord, Identity

__all__ = ["Problem", "verify"]

_ID = re.compile(r"[0-9a-f]{32}")
_ACTIONS = frozenset(str(action) for action in Action)
_LABELS = frozenset(str(label) for label in Label)
_REHYDRATE = "Make it whole with `winnow rehydrate`, then verify that"
_TILING = ("kept", "taken", "dropped", "separator")

Row = dict[str, Any]
Ids = dict[tuple[str, str], str]  # (table, id) → uri


def verify(out: Path, raw: Path | None = None, settings: Settings | None = None) -> list[Problem]:
    """All that is wrong with the newest commit of the dataset in `out`; an empty list is good news.

    With `raw`, also whether each source is still what it was, and whether text, spans and ledger are what its bytes say;
    `settings` say how containers are read, the defaults if None.
    DatasetError if there is no dataset.
    """
    try:
        state = load(out)
    except DatasetError as error:  # without its record nothing else can be checked
        return [Problem(RECORDS, "", error.place, error.cause, error.remedy)]
    if state is None:
        raise DatasetError("no dataset here", place=str(out), remedy="Run `winnow run` first, or name the folder of a dataset")
    reading = None if raw is None else (settings or Settings.model_construct()).model_copy(update={"raw": raw})
    return list(_problems(Layout(out), state, reading))


def _problems(layout: Layout, state: Commit, raw: Settings | None) -> Iterator[Problem]:
    unfinished = exists(layout.journal)
    if store.is_object(layout.out):
        unfinished = not is_published(layout.out, state.number)
    if unfinished:
        place = layout.marker if store.is_object(layout.out) else layout.journal
        yield Problem("", "", str(place), "a commit was begun and not finished", "Run again: it is finished first")
    yield from check_history(layout, state)
    yield from _strays(layout, state)
    ids: Ids = {}
    for batch in state.batches:
        rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        for file in batch.files:
            problems = list(_file(layout, state, batch, file))
            yield from problems
            if not problems:
                rows[file.table] = table_of(layout.published(file.table, batch.slot)).to_pylist(maps_as_pydicts="strict")
        if any(file.rows and not rows[file.table] for file in batch.files):
            continue  # what is missing has been said; every row that refers to it would say it again
        found = [*_batch(batch, rows, ids, raw)]
        for table, key in (("documents", "uri"), ("articles", "source_file")) if not is_gone(batch) else ():
            found += (problem for row in rows[table] for problem in _made_by(row, state.identity, table, row[key]))
        files = {file.table: str(layout.published(file.table, batch.slot)) for file in batch.files}
        yield from (problem._replace(file=files.get(problem.table, "")) for problem in found)
    for derived in state.derived:
        for file in derived.files:
            problems = list(_file(layout, state, derived, file))
            yield from problems or check_duplicates(table_of(layout.published(file.table, derived.slot)).to_pylist(), ids)


def _strays(layout: Layout, state: Commit) -> Iterator[Problem]:
    """Files that globs see and the commit knows nothing of: their rows would be read twice."""
    known = {(file.table, batch.slot) for batch in state.stored for file in batch.files}
    for table in (*TABLES, *DERIVED):
        for path in listed(layout.out / table, ".parquet"):
            if (table, path.stem) not in known:
                yield Problem(table, "", str(path), "this file is not part of the dataset", "Move it elsewhere")


def _file(  # noqa: C901 - one question after the other
    layout: Layout, state: Commit, batch: BatchRecord, file: FileRecord
) -> Iterator[Problem]:
    path = layout.published(file.table, batch.slot)

    def problem(cause: str) -> Problem:
        return Problem(file.table, "", str(path), cause, REBUILD)

    if not exists(path):
        yield problem("the file is missing")
        return
    if digest(path) != file.sha256:
        yield problem("the bytes of the file are not those that were written")
    try:
        about = opened(path)
    except (pa.ArrowInvalid, OSError) as error:
        yield problem(f"this is no sound Parquet file ({error})")
        return
    with about:
        if about.schema_arrow.metadata and b"winnow.left_out" in about.schema_arrow.metadata:
            yield Problem(file.table, "", str(path), "this dataset was shared without its text", _REHYDRATE)
            return
        if about.metadata.num_rows != file.rows:
            yield problem(f"{about.metadata.num_rows} rows where {file.rows} were written")
        schema = about.schema_arrow
    said = {key.decode(): value.decode() for key, value in (schema.metadata or {}).items()}
    if said.get("winnow.schema_version") == state.identity.schema_version != SCHEMA_VERSION:
        cause = f"its columns are those of version {state.identity.schema_version}, not {SCHEMA_VERSION}"
        yield Problem(file.table, "", str(path), cause, MIGRATE)
        return
    if not schema.equals((SCHEMAS | DERIVED_SCHEMAS)[file.table], check_metadata=False):
        yield problem("the columns are not those of this version")
    wanted = {"schema_version": SCHEMA_VERSION}
    if not is_gone(batch):  # what is gone was made by the rules of its time
        wanted |= {"ruleset": state.identity.ruleset, "settings": state.identity.settings}
    for key, value in wanted.items():
        if said.get(f"winnow.{key}") != value:
            yield problem(f"its {key} is {said.get(f'winnow.{key}')}, not {value} as the commit says")


def _batch(batch: BatchRecord, rows: dict[str, list[Row]], ids: Ids, raw: Settings | None) -> Iterator[Problem]:
    if len(rows["documents"]) != batch.counts.sources:
        cause = f"{len(rows['documents'])} sources where {batch.counts.sources} went in"
        yield Problem("documents", "", batch.slot, cause, EDITED)
    yield from _counted(batch, rows)
    order = [row["uri"] for row in rows["documents"]]
    if order != sorted(order):
        yield Problem("documents", "", batch.slot, "the rows are not sorted by uri", EDITED)
    known = {row["document_id"] for row in rows["documents"]}
    of: dict[str, dict[str, list[Row]]] = {key: {"articles": [], "ledger": []} for key in known}
    for table in ("articles", "ledger"):
        for row in rows[table]:
            if row["document_id"] in of:
                of[row["document_id"]][table].append(row)
            else:
                cause = f"document_id {row['document_id']} is not in the documents table"
                yield Problem(table, row.get("source_file") or "", str(row.get("id") or row.get("start")), cause, EDITED)
    for document in rows["documents"]:
        articles, ledger = of[document["document_id"]]["articles"], of[document["document_id"]]["ledger"]
        yield from _document(document, articles, ledger, ids)
        yield from _articles(document, articles, ids)
        yield from _ledger(document, articles, ledger)
    yield from _gone(batch, rows["documents"])
    if raw is not None and not is_gone(batch):
        for uri, documents in itertools.groupby(rows["documents"], lambda row: row["uri"]):
            yield from check_file(uri, {row["member"] or "": Rows(row, **of[row["document_id"]]) for row in documents}, raw)


def _gone(batch: BatchRecord, documents: list[Row]) -> Iterator[Problem]:
    """Whether those documents, and no others, say that they are gone whose batch does."""
    for document in documents:
        if (document["status"] == GONE) is not is_gone(batch):
            cause = f"it is {document['status']}, and stands {'with' if is_gone(batch) else 'without'} what is gone"
            yield Problem("documents", document["uri"], "status", cause, EDITED)


def _counted(batch: BatchRecord, rows: dict[str, list[Row]]) -> Iterator[Problem]:
    """What the commit record counts of a batch, against its rows."""
    rules: dict[str, tuple[int, int]] = {}
    for entry in rows["ledger"]:
        name = f"{entry['action']} {entry['rule']}"
        count, length = rules.get(name, (0, 0))
        rules[name] = (count + 1, length + entry["end"] - entry["start"])
    if len(rows["articles"]) != batch.counts.articles:
        cause = f"{len(rows['articles'])} articles where the commit counts {batch.counts.articles}"
        yield Problem("articles", "", batch.slot, cause, EDITED)
    for name in sorted(rules.keys() | batch.counts.rules.keys()):
        there, said = rules.get(name, (0, 0)), batch.counts.rules.get(name, (0, 0))
        if there != said:
            cause = f"{there[0]} entries of {there[1]} characters by {name!r} where the commit counts {said[0]} of {said[1]}"
            yield Problem("ledger", "", batch.slot, cause, EDITED)


def _made_by(row: Row, state: Identity, table: str, uri: str) -> Iterator[Problem]:
    """Whether the row says that it was made by what the commit names."""
    for name in ("ruleset", "pipeline_version"):
        if row[name] != getattr(state, name):
            cause = f"{name} is {row[name]!r}, and the commit says {getattr(state, name)!r}"
            yield Problem(table, uri, f"{row.get('id') or ''} {name}".strip(), cause, EDITED)


def _unique(table: str, key: str, uri: str, ids: Ids) -> Iterator[Problem]:
    if not _ID.fullmatch(key or ""):
        yield Problem(table, uri, str(key), "the id is not 32 hex digits", EDITED)
    elif (table, key) in ids:
        yield Problem(table, uri, key, f"the id occurs twice, first in {ids[table, key]}", EDITED)
    ids[table, key] = uri


def _document(document: Row, articles: list[Row], ledger: list[Row], ids: Ids) -> Iterator[Problem]:
    uri, status = document["uri"], document["status"]

    def problem(place: str, cause: str) -> Problem:
        return Problem("documents", uri, place, cause, EDITED)

    yield from _unique("documents", document["document_id"], uri, ids)
    if document["document_id"] != document_id(uri, document["member"] or ""):
        yield problem("document_id", "the id is not that of this uri and member")
    if document["articles"] != len(articles):
        yield problem("articles", f"{document['articles']} articles are counted and {len(articles)} are there")
    if status not in {OK, PARTIAL, REJECTED, GONE}:
        yield problem("status", f"{status!r} is no status")
    if status in {OK, PARTIAL, GONE} and not articles:
        yield problem("status", f"it is {status}, and there is no article of it")
    if status == REJECTED and articles:
        yield problem("status", "it is rejected, and there are articles of it")
    if status == OK and document["declared"] not in {None, len(articles)}:
        yield problem("declared", f"{document['declared']} articles are declared and {len(articles)} are there, and it is ok")
    for name in ("stage", "reason", "detail", "remedy"):
        if status != GONE and (status == OK) is not (document[name] is None):
            yield problem(name, f"it is {status}, and the {name} is {document[name]!r}")
    yield from _characters(document, articles, ledger)


def _characters(document: Row, articles: list[Row], ledger: list[Row]) -> Iterator[Problem]:
    found = dict.fromkeys(_TILING, 0)
    found["kept"] = sum(kept["end"] - kept["start"] for article in articles for kept in article["kept"] or ())
    for entry in ledger:
        if entry["action"] in found:
            found[entry["action"]] += entry["end"] - entry["start"]
    found["visible"] = sum(found.values())
    for name, count in found.items():
        if document[f"characters_{name}"] != count:
            cause = f"{document[f'characters_{name}']} characters are counted and the spans hold {count}"
            yield Problem("documents", document["uri"], f"characters_{name}", cause, EDITED)


def _articles(document: Row, articles: list[Row], ids: Ids) -> Iterator[Problem]:
    same = {"source_file": "uri", "source_member": "member", "source_sha256": "sha256", "encoding": "encoding"}
    for number, article in enumerate(articles):

        def problem(place: str, cause: str, key: str = str(article["id"])) -> Problem:
            return Problem("articles", document["uri"], f"{key} {place}", cause, EDITED)

        yield from _unique("articles", article["id"], document["uri"], ids)
        first = article["kept"][0]["start"] if article["kept"] else 0
        if article["id"] != hashlib.sha256(f"{article['document_id']}:{first}".encode()).hexdigest()[:32]:
            yield problem("id", "the id is not that of this document and first kept offset")
        if article["position"] != number:
            yield problem("position", f"position {article['position']} where {number} was due")
        for mine, theirs in same.items():
            if article[mine] != document[theirs]:
                yield problem(mine, f"{article[mine]!r}, and the documents table says {document[theirs]!r}")
        if not (article["text"] or "").strip():
            yield problem("text", "there is no text")
        if article["char_count"] != len(article["text"] or ""):
            yield problem("char_count", f"it is {article['char_count']}, and text has {len(article['text'] or '')} characters")
        yield from (problem(name, 'missing must be null, not ""') for name, value in article.items() if value in ("", []))
        yield from (problem("kept", cause) for cause in _kept(article))


def _kept(article: Row) -> Iterator[str]:
    """What is wrong with the kept spans as such: they rise, in the text and in the source, and cover the text."""
    at = start = 0
    text = article["text"] or ""
    for kept in article["kept"] or ():
        if kept["length"] < 0 or kept["end"] < kept["start"]:
            yield f"the span {kept} ends before it begins"
        if kept["at"] < at:
            yield f"text[{kept['at']}:] is claimed twice"
        elif text[at : kept["at"]].strip():
            yield f"text[{at}:{kept['at']}] comes from nowhere"
        if kept["start"] < start:
            yield f"the span at {kept['start']} does not rise: another ends at {start}"
        at, start = kept["at"] + kept["length"], kept["end"]
    if text[at:].strip() or at > len(text):
        yield f"text[{at}:] comes from nowhere" if at <= len(text) else f"the spans reach {at}, beyond the text"


def _ledger(document: Row, articles: list[Row], ledger: list[Row]) -> Iterator[Problem]:
    known = {article["id"] for article in articles}
    for entry in ledger:

        def problem(cause: str, place: str = f"{entry['start']}–{entry['end']}") -> Problem:
            return Problem("ledger", document["uri"], place, cause, EDITED)

        if entry["article_id"] is not None and entry["article_id"] not in known:
            yield problem(f"article_id {entry['article_id']} is no article of this document")
        if entry["action"] not in _ACTIONS:
            yield problem(f"{entry['action']!r} is no action")
        if entry["label"] not in _LABELS:
            yield problem(f"{entry['label']!r} is no label")
        if not 0 <= entry["start"] <= entry["end"]:
            yield problem("the span ends before it begins")
        if not entry["rule"]:
            yield problem("no rule is named")
