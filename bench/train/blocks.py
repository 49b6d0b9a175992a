"""`python -m bench train blocks DATA_DIR`: the weights of the block scorer for HTML, from pages.parquet.

Labels are made by laying the blocks along the gold text; pages that only have snippets count where a block holds one. Folds are
by registered domain: a page is only ever judged by weights that never saw its site. The second look is trained on the first one's
out-of-fold scores.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bench.train import score, trees
from bench.train.align import MIN_SHARE, align
from pipeline import blocks, learned
from pipeline.decode import decode
from pipeline.label import by_score
from pipeline.label.features import html as features
from pipeline.label.features.names import FEATURES, Table
from pipeline.label.features.names import SECOND as SECOND_FEATURES
from pipeline.label.features.second import second
from pipeline.model import Page

NAME = "blocks_html"
COMMAND = "python -m bench train blocks DATA_DIR"
FOLDS = 5
SEED = 7
# Made by a tool, not by people.
LEFT_OUT = frozenset(("readability",))
THREADS = 2
_SECOND_LEVEL = frozenset(("co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "go", "gob", "asn", "id"))
# Letters of a country's domain; names in a registered domain, one more under co.uk and the like.
_COUNTRY, _NAMES = 2, 2
# Of the page, not of the block: a model learns pages by heart with them.
PAGE_WIDE = frozenset(
    (
        *("topic_known", "depth", "page_prose", "page_link", "place", "place_end", "prose_before", "blocks", "prose_count"),
        "title_known",
    )
)
PAGE_WIDE_SECOND = PAGE_WIDE | {
    *("best_share", "topic_best", "kept_share", "kept_chars", "page_kept", "top", "prose_score", "first_kept", "last_kept"),
    "gap0",
}
COMMON = {
    "objective": "binary",
    "verbose": -1,
    "num_threads": THREADS,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 20.0,
    "max_bin": 63,
    "seed": SEED,
    "deterministic": True,
    "force_col_wise": True,
    "feature_pre_filter": False,
}
FIRST = {**COMMON, "num_leaves": 8, "learning_rate": 0.12, "feature_fraction": 0.25, "min_data_in_leaf": 150}
SECOND = {**COMMON, "num_leaves": 16, "learning_rate": 0.06, "feature_fraction": 0.25, "min_data_in_leaf": 200}
FIRST_TREES, SECOND_TREES = 150, 150
LOOK_AGAIN = 0.01
SETTINGS = {
    "look_again": LOOK_AGAIN,
    "share_of_second": 0.5,
    "thresholds": {"precision": 0.65, "balanced": 0.5, "recall": 0.3},
}
# Short blocks (characters) far (blocks) from any prose are plenty: so many of them suffice.
EASY_CHARS, EASY_FAR, EASY_SHARE = 60, 6, 0.25
# How much a page counts that only has snippets, and one that is no article.
SNIPPETS, NO_ARTICLE = 0.5, 0.7
# … and one in a script without spaces, of which there are few.
DENSE_SET, DENSE_PAGE = "magic_article", 1.3
LENGTH_POWER = 0.5
# Pages of which less was found in the gold text (in units of a block's size) say nothing.
MIN_FOUND = 5
# Shares of a block in the gold text between which the label is unsure, and counts half.
UNSURE = 0.15, 0.8


class Sample(NamedTuple):
    """A page, its features and what is wanted of its blocks; weight 0 says nothing is known."""

    row: dict[str, Any]
    page: Page
    table: Table
    wanted: NDArray[np.float64]
    weight: NDArray[np.float64]
    fold: int


def domain(url: str | None) -> str:
    """The registered domain of a URL, by rule of thumb: the last two names, three under co.uk and the like."""
    host = (urlsplit(url or "").hostname or "").lower().strip(".")
    parts = host.split(".")
    three = len(parts) > _NAMES and len(parts[-1]) == _COUNTRY and parts[-2] in _SECOND_LEVEL
    return ".".join(parts[-_NAMES - three :])


def fold_of(url: str | None, name: str) -> int:
    """The fold whose weights never saw the page's site; a page without a URL goes by its name."""
    return int(hashlib.sha256((domain(url) or name).encode()).hexdigest(), 16) % FOLDS


def run(data: Path, target: Path, folds: Path) -> int:
    """Trains on DATA_DIR/pages.parquet; writes `target` (all pages) and a file a fold; prints scores out of fold."""
    source = data / "pages.parquet"
    samples = load(source)
    columns = np.concatenate([sample.table.rows for sample in samples], axis=1).T
    wanted = np.concatenate([sample.wanted for sample in samples])
    weight = np.concatenate([sample.weight for sample in samples])
    weight *= len(weight) / weight.sum()
    fold = np.concatenate([np.full(len(sample.wanted), sample.fold) for sample in samples])
    bounds = np.cumsum([0, *(len(sample.wanted) for sample in samples)])
    names = [name for name in FEATURES if name not in PAGE_WIDE]
    table = columns[:, [FEATURES.index(name) for name in names]]
    ones = _ensembles(_Learned(table, wanted, _thinned(columns, weight), fold), names, FIRST, FIRST_TREES)
    scores = np.empty(len(wanted))
    for k in range(FOLDS):
        scores[fold == k] = learned.ensemble(ones[k]).probability(table[fold == k])
    looks = zip(samples, itertools.pairwise(bounds), strict=True)
    more = np.concatenate([second(sample.table.layout, scores[a:b]) for sample, (a, b) in looks], axis=1).T
    everything = [*FEATURES, *SECOND_FEATURES]
    names = [name for name in everything if _second_name(name)]
    table = np.hstack((columns, more))[:, [everything.index(name) for name in names]]
    looked_at = np.where((scores > LOOK_AGAIN) | (wanted > 0), weight, 0)
    twos = _ensembles(_Learned(table, wanted, looked_at, fold), names, SECOND, SECOND_TREES)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    files: list[trees.Json] = []
    for k in range(FOLDS + 1):
        about = {"command": COMMAND, "data": f"pages.parquet sha256 {digest}", "fold": k if k < FOLDS else None}
        files.append({"about": about, "settings": SETTINGS, "models": {"first": ones[k], "second": twos[k]}})
    scored = evaluate(samples, [_weights(files[k]) for k in range(FOLDS)])
    files[FOLDS]["about"]["out_of_fold"] = scored
    folds.mkdir(parents=True, exist_ok=True)
    for k in range(FOLDS):
        _write(folds / f"{NAME}.{k}.json", files[k])
    _write(target, files[FOLDS])
    for name, row in scored.items():
        sys.stdout.write(f"{name:<16}{'  '.join(f'{key} {value:.4f}' for key, value in row.items())}\n")
    return 0


