"""Coverage-guided fuzzing of one target: `python tests/fuzz TARGET [SECONDS] [CORPUS]`, or no target to list them.

Needs atheris (Linux). What it finds is written to the working folder as crash-…, timeout-… or oom-…; make it small
(-minimize_crash=1), keep it under tests/fuzz/found/TARGET/ and mend the fault: the suite replays that folder.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

SECONDS = 60
# One input: seconds of an instrumented run, which is some twenty times slower; MiB of one piece of memory; bytes of input.
TIMEOUT, PIECE, LENGTH = 25, 512, 20_000
# MiB of all inputs together: atheris keeps some 80 kB of each, which the same inputs without it do not leave behind.
MEMORY = 8192


def main(arguments: list[str]) -> None:
    """Fuzz the target, beginning with the goldens of its room. Exits with 77 at the first fault (libFuzzer's code)."""
    import atheris

    with atheris.instrument_imports(include=["pipeline"]):
        from fuzz.targets import seeds, targets

        known = targets()
        known["process"](b"Plug-ins are imported when they are first asked for, and must be instrumented too.")
    if not arguments or arguments[0] not in known:
        sys.exit(f"targets: {' '.join(sorted(known))}")
    name, *rest = arguments
    with tempfile.TemporaryDirectory() as begun:
        for seed, data in seeds(name).items():
            (Path(begun) / seed).write_bytes(data[:LENGTH])
        corpus = [*rest[1:2], begun]
        bounds = [
            f"-max_total_time={rest[0] if rest else SECONDS}",
            f"-timeout={TIMEOUT}",
            f"-rss_limit_mb={MEMORY}",
            f"-malloc_limit_mb={PIECE}",
        ]
        atheris.Setup([sys.argv[0], *bounds, f"-max_len={LENGTH}", *corpus], known[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
