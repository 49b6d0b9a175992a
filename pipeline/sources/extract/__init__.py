"""Containers → text, by kept libraries: DOCX, PDF, RTF. One file a format; the format is recognised by content, never by name.

Spans of articles point into the extracted text; what was where inside the container is not kept. Adding a format: one module here
with an EXTRACTOR, its library as an extra in pyproject.toml, and a golden.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from pipeline.decode import decode
from pipeline.model import Decoded
from pipeline.sources.extract.extractor import Extractor

__all__ = ["Extractor", "choose", "extractors", "text_of"]


@functools.cache
def extractors() -> tuple[Extractor, ...]:
    """Every extractor found in this package, by name."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    found = (module.EXTRACTOR for module in modules if hasattr(module, "EXTRACTOR"))
    return tuple(sorted(found, key=lambda extractor: extractor.name))


def choose(data: bytes) -> Extractor | None:
    """The extractor for these bytes; None if they are no container that winnow reads."""
    return next((extractor for extractor in extractors() if extractor.recognise(data)), None)


def text_of(data: bytes, header_charset: str | None = None, max_lossy_share: float = 0.02) -> Decoded:
    """The text of a source: what a library takes out of a container, else the bytes decoded.

    The parameters are those of `decode`. Raises Rejected: stage extract (no-library, broken, encrypted, oversized, unsupported,
    empty), stage decode.
    """
    extractor = choose(data)
    return decode(data, header_charset, max_lossy_share) if extractor is None else extractor.extract(data)
