"""A shared dataset made whole again from the same raw files.

What is needed: each source with the bytes it had (found by its uri, else by its digest), and a winnow that decodes it to the same
text (`text_sha256` says whether). Rules, settings and models are not needed, since each row carries its spans; only the text of
ledger entries asks for a winnow that cuts the file into the same blocks, and `text_crc32` says whether it did. Every document's
rows are compared with their checksum before anything is published.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from bisect import bisect_left, bisect_right
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from pipeline import blocks
from pipeline.blocks.derive import derive
from pipeline.columns import SCHEMAS
from pipeline.dataset.against import path_of
from pipeline.dataset.derived import Made, footer, publish, state_of
from pipeline.dataset.files import digest
from pipeline.dataset.lock import locked
from pipeline.dataset.parquet import table as table_of
from pipeline.dataset.plan import NAME_DIGITS
from pipeline.dataset.problem import Problem
from pipeline.dataset.record import load
from pipeline.dataset.share import BATCH, CRC, LEFT_OUT, SUM, crc, document_sums, is_shared, shared_checksum
from pipeline.errors import DatasetError, Rejected
from pipeline.model import Action
from pipeline.sources import INSIDE, Listed, Part, extract, from_bytes, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.dataset.record import BatchRecord, Commit
    from pipeline.model import Page, Run
    from pipeline.settings import Settings

Row = dict[str, Any]
Rows = dict[str, list[Row]]

_SAME_FILE = "Put the file with this digest there, or anywhere below the raw folder"
_SAME_WINNOW = "Install the winnow that made the dataset (column pipeline_version), then rehydrate again"
_MENDED = "Ask for the shared dataset again; if this remains, it is a fault of winnow: please report it with the source file"
# The sign that a text has lone surrogates, which no table can hold: they stand as this there.
_SURROGATES = dict.fromkeys(range(55296, 57344), "�")


class Rehydrated(NamedTuple):
    """The commit and the checksum of its rows; or no commit, and the problems that prevented it."""

    commit: Commit | None
    checksum: str
    left_out: tuple[str, ...]
    problems: list[Problem]


def rehydrate(shared: Path, raw: Path, out: Path, settings: Settings) -> Rehydrated:
    """The dataset that was shared, whole again, in `out`: the same rows, but for columns left out for good, which are null.

    If a file in `raw` differs or is missing, or rows do not come back as they were, nothing is published and each is named.
    DatasetError if `shared` is no shared dataset, or `out` holds one.
    """
    state = state_of(shared)
    if not is_shared(shared, state):
        raise DatasetError("this is no shared dataset", place=str(shared), remedy="Name a folder that `winnow share` made")
    problems: list[Problem] = []
    left_out: set[str] = set()
    sources = _Sources(settings.model_copy(update={"raw": raw}))

    def make(batch: BatchRecord, files: dict[str, Path]) -> Made:
        said = footer(files["documents"])
        left_out.update(json.loads(said[LEFT_OUT]))
        renamed = hashlib.sha256(f"rehydrated {batch.name}".encode()).hexdigest()[:NAME_DIGITS]
        # Whole rows are the rows of the run, so that a run may go on from them.
        name = renamed if json.loads(said[LEFT_OUT]) else said[BATCH]
        return Made(name, lambda: _whole(files, sources, problems))

    with locked(out):
        before = load(out)
        if before is not None and before.batches and is_shared(out, before):
            raise DatasetError("a shared dataset is here", place=str(out), remedy="Name another folder for the whole one")
        new = publish(shared, state, out, settings, make)
    return Rehydrated(new, shared_checksum(shared, state), tuple(sorted(left_out)), problems)


class _Sources:
    """The raw files, by uri, else by digest. The folder is listed once a file is missing; only files of its size are read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._file = ExitStack()
        self._uri: str | None = None
        self._parts: Iterator[Part] = iter(())

    def part_of(self, document: Row) -> Part | Problem:
        """The document's source with its bytes, or what is wrong with it. Members are asked for in the order of their rows."""
        wanted, member = document["sha256"], document["member"] or ""
        cause = "there is no such member"
        try:
            for part in self._parts_of(document["uri"]):
                if part.source.member == member:
                    if part.source.sha256 == wanted:
                        return part
                    cause = f"the file is another: its sha256 is {part.source.sha256}"
                    break
        except Rejected as error:
            self._parts = iter(())
            cause = f"the file cannot be read ({error.cause})"
        for path in self._of_size.get(document["size"], ()) if not member else ():
            if digest(path) == wanted:
                with open(path, "rb") as file:  # noqa: PTH123  the path may be no valid Unicode
                    return Part(from_bytes(document["uri"], data := file.read()), data)
        name = f"{document['uri']}{INSIDE}{member}" if member else document["uri"]
        return Problem("documents", name, "sha256", f"{cause}, and that of the dataset is {wanted}", _SAME_FILE)

    def _parts_of(self, uri: str) -> Iterator[Part]:
        if uri != self._uri:
            self._file.close()
            self._uri, self._parts = uri, iter(())
            listed = Listed(uri, path_of(self._settings, uri))
            self._parts = iter(self._file.enter_context(opened(listed, self._settings)).parts())
        return self._parts

    @functools.cached_property
    def _of_size(self) -> dict[int, list[str]]:
        sizes: dict[int, list[str]] = {}
        for folder, _, names in os.walk(self._settings.raw):
            for name in sorted(names):
                path = os.path.join(folder, name)  # noqa: PTH118  the path may be no valid Unicode
                if os.path.isfile(path):  # noqa: PTH113
                    sizes.setdefault(os.path.getsize(path), []).append(path)  # noqa: PTH202
        return sizes


