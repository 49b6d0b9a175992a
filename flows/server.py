"""A Prefect server of our own, on loopback, for as long as it is needed.

Prefect's embedded one cannot schedule, dies of the Ctrl-C that reaches its process group (its flows then wait for it for minutes)
and stays behind when its owner is killed.

`python -m flows.server PORT` is `prefect server start` that ends with its standard input: it cannot outlive its owner.
`python -m flows.server PORT FILE` is one that stays until FILE, which it writes, no longer names it (`flows.local`).
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from flows import lost
from flows.progress import say
from flows.runtime import LOOPBACK, SERVER_STARTUP_SECONDS, prepare
from pipeline.errors import WinnowError

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = LOOPBACK[0]
WAITING = (
    "waiting for a Prefect server of its own, which takes 10 to 40 s to start. To wait once only: winnow server start; "
    "to do without Prefect: winnow run --no-server"
)
STOP_SECONDS = 15  # it writes its last events first; a quiet machine needs 1–2 s
LOOK_SECONDS = 0.5  # between two looks at the file that names a server
LOG_TAIL = 2000  # characters of the server's log shown when it does not start


@contextmanager
def at_hand(console: str = "CRITICAL", timeout: float = SERVER_STARTUP_SECONDS) -> Iterator[str]:
    """A context with the API URL of a server.

    It is that of PREFECT_API_URL if that is set, else of the one that `winnow server start` started, else of one that lives as
    long as the context.

    Inside, flows use that server. `console` is that of `runtime.prepare`, `timeout` the seconds it may take to start. Raises
    WinnowError with the end of its log.
    """
    prepare(console=console)
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings  # after prepare

    given = PREFECT_API_URL.value()
    if given:
        yield given
        return
    from flows import local  # it needs what stands below

    there = local.running()
    if there is not None:
        address = (HOST, urllib.parse.urlsplit(there.url).port or 0)
        with lost.watched(lambda: is_gone(there.url), address), temporary_settings(updates={PREFECT_API_URL: there.url}):
            yield there.url
        return
    say(WAITING)
    port = free_port()
    url = url_of(port)
    log = Path(PREFECT_HOME.value()) / "server.log"
    process = _start(port, log)
    try:
        wait(process, url, log, timeout)
        with lost.watched(lambda: process.poll() is not None, (HOST, port)), temporary_settings(updates={PREFECT_API_URL: url}):
            yield url
    finally:
        _stop(process)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def url_of(port: int) -> str:
    """The URL of the API of a server at this port."""
    return f"http://{HOST}:{port}/api"


def environment(port: int) -> dict[str, str]:
    """The environment of a server at this port. Without both of these the pages of its UI ask port 4200."""
    return os.environ | {"PREFECT_SERVER_API_PORT": str(port), "PREFECT_UI_API_URL": url_of(port)}


def _start(port: int, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows.server", str(port)]
    with log.open("wb") as output:
        # A session of its own: Ctrl-C must not take the server away from the run that still has to say how it ended, and at
        # the end the whole group can be stopped.
        return subprocess.Popen(  # noqa: S603  # its words are ours
            command, env=environment(port), stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
        )


def answers(url: str) -> bool:
    """Whether there is a healthy server at this API URL."""
    try:
        return _health(url) == HTTPStatus.OK
    except OSError:  # nobody listens, or nobody who speaks so: a URLError is one, too
        return False


def is_gone(url: str) -> bool:
    """Whether nobody listens at this API URL, or only who says that the server is gone (`lost`); a server may be busy."""
    try:
        return _health(url) == HTTPStatus.GONE
    except urllib.error.URLError as error:
        return isinstance(error.reason, ConnectionRefusedError)
    except OSError:  # no answer in time
        return False


def _health(url: str) -> int:
    # Not through a proxy that the environment may name.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/health", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def wait(process: subprocess.Popen[bytes], url: str, log: Path, timeout: float) -> None:
    """Nothing, when the server answers. Raises WinnowError with the end of its log if it ends, or after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and process.poll() is None:
        if answers(url):
            return
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
    """Nothing; runs the server on the port that is the first argument, until standard input or what the second names ends it."""
    port, *files = sys.argv[1:]
    if files:
        state = json.dumps({"pid": os.getpid(), "url": url_of(int(port))})
        Path(files[0]).write_text(state, encoding="utf-8")
        watch = threading.Thread(target=_end_with_file, args=(Path(files[0]), state), daemon=True)
    else:
        watch = threading.Thread(target=_end_with_stdin, daemon=True)
    watch.start()
    sys.argv = ["prefect", "server", "start", "--host", HOST, "--port", port]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    _end()


def _end_with_file(path: Path, state: str) -> None:
    while _said(path) == state:
        time.sleep(LOOK_SECONDS)
    _end()


def _said(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # it is gone, or its folder is
        return ""


def _end() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(STOP_SECONDS)
    os.killpg(0, signal.SIGKILL)  # the session is its own


if __name__ == "__main__":
    main()
