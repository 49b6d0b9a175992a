"""WARC (ISO 28500): the bodies of responses, resources and conversions, named by their address.

Redirects and errors are rejections, and so is what the server says is no document (pictures, scripts): a crawl fetched them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources.containers.container import STAGE, Container, Found, Reading, broken

_KINDS = frozenset({"response", "resource", "conversion"})
_CHARSET = re.compile(r"(?i)charset\s*=\s*[\"']?([\w.:-]+)")
_NO_DOCUMENT = re.compile(r"(?i)\s*(?:image|audio|video|font)/|\s*text/css|\s*(?:text|application)/(?:x-)?javascript")
_REMEDY = "Nothing to do; crawl it again if it should be an article"


class _Body:
    """The body of a record. Reading raises EOFError if it is shorter than the record declares."""

    def __init__(self, record: Any) -> None:
        self._record = record
        self._stream = record.content_stream()

    def read(self, size: int = -1, /) -> bytes:
        piece: bytes = self._stream.read(size)
        if not piece and self._record.raw_stream.limit > 0:
            raise EOFError("the record ends before the length that it declares")
        return piece


def _recognise(head: bytes, settings: Settings) -> bool:
    del settings
    return head.startswith(b"WARC/")


def _members(reading: Reading) -> Iterator[Found]:
    records = ArchiveIterator(reading.file)
    for record in records:
        if record.rec_type not in _KINDS:
            continue
        address = record.rec_headers.get_header("WARC-Target-URI") or record.rec_headers.get_header("WARC-Record-ID") or "record"
        http = record.http_headers
        kind = (http.get_header("Content-Type") if http else record.rec_headers.get_header("Content-Type")) or ""
        status = http.get_statuscode() if http else "200"
        if not status.startswith("2"):
            cause = f"the server answered {status}, which is no page"
            yield Found(address, Rejected(STAGE, "http-status", cause, remedy=_REMEDY))
        elif _NO_DOCUMENT.match(kind):
            yield Found(address, Rejected(STAGE, "not-a-document", f"the server says that it is {kind}", remedy=_REMEDY))
        else:
            charset = _CHARSET.search(kind)
            yield Found(address, _Body(record), charset and charset[1], (("url", address),))  # type: ignore[arg-type]
    if records.err_count:  # warcio says so on standard error, and goes on at the next record
        raise broken(f"{records.err_count} records do not end where their length says; what stood behind them was passed over")


CONTAINERS = (Container("warc", _recognise, _members, (ArchiveLoadFailed, AttributeError)),)
