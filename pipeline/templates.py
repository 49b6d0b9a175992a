"""What recurs across the documents of a site: the files that flow `learn` writes, a person reviews and labelers use.

One TOML file a site. Blocks are found again by the digest of their folded text; nothing here knows a site by name.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from pipeline.model import Hints

SUFFIX = ".toml"
FORMAT = 1
ID_DIGITS = 16
BOILERPLATE, BODY = "boilerplate", "body"
# Where a page declares its own address, the surest first.
ADDRESSES = ("link.canonical", "meta.og:url", "json-ld.url", "container.url")
FOLDER = "folder:"
_DIGITS = re.compile(r"\d+")
_HEAD = """\
# What recurs on the documents of one site, learned by flow `learn`. Entries labelled boilerplate are dropped, those labelled
# body recur as well but stay. To keep a text for good write `keep = true` below it: learning again honours it.
"""


class Known(NamedTuple):
    """A block that recurs. `support`: articles that have it; `score`: how sure the learned score is that it is text, 0…1.

    `text` is a sample, cut; `label` is "boilerplate" (it goes) or "body" (it stays); `keep`: a person said that it stays.
    """

    text: str
    kind: str
    support: int
    score: float
    label: str
    keep: bool = False

    @property
    def drops(self) -> bool:
        """Whether it is proposed to be furniture."""
        return self.label == BOILERPLATE and not self.keep


class Zone(NamedTuple):
    """The lines between two recurring ones, over all documents that have such: words, and the learned score's share of them."""

    article: float
    words: float


# The recurring line above (its id; "" at the start of the file) and the one below; None below: whatever it is.
ZoneKey = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Template:
    """What was learned of a site. `documents` counts different articles; `learned_from` holds the keys of the documents."""

    site: str
    version: int
    documents: int
    blocks: Mapping[str, Known]
    zones: Mapping[ZoneKey, Zone]
    learned_from: frozenset[str]


class Stretch(NamedTuple):
    """Lines start:end of a document, none of which recurs, between two that do."""

    start: int
    end: int
    after: str
    before: str


@dataclass(frozen=True, slots=True)
class Templates:
    """A folder of templates, frozen: a file that changes while it is used is refused. `digest` covers all of them."""

    files: Mapping[str, tuple[Path, str]]
    digest: str

    def get(self, site: str) -> Template | None:
        """The template of a site; None if nothing was learned of it. Raises SettingsError."""
        found = self.files.get(site)
        return _read(*found) if found is not None else None


def load(folder: Path) -> Templates:
    """The templates in a folder as they are now. Raises SettingsError if it is not there."""
    if not folder.is_dir():
        raise SettingsError("no such folder of templates", place=str(folder), remedy="Make one: winnow flow learn")
    files: dict[str, tuple[Path, str]] = {}
    every = hashlib.sha256()
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files[unquote(path.name.removesuffix(SUFFIX))] = (path, digest)
        every.update(f"{path.name}\0{digest}\n".encode())
    return Templates(files, every.hexdigest())


def path_of(folder: Path, site: str) -> Path:
    """The file of a site's template."""
    return folder / f"{quote(site, safe='')}{SUFFIX}"


def site_of(uri: str, hints: Hints) -> str:
    """The site of a document: the host it came from, else the host it declares as its own, else its folder.

    Hosts are lower-case without "www."; a folder is "folder:" and its path below raw/.
    """
    declared = (value for key in ADDRESSES for value in hints.structured.get(key, ()))
    for address in (uri, *declared):
        host = _host(address)
        if host:
            return host
    return FOLDER + uri.rpartition("/")[0]


def fingerprint(text: str) -> str:
    """The id of a block: equal for texts that differ in case, white space or numbers only (dates, counts of comments)."""
    folded = _DIGITS.sub("0", " ".join(text.split()).casefold())
    return hashlib.sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()[:ID_DIGITS]


def document_key(ids: Sequence[str]) -> str:
    """The identity of a document: the digest of its blocks' ids."""
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:ID_DIGITS]


