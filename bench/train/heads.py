r"""`python -m bench train heads DATA_DIR`: the weights of the scorer of head lines, from pages.parquet.

Each page is dumped as people dump pages (`get_text("\n")`) and read as winnow reads a dump, its lines scored by the weights of
its fold. A line is right for the title if it says just that; for the author if the names read from it are all the page's; for the
date if the day read from it is. Folds are those of the block scorer, by registered domain. The byline's and the date's ensemble
see where the title's, out of fold, found the title.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from bs4 import BeautifulSoup

from bench import held_out
from bench.train.blocks import FOLDS, LEFT_OUT, SEED, THREADS, fold_of
from bench.train.trees import Json, from_lightgbm, slim
from pipeline.blocks import plain
from pipeline.fields.dates import KNOWN
from pipeline.fields.day import dates_in
from pipeline.fields.signature import signers
from pipeline.label import by_head, label_before_heads
from pipeline.label.features import heads
from pipeline.label.features.heads import Lines
from pipeline.learned import ensemble
from pipeline.model import Decoded
from pipeline.process import Context
from pipeline.surface import fold

COMMAND = "python -m bench train heads DATA_DIR"
COLUMNS = ["id", "set", "url", "page_type", "has_meta", "title", "authors", "date", "lang", "html"]
BATCH_ROWS = 64
TREES = {"title": 200, "byline": 250, "dateline": 120}
COMMON: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 8,
    "learning_rate": 0.06,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.3,
    "lambda_l2": 10,
    "bagging_fraction": 0.6,
    "bagging_freq": 1,
    "max_bin": 63,
    "seed": SEED,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": THREADS,
    "verbose": -1,
}
# One line of a page is its title: lines are ranked against those of their page.
RANKED = COMMON | {"objective": "lambdarank", "lambdarank_truncation_level": 5, "min_data_in_leaf": 20}
# Probabilities from which on a line is marked; the title's is not calibrated. A byline has at least this share of the best one's.
SETTINGS: dict[str, Any] = {"limits": {"title": 0.2, "byline": 0.15, "dateline": 0.4}, "byline_share": 0.85}
# Of lines that name nobody, one in so many is learned from.
OTHERS = 3
# A set's pages without a date are known to have none.
UNDATED = "wcxb"
MAX_LINE = 150
_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛´`", "'") | dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("–—‐‑−", "-"))
_PERSON = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Doc:
    """One dump: its lines, and for each line looked at whether it is right; `weight` 0 where that is not known."""

    id: str
    set: str
    fold: int
    texts: list[str]
    lines: Lines
    right: dict[str, Any]
    weight: dict[str, Any]
    beside: Any = None


def run(data: Path, target: Path, folds: Path) -> int:
    """Trains on DATA_DIR/pages.parquet; writes `target` (all pages) and a file a fold; prints scores out of fold."""
    source = data / "pages.parquet"
    write(source, learn(prepare(read_rows(source))), target, folds)
    return 0


def read_rows(source: Path) -> Iterator[dict[str, Any]]:
    """Pages with metadata, as dumps."""
    with pq.ParquetFile(source) as parquet:
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=COLUMNS):
            for row in batch.to_pylist():
                if row["has_meta"] and row["set"] not in LEFT_OUT:
                    html = row.pop("html")
                    yield row | {"dump": BeautifulSoup(html, "lxml").get_text("\n")}


def prepare(rows: Iterable[dict[str, Any]]) -> list[Doc]:
    """The dumps that winnow takes for dumps, measured and labelled."""
    docs = []
    for row in rows:
        page = plain.read(Decoded(row["dump"], "utf-8", "utf-8"))
        shared: Context = held_out.context_for(row["url"], row["id"])
        marks = label_before_heads(page, shared.rules, "balanced", shared.weights)
        if by_head.is_dump(page, marks):
            docs.append(labelled(row, [block.text for block in page.blocks], by_head.measure(page, marks)))
    return docs


def labelled(row: dict[str, Any], texts: list[str], lines: Lines) -> Doc:
    """A dump's lines with what is right of them."""
    shown = [texts[place] for place in lines.places]
    title = _same(row["title"] or "")
    right = {"title": np.array([bool(title) and _same(text) == title for text in shown], dtype=int)}
    weight = {"title": np.ones(len(shown))}
    names = {_PERSON.sub("", name.casefold()) for name in row["authors"] or ()}
    said = [{_PERSON.sub("", name.casefold()) for name in signers(text)} if len(text) <= MAX_LINE else set() for text in shown]
    right["byline"] = np.array([bool(found) and found <= names for found in said], dtype=int)
    # A line with the name among others is neither right nor wrong.
    near = [any(name and name in _PERSON.sub("", text.casefold()) for name in names) for text in shown]
    weight["byline"] = np.array(
        [float(row["authors"] is not None and (ok or not has)) for ok, has in zip(right["byline"], near, strict=True)]
    )
    right["dateline"] = np.array([_dated(text, row) for text in shown], dtype=int)
    weight["dateline"] = np.full(len(shown), float(bool(row["date"]) or row["set"] == UNDATED))
    weight["dateline"] *= lines.table[:, heads.NAMES.index("date_chars")] > 0
    return Doc(row["id"], row["set"], fold_of(row["url"], row["id"]), texts, lines, right, weight)


def _same(text: str) -> str:
    return fold(unicodedata.normalize("NFKC", text).translate(_QUOTES))