def load(source: Path) -> list[Sample]:
    """All pages that may be learned from, with features and labels."""
    samples = []
    for row in pq.read_table(source).to_pylist():
        if row["set"] in LEFT_OUT:
            continue
        page = blocks.read(decode(row.pop("html"), None, 1.0))
        if page.blocks:
            table = features.table(page)
            wanted, weight = labels(row, page, table)
            samples.append(Sample(row, page, table, wanted, weight, fold_of(row["url"], row["id"])))
    return samples


def labels(row: dict[str, Any], page: Page, table: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """1 for article text, and how much each block counts: long ones more, but a page as much as another."""
    size = (np.minimum(table.layout.chars / 6, 150) + 2) ** LENGTH_POWER
    if row["gold_text"]:
        share = np.array(align([block.text for block in page.blocks], row["gold_text"]))
        found = share >= MIN_SHARE
        if size[found].sum() < MIN_FOUND:
            return found.astype(float), np.zeros(len(size))
        size = np.where((share > UNSURE[0]) & (share < UNSURE[1]), size / 2, size)
        kind = 1.0
        if row["set"] == DENSE_SET:
            kind = DENSE_PAGE
        elif row["set"] == "wcxb" and row["page_type"] != "article":
            kind = NO_ARTICLE
        return found.astype(float), kind * size / np.sqrt(size.sum() * size[found].sum())
    wanted, known = np.zeros(len(size)), np.zeros(len(size))
    must, not_must = ([_squash(text) for text in row[key] or ()] for key in ("must_have", "must_not_have"))
    for place, block in enumerate(page.blocks):
        text = _squash(block.text)
        if any(snippet in text for snippet in must):
            wanted[place] = known[place] = 1
        elif any(snippet in text for snippet in not_must):
            known[place] = 1
    return wanted, SNIPPETS * known / np.sqrt(max(known.sum(), 1))


def _squash(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _second_name(name: str) -> bool:
    return name not in PAGE_WIDE_SECOND


def _thinned(columns: NDArray[np.float32], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    column = FEATURES.index
    before, after = columns[:, column("to_prose_before")], columns[:, column("to_prose_after")]
    easy = (columns[:, column("chars")] < EASY_CHARS) & (before > EASY_FAR) & (after > EASY_FAR)
    left_out = easy & (np.random.default_rng(SEED).random(len(easy)) > EASY_SHARE)
    return np.where(left_out, 0, np.where(easy, weight / EASY_SHARE, weight))


class _Learned(NamedTuple):
    """A table (a row a block), what is wanted of each row, what it counts, and its fold."""

    table: NDArray[np.float32]
    wanted: NDArray[np.float64]
    weight: NDArray[np.float64]
    fold: NDArray[np.int64]


def _ensembles(rows: _Learned, names: list[str], settings: dict[str, Any], count: int) -> list[trees.Json]:
    """One ensemble a fold, without it, and one of all pages."""
    import lightgbm

    known = np.flatnonzero(rows.weight > 0)
    data = lightgbm.Dataset(rows.table[known], rows.wanted[known], weight=rows.weight[known], params=settings).construct()
    made = []
    for k in range(FOLDS + 1):
        part = data.subset(np.flatnonzero(rows.fold[known] != k).tolist())
        made.append(trees.slim(trees.from_lightgbm(lightgbm.train(settings, part, count), names)))
        sys.stderr.write(f"trained {k + 1} of {FOLDS + 1}\n")
    return made


def _weights(file: dict[str, Any]) -> learned.Weights:
    models = {name: learned.ensemble(model) for name, model in file["models"].items()}
    return learned.Weights(file["about"], file["settings"], models)


def evaluate(samples: list[Sample], held: list[learned.Weights]) -> dict[str, dict[str, float]]:
    """Scores out of fold, by set; texts are the kept blocks."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for sample in samples:
        made = by_score.decide(sample.table, by_score.BALANCED, held[sample.fold])
        text = "\n\n".join(
            block.text for block, value in zip(sample.page.blocks, made.scores, strict=True) if value >= made.threshold
        )
        row = sample.row
        one = score.page(row["gold_text"], text, row["must_have"], row["must_not_have"])
        groups.setdefault(row["set"], []).append(one)
        if row["set"] == "wcxb" and row["page_type"] == "article":
            groups.setdefault("wcxb article", []).append(one)
    return {name: score.total(group) for name, group in sorted(groups.items())}


def _write(path: Path, file: dict[str, Any]) -> None:
    path.write_text(json.dumps(file, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
