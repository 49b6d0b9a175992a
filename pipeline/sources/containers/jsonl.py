"""JSONL (NDJSON): an object a line, with a column of text or HTML. A line that is no object costs itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pipeline.errors import Rejected
from pipeline.settings import Settings
from pipeline.sources.containers import row
from pipeline.sources.containers.container import HEAD, STAGE, Container, Found, Reading, too_large


def _recognise(head: bytes, settings: Settings) -> bool:
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not begin.startswith(b"{"):
        return False
    line, end, _ = begin.partition(b"\n")
    if not end and len(head) >= HEAD:  # a line longer than what is looked at
        names = "|".join(re.escape(row.column(settings, role)) for role in ("text", "html"))
        return re.search(rf'"(?:{names})"\s*:\s*"'.encode(), line) is not None
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and row.has_text(first, settings)


def _members(reading: Reading) -> Iterator[Found]:
    most = reading.settings.max_source_bytes
    number = 0
    while line := reading.file.readline(most + 1):
        number += 1
        if len(line) > most:
            yield Found(str(number), too_large(f"a line of more than max_source_bytes = {most}"))
            while line and not line.endswith(b"\n"):
                line = reading.file.readline(HEAD)
        elif line.strip():
            yield _row(line, number, reading.settings)


def _row(line: bytes, number: int, settings: Settings) -> Found:
    try:
        value = json.loads(line.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        return _broken(number, f"the line is no JSON ({error})")
    return row.found(value, number, settings) if isinstance(value, dict) else _broken(number, "the line is no JSON object")


def _broken(number: int, cause: str) -> Found:
    return Found(str(number), Rejected(STAGE, "broken", cause, remedy="Mend the line, then run again"))


CONTAINERS = (Container("jsonl", _recognise, _members),)
