"""Site templates for `predict --corpus`: learned from all rows of a file, as flow `learn` would, then used as `ingest` would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline import learn, sources, templates
from pipeline.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipeline.process import Context

Row = dict[str, Any]
Found = tuple[str, str, learn.Document]


def observed(row: Row, given: Callable[[Row], tuple[str, bytes]], shared: Context) -> Found | None:
    """What is remembered of a row; None for one that cannot be read, or whose site is not known."""
    if not row["url"]:
        return None
    uri, data = given(row)
    try:
        return learn.document_of(sources.from_bytes(uri, data), data, shared)
    except Rejected:
        return None


def write(found: Iterable[Found | None], folder: Path) -> None:
    """Writes the template of each site, one file a site."""
    state: learn.State = {}
    for one in found:
        if one is not None:
            site, key, document = one
            state.setdefault(site, {})[key] = document
    for site, documents in state.items():
        made = learn.freeze(site, documents)
        if made is not None:
            templates.path_of(folder, site).write_text(templates.to_toml(made), encoding="utf-8")
