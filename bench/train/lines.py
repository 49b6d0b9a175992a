r"""`python -m bench train lines DATA_DIR`: the weights of the scorer of bare lines, from pages.parquet.

Each page is dumped as people dump pages (`get_text("\n")`), cut into lines as winnow cuts them, and aligned with its gold
text; a third of the pages is learned from without their blank lines. Folds are those of the block scorer, by registered domain.
The second look is trained on the first one's out-of-fold scores, and the gate (is a file a dump at all?) on the second's.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq
from bs4 import BeautifulSoup

from bench.train import score
from bench.train.blocks import FOLDS, LEFT_OUT, SEED, THREADS, fold_of
from bench.train.lines_gold import labels
from bench.train.lines_shapes import SHAPES
from bench.train.trees import Json, from_lightgbm
from pipeline.blocks import plain
from pipeline.label.by_line import BALANCED, CUES, MIN_LINES, decode, needed
from pipeline.label.features import line_again, lines
from pipeline.learned import ensemble
from pipeline.model import Decoded

COMMAND = "python -m bench train lines DATA_DIR"
COLUMNS = ["id", "set", "url", "gold_text", "must_have", "must_not_have", "title", "authors", "date", "html"]
BATCH_ROWS = 64
TREES = {"first": 240, "second": 100, "gate": 60}
COMMON: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 8,
    "learning_rate": 0.06,
    "min_data_in_leaf": 80,
    "feature_fraction": 0.25,
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
# The second look sees the first one's scores of the same pages: it learns them by heart more readily.
SECOND = COMMON | {"min_data_in_leaf": 150}
GATE = COMMON | {"num_leaves": 6, "learning_rate": 0.08, "min_data_in_leaf": 15, "feature_fraction": 0.6, "max_bin": 255}
# Probabilities: the modes' limits; that of lines outside the run; that of a dump, at which clean texts keep all but what
# they hold of their pages, out of fold, and the higher one for a file without any line of a page's words.
# Then the first look's share of the score, and words that must be left before a limit sinks (pipeline.label.by_line).
SETTINGS: dict[str, Any] = {
    "limits": {"precision": 0.65, "balanced": 0.45, "recall": 0.3},
    "island": 0.6,
    "dump": 0.9,
    "dump_without_cues": 0.95,
    "first_share": 0.6,
    "least_words": 25,
}
# A text that is no dump counts less than a page: it is easy.
CLEAN_WEIGHT = 0.3
# A page of which only snippets are known counts less than one whose text is.
SNIPPETS_WEIGHT = 0.6
# What a page can be to the trainer: with its text, or with snippets.
DUMPS = frozenset(("dump", "snippets"))
# Lines that are no article and of fewer words: the share of them that is learned from.
SHORT, SHORT_SHARE, MIDDLE, MIDDLE_SHARE = 6, 0.2, 20, 0.5
# A page weighs as if it had at least so many words of article; a line as if it had at most MOST_WORDS, and MORE_WORDS more.
LEAST_WORDS, MOST_WORDS, MORE_WORDS = 150.0, 80, 3
# One page in so many is learned from without its blank lines.
FLAT = 3
# Files of several articles: a file for so many articles, which holds the first MIN_SEVERAL of them or more.
SHELF, MIN_SEVERAL, SEVERAL_KINDS = 5, 2, 4
# Made-up references: so many at most, of so many characters.
REFERENCES, REFERENCE_CHARS = 6, 70
RNG_SEED = 1


@dataclass(slots=True)
class Doc:
    """One file to learn from: a dump, one with known snippets or a clean text (`kind`), its lines and which of them are article.

    `seen` is the table of the file as it is, `taught` the one it is learned from; `size` counts the words of each line.
    """

    id: str
    set: str
    kind: str
    fold: int
    gold: str
    texts: list[str]
    names: list[str]
    seen: Any
    taught: Any
    right: Any
    size: Any
    rows: Any = field(default_factory=lambda: np.zeros(0, dtype=int))
    weight: Any = field(default_factory=lambda: np.zeros(0))
    first: Any = None
    first_taught: Any = None
    second: Any = None

    @property
    def words(self) -> Any:
        """The words of each line, as the scorer counts them."""
        return self.seen[:, self.names.index("words")]


class _Learned(NamedTuple):
    """Ensembles in JSON form: of each fold, and last the one of all; `gates` with the documents' out-of-fold probabilities."""

    first: list[Json]
    second: list[Json]
    gates: list[Json]
    dump: Any


