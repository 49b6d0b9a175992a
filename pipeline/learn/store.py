"""What is remembered on disk, beside the templates: so that learning goes on with new documents, and after being killed.

    frequencies.json       in how many documents a word stands, for derived keywords
    SITE.toml              a site's template, for people and for `ingest`
    .state/SITE.json.gz    the site's documents as remembered
    .state/seen            a line a source that was learned from

Joining is a union, so a batch that is added again changes nothing: a source is noted as seen only when its documents are stored.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from pipeline import frequencies, sources
from pipeline.errors import Rejected, SettingsError, WinnowError
from pipeline.learn.freeze import MIN_SUPPORT, freeze
from pipeline.learn.state import MOST_DOCUMENTS, from_bytes, merge, to_bytes
from pipeline.templates import SUFFIX, parse, path_of, to_toml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.frequencies import Frequencies
    from pipeline.learn.state import Document, Observed
    from pipeline.settings import Settings
    from pipeline.sources import Listed
    from pipeline.templates import Template

STATE, SEEN, ENDING = ".state", "seen", ".json.gz"
KEY_DIGITS = 32
_REMEDY = "Free space or mend the permissions, then run again: what was learned is not lost"


class Part(NamedTuple):
    """Sources that are looked at together. `keys` are what notes that they were."""

    listed: tuple[Listed, ...]
    keys: tuple[str, ...]


class Learned(NamedTuple):
    """What is known of a site: its different articles, the blocks that recur, and those of them that go."""

    site: str
    version: int
    documents: int
    recurring: int
    dropped: int
    changed: bool


def plan(settings: Settings, folder: Path) -> Iterator[Part]:
    """The sources that nothing was learned from yet, in parts bounded as the settings say. Raises SettingsError."""
    seen = Store(folder).seen()
    listed: list[Listed] = []
    keys: list[str] = []
    size = 0
    for one in sources.discover(settings)[0]:
        try:
            with sources.opened(one, settings) as file:
                sha256, length = file.digest, file.size
        except Rejected:  # told by `ingest`, where it becomes a row
            continue
        key = hashlib.sha256(f"{one.uri}\0{sha256}".encode()).hexdigest()[:KEY_DIGITS]
        if key in seen:
            continue
        if listed and (len(listed) >= settings.batch_files or size + length > settings.batch_bytes):
            yield Part(tuple(listed), tuple(keys))
            listed, keys, size = [], [], 0
        listed.append(one)
        keys.append(key)
        size += length
    if listed:
        yield Part(tuple(listed), tuple(keys))


class Store:
    """A folder of templates and what they were learned from. One writer at a time."""

    def __init__(self, folder: Path, most: int = MOST_DOCUMENTS) -> None:
        self.folder = folder
        self._most = most
        self._state = folder / STATE

    def seen(self) -> set[str]:
        """The keys of all sources learned from."""
        path = self._state / SEEN
        return set(path.read_text(encoding="ascii").split()) if path.is_file() else set()

    def sites(self) -> list[str]:
        """All sites of which documents are remembered."""
        return sorted(unquote(path.name.removesuffix(ENDING)) for path in self._state.glob(f"*{ENDING}"))

    def add(self, part: Part, observed: Observed) -> None:
        """Joins what a part gave to what is known, and notes its sources. Raises WinnowError if that cannot be written."""
        for site, documents in observed.state.items():
            path = self._path(site)
            known = _documents(path) if path.is_file() else {}
            _put(path, to_bytes(merge({site: known}, {site: documents}, self._most)[site]))
        _put(self._state / SEEN, "".join(f"{key}\n" for key in sorted(self.seen().union(part.keys))).encode("ascii"))

    def publish(self, site: str, min_support: int = MIN_SUPPORT) -> Learned | None:
        """Writes the template of a site, if it changed; None if nothing recurs there. Raises WinnowError."""
        path = path_of(self.folder, site)
        before = _template(path) if path.is_file() else None
        made = freeze(site, _documents(self._path(site)), min_support, before)
        if made is None:
            path.unlink(missing_ok=True)
            return None
        if made != before:
            _put(path, to_toml(made).encode("utf-8"))
        dropped = sum(known.drops for known in made.blocks.values())
        return Learned(site, made.version, made.documents, len(made.blocks), dropped, made != before)

    def publish_frequencies(self) -> Frequencies:
        """Writes in how many of the remembered documents each word stands, if that changed. Raises WinnowError, SettingsError."""
        before = frequencies.load(self.folder)
        made = frequencies.frozen(self._worded(), before)
        if before is None or made.version != before.version:
            _put(self.folder / frequencies.NAME, frequencies.to_json(made).encode("utf-8"))
        return made

    def _worded(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The language and the words of each document whose language is known."""
        for site in self.sites():
            for document in _documents(self._path(site)).values():
                if document.language is not None:
                    yield document.language, document.words

    def _path(self, site: str) -> Path:
        return self._state / (path_of(self.folder, site).name.removesuffix(SUFFIX) + ENDING)


def templates(folder: Path) -> Iterator[Template]:
    """All templates in the folder, by site. Raises SettingsError."""
    if not folder.is_dir():
        raise SettingsError("no such folder of templates", place=str(folder), remedy="Make one: winnow flow learn")
    return (_template(path) for path in sorted(folder.glob(f"*{SUFFIX}")))


def _template(path: Path) -> Template:
    return parse(path.read_text(encoding="utf-8"), str(path))


def _documents(path: Path) -> dict[str, Document]:
    try:
        return from_bytes(path.read_bytes())
    except (OSError, EOFError, ValueError, TypeError) as error:
        remedy = "Delete the folder .state beside the templates and learn anew"
        raise WinnowError(f"what was learned cannot be read ({error})", place=str(path), remedy=remedy) from error


def _put(path: Path, data: bytes) -> None:
    """The file holds `data` whole, or is as before."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise WinnowError(f"cannot write: {error.strerror or error}", place=str(path), remedy=_REMEDY) from error
