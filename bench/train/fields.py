"""`python -m bench train fields DATA_DIR`: the weights that rank a page's title candidates, from pages.parquet.

Candidates and features are those of pipeline.fields.titles; a candidate is right if it is the gold title, quotes and white space
aside. Folds are those of the block scorer, by registered domain; a page's blocks are labelled by weights of its fold.
"""

from __future__ import annotations

import hashlib
import json
import sys
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from bench import held_out
from bench.train.blocks import FOLDS, LEFT_OUT, SEED, THREADS, fold_of
from bench.train.trees import Json, from_lightgbm, slim
from pipeline import blocks
from pipeline.decode import decode
from pipeline.fields import headline, titles
from pipeline.label import label
from pipeline.learned import ensemble
from pipeline.split import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

COMMAND = "python -m bench train fields DATA_DIR"
COLUMNS = ["id", "set", "url", "page_type", "has_meta", "title", "html"]
BATCH_ROWS = 32
TREES = 150
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 8,
    "learning_rate": 0.06,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.4,
    "lambda_l2": 5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "seed": SEED,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": THREADS,
    "verbose": -1,
}
_QUOTES = str.maketrans("‘’‚´`“”„«»–—‐‑−", "'''''\"\"\"\"\"-----", "\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}")


class Sample(NamedTuple):
    """The candidates of a page: a row of features and whether it is right, each; `current`: whether the rules' choice is."""

    set: str
    fold: int
    rows: np.typing.NDArray[np.float32]
    right: np.typing.NDArray[np.float64]
    current: bool


def run(data: Path, target: Path, folds: Path) -> int:
    """Trains on DATA_DIR/pages.parquet; writes `target` (all pages) and a file a fold; prints scores out of fold."""
    source = data / "pages.parquet"
    samples = list(load(source))
    models = [_learned([each for each in samples if each.fold != fold]) for fold in (*range(FOLDS), None)]
    scores = _scores(samples, models)
    sys.stdout.write("".join(f"{name}: {line}\n" for name, line in scores.items()))
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    folds.mkdir(parents=True, exist_ok=True)
    for number, model in enumerate(models):
        path = folds / f"{target.stem}.{number}.json" if number < FOLDS else target
        learnt = sum(each.fold != number for each in samples)
        about = {"command": COMMAND, "data": digest, "pages": learnt}
        about |= {"fold": number} if number < FOLDS else {"scores": scores}
        content = {"about": about, "settings": {}, "models": {titles.MODEL: slim(model)}}
        path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


def load(source: Path) -> Iterator[Sample]:
    """The pages of one article whose title is known."""
    with pq.ParquetFile(source) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=COLUMNS):
            for row in batch.to_pylist():
                if row["has_meta"] and row["title"] and row["page_type"] in (None, "article") and row["set"] not in LEFT_OUT:
                    yield from _samples(row)


def _samples(row: dict[str, Any]) -> Iterator[Sample]:
    # No further than the fields: those need what is made here.
    context = held_out.context_for(row["url"], row["id"])
    page = blocks.read(decode(row["html"]))
    marks = label(page, context.rules, context.settings.mode, context.weights)
    segments = split(page, marks, context.settings.split_threshold).segments
    if len(segments) != 1:
        return
    segment, hints = segments[0], page.hints
    found = titles.candidates(segment, hints)
    rules = headline.by_rules(segment, hints, alone=True)
    if not found or not rules:
        return
    gold, current = same(row["title"]), str(rules[0].value)
    right = np.array([same(each.value) == gold for each in found], dtype=float)
    yield Sample(row["set"], fold_of(row["url"], row["id"]), titles.table(found, hints, current), right, same(current) == gold)


def same(title: str) -> str:
    """What two spellings of a title that only differ in quotes, dashes and white space have in common."""
    return " ".join(unicodedata.normalize("NFKC", title).translate(_QUOTES).replace("…", "...").split())


def _learned(samples: Sequence[Sample]) -> Json:
    import lightgbm

    known = [each for each in samples if each.right.any()]
    rows = np.vstack([each.rows for each in known])
    data = lightgbm.Dataset(rows, np.concatenate([each.right for each in known]))
    return from_lightgbm(lightgbm.train(PARAMETERS, data, TREES), list(titles.FEATURES))


def _scores(samples: Sequence[Sample], models: Sequence[Json]) -> dict[str, str]:
    """By set, over its pages: the titles right by the rules, ranked first out of fold, and among the candidates."""
    ensembles = [ensemble(model) for model in models]
    found = {}
    for name in sorted({each.set for each in samples}):
        of = [each for each in samples if each.set == name]
        ranked = [bool(each.right[int(np.argmax(ensembles[each.fold].log_odds(each.rows)))]) for each in of]
        shares = (np.mean([each.current for each in of]), np.mean(ranked), np.mean([each.right.any() for each in of]))
        found[name] = f"{len(of)} pages, rules {shares[0]:.3f}, ranked {shares[1]:.3f}, a candidate {shares[2]:.3f}"
    return found
