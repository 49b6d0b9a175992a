"""What people decided about doubtful cuts: a file that `winnow review` writes, people read, and every run honours.

One JSON object a line of `cuts.jsonl`, sorted by file and place:

    {"source": sha256 of the file's bytes, "at": offset of the line in the decoded text, "decision": "accept",
     "quote": how the line begins, "file": its uri when it was decided}

"accept": an article begins at this line; "reject": none does; "move": one begins at offset "to", at a line that begins with
"to_quote", and not here. Bytes decide, so a moved or renamed file keeps its decisions and a changed one is asked about again.
`quote` is for people, and guards against a line that is no longer read the same. `file` counts for nothing.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import SettingsError
from pipeline.model import Block

FILE = "cuts.jsonl"
ACCEPT, REJECT, MOVE = "accept", "reject", "move"
DECISIONS = (ACCEPT, REJECT, MOVE)
# Enough for people to find the line by.
QUOTE_CHARS = 60
# No text is longer; larger numbers would overflow elsewhere.
MAX_OFFSET = 2**48
# As many characters of a wrong value as a message shows.
_SHOWN = 60


class Decision(NamedTuple):
    """One decision. Offsets count code points of the decoded text, `source` is the sha256 of the source's bytes."""

    source: str
    at: int
    decision: str
    quote: str | None = None
    to: int | None = None
    to_quote: str | None = None
    file: str | None = None

    @property
    def places(self) -> list[tuple[int, bool, str | None]]:
        """What it says: (offset, whether an article begins there, how the line begins)."""
        if self.to is None:
            return [(self.at, self.decision == ACCEPT, self.quote)]
        return [(self.at, False, self.quote), (self.to, True, self.to_quote)]


@dataclass(frozen=True, slots=True)
class Decisions:
    """All decisions, those about one source together, by offset. `digest` is that of the file's bytes."""

    of: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    digest: str = ""

    def about(self, source: str) -> tuple[Decision, ...]:
        """The decisions about the source with this digest, by offset."""
        return self.of.get(source, ())

    def key(self, source: str) -> str:
        """What a source's rows depend on: its digest, joined by that of the decisions about it if there are any."""
        about = self.about(source)
        if not about:
            return source
        said = json.dumps([one._replace(file=None) for one in about])
        return f"{source}+{hashlib.sha256(said.encode()).hexdigest()}"


def load(folder: Path) -> Decisions:
    """The decisions in a folder as they are now; none if there is no file. Raises SettingsError naming the line."""
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Decisions()
    except OSError as error:
        raise SettingsError(error.strerror or str(error), place=str(path), remedy="Mend the file, or move it away") from error
    return parse(data, str(path))


@functools.lru_cache(maxsize=4)
def parse(data: bytes, place: str, ignored: frozenset[str] = frozenset()) -> Decisions:
    """The decisions that the lines say. Keys in `ignored` may stand there and count for nothing.

    Raises SettingsError naming `place` and the line: what is no decision, stands there twice, or contradicts an earlier line.
    """
    found: dict[str, list[Decision]] = {}
    begins: dict[tuple[str, int], tuple[bool, int]] = {}
    decided: dict[tuple[str, int], int] = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"{place}, line {number}"
        one = _decision(line, where, ignored)
        if decided.setdefault((one.source, one.at), number) != number:
            raise _refused(where, f"offset {one.at} was decided on line {decided[one.source, one.at]} already")
        for at, cut, _ in one.places:
            before, on = begins.setdefault((one.source, at), (cut, number))
            if before is not cut:
                raise _refused(where, f"it contradicts line {on}: does an article begin at offset {at}, or none?")
        found.setdefault(one.source, []).append(one)
    about = {source: tuple(sorted(each, key=lambda one: one.at)) for source, each in found.items()}
    return Decisions(about, hashlib.sha256(data).hexdigest())


def written(decisions: Iterable[Decision]) -> bytes:
    """The lines of a file that says `decisions`: sorted, so that a new decision is a new line and nothing else."""
    ordered = sorted(decisions, key=lambda one: (one.file or "", one.source, one.at))
    rows = ({key: value for key, value in one._asdict().items() if value is not None} for one in ordered)
    # A lone surrogate, which no UTF-8 file can hold, stays the escape that it is in JSON.
    return b"".join(_encoded(row) + b"\n" for row in rows)


def quote_of(text: str) -> str:
    """How a line begins, on one line."""
    return " ".join(text[: 4 * QUOTE_CHARS].split())[:QUOTE_CHARS]


def fitting(about: Iterable[Decision], blocks: Sequence[Block]) -> tuple[dict[int, bool], list[Decision]]:
    """What is decided for blocks, by number (True: an article begins there), and the decisions that fit no line.

    A decision fits if a block begins at its offset with its quote; none is needed, or possible, at the first block.
    """
    fixed: dict[int, bool] = {}
    unfit: list[Decision] = []
    numbers = {block.start: at for at, block in enumerate(blocks)} if about else {}
    for one in about:
        places = [(numbers.get(offset, 0), cut, quote) for offset, cut, quote in one.places]
        if all(at and (quote is None or quote_of(blocks[at].text).startswith(quote)) for at, _, quote in places):
            fixed.update((at, cut) for at, cut, _ in places)
        else:
            unfit.append(one)
    return fixed, unfit


def _encoded(row: dict[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(row).encode()


def _is_offset(value: object) -> bool:
    return type(value) is int and 0 <= value < MAX_OFFSET


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_quote(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= QUOTE_CHARS


_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "source": (_is_digest, "the sha256 of a file, 64 hex digits"),
    "at": (_is_offset, "an offset, a number from 0"),
    "decision": (DECISIONS.__contains__, f"one of {', '.join(DECISIONS)}"),
    "quote": (_is_quote, f"the line's first characters, at most {QUOTE_CHARS}"),
    "to": (_is_offset, "an offset, a number from 0"),
    "to_quote": (_is_quote, f"the line's first characters, at most {QUOTE_CHARS}"),
    "file": (_is_text, "a text"),
}
_NEEDED = ("source", "at", "decision")


def _decision(line: bytes, where: str, ignored: Collection[str]) -> Decision:
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise _refused(where, f"this is no JSON object ({str(error)[:_SHOWN]})") from error
    if not isinstance(value, dict):
        raise _refused(where, "this is no JSON object")
    for key in value:
        if key not in _CHECKS and key not in ignored:
            near = difflib.get_close_matches(key[:_SHOWN], _CHECKS, n=1)
            raise _refused(where, f"unknown key {key[:_SHOWN]!r}" + (f", did you mean {near[0]}?" if near else ""))
    for key, (holds, wanted) in _CHECKS.items():
        if key in _NEEDED and key not in value:
            raise _refused(where, f"{key} is missing: {wanted}")
        if key in value and not holds(value[key]):
            raise _refused(where, f"{key} is {_short(value[key])}, not {wanted}")
    if (value["decision"] == MOVE) is not ("to" in value) or (value.get("to_quote") and "to" not in value):
        raise _refused(where, '"to" says where a cut is moved, and stands with the decision "move" only')
    if value.get("to") == value["at"]:
        raise _refused(where, "it is moved to where it is: accept it")
    return Decision(**{key: value[key] for key in _CHECKS if key in value})


def _short(value: object) -> str:
    if isinstance(value, (dict, list)):  # may be nested deeper than repr can follow
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and abs(value) >= MAX_OFFSET:  # may have more digits than Python writes
        return "too large a number"
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"


def _refused(where: str, cause: str) -> SettingsError:
    return SettingsError(cause, place=where, remedy="Mend or delete the line")
