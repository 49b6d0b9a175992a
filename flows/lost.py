"""A server on this machine that died: the run ends and says so. Does not import Prefect.

Prefect's client takes a server that does not answer for one that is about to come back, and asks again for a minute, each call
anew: a run took more than ten minutes to end. So the port is taken over, and whatever is asked there is told that it is gone.
Not so the server that PREFECT_API_URL names: its keepers may be starting it anew.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from pipeline.errors import WinnowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOK_SECONDS = 0.5  # between two looks at whether it lives

_lost = threading.Event()


@contextmanager
def watched(is_dead: Callable[[], bool], address: tuple[str, int]) -> Iterator[None]:
    """A context in which the death of the server at this address (host, port) is noticed, and whoever asks it is told at once."""
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(is_dead, address, ended), daemon=True)
    watch.start()
    try:
        with explained():
            yield
    finally:
        ended.set()
        watch.join()


@contextmanager
def explained() -> Iterator[None]:
    """A context whose errors become a WinnowError with the cause, once the server is lost: what Prefect raises comes of it."""
    try:
        yield
    except Exception as error:
        if not _lost.is_set():
            raise
        remedy = "Run the same command again: it goes on from the last commit; or do without Prefect: winnow run --no-server"
        raise WinnowError("the Prefect server of this run has ended (stopped, or killed)", remedy=remedy) from error


def _watch(is_dead: Callable[[], bool], address: tuple[str, int], ended: threading.Event) -> None:
    while not ended.wait(LOOK_SECONDS):
        if is_dead():
            _lost.set()
            _answer(address, ended)
    _lost.clear()


def _answer(address: tuple[str, int], ended: threading.Event) -> None:
    try:
        server = ThreadingHTTPServer(address, _Gone)
    except OSError:  # another run that used the server answers there already; when it has ended, this one will
        return
    with server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ended.wait()
        server.shutdown()


class _Gone(BaseHTTPRequestHandler):
    """Answers everything with 410 Gone, which Prefect's client does not try again."""

    def do_GET(self) -> None:
        """The answer. What was sent is read first: else the sender may see its connection reset, and try again."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_error(HTTPStatus.GONE, "the server of this run has ended")

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815  # the names that http.server looks for

    def log_message(self, *_: object) -> None:
        """Nothing is written of it."""
