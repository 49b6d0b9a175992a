"""The command line: `winnow COMMAND …`, one file a command.

Exit codes, the same for every command:

    0    all went well
    1    something was rejected (for `run`: newly, and without --allow-rejects), `verify` or `rules test`
         found problems, or `diff` a difference
    2    wrong usage, settings or rules; nothing was run (`diff`: the datasets cannot be compared)
    3    the command failed: the dataset is locked, the disk is full, …
    130  interrupted
    141  whoever read the output went away (`winnow clean … | head`)
    143  told to end by SIGTERM
"""

from __future__ import annotations

from pipeline.cli.app import app, main

__all__ = ["app", "main"]