def _whole(files: dict[str, Path], sources: _Sources, problems: list[Problem]) -> dict[str, pa.Table] | None:
    """The tables of a batch, whole; None if a document cannot be made whole, with the reasons in `problems`."""
    read = {table: table_of(path) for table, path in files.items()}
    rows: Rows = {table: found.to_pylist() for table, found in read.items()}
    of: dict[str, Rows] = {row["document_id"]: {"articles": [], "ledger": [], "documents": [row]} for row in rows["documents"]}
    for table in ("articles", "ledger"):
        for row in rows.get(table, ()):
            of[row["document_id"]][table].append(row)
    wrong = [problem for part in of.values() for problem in _document(part, sources)]
    problems += wrong
    if wrong:
        return None
    about = {
        table: {key: value for key, value in (found.schema.metadata or {}).items() if key not in _OURS}
        for table, found in read.items()
    }
    return {
        table: pa.Table.from_pylist(found, schema=SCHEMAS[table].with_metadata(about[table])) for table, found in rows.items()
    }


_OURS = frozenset({f"winnow.{LEFT_OUT}".encode(), f"winnow.{BATCH}".encode()})


def _document(rows: Rows, sources: _Sources) -> Iterator[Problem]:
    """Fills in the rows of one document; what prevents it."""
    (document,) = rows["documents"]
    if document["sha256"] is not None:
        part = sources.part_of(document)
        if isinstance(part, Problem):
            yield part
            return
        if document["text_sha256"] is not None:
            wrong = _fill(document, rows, part)
            if wrong is not None:
                yield wrong
                return
    due = document.pop(SUM.name)
    for entry in rows["ledger"]:
        del entry[CRC.name]
    if document_sums(rows)[document["document_id"]] != due:
        yield Problem("documents", document["uri"], SUM.name, "the rows do not come back as they were", _MENDED)


def _fill(document: Row, rows: Rows, part: Part) -> Problem | None:
    """The withheld texts written into the rows; what prevents it."""
    uri = document["uri"]
    try:
        decoded = extract.text_of(part.data, part.source.declared_charset, max_lossy_share=1.0)
    except Rejected as error:
        return Problem("documents", uri, "encoding", f"it cannot be decoded here: {error.cause}", error.remedy)
    if hashlib.sha256(decoded.text.encode("utf-8", "surrogatepass")).hexdigest() != document["text_sha256"]:
        cause = f"this winnow decodes it to another text ({decoded.encoding}, not {document['encoding']})"
        return Problem("documents", uri, "text_sha256", cause, _SAME_WINNOW)
    for article in rows["articles"]:
        try:
            article["text"] = article_text(article, decoded.text)
        except KeyError as error:
            return Problem("articles", uri, article["id"], f"there is no function {error} to rebuild its text", _SAME_WINNOW)
    if any(entry[CRC.name] is not None or entry["action"] == Action.REPAIRED for entry in rows["ledger"]):
        texts = _LedgerTexts(blocks.read(decoded), decoded.text)
        for entry in rows["ledger"]:
            if not texts.fill(entry):
                cause = f"the text of the {entry['action']} span comes back another ({entry['rule']})"
                return Problem("ledger", uri, f"{entry['start']}–{entry['end']}", cause, _SAME_WINNOW)
    return None


def article_text(article: Row, source: str) -> str:
    """The text of an article from its kept spans and the decoded source. KeyError for a function that this winnow does not know.

    Between two pieces stand line feeds alone, as many as the spans leave room for.
    """
    parts: list[str] = []
    at = 0
    for kept in article["kept"] or ():
        parts.append("\n" * (kept["at"] - at))
        parts.append(derive(kept["how"], source[kept["start"] : kept["end"]]))
        at = kept["at"] + kept["length"]
    return _storable("".join(parts))


class _LedgerTexts:
    """What the text of a ledger entry may be: its block's, its runs', its slice, or what a repair replaced."""

    def __init__(self, page: Page, source: str) -> None:
        self.source = source
        self.blocks = {(block.start, block.end): block.text for block in page.blocks}
        self.runs: list[Run] = sorted((run for block in page.blocks for run in block.runs), key=lambda run: (run.start, run.end))
        self.starts = [run.start for run in self.runs]
        self.repairs = {(repair.start, repair.end): repair for repair in page.repairs}

    def fill(self, entry: Row) -> bool:
        """Writes the text and replacement of the entry; whether its text is what it was."""
        start, end = entry["start"], entry["end"]
        repair = self.repairs.get((start, end)) if entry["action"] == Action.REPAIRED else None
        if repair is not None:
            entry["replacement"] = _storable(repair.after)
        if entry[CRC.name] is None:
            return True
        for text in self._candidates(start, end, repair.before if repair is not None else None):
            if crc(_storable(text)) == entry[CRC.name]:
                entry["text"] = _storable(text)
                return True
        return False

    def _candidates(self, start: int, end: int, before: str | None) -> Iterator[str]:
        if before is not None:
            yield before
        if (start, end) in self.blocks:
            yield self.blocks[start, end]
        yield self.source[start:end]
        yield self._between(start, end)

    def _between(self, start: int, end: int) -> str:
        """The texts of the runs in the span; of a block that a split has cut, the part of its run."""
        parts = []
        for number in range(max(0, bisect_right(self.starts, start) - 1), bisect_left(self.starts, end)):
            run = self.runs[number]
            if run.end > start:
                inside = run.start >= start and run.end <= end
                parts.append(run.text if inside else self.source[max(run.start, start) : min(run.end, end)])
        return "".join(parts)


def _storable(text: str) -> str:
    """The text as a table can hold it: without lone surrogates, at the same length."""
    return text if text.isascii() else text.translate(_SURROGATES)
