"""Coverage-guided fuzzing of one target: `python tests/fuzz TARGET [SECONDS] [CORPUS]`, or no target to list them.

Needs atheris (Linux). What it finds is written to the working folder as crash-…, timeout-… or oom-…; make it small
(-minimize_crash=1), keep it under tests/fuzz/found/TARGET/ and mend the fault: the suite replays that folder.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

SECONDS = 60
# One input: seconds of an instrumented run, which is some twenty times slower; MiB; bytes of input.
TIMEOUT, MEMORY, LENGTH = 25, 4096, 20_000
# A process fuzzes so long before another goes on: atheris keeps up to 300 kB of each input, which are no leak of the pipeline's.
SLICE = 240
ONCE = "--once"


def main(name: str = "", seconds: str = str(SECONDS), corpus: str = "") -> None:
    """Fuzz the target in slices, which share their corpus. Exits with libFuzzer's code at the first fault (77, 70, 71)."""
    until = time.monotonic() + float(seconds)
    with tempfile.TemporaryDirectory() as folder:
        while (left := until - time.monotonic()) > 0:
            command = [sys.executable, sys.argv[0], ONCE, name, str(max(1, min(int(left), SLICE))), corpus or folder]
            code = subprocess.run(command, check=False).returncode
            if code:
                sys.exit(code)


def once(name: str, seconds: str, corpus: str) -> None:
    """Fuzz the target in this process, beginning with the corpus and the goldens of its room."""
    import atheris

    with atheris.instrument_imports(include=["pipeline"]):
        from fuzz.targets import seeds, targets

        known = targets()
        known["process"](b"Plug-ins are imported when they are first asked for, and must be instrumented too.")
    if name not in known:
        sys.exit(f"targets: {' '.join(sorted(known))}")
    for seed, data in seeds(name).items():
        (Path(corpus) / seed).write_bytes(data[:LENGTH])
    bounds = [f"-max_total_time={seconds}", f"-timeout={TIMEOUT}", f"-rss_limit_mb={MEMORY}", f"-max_len={LENGTH}"]
    atheris.Setup([sys.argv[0], *bounds, corpus], known[name])
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == [ONCE]:
        once(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
