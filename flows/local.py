"""The Prefect server that stays: started once in the background, used by every run of this project until it is stopped.

What is known of it stands in `server.json` in the state folder. The server ends when that file no longer names it: so no process
is ever signalled by a number that may belong to another by now, and none is left when the folder is deleted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from flows import server
from flows.runtime import SERVER_STARTUP_SECONDS, prepare, state_folder
from pipeline.errors import SettingsError, WinnowError


class Server(NamedTuple):
    """A server: its process, and the URL of its API on loopback."""

    pid: int
    url: str


def state_file() -> Path:
    """Where it is written which server runs."""
    return state_folder() / "server.json"


def known() -> Server | None:
    """The server that was started last and not stopped; it may have been killed."""
    try:
        said = json.loads(state_file().read_text(encoding="utf-8"))
        return Server(int(said["pid"]), str(said["url"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise WinnowError("cannot be read", place=str(state_file()), remedy="Delete it; a server it named then ends") from error


def running() -> Server | None:
    """The server that was started and answers."""
    found = known()
    return found if found is not None and server.answers(found.url) else None


def start(timeout: float = SERVER_STARTUP_SECONDS) -> Server:
    """The server, started if none runs. Raises WinnowError with its last words if it does not answer within `timeout` seconds."""
    given = os.environ.get("PREFECT_API_URL")
    if given:
        remedy = "Unset it to have a server of this project's own"
        raise SettingsError(f"PREFECT_API_URL is set: runs use the server at {given}", place="environment", remedy=remedy)
    there = running()
    if there is not None:
        return there
    prepare()
    state_folder().mkdir(parents=True, exist_ok=True)  # Prefect's home, which is made already, may be elsewhere
    state_file().unlink(missing_ok=True)
    port = server.free_port()
    log = state_folder() / "server.log"
    found = Server(0, server.url_of(port))
    environment = server.environment(port)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # its words are ours
            [sys.executable, "-m", "flows.server", str(port), str(state_file())],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        server.wait(process, found.url, log, timeout)
    except BaseException:
        state_file().unlink(missing_ok=True)
        raise
    return found._replace(pid=process.pid)


def stop(timeout: float = server.STOP_SECONDS * 2) -> Server | None:
    """The server that was stopped; None if none ran. Raises WinnowError if it still answers after `timeout` seconds."""
    there = running()
    state_file().unlink(missing_ok=True)
    deadline = time.monotonic() + timeout
    while there is not None and server.answers(there.url):
        if time.monotonic() > deadline:
            raise WinnowError("the server does not end", place=there.url, remedy=f"End process {there.pid} by hand")
        time.sleep(0.2)
    return there
