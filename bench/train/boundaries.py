"""`python -m bench train boundaries DATA_DIR`: the weights of the splitter of undelimited text, from generated files.

The files are made from the gold texts of pages.parquet (without those that stand in the validation files), by fold: folds are
those of the block scorer, by registered domain, so no article recurs between what is learned from and what is judged on. The
second look is trained on the first one's out-of-fold scores, confidence is calibrated on the second's.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow.parquet as pq

from bench.run import context
from bench.train.blocks import SEED, fold_of
from bench.train.boundaries_files import KINDS, MOST_ARTICLES, File, Text, halves, make
from bench.train.boundaries_phrases import LANGUAGES, likely
from bench.train.trees import Json, from_lightgbm, slim
from pipeline.blocks import plain
from pipeline.enrich.language import detect
from pipeline.label import label
from pipeline.learned import ensemble
from pipeline.model import Decoded
from pipeline.split import prose
from pipeline.split.features import links
from pipeline.split.features.again import FEATURES as AGAIN
from pipeline.split.features.again import again
from pipeline.split.features.decode import best_cuts
from pipeline.split.features.links import STEM
from pipeline.split.features.table import HEAD_WORDS, Table, table
from pipeline.surface import same_line

NAME = "boundaries"
COMMAND = "python -m bench train boundaries DATA_DIR"
# zyte: its texts are in the validation files; readability: a tool's output.
LEFT_OUT = frozenset(("zyte", "readability"))
COLUMNS = ["id", "set", "url", "page_type", "gold_text", "title", "authors", "site"]
FILES = 900  # a group of folds
# Folds: those of the block scorer, put together, so that each has articles enough to mix.
GROUPS = 3
FIRST, SECOND = 200, 300
COMMON: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 16,
    "learning_rate": 0.08,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.3,
    "lambda_l2": 10,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "max_bin": 63,
    "seed": SEED,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,  # more wait for each other on tables of this size
    "verbose": -1,
}
# Log-odds from which on the second look is taken; how a file is cut (pipeline.split.features.decode); the confidence from
# which on a place is proposed at all.
SETTINGS: dict[str, Any] = {
    "look_again": -6.0,
    "cut": {"least": -1.5, "cost": 0.55, "short": 400.0, "penalty": 1.0, "several": 2.0},
    "review": 0.15,
}
# Gaps so near a true one are all learned from; of the others these shares, more where few words go on.
NEAR = 3
LOW_RANK, LOW_SHARE, EASY_SHARE = 0.2, 0.2, 0.05
SMALLEST_POOL = 10
# Words in fewer texts are not kept; lines of fewer characters are no prose; a ratio is drawn towards none by so many lines, and
# asked only of words in so many.
MIN_TEXTS, LEAD_CHARS, DRAWN, MIN_LINES = 8, 60, 3.0, 20
_WORD = re.compile(r"[^\W_]+")
TOPICAL = 0.4
# Pages that hold many short texts: few of them in files of several articles. Texts of so many lines may be two of one subject.
LISTINGS = frozenset(("listing", "collection", "forum"))
FEW_LISTINGS, HALVED, HALF_LINES = 0.35, 0.1, 14
PLACES = (2, 2, 2, 3, 3, 4, 4, *range(5, MOST_ARTICLES))
MIN_TEXT = 250
DETECT_CHARS = 600


@dataclass(slots=True)
class Doc:
    """A made file as the splitter sees it: its table, and for each gap whether an article begins there and how much it counts."""

    fold: int
    kind: str
    table: Table
    right: Any
    weight: Any
    first: Any = None
    second: Any = None


def read_texts(source: Path) -> Iterator[tuple[int, Text]]:
    """(fold, text) of each page with a gold text. Listings are one text, too: what they list are no articles."""
    for row in pq.read_table(source, columns=COLUMNS).to_pylist():
        if not row["gold_text"] or row["set"] in LEFT_OUT:
            continue
        lines = [line.strip() for line in row["gold_text"].split("\n") if line.strip()]
        title = row["title"] or ""
        if title and lines and same_line(lines[0], title):
            lines = lines[1:]
        if sum(map(len, lines)) < MIN_TEXT:
            continue
        language, _ = detect(" ".join(lines)[:DETECT_CHARS])
        domain = (urlsplit(row["url"] or "").hostname or "").removeprefix("www.")
        chosen = (language or "en").split("-")[0]
        yield (
            fold_of(row["url"], row["id"]),
            Text(
                row["id"],
                tuple(lines),
                title,
                tuple(row["authors"] or ()),
                row["site"] or "",
                domain,
                chosen if chosen in LANGUAGES else "en",
                row["page_type"] in LISTINGS,
            ),
        )


def near(texts: Sequence[Text]) -> list[list[int]]:
    """For each text the others, those of the same topic first."""
    counts: list[dict[str, int]] = []
    spread: dict[str, int] = {}
    for text in texts:
        words: dict[str, int] = {}
        for word in " ".join(text.lines).casefold().split():
            words[word] = words.get(word, 0) + 1
        counts.append(words)
        for word in words:
            spread[word] = spread.get(word, 0) + 1
    place = {word: number for number, word in enumerate(sorted(word for word, times in spread.items() if times > 1))}
    rows = np.zeros((len(texts), len(place)), dtype=np.float32)
    for number, words in enumerate(counts):
        for word, times in words.items():
            if word in place:
                rows[number, place[word]] = (1 + np.log(times)) * np.log(len(texts) / spread[word])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    likeness = rows @ rows.T
    np.fill_diagonal(likeness, -1)
    return [[int(other) for other in np.argsort(-line, kind="stable")] for line in likeness]


def files(texts: Sequence[Text], count: int, rng: random.Random) -> Iterator[File]:
    """`count` made files of these texts."""
    alike = near(texts)
    kinds, shares = list(KINDS), list(KINDS.values())
    for _ in range(count):
        kind = rng.choices(kinds, shares)[0]
        many = 1 if kind == "single" else rng.choice(PLACES)
        start = rng.randrange(len(texts))
        if rng.random() < TOPICAL:
            pool = [start, *alike[start][: max(many, rng.choice((4, 10, 20)))]]
            chosen = [start, *rng.sample(pool[1:], many - 1)]
        else:
            chosen = rng.sample(range(len(texts)), many)
        picked: list[Text] = []
        for text in (texts[number] for number in chosen):
            if many > 1 and len(text.lines) >= HALF_LINES and likely(rng, HALVED):
                picked += halves(text, rng)
            elif many == 1 or not text.listing or likely(rng, FEW_LISTINGS):
                picked.append(text)
        if picked:
            yield make(picked, texts, kind, rng)


def common_words(texts: Sequence[Text]) -> dict[str, list[int]]:
    """Of the stems in many texts how rare they are, and how much more often they stand in first and in last lines: hundredths."""
    spread: dict[str, int] = {}
    places: tuple[dict[str, int], dict[str, int], dict[str, int]] = ({}, {}, {})
    lines = [0, 0, 0]
    for text in texts:
        seen: set[str] = set()
        prose_lines = [line for line in text.lines if len(line) >= LEAD_CHARS]
        for number, line in enumerate(prose_lines):
            stems = [word[:STEM] for word in _WORD.findall(line.lower())]
            seen.update(stems)
            where = 0 if number == 0 else 1 if number == len(prose_lines) - 1 else 2
            lines[where] += 1
            for stem in set(stems[:HEAD_WORDS]):
                places[where][stem] = places[where].get(stem, 0) + 1
        for stem in seen:
            spread[stem] = spread.get(stem, 0) + 1
    found = {}
    rarest = np.log(len(texts) / MIN_TEXTS)
    for stem, times in sorted(spread.items()):
        if times < MIN_TEXTS:
            continue
        first, last, other = (place.get(stem, 0) for place in places)
        ratios = [
            np.log((here + DRAWN) / (other * lines[where] / max(1, lines[2]) + DRAWN)) if here + other >= MIN_LINES else 0.0
            for where, here in enumerate((first, last))
        ]
        found[stem] = [round(100 * float(value)) for value in (np.log(len(texts) / times) / rarest, *ratios)]
    return found


def prepare(folds: dict[int, list[Text]], count: int = FILES) -> Iterator[Doc]:
    """Made files of each fold, and each text as it is; what is known of common words comes from the other folds."""
    for fold, texts in sorted(folds.items()):
        known = links.lexicon(common_words([text for other in sorted(folds) if other != fold for text in folds[other]]))
        rng = random.Random(SEED * 100 + fold)  # noqa: S311 - not for secrets
        made = list(files(texts, count, rng))
        made += [
            File("whole", "\n\n".join((([text.title] if text.title else []) if n % 2 else []) + list(text.lines)), (), ())
            for n, text in enumerate(texts)
        ]
        for file in made:
            doc = document(file, fold, known)
            if doc is not None:
                yield doc


def document(file: File, fold: int, known: links.Lexicon) -> Doc | None:
    """A made file read, labelled and measured; None where it has no gap."""
    page = plain.read(Decoded(file.text, "utf-8", "utf-8"))
    shared = context()
    marks = label(page, shared.rules, shared.settings.mode, {})
    measured = table(page.blocks, marks, known)
    if measured is None:
        return None
    at = [page.blocks[number].start for number in measured.at[1:].tolist()]
    starts, unsure = set(file.starts), set(file.unsure)
    right = np.array([place in starts for place in at])
    weight = np.array([0.0 if place in unsure else 1.0 for place in at])
    return Doc(fold, file.kind, measured, right, weight)


def learn(docs: Sequence[Doc]) -> tuple[list[Json], list[Json]]:
    """Both ensembles, of each fold (without it) and last of all; documents get their out-of-fold log-odds."""
    names = docs[0].table.names
    rows = _chosen(docs)
    first = _teach(docs, rows, lambda doc: doc.table.rows, names, FIRST)
    for doc in docs:
        model = ensemble(first[doc.fold])
        doc.first = model.log_odds(prose.columns(doc.table.rows, names, model))
    second = _teach(docs, rows, _both, [*names, *AGAIN], SECOND)
    for doc in docs:
        model = ensemble(second[doc.fold])
        doc.second = doc.first.copy()
        looked = doc.first > SETTINGS["look_again"]
        if looked.any():
            doc.second[looked] = model.log_odds(prose.columns(_both(doc), [*names, *AGAIN], model)[looked])
    return first, second


def _both(doc: Doc) -> Any:
    return np.concatenate((doc.table.rows, again(doc.table, doc.first)), axis=1)


def _chosen(docs: Sequence[Doc]) -> list[tuple[Any, Any]]:
    """For each document the gaps to learn from and their weights: all near a true one, few of the easy others."""
    rng = np.random.default_rng(SEED)
    known = docs[0].table.names.index("known.120.400.rank")
    chosen = []
    for doc in docs:
        near = np.convolve(doc.right, np.ones(2 * NEAR + 1), "same")[: len(doc.right)] > 0 if len(doc.right) > 2 * NEAR else True
        share = np.where(near, 1.0, np.where(doc.table.rows[:, known] < LOW_RANK, LOW_SHARE, EASY_SHARE))
        rows = np.flatnonzero(rng.random(len(share)) < share)
        chosen.append((rows, (doc.weight / share)[rows]))
    return chosen


def _teach(
    docs: Sequence[Doc], chosen: list[tuple[Any, Any]], table_of: Callable[[Doc], Any], names: list[str], trees: int
) -> list[Json]:
    """One ensemble a fold, without it, and one of all."""
    import lightgbm

    rows = np.concatenate([table_of(doc)[at] for doc, (at, _) in zip(docs, chosen, strict=True)])
    right = np.concatenate([doc.right[at] for doc, (at, _) in zip(docs, chosen, strict=True)]).astype(int)
    weight = np.concatenate([weight for _, weight in chosen])
    fold = np.concatenate([np.full(len(at), doc.fold) for doc, (at, _) in zip(docs, chosen, strict=True)])
    data = lightgbm.Dataset(rows, right, weight=weight, params=COMMON, free_raw_data=False).construct()
    made = []
    for number in range(GROUPS + 1):
        part = data.subset(np.flatnonzero(fold != number).tolist()) if number < GROUPS else data
        made.append(slim(from_lightgbm(lightgbm.train(COMMON, part, trees), names)))
        sys.stderr.write(f"trained {number + 1} of {GROUPS + 1}\n")
    return made


def calibration(docs: Sequence[Doc]) -> Json:
    """Log-odds and how many of the cuts made there are right, rising (isotonic regression: pool adjacent violators)."""
    odds, right = [], []
    for doc in docs:
        for place in best_cuts(doc.second, doc.table.worth, SETTINGS["cut"] | {"cost": 0.0, "several": 0.0}).tolist():
            if doc.weight[place]:
                odds.append(float(doc.second[place]))
                right.append(float(doc.right[place]))
    order = np.argsort(odds, kind="stable")
    pools: list[list[float]] = []  # right, count, sum of odds
    for at in order.tolist():
        pools.append([right[at], 1.0, odds[at]])
        while len(pools) > 1 and pools[-2][0] * pools[-1][1] >= pools[-1][0] * pools[-2][1]:
            last = pools.pop()
            pools[-1] = [one + other for one, other in zip(pools[-1], last, strict=True)]
    # A pool is drawn to one half by two cuts: no confidence of 0 or 1.
    points = [(pool[2] / pool[1], (pool[0] + 1.0) / (pool[1] + 2.0)) for pool in pools if pool[1] >= SMALLEST_POOL]
    known = np.maximum.accumulate([share for _, share in points])
    return {"odds": [round(at, 3) for at, _ in points], "right": [round(float(share), 4) for share in known]}


def evaluate(docs: Sequence[Doc]) -> Json:
    """Precision, recall, share of files right and share of files cut wrongly, a kind of file, out of fold."""
    found: dict[str, list[int]] = {}
    for doc in docs:
        cuts = {at for at in best_cuts(doc.second, doc.table.worth, SETTINGS["cut"]).tolist() if doc.weight[at]}
        true = set(np.flatnonzero(doc.right).tolist())
        for kind in (doc.kind, "all"):
            tally = found.setdefault(kind, [0] * 6)
            for place, value in enumerate((len(cuts & true), len(cuts), len(true), cuts == true, bool(cuts - true), 1)):
                tally[place] += value
    names = ("precision", "recall", "exact", "cut_wrongly", "files")
    return {
        kind: dict(
            zip(
                names,
                (round(hit / max(1, cut), 3), round(hit / max(1, true), 3), round(exact / n, 3), round(wrong / n, 3), n),
                strict=True,
            )
        )
        for kind, (hit, cut, true, exact, wrong, n) in sorted(found.items())
    }


def run(data: Path, target: Path) -> int:
    """Trains on DATA_DIR/pages.parquet, writes `target`, prints scores out of fold."""
    source = data / "pages.parquet"
    folds: dict[int, list[Text]] = {}
    for fold, text in read_texts(source):
        folds.setdefault(fold % GROUPS, []).append(text)
    docs = list(prepare(folds))
    sys.stderr.write(f"{len(docs)} files, {sum(len(doc.right) for doc in docs)} gaps\n")
    first, second = learn(docs)
    scored = evaluate(docs)
    about = {
        "command": COMMAND,
        "data": f"pages.parquet sha256 {hashlib.sha256(source.read_bytes()).hexdigest()}",
        "texts": sum(map(len, folds.values())),
        "files": len(docs),
        "out_of_fold": scored,
    }
    known = common_words([text for fold in sorted(folds) for text in folds[fold]])
    settings = SETTINGS | {"calibration": calibration(docs), "words": known}
    models = {"first": first[-1], "second": second[-1]}
    written = json.dumps({"about": about, "settings": settings, "models": models}, ensure_ascii=False, separators=(",", ":"))
    target.write_text(written + "\n", encoding="utf-8")
    for kind, values in scored.items():
        sys.stdout.write(f"{kind:<10}" + "  ".join(f"{name} {value}" for name, value in values.items()) + "\n")
    return 0
