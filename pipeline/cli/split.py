"""`winnow split FILE -o DIR`: one text file an article."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import STDIN, Code, OneFile, line_of, options, out, out_json, processed, settings_of
from pipeline.errors import SettingsError, WinnowError

if TYPE_CHECKING:
    from pipeline.model import Article

# Characters; with the number and the suffix even four-byte ones stay below the 255 bytes that file systems allow a name.
STEM_MOST = 24
TITLE_MOST = 30

Folder = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the files; made if it is not there.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")]


def split(context: typer.Context, file: OneFile, folder: Folder = Path(), force: Force = False) -> int:
    """Write each article of a file to a text file of its own.

    A line an article goes to standard output: path, number, first line in the source, characters, headline, divided by tabs
    (with --json, one object). Nothing is written if one of the files is there already, unless --force.
    """
    chosen = options(context)
    rejects: list[str] = []
    for item, outcome in processed([file], settings_of(chosen), rejects, enriched=False):
        paths = [folder / file_name(item.name, number, article) for number, article in enumerate(outcome.articles, start=1)]
        _write(paths, outcome.articles, force=force)
        text = outcome.decoded.text if outcome.decoded is not None else ""
        for number, (path, article) in enumerate(zip(paths, outcome.articles, strict=True), start=1):
            line = line_of(text, article.kept[0].start) if article.kept else None
            if chosen.json:
                row = {"path": str(path), "article": number, "line": line, "characters": len(article.text)}
                out_json({**row, "headline": article.headline})
            else:
                out(f"{path}\t{number}\t{line or ''}\t{len(article.text)}\t{' '.join((article.headline or '').split())}\n")
    return Code.REJECTED if rejects else Code.OK


def file_name(name: str, number: int, article: Article) -> str:
    """A name that is safe on any file system: stem of the source, number, words of the headline."""
    stem = _safe("stdin" if name == STDIN else Path(name).stem, STEM_MOST) or "article"
    title = _safe(article.headline or "", TITLE_MOST)
    return f"{stem}-{number:03d}{'-' if title else ''}{title}.txt"


def _safe(text: str, most: int) -> str:
    # A surrogate (an undecodable byte of a name) is no word character, so it goes too.
    return re.sub(r"[\W_]+", "-", text.casefold()).strip("-")[:most].strip("-")


def _write(paths: list[Path], articles: tuple[Article, ...], *, force: bool) -> None:
    there = [path for path in paths if path.exists() or path.is_symlink()]
    if there and not force:
        raise SettingsError(
            "is there already, and nothing was written", place=str(there[0]), remedy="Use --force, or another -o DIR"
        )
    try:
        for path, article in zip(paths, articles, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
                file.write(article.text + "\n")
    except FileExistsError as error:
        raise WinnowError("is in the way", place=str(error.filename), remedy="Name another -o DIR") from error