def run(data: Path, target: Path, folds: Path) -> int:
    """Trains on DATA_DIR/pages.parquet; writes `target` (all pages) and a file a fold; prints scores out of fold."""
    source = data / "pages.parquet"
    docs = prepare(read_rows(source))
    write(source, docs, learn(docs), target, folds)
    return 0


def write(source: Path, docs: list[Doc], made: _Learned, target: Path, folds: Path) -> None:
    """The files of weights, with what made them and their scores out of fold, which are printed."""
    scored = evaluate(docs, made.dump)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    folds.mkdir(parents=True, exist_ok=True)
    for number in range(FOLDS + 1):
        fold = number if number < FOLDS else None
        about = {
            "command": COMMAND,
            "data": f"pages.parquet sha256 {digest}",
            "fold": fold,
            "pages": sum(doc.kind == "dump" for doc in docs),
            "out_of_fold": scored,
        }
        models = {"first": made.first[number], "second": made.second[number], "gate": made.gates[number]}
        text = json.dumps({"about": about, "settings": SETTINGS, "models": models}, ensure_ascii=False, separators=(",", ":"))
        path = target if fold is None else folds / f"lines.{fold}.json"
        path.write_text(text + "\n", encoding="utf-8")
    for name, value in scored.items():
        sys.stdout.write(f"{name:<24}{value}\n")


def read_rows(source: Path) -> Iterator[dict[str, Any]]:
    """Pages with gold text or snippets, as dumps."""
    with pq.ParquetFile(source) as parquet:
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=COLUMNS):
            for row in batch.to_pylist():
                if row["set"] not in LEFT_OUT:
                    html = row.pop("html")
                    yield row | {"dump": BeautifulSoup(html, "lxml").get_text("\n")}


def prepare(rows: Iterable[dict[str, Any]]) -> list[Doc]:
    """Dumps and clean texts; per fold also articles with title, byline and references, and several in one file."""
    rng = np.random.default_rng(RNG_SEED)
    docs: list[Doc] = []
    shelves: dict[int, list[str]] = {}
    for row in rows:
        fold = fold_of(row["url"], row["id"])
        if row["gold_text"] is None:
            docs.extend(filter(None, [_known_by_snippets(row, fold)]))
            continue
        dump = _doc(row, row["dump"], "dump", fold)
        if dump is None:
            continue
        _choose(dump, rng, 1.0)
        docs.append(dump)
        clean = _doc(row, row["gold_text"], "clean", fold)
        if clean is not None:
            _choose(clean, rng, CLEAN_WEIGHT)
            docs.append(clean)
            furnished = _furnished(row)
            shelves.setdefault(fold, []).append(furnished)
            unspaced = "\n".join(line for line in row["gold_text"].split("\n") if line.strip())
            shape = SHAPES[zlib.crc32(row["id"].encode()) % len(SHAPES)]
            texts = {"article": furnished, "unspaced": unspaced, shape.__name__: shape(row["gold_text"])}
            docs.extend(filter(None, [_doc(row, text, kind, fold) for kind, text in texts.items()]))
    for fold, shelf in shelves.items():
        for start in range(0, len(shelf), SHELF):
            several = "\n\n\n".join(shelf[start : start + MIN_SEVERAL + start % SEVERAL_KINDS])
            row = {"id": f"several:{fold}:{start}", "set": "", "gold_text": several}
            docs.extend(filter(None, [_doc(row, several, "several", fold)]))
    return docs


