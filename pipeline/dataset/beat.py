"""Signs of life that the writer of a dataset gives while it writes."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BEAT_SECONDS = 5.0


@contextlib.contextmanager
def beating(sign: Callable[[], object]) -> Iterator[None]:
    """`sign` is called every BEAT_SECONDS, for as long as the context lasts; one that fails with OSError is left out."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_SECONDS):
            # A disk that refuses this refuses the run's own writing too, which says so; of a store that is away, `lease.assure`.
            with contextlib.suppress(OSError):
                sign()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