def _dated(text: str, row: dict[str, Any]) -> bool:
    if not row["date"] or len(text) > MAX_LINE:
        return False
    language = (row["lang"] or "")[:2]
    days = dates_in(text, [language] if language in KNOWN else [], short=True)
    return bool(days) and days[0].date.isoformat() == row["date"]


def learn(docs: list[Doc]) -> tuple[list[dict[str, Json]], dict[str, Any]]:
    """The three ensembles of each fold, and last those of all pages; and how often they are right out of fold."""
    models = {"title": _teach("title", docs, lambda doc: doc.lines.table, list(heads.NAMES))}
    scores: dict[str, list[Any]] = {}
    scores["title"] = _judged("title", models["title"], docs, lambda doc: doc.lines.table, heads.NAMES)
    for doc, score in zip(docs, scores["title"], strict=True):
        best = by_head.best_title(doc.lines, score)
        doc.beside = heads.beside(doc.lines, best, float(score[best]) if best is not None else 0.0, doc.texts)
    names = (*heads.NAMES, *heads.BESIDE)
    for name in ("byline", "dateline"):
        models[name] = _teach(name, docs, _both, list(names))
        scores[name] = _judged(name, models[name], docs, _both, names)
    made = [{name: each[number] for name, each in models.items()} for number in range(FOLDS + 1)]
    return made, evaluate(docs, scores)


def _both(doc: Doc) -> Any:
    return np.concatenate((doc.lines.table, doc.beside), axis=1)


def _teach(name: str, docs: list[Doc], table: Callable[[Doc], Any], features: list[str]) -> list[Json]:
    """One ensemble a fold, without it, and one of all."""
    import lightgbm

    rows = {doc.id: _rows(name, doc) for doc in docs}
    made = []
    for number in range(FOLDS + 1):
        part = [doc for doc in docs if doc.fold != number and len(rows[doc.id])]
        seen = np.concatenate([table(doc)[rows[doc.id]] for doc in part])
        right = np.concatenate([doc.right[name][rows[doc.id]] for doc in part])
        if name == "title":
            data = lightgbm.Dataset(seen, right, group=[len(rows[doc.id]) for doc in part])
            booster = lightgbm.train(RANKED, data, TREES[name])
        else:
            weight = np.concatenate(
                [doc.weight[name][rows[doc.id]] * (1 if name == "dateline" else _even(doc, rows[doc.id])) for doc in part]
            )
            booster = lightgbm.train(COMMON, lightgbm.Dataset(seen, right, weight=weight), TREES[name])
        made.append(slim(from_lightgbm(booster, features)))
        sys.stderr.write(f"{name}: trained {number + 1} of {FOLDS + 1}\n")
    return made


def _rows(name: str, doc: Doc) -> Any:
    """The lines of a page that are learned from; of a page that has none that is right, no title."""
    right = doc.right[name]
    if name == "title":
        return np.flatnonzero(by_head.candidates(name, doc.lines)) if right.any() else np.zeros(0, dtype=int)
    known = (doc.weight[name] > 0) & by_head.candidates(name, doc.lines)
    if name == "byline":
        known &= (right > 0) | (np.arange(len(right)) % OTHERS == len(doc.texts) % OTHERS)
    return np.flatnonzero(known)


def _even(doc: Doc, rows: Any) -> Any:
    """A line that names nobody stands for those that were left out."""
    return np.where(doc.right["byline"][rows] > 0, 1, OTHERS)


def _judged(name: str, models: list[Json], docs: list[Doc], table: Callable[[Doc], Any], names: Iterable[str]) -> list[Any]:
    """The probability of each line by the ensemble that never saw its site; 0 where winnow asks none."""
    place = {feature: number for number, feature in enumerate(names)}
    made = [ensemble(model) for model in models[:FOLDS]]
    found = []
    for doc in docs:
        rows = table(doc)[:, [place[feature] for feature in made[doc.fold].features]]
        found.append(np.where(by_head.candidates(name, doc.lines), made[doc.fold].probability(rows), 0.0))
    return found


def evaluate(docs: list[Doc], scores: dict[str, list[Any]]) -> dict[str, Any]:
    """For each set and question: of the pages with a right line, the share of those where the best line is right."""
    found: dict[str, Any] = {}
    for name, each in scores.items():
        for group in sorted({doc.set for doc in docs}):
            hits = [
                bool(doc.right[name][int(np.argmax(score))])
                for doc, score in zip(docs, each, strict=True)
                if doc.set == group and doc.right[name].any()
            ]
            found[f"{name} {group}"] = {"pages": len(hits), "first": round(sum(hits) / max(1, len(hits)), 4)}
    return found


def write(source: Path, learned: tuple[list[dict[str, Json]], dict[str, Any]], target: Path, folds: Path) -> None:
    """The files of weights, with what made them and their scores out of fold, which are printed."""
    made, scored = learned
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    folds.mkdir(parents=True, exist_ok=True)
    for number, models in enumerate(made):
        fold = number if number < FOLDS else None
        about = {"command": COMMAND, "data": f"pages.parquet sha256 {digest}", "fold": fold, "out_of_fold": scored}
        text = json.dumps({"about": about, "settings": SETTINGS, "models": models}, ensure_ascii=False, separators=(",", ":"))
        path = target if fold is None else folds / f"heads.{fold}.json"
        path.write_text(text + "\n", encoding="utf-8")
    for name, value in scored.items():
        sys.stdout.write(f"{name:<24}{value}\n")
