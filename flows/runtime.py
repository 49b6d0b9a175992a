"""The environment Prefect runs in: offline, quiet, with a home of its own. Does not import Prefect, which reads it at import."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pipeline.errors import WinnowError

STATE_FOLDER = ".winnow"
# Cold, a server took 37 s on two quiet cores; Prefect's own limit of 20 s fails there.
SERVER_STARTUP_SECONDS = 180
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def state_folder() -> Path:
    """The absolute folder for what winnow keeps beside the dataset: WINNOW_HOME, else .winnow in the working folder."""
    return Path(os.environ.get("WINNOW_HOME") or STATE_FOLDER).absolute()


def prepare(*, console: str = "CRITICAL") -> None:
    """Sets the environment of this process and its children where the user has not. Changes nothing once Prefect is imported.

    `console` is the level from which Prefect writes to standard error: a run has its own progress bar and names what failed, so
    by default nothing. The run's log in Prefect has everything from INFO on. Raises WinnowError where the home cannot be written.
    """
    if "prefect" in sys.modules:
        return
    for name, value in _wanted(console).items():
        os.environ.setdefault(name, value)
    for name in ("NO_PROXY", "no_proxy"):  # a proxy would be asked for the server on loopback, too
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join([*hosts, *(host for host in LOOPBACK if host not in hosts)])
    _make_home(Path(os.environ["PREFECT_HOME"]).expanduser())


def _wanted(console: str) -> dict[str, str]:
    return {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_HOME": str(state_folder() / "prefect"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(SERVER_STARTUP_SECONDS),
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": console,
        "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_CLI_PROMPT": "false",
    }


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "Set WINNOW_HOME (or PREFECT_HOME) to a folder that can be written"
        raise WinnowError(f"no place for Prefect's database ({error.strerror})", place=str(home), remedy=remedy) from error
    if not os.access(home, os.W_OK):
        remedy = "Set WINNOW_HOME (or PREFECT_HOME) to a folder that can be written"
        raise WinnowError("no place for Prefect's database (not writable)", place=str(home), remedy=remedy)
