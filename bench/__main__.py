"""Quality against gold.

`python -m bench predict KIND INPUT.parquet PRED` runs the library; `seeds [DIR_OF_SEEDS DIR_OF_GOLD]`, `boilerplate DATA_DIR`,
`split DATA_DIR`, `language DATA_DIR` and `decode DATA_DIR` are tables against gold; `cost DATA_DIR` says what a page costs;
`dedupe`, `scale DIR` and `orchestration DIR` need no data; `layout DATASET` compares ways to write Parquet; `train KIND DATA_DIR`
learns anew.

No data folder is built in: paths are arguments, or `seeds` finds `seeds` and `gold` below the folder that WINNOW_DATA names.
Exit codes: 0 ok (for tables: all bars hold), 1 a bar does not hold, 2 wrong usage or settings.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TypeAlias

from bench import boilerplate, cost, decode, dedupe, language, layout, orchestration, predict, scale, seeds, split, train
from pipeline.errors import WinnowError

DATA = "WINNOW_DATA"
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - it has no public name


def main(argv: list[str] | None = None) -> int:
    """The exit code of the command that `argv` asks for."""
    asked = _parser().parse_args(argv)
    try:
        return int(asked.run(asked))
    except WinnowError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    tables = (_seeds, _boilerplate, _split, _language, _decode)
    for command in (_predict, *tables, _cost, _dedupe, _scale, _orchestration, _layout, _train):
        command(commands)
    return parser


def _predict(commands: Commands) -> None:
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
    one.add_argument(
        "--corpus", action="store_true", help="text and dump: learn what recurs on each site from all rows first, and use it"
    )
    one.set_defaults(
        run=lambda asked: predict.run(
            asked.kind,
            asked.input,
            asked.pred,
            limit=asked.limit,
            workers=asked.workers,
            folds=asked.folds,
            siblings=asked.corpus,
        )
    )


def _seeds(commands: Commands) -> None:
    one = commands.add_parser("seeds", help="each seed against its gold; exit 1 unless all bars hold")
    one.add_argument("seeds", type=Path, nargs="?", metavar="DIR_OF_SEEDS")
    one.add_argument("gold", type=Path, nargs="?", metavar="DIR_OF_GOLD")
    one.add_argument("--json", action="store_true", help="one JSON object a check instead of the table")
    one.set_defaults(run=lambda asked: seeds.run(*_seed_folders(asked, one), as_json=asked.json))


def _boilerplate(commands: Commands) -> None:
    one = commands.add_parser("boilerplate", help="clean text of pages and dumps against gold; exit 1 unless all bars hold")
    _data(one, "pages.parquet")
    one.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    one.set_defaults(run=lambda asked: boilerplate.run(asked.data, workers=asked.workers))


def _language(commands: Commands) -> None:
    one = commands.add_parser("language", help="the language of texts against gold; exit 1 unless all bars hold")
    _data(one, "lang.parquet")
    one.set_defaults(run=lambda asked: language.run(asked.data))


def _decode(commands: Commands) -> None:
    one = commands.add_parser("decode", help="the texts that bytes give against gold; exit 1 unless all bars hold")
    _data(one, "decode.parquet")
    one.set_defaults(run=lambda asked: decode.run(asked.data))


def _cost(commands: Commands) -> None:
    one = commands.add_parser(
        "cost", help="what a page costs, stage by stage, against an lxml parse; exit 1 unless the bars hold"
    )
    _data(one, "pages.parquet")
    one.add_argument("--pages", type=int, default=150, help="so many, from all of the file (default 150)")
    one.add_argument(
        "--hostile-bytes", type=int, default=cost.HOSTILE_BYTES, help="size of each hostile page (default 1,000,000)"
    )
    one.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    one.set_defaults(run=lambda asked: cost.run(asked.data, asked.pages, hostile_bytes=asked.hostile_bytes, as_json=asked.json))


def _split(commands: Commands) -> None:
    one = commands.add_parser("split", help="files of several articles cut, against gold; exit 1 unless all bars hold")
    _data(one, "split.parquet")
    one.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    one.set_defaults(run=lambda asked: split.run(asked.data, workers=asked.workers))


def _dedupe(commands: Commands) -> None:
    one = commands.add_parser("dedupe", help="copies found in invented articles; exit 1 unless the bars hold")
    one.add_argument("--articles", type=int, default=10_000, help="so many (default 10,000)")
    one.set_defaults(run=lambda asked: dedupe.run(asked.articles))


def _scale(commands: Commands) -> None:
    one = commands.add_parser(
        "scale", help="what runs over many small invented files cost, and in what memory; exit 1 unless the bars hold"
    )
    one.add_argument("folder", type=Path, metavar="DIR", help="for files and datasets; what is there already is used again")
    one.add_argument("--files", type=int, nargs="+", default=[1_000, 10_000], help="so many (default 1,000 and 10,000)")
    one.set_defaults(run=lambda asked: scale.run(asked.folder, asked.files))


def _orchestration(commands: Commands) -> None:
    one = commands.add_parser("orchestration", help="what Prefect costs beside the work itself; exit 1 unless the bars hold")
    one.add_argument("folder", type=Path, metavar="DIR", help="for files and datasets; made anew")
    one.add_argument("--files", type=int, default=10_000, help="so many (default 10,000)")
    one.set_defaults(run=lambda asked: orchestration.run(asked.folder.absolute(), asked.files))


def _layout(commands: Commands) -> None:
    one = commands.add_parser("layout", help="size and speed of a dataset's rows written with other Parquet settings")
    one.add_argument("dataset", type=Path, metavar="DATASET")
    one.set_defaults(run=lambda asked: layout.run(asked.dataset))


def _train(commands: Commands) -> None:
    one = commands.add_parser("train", help="the learned parts, made anew; needs lightgbm")
    one.add_argument("kind", choices=train.KINDS, metavar="KIND", help=", ".join(train.KINDS))
    _data(one, "pages.parquet")
    one.set_defaults(run=lambda asked: train.run(asked.kind, asked.data))


def _data(parser: argparse.ArgumentParser, file: str) -> None:
    parser.add_argument("data", type=Path, metavar="DATA_DIR", help=f"the folder of {file}")


def _seed_folders(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> tuple[Path, Path]:
    data = os.environ.get(DATA)
    if asked.seeds is not None and asked.gold is not None:
        return asked.seeds, asked.gold
    if asked.seeds is not None or not data:
        parser.error(f"name DIR_OF_SEEDS and DIR_OF_GOLD, or set {DATA}")
    return Path(data) / "seeds", Path(data) / "gold"


if __name__ == "__main__":
    sys.exit(main())
