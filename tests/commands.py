"""What the tests of the command line begin with: two documents, and the program in this process or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.cli.app import hoisted

ROOT = Path(__file__).parent.parent

HARBOUR = """\
Home » Harbour » The last ferry leaves at dusk

The last ferry leaves at dusk

The harbour office said on Monday that the evening ferry will stop at the end of the month, after forty years of service.

Few people were surprised – the boat has been half empty since the bridge was opened, and the pier needs repairs.

By Nora Feldt

You may also like

Leave a Comment
"""
MILL = """\
The mill turns again

Volunteers have brought the old mill above the village back to life, and on Sunday the first sacks of flour were sold.

By Piet Onderwater
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def environment() -> dict[str, str]:
    # Unbuffered, Python itself loses what a closed pipe did not take, and says nothing.
    return {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def winnow(*args: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, hoisted([str(arg) for arg in args]), input=stdin, catch_exceptions=False)


def program(*args: object, stdin: bytes = b"", cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[bytes]:
    env = {**environment(), "PYTHONPATH": str(ROOT), **more}
    command = [sys.executable, "-m", "pipeline.cli", *map(str, args)]
    return subprocess.run(command, input=stdin, capture_output=True, env=env, cwd=cwd, check=False, timeout=120)


def answers(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]
