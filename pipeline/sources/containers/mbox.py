"""mbox: messages one below the other, each behind a line that begins with `From ` (RFC 4155); `>From ` inside is unquoted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.settings import Settings
from pipeline.sources.containers.container import HEAD, Container, Found, Reading, too_large

_FIRST = re.compile(rb"From [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n>?[!-9;-~]+:")
_POSTMARK = b"From "
_QUOTED = re.compile(rb">+From ")


def _recognise(head: bytes, settings: Settings) -> bool:
    del settings
    return _FIRST.match(head) is not None


def _members(reading: Reading) -> Iterator[Found]:
    most = reading.settings.max_source_bytes
    number = size = 0
    lines: list[bytes] = []
    blank = begins = True  # whether the line before was blank, and whether a line begins here
    while True:
        line = reading.file.readline(HEAD)
        if not line or (begins and blank and line.startswith(_POSTMARK)):
            if number:
                content = too_large(f"more than max_source_bytes = {most}") if size > most else b"".join(lines)
                yield Found(str(number), content, unique=True, kind="mail")
            if not line:
                return
            number, size, lines = number + 1, 0, []
        else:
            size += len(line)
            if size <= most:
                lines.append(line[1:] if begins and _QUOTED.match(line) else line)
        blank, begins = begins and not line.strip(b"\r\n"), line.endswith(b"\n")


CONTAINERS = (Container("mbox", _recognise, _members),)
