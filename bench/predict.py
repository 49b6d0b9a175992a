"""`python -m bench predict KIND INPUT.parquet PRED`: one row an input, made by what `winnow run` calls, with default settings."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from bs4 import BeautifulSoup

from bench import held_out
from bench.run import context, default_settings, outcome_of, start_lines
from pipeline import process, sources
from pipeline.enrich.language import detect
from pipeline.errors import Rejected, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pipeline.model import Article
    from pipeline.process import Context

Row = dict[str, Any]
BATCH_ROWS = 64  # rows read from the input at once
CHUNK_ROWS = 4  # rows handed to a process at once: pages differ much in size
# Names that say nothing: an id may hold the date or the style that is asked for. A page is told its address where it has one.
PLAIN, PAGE = "document.txt", "page.html"
IN_SAMPLE = "the shipped weights learned from pages.parquet: figures of text and dump on it are in-sample; --folds gives others"
NOTHING_HELD_OUT = "--folds changes nothing here: no weights learned from files of this kind"
# Columns that say which fold a row is in; the library sees them no more than without --folds.
ADDRESS = "url"


class Kind(NamedTuple):
    """What a kind of prediction reads and writes. `key`: the column that names a row in the output."""

    help: str
    columns: tuple[str, ...]
    predict: Callable[[Row, Context], Row]
    key: str = "id"
    folds: bool = False  # whether weights may have learned from such rows


def text_of_page(row: Row, shared: Context) -> Row:
    """{id, text}: the clean text of a web page; several articles are joined by a blank line, so nothing is hidden."""
    return {"id": row["id"], "text": _texts(outcome_of(row["url"] or PAGE, row["html"], shared).articles)}


def text_of_dump(row: Row, shared: Context) -> Row:
    """{id, text}: the same for the page as a crude text dump."""
    dump = BeautifulSoup(row["html"], "lxml").get_text("\n")
    return {"id": row["id"], "text": _texts(outcome_of(PLAIN, _bytes(dump), shared).articles)}


def meta_of_page(row: Row, shared: Context) -> Row:
    """{id, title, authors, date, site, lang, tags, sections} of a web page."""
    return _metadata(row["id"], outcome_of(row["url"] or PAGE, row["html"], shared).articles)


def meta_of_text(row: Row, shared: Context) -> Row:
    """The same of a crude text dump."""
    return _metadata(row["id"], outcome_of(PLAIN, _bytes(row["text"]), shared).articles)


def split_of_text(row: Row, shared: Context) -> Row:
    """{file, starts}: the 1-based lines on which articles start, the first visible line apart."""
    return {"file": row["file"], "starts": start_lines(outcome_of(PLAIN, _bytes(row["text"]), shared))}


def decoded(row: Row, shared: Context) -> Row:
    """{id, text}: the whole file decoded and repaired, before it is cut into blocks; "" if it is refused."""
    data = row["bytes"]
    try:
        text = process.decoded_text(sources.from_bytes(PLAIN, data), data, shared)
    except Rejected as refusal:
        sys.stderr.write(f"bench: {row['id']}: {refusal}\n")
        text = ""
    return {"id": row["id"], "text": text}


def language(row: Row, _: Context) -> Row:
    """{id, lang, conf}: the language a row would say, "und" for null, and how sure the detector is."""
    found, score = detect(row["text"])
    sure = found is not None and score >= default_settings().language_threshold
    return {"id": row["id"], "lang": found if sure else "und", "conf": score}


KINDS = {
    "text": Kind("clean text of html", ("id", "url", "html"), text_of_page, folds=True),
    "dump": Kind("clean text of html as a crude text dump", ("id", "html"), text_of_dump, folds=True),
    "meta": Kind("metadata of html", ("id", "url", "html"), meta_of_page, folds=True),
    "text-meta": Kind("metadata of text", ("id", "text"), meta_of_text, folds=True),
    "split": Kind("lines of text on which articles start, its first apart", ("file", "text"), split_of_text, key="file"),
    "decode": Kind("bytes decoded and repaired", ("id", "bytes"), decoded),
    "lang": Kind("language of text", ("id", "text"), language),
}


def run(  # noqa: PLR0913 - what the command has as options
    kind: str, source: Path, target: Path, *, limit: int | None = None, workers: int = 2, folds: bool = False
) -> int:
    """Writes the predictions for `source` to `target`, in the order of the input; always 0. Raises SettingsError.

    `folds`: each row is judged by weights that never saw its site.
    """
    chosen = KINDS[kind]
    total, columns = _check(source, chosen, kind)
    for note in _notes(chosen, folds=folds):
        sys.stderr.write(f"bench: {note}\n")
    folds = folds and chosen.folds
    if folds and ADDRESS in columns:
        chosen = chosen._replace(columns=tuple(dict.fromkeys((*chosen.columns, ADDRESS))))
    if limit is not None:
        total = min(total, limit)
    partial = target.with_name(target.name + ".partial")
    made = _predictions(functools.partial(_one, kind, folds=folds), read(source, chosen.columns, total), workers)
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        _write(file.write, kind, _counted(made, total))
    partial.replace(target)
    return 0


def read(source: Path, columns: Iterable[str], total: int) -> Iterator[Row]:
    """The first `total` rows of a Parquet file, these columns only, read bit by bit."""
    left = total
    with pq.ParquetFile(source) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(columns)):
            yield from batch.slice(0, left).to_pylist()
            left -= min(left, batch.num_rows)
            if not left:
                return


def _notes(chosen: Kind, *, folds: bool) -> list[str]:
    """What whoever reads the figures must know."""
    if not folds:
        return [IN_SAMPLE] if chosen.folds else []
    if not chosen.folds:
        return [NOTHING_HELD_OUT]
    return [f"no folds of {file} are stored: figures it has a part in are in-sample" for file in held_out.without_folds()]


def _one(kind: str, row: Row, *, folds: bool) -> Row:
    chosen = KINDS[kind]
    return chosen.predict(row, held_out.context_for(row.get(ADDRESS), row[chosen.key]) if folds else context())


def _check(source: Path, chosen: Kind, kind: str) -> tuple[int, set[str]]:
    """The number of rows in the file, and its columns. SettingsError if it is not there or lacks a column."""
    try:
        with pq.ParquetFile(source) as file:
            names, rows = set(file.schema_arrow.names), int(file.metadata.num_rows)
    except (OSError, pa.ArrowInvalid) as error:
        raise SettingsError(f"not a readable Parquet file: {error}", place=str(source), remedy="Name one") from error
    missing = [column for column in chosen.columns if column not in names]
    if missing:
        raise SettingsError(
            f"has no column {missing[0]}", place=str(source), remedy=f"Kind {kind} reads {', '.join(chosen.columns)}"
        )
    return rows, names


def _predictions(predict: Callable[[Row], Row], rows: Iterator[Row], workers: int) -> Iterator[Row]:
    if workers <= 1:
        yield from map(predict, rows)
        return
    # Not forked: a fork copies the locks of Arrow's threads in whatever state they are.
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(predict, rows, chunksize=CHUNK_ROWS)


def _write(write: Callable[[str], object], kind: str, rows: Iterator[Row]) -> None:
    if kind == "split":
        write(json.dumps({row["file"]: row["starts"] for row in rows}, ensure_ascii=False) + "\n")
        return
    for row in rows:
        write(json.dumps(row, ensure_ascii=False) + "\n")


def _counted(rows: Iterator[Row], total: int) -> Iterator[Row]:
    """The rows, with a count on standard error: a line that renews itself on a terminal, else every tenth."""
    live = os.isatty(2)
    step = 1 if live else max(1, total // 10)
    for number, row in enumerate(rows, start=1):
        yield row
        if number % step == 0 or number == total:
            sys.stderr.write(f"{chr(13) if live else ''}{number} of {total}{'' if live and number < total else chr(10)}")
            sys.stderr.flush()


def _texts(articles: tuple[Article, ...]) -> str:
    return "\n\n".join(article.text for article in articles)


def _metadata(name: str, articles: tuple[Article, ...]) -> Row:
    """The row of the first article: where a page is cut in several, the page's own metadata is the first one's."""
    first = articles[0] if articles else None
    if first is None:
        return {"id": name, "title": None, "authors": [], "date": None, "site": None, "lang": None, "tags": [], "sections": []}
    return {
        "id": name,
        "title": first.headline,
        "authors": list(first.author),
        "date": _date(first),
        "site": first.publisher,
        "lang": first.language,
        "tags": list(first.keywords),
        "sections": [first.section] if first.section is not None else [],
    }


def _date(article: Article) -> str | None:
    """As precise as it is known: 2012-09-27, 2012-09 or 2012."""
    if article.date_published is None:
        return None
    shown = {"year": 4, "month": 7}.get(article.date_precision or "day", 10)
    return article.date_published.isoformat()[:shown]


def _bytes(text: str) -> bytes:
    # A lone surrogate cannot be written in UTF-8; a file would not hold one either.
    return text.encode("utf-8", "replace")