def stretches(ids: Sequence[str], known: Collection[str]) -> Iterator[Stretch]:
    """The stretches of lines that are not known, in order; those that are part them."""
    start, after = 0, ""
    for at, one in enumerate([*ids, ""]):
        if at == len(ids) or one in known:
            if at > start:
                yield Stretch(start, at, after, one)
            start, after = at + 1, one


def keys_of(stretch: Stretch) -> tuple[ZoneKey, ZoneKey]:
    """The two zones a stretch is part of: by what stands above it, and by what stands above and below."""
    return (stretch.after, None), (stretch.after, stretch.before)


def zones_of(ids: Sequence[str], known: Collection[str], article: Sequence[float], words: Sequence[float]) -> dict[ZoneKey, Zone]:
    """The zones of one document. `article`: how sure the score is of each line, 0…1; `words`: what each line counts for."""
    found: dict[ZoneKey, Zone] = {}
    for stretch in stretches(ids, known):
        here = range(stretch.start, stretch.end)
        counted = sum(words[at] for at in here)
        expected = sum(article[at] * words[at] for at in here)
        for key in keys_of(stretch):
            before = found.get(key, Zone(0.0, 0.0))
            found[key] = Zone(before.article + expected, before.words + counted)
    return found


def to_toml(template: Template) -> str:
    """The file of a template; `parse` reads it back."""
    lines = [_HEAD, f"format = {FORMAT}", f"site = {_quoted(template.site)}", f"version = {template.version}"]
    lines.append(f"documents = {template.documents}")
    lines.append(f"learned_from = [{', '.join(_quoted(key) for key in sorted(template.learned_from))}]")
    for name, known in sorted(template.blocks.items(), key=lambda item: (-item[1].support, item[1].text, item[0])):
        lines += ["", "[[block]]", f"text = {_quoted(known.text)}", f"label = {_quoted(known.label)}"]
        lines += [
            f"kind = {_quoted(known.kind)}",
            f"support = {known.support}",
            f"score = {known.score}",
            f"id = {_quoted(name)}",
        ]
        lines += ["keep = true"] if known.keep else []
    for after, before in sorted(template.zones, key=lambda key: (key[0], key[1] or "", key[1] is None)):
        zone = template.zones[after, before]
        lines += ["", "[[zone]]", f"after = {_quoted(after)}"]
        lines += [f"before = {_quoted(before)}"] if before is not None else []
        lines += [f"article = {zone.article}", f"words = {zone.words}"]
    return "\n".join(lines) + "\n"


def parse(text: str, place: str) -> Template:
    """The template of a file. Raises SettingsError naming `place`."""
    try:
        data = _checked(tomllib.loads(text))
        return Template(
            str(data["site"]),
            int(data["version"]),
            int(data["documents"]),
            {block["id"]: _known(block) for block in data.get("block", ())},
            {(zone["after"], zone.get("before")): _zone(zone) for zone in data.get("zone", ())},
            frozenset(data["learned_from"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        cause = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        remedy = "Mend the file, or delete it and learn again"
        raise SettingsError(f"not a template: {cause}", place=place, remedy=remedy) from error


def _checked(data: dict[str, Any]) -> dict[str, Any]:
    if data["format"] != FORMAT:
        raise ValueError(f"its format is {data['format']}, not {FORMAT}")
    return data


def _zone(zone: dict[str, Any]) -> Zone:
    return Zone(float(zone["article"]), float(zone["words"]))


def _known(block: dict[str, Any]) -> Known:
    if block["label"] not in (BOILERPLATE, BODY):
        raise ValueError(f"a label is {BOILERPLATE} or {BODY}, not {block['label']!r}")
    return Known(
        str(block["text"]),
        str(block["kind"]),
        int(block["support"]),
        float(block["score"]),
        block["label"],
        bool(block.get("keep", False)),
    )


@functools.lru_cache(maxsize=1000)
def _read(path: Path, digest: str) -> Template:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise SettingsError("the template changed while it was used", place=str(path), remedy="Run again")
    return parse(data.decode("utf-8"), str(path))


def _host(address: str) -> str:
    """The host of an http address without "www."; "" if there is none."""
    if not address.lower().startswith(("http://", "https://", "//")):
        return ""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:  # "[": half of an IPv6 address
        return ""


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's, which leaves DEL as it is; half of a surrogate pair cannot be written."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
