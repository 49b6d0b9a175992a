"""A Prefect server of our own, on loopback, for as long as it is needed.

Prefect's embedded one cannot schedule, dies of the Ctrl-C that reaches its process group (its flows then wait for it for minutes)
and stays behind when its owner is killed.

`python -m flows.server PORT` is `prefect server start` that ends with its standard input: it cannot outlive its owner.
"""

from __future__ import annotations

import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from flows.runtime import LOOPBACK, SERVER_STARTUP_SECONDS, prepare
from pipeline.errors import WinnowError

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = LOOPBACK[0]
STOP_SECONDS = 15  # it writes its last events first; a quiet machine needs 1–2 s
LOG_TAIL = 2000  # characters of the server's log shown when it does not start


@contextmanager
def at_hand(console: str = "CRITICAL", timeout: float = SERVER_STARTUP_SECONDS) -> Iterator[str]:
    """A context with the API URL of a server: PREFECT_API_URL if that is set, else one that lives as long as the context.

    Inside, flows use that server. `console` is that of `runtime.prepare`, `timeout` the seconds it may take to start. Raises
    WinnowError with the end of its log.
    """
    prepare(console=console)
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings  # after prepare

    given = PREFECT_API_URL.value()
    if given:
        yield given
        return
    port = _free_port()
    url = f"http://{HOST}:{port}/api"
    log = Path(PREFECT_HOME.value()) / "server.log"
    process = _start(port, url, log)
    try:
        _wait(process, url, log, timeout)
        with temporary_settings(updates={PREFECT_API_URL: url}):
            yield url
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _start(port: int, url: str, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows.server", str(port)]
    # Without both of these the pages of the UI ask port 4200.
    environment = os.environ | {"PREFECT_SERVER_API_PORT": str(port), "PREFECT_UI_API_URL": url}
    with log.open("wb") as output:
        # A session of its own: Ctrl-C must not take the server away from the run that still has to say how it ended, and at
        # the end the whole group can be stopped.
        return subprocess.Popen(  # noqa: S603  # its words are ours
            command, env=environment, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
        )


def _wait(process: subprocess.Popen[bytes], url: str, log: Path, timeout: float) -> None:
    # Not through a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(f"{url}/health", timeout=5) as answer:
                if answer.status == HTTPStatus.OK:
                    return
        except (urllib.error.URLError, OSError):  # not there yet
            time.sleep(0.2)
    how = f"ended with {process.returncode}" if process.returncode is not None else f"did not answer within {timeout:.0f} s"
    tail = log.read_text(errors="replace")[-LOG_TAIL:]
    raise WinnowError(f"Prefect's server {how}", place=str(log), remedy=f"Its last words:\n{tail}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    for sign in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def main() -> None:
    """Nothing; runs the server on the port that is the first argument until standard input ends."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    sys.argv = ["prefect", "server", "start", "--host", HOST, "--port", sys.argv[1]]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(STOP_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