def _doc(row: dict[str, Any], text: str, kind: str, fold: int) -> Doc | None:
    blocks = plain.read(Decoded(text, "utf-8", "utf-8")).blocks
    if not blocks:
        return None
    texts = [block.text for block in blocks]
    gaps, pieces = [block.gap for block in blocks], [1 + len(block.runs) // 2 for block in blocks]
    names, table = lines.table(texts, gaps, pieces)
    if kind == "dump":
        right, size = labels(texts, row["gold_text"])
    else:
        right, size = [True] * len(texts), [len(text.split()) for text in texts]
    flat = kind == "dump" and zlib.crc32(row["id"].encode()) % FLAT == 0
    taught = lines.table(texts, [0] * len(gaps), pieces)[1] if flat else table
    gold = row["gold_text"]
    return Doc(row["id"], row["set"], kind, fold, gold, texts, names, table, taught, np.array(right), np.array(size))


def _known_by_snippets(row: dict[str, Any], fold: int) -> Doc | None:
    """A dump of which only the lines are learned from that hold a snippet; None if there are none."""
    doc = _doc(row | {"gold_text": ""}, row["dump"], "snippets", fold)
    if doc is None:
        return None
    squeezed = [" ".join(text.split()) for text in doc.texts]
    right, wrong = (
        np.array([any(snippet in text for snippet in snippets) for text in squeezed])
        for snippets in ([" ".join(each.split()) for each in row[name] or ()] for name in ("must_have", "must_not_have"))
    )
    doc.right = right
    doc.rows = np.flatnonzero(right | wrong)
    worth = np.minimum(doc.size, MOST_WORDS)[doc.rows] + MORE_WORDS
    doc.weight = SNIPPETS_WEIGHT * worth / max(float(worth.sum()), 1.0)
    return doc if len(doc.rows) else None


def _furnished(row: dict[str, Any]) -> str:
    """An article as people keep it in a text file: title, byline, day, text, sources."""
    number = zlib.crc32(row["id"].encode())
    head = [row.get("title") or "", f"By {', '.join(row['authors'])}" if row.get("authors") else "", str(row.get("date") or "")]
    opening = ("\n" if number & 1 else "\n\n").join(filter(None, head))
    sources = [
        f"[{i + 1}] {line[:REFERENCE_CHARS].rsplit(' ', 1)[0]}, p. {number % 300 + i}."
        for i, line in enumerate(row["gold_text"].split("\n")[:REFERENCES])
        if line
    ]
    tail = "\n\n" + ("References\n" if number & 2 else "") + "\n".join(sources) if number & 4 else ""
    return f"{opening}\n\n{row['gold_text']}{tail}"


def _choose(doc: Doc, rng: np.random.Generator, worth: float) -> None:
    """The lines to learn from and their weights: by words, each page alike."""
    share = np.where(doc.right, 1.0, np.where(doc.size < SHORT, SHORT_SHARE, np.where(doc.size < MIDDLE, MIDDLE_SHARE, 1.0)))
    doc.rows = np.flatnonzero(rng.random(len(share)) < share)
    total = max(float((doc.size * doc.right).sum()), LEAST_WORDS)
    doc.weight = (worth * (np.minimum(doc.size, MOST_WORDS) + MORE_WORDS) / total / share)[doc.rows]


def learn(docs: list[Doc]) -> _Learned:
    """The three ensembles; documents get their out-of-fold scores."""
    names = docs[0].names
    known = [name for name in names if not name.startswith("file.") or name in lines.FILE_KNOWN]
    columns = [names.index(name) for name in known]
    first = _teach(docs, "first", COMMON, lambda doc: doc.taught[:, columns], known)
    for doc in docs:
        model = ensemble(first[doc.fold])
        doc.first = model.probability(doc.seen[:, columns])
        doc.first_taught = doc.first if doc.taught is doc.seen else model.probability(doc.taught[:, columns])
    again = line_again.again(docs[0].first, docs[0].words)[0]

    def extended(doc: Doc) -> Any:
        return np.concatenate((doc.taught[:, columns], line_again.again(doc.first_taught, doc.words)[1]), axis=1)

    second = _teach(docs, "second", SECOND, extended, known + again)
    share = SETTINGS["first_share"]
    for doc in docs:
        seen = doc.seen[:, columns]
        both = np.concatenate((seen, line_again.again(doc.first, doc.words)[1]), axis=1)
        odds = share * ensemble(first[doc.fold]).log_odds(seen) + (1 - share) * ensemble(second[doc.fold]).log_odds(both)
        doc.second = np.round(1 / (1 + np.exp(-odds)), 4)
    return _Learned(first, second, *_gates(docs))


def _teach(
    docs: list[Doc], name: str, parameters: dict[str, Any], table: Callable[[Doc], Any], features: list[str]
) -> list[Json]:
    """One ensemble a fold, without it, and one of all."""
    import lightgbm

    taught = [doc for doc in docs if len(doc.rows)]
    fold = np.concatenate([np.full(len(doc.rows), doc.fold) for doc in taught])
    right = np.concatenate([doc.right[doc.rows] for doc in taught]).astype(int)
    weight = np.concatenate([doc.weight for doc in taught])
    weight *= len(weight) / weight.sum()
    rows = np.concatenate([table(doc)[doc.rows] for doc in taught])
    data = lightgbm.Dataset(rows, right, weight=weight, params=parameters, free_raw_data=False).construct()
    made = []
    for number in range(FOLDS + 1):
        part = data.subset(np.flatnonzero(fold != number).tolist()) if number < FOLDS else data
        made.append(from_lightgbm(lightgbm.train(parameters, part, TREES[name]), features))
        sys.stderr.write(f"{name}: trained {number + 1} of {FOLDS + 1}\n")
    return made


def _gates(docs: list[Doc]) -> tuple[list[Json], Any]:
    """The ensembles that tell a dump from a text, and each document's probability, out of fold."""
    import lightgbm

    found = [line_again.whole(dict(zip(doc.names, doc.seen[0].tolist(), strict=True)), doc.second, doc.words) for doc in docs]
    names, table = found[0][0], np.concatenate([row for _, row in found])
    dump = np.array([doc.kind in DUMPS for doc in docs])
    fold = np.array([doc.fold for doc in docs])
    weight = np.where(dump, 1.0, dump.sum() / max((~dump).sum(), 1))
    made = []
    for number in range(FOLDS + 1):
        part = np.flatnonzero(fold != number)
        data = lightgbm.Dataset(table[part], dump[part].astype(int), weight=weight[part])
        made.append(from_lightgbm(lightgbm.train(GATE, data, TREES["gate"]), names))
    probability = np.empty(len(docs))
    for number in range(FOLDS):
        probability[fold == number] = ensemble(made[number]).probability(table[fold == number])
    return made, probability


def evaluate(docs: list[Doc], dump: Any) -> dict[str, Any]:
    """Out of fold: the share of words that clean texts keep, the dumps taken for clean texts, and the texts of dumps by set."""
    kept: dict[str, float] = {}
    total: dict[str, float] = {}
    texts: dict[str, list[dict[str, Any]]] = {}
    missed = 0
    for doc, probability in zip(docs, dump.tolist(), strict=True):
        stays = np.ones(len(doc.size), dtype=bool)
        least = needed(int(doc.seen[0, doc.names.index(CUES)]), SETTINGS)
        if probability >= least and len(doc.size) >= MIN_LINES:
            stays, _ = decode(doc.second, doc.words, SETTINGS["limits"][BALANCED], SETTINGS)
        if doc.kind == "dump":
            missed += probability < least
            text = "\n\n".join(line for line, stay in zip(doc.texts, stays.tolist(), strict=True) if stay)
            texts.setdefault(doc.set, []).append(score.page(doc.gold, text, None, None))
        elif doc.kind not in DUMPS:
            kept[doc.kind] = kept.get(doc.kind, 0.0) + float(doc.size[stays].sum())
            total[doc.kind] = total.get(doc.kind, 0.0) + float(doc.size.sum())
    return {
        "retained": {kind: round(kept[kind] / total[kind], 5) for kind in sorted(total)},
        "dumps_taken_for_text": missed,
        **{name: score.total(group) for name, group in sorted(texts.items())},
    }
