"""csv: rows below a line of names, between commas, semicolons, tabs or bars (RFC 4180), with a column of text or HTML.

Read as Latin-1 and given back as the bytes it was, so that each field is decoded by its own evidence.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from pipeline.settings import Settings
from pipeline.sources.containers import row
from pipeline.sources.containers.container import Container, Found, Reading

_DELIMITERS = ",;\t|"


def _names(head: bytes) -> tuple[list[str], str]:
    """The names in the first line, and what stands between them."""
    line, end, _ = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    text = line.decode("latin-1").rstrip("\r")
    if not end or "<" in text or "{" in text:
        return [], ","
    delimiter = max(_DELIMITERS, key=text.count)
    return next(csv.reader([text], delimiter=delimiter), []), delimiter


def _recognise(head: bytes, settings: Settings) -> bool:
    try:
        names, _ = _names(head)
    except csv.Error:
        return False
    return len(names) > 1 and len(set(names)) == len(names) and row.has_text(names, settings)


def _members(reading: Reading) -> Iterator[Found]:
    settings = reading.settings
    csv.field_size_limit(settings.max_source_bytes)
    names, delimiter = _names(reading.file.peek())
    lines = io.TextIOWrapper(reading.file, "latin-1", newline="")
    try:
        rows = csv.reader(lines, delimiter=delimiter)
        next(rows)
        text = {row.column(settings, role) for role in ("text", "html")}
        for number, fields in enumerate(rows, 1):
            values = {
                name: field.encode("latin-1") if name in text else field.encode("latin-1").decode("utf-8", "replace")
                for name, field in zip(names, fields, strict=False)
            }
            yield row.found(values, number, settings)
    finally:
        if not reading.file.closed:  # who leaves off early may have closed it before
            lines.detach()  # else the file is closed with it


CONTAINERS = (Container("csv", _recognise, _members, (csv.Error,)),)
