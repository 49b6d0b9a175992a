"""`winnow clean FILE…`: clean text on standard output."""

from __future__ import annotations

import typer  # typer reads the signatures at run time

from pipeline.cli.common import Code, Files, options, out, out_json, processed, settings_of

# A line of its own between articles: read again it is a separator or nothing, never text of an article.
BETWEEN = "* * *"


def clean(context: typer.Context, files: Files) -> int:
    """Print the clean text of each file.

    Articles, of one file or of several, are divided by a blank line, a line "* * *" and a blank line. What is rejected is
    told on standard error, with what to do about it; the other files are still printed, and the exit code is 1.
    """
    chosen = options(context)
    rejects: list[str] = []
    first = True
    for item, outcome in processed(files, settings_of(chosen), rejects, enriched=False):
        for number, article in enumerate(outcome.articles, start=1):
            if chosen.json:
                out_json({"file": item.name, "article": number, "text": article.text})
            else:
                out(article.text + "\n" if first else f"\n{BETWEEN}\n\n{article.text}\n")
            first = False
    return Code.REJECTED if rejects else Code.OK
