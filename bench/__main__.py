"""Quality against gold.

`python -m bench predict KIND INPUT.parquet PRED` runs the library; `seeds [DIR_OF_SEEDS DIR_OF_GOLD]`, `boilerplate DATA_DIR`
and `split DATA_DIR` are tables against gold; `train KIND DATA_DIR` makes the learned parts anew.

No data folder is built in: paths are arguments, or `seeds` finds `seeds` and `gold` below the folder that WINNOW_DATA names.
Exit codes: 0 ok (for tables: all bars hold), 1 a bar does not hold, 2 wrong usage or settings.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench import boilerplate, predict, seeds, split, train
from pipeline.errors import WinnowError

DATA = "WINNOW_DATA"


def main(argv: list[str] | None = None) -> int:
    """The exit code of the command that `argv` asks for."""
    parser = _parser()
    asked = parser.parse_args(argv)
    try:
        if asked.command == "predict":
            return predict.run(asked.kind, asked.input, asked.pred, limit=asked.limit, workers=asked.workers, folds=asked.folds)
        if asked.command == "train":
            return train.run(asked.kind, asked.data)
        if asked.command == "boilerplate":
            return boilerplate.run(asked.data, workers=asked.workers)
        if asked.command == "split":
            return split.run(asked.data, workers=asked.workers)
        return seeds.run(*_seed_folders(asked, parser), as_json=asked.json)
    except WinnowError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("predict", help="run the library with default settings, one row an input")
    one.add_argument(
        "kind", choices=list(predict.KINDS), metavar="KIND", help=", ".join(f"{k}: {v.help}" for k, v in predict.KINDS.items())
    )
    one.add_argument("input", type=Path, metavar="INPUT.parquet")
    one.add_argument("pred", type=Path, metavar="PRED", help="written whole or not at all; JSON lines (split: one JSON object)")
    one.add_argument("--limit", type=int, help="only the first N rows")
    one.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    one.add_argument(
        "--folds", action="store_true", help="use the stored per-domain fold weights, so that no figure is in-sample"
    )
    two = commands.add_parser("seeds", help="each seed against its gold; exit 1 unless all bars hold")
    two.add_argument("seeds", type=Path, nargs="?", metavar="DIR_OF_SEEDS")
    two.add_argument("gold", type=Path, nargs="?", metavar="DIR_OF_GOLD")
    two.add_argument("--json", action="store_true", help="one JSON object a check instead of the table")
    three = commands.add_parser("boilerplate", help="clean text of pages and dumps against gold; exit 1 unless all bars hold")
    three.add_argument("data", type=Path, metavar="DATA_DIR", help="the folder of pages.parquet")
    three.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    five = commands.add_parser(
        "split", help="cuts of split.parquet against gold, and their confidence; exit 1 unless all bars hold"
    )
    five.add_argument("data", type=Path, metavar="DATA_DIR", help="the folder of split.parquet")
    five.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    four = commands.add_parser("train", help="the learned parts, made anew; needs lightgbm")
    four.add_argument("kind", choices=train.KINDS, metavar="KIND", help=", ".join(train.KINDS))
    four.add_argument("data", type=Path, metavar="DATA_DIR", help="the folder of pages.parquet")
    return parser


def _seed_folders(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> tuple[Path, Path]:
    data = os.environ.get(DATA)
    if asked.seeds is not None and asked.gold is not None:
        return asked.seeds, asked.gold
    if asked.seeds is not None or not data:
        parser.error(f"name DIR_OF_SEEDS and DIR_OF_GOLD, or set {DATA}")
    return Path(data) / "seeds", Path(data) / "gold"


if __name__ == "__main__":
    sys.exit(main())
