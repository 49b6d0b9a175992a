"""One rule: what its keys mean, how it is read from a TOML table, and what is refused."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pipeline.errors import RuleError
from pipeline.model import Label

SCOPES = ("block", "inline", "to-end")

# What a template puts around its phrases: bullets, arrows, brackets, rules.
_EDGE = r"\[\](){}<>*_«»‹›【】（）「」→←↑↓▸▶►▷▼▾➤➜•·●■□▪◆✓✔☰✕×✉|｜/\\#+~=–—-"
_LEFT = rf"[ :：{_EDGE}]*"
_RIGHT = rf"[ :：.…{_EDGE}]*"


@dataclass(frozen=True, slots=True)
class Rule:
    """Knowledge about one phrase.

    `scope` block: the pattern is the whole block; to-end: the same, and everything behind it in the article goes with it;
    inline: the pattern is found anywhere inside a block (a group `hit` narrows what is found). `flag` (inline only): note it,
    never cut it. `max_chars`: longer blocks are never looked at, longer inline matches never taken. `edges`: bullets, arrows
    and brackets around the phrase are allowed. `exceptions`: matched texts that are no hits. `source` says where the phrase is
    seen, `reason` why it may go.
    """

    id: str
    label: Label
    scope: str
    pattern: str
    confidence: float = 0.99
    source: str = ""
    reason: str = ""
    hits: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    flag: bool = False
    max_chars: int = 200
    edges: bool = False
    exceptions: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    place: str = ""

    @property
    def effective(self) -> str:
        """The pattern as given to RE2: plain spaces widened to runs, edges added."""
        pattern = widen(self.pattern)
        return f"{_LEFT}(?:{pattern}){_RIGHT}" if self.edges else pattern

    def deciding(self) -> dict[str, object]:
        """What decides results, for the digest: notes, samples and the place of the file do not."""
        skip = {"source", "reason", "hits", "misses", "languages", "place"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in skip}


_KEYS: dict[str, type | tuple[type, ...]] = {
    "id": str, "label": str, "scope": str, "pattern": str, "confidence": (float, int), "source": str, "reason": str,
    "hits": list, "misses": list, "flag": bool, "max_chars": int, "edges": bool, "exceptions": list, "languages": list,
}  # fmt: skip
_REQUIRED = ("id", "label", "scope", "pattern", "hits")
_ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


def parse(table: Mapping[str, Any], place: str) -> Rule:
    """A `Rule` from a TOML table; RuleError says the file, the rule and what to do."""
    where = f"{place}, rule {table.get('id', '(no id)')!r}"
    for key, value in table.items():
        _check_key(key, value, where)
    for key in _REQUIRED:
        if not table.get(key):
            raise RuleError(f"key {key!r} is missing or empty", remedy=f"Give the rule a {key}", place=where)
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    if not _ID.fullmatch(values["id"]):
        raise RuleError("the id is not dotted lower case", remedy='Write it like "boilerplate.related.en"', place=where)
    values["label"] = Label(_known(values["label"], tuple(Label), "label", where))
    _known(values["scope"], SCOPES, "scope", where)
    values["confidence"] = float(values.get("confidence", 0.99))
    rule = Rule(**values, place=place)
    if not 0 < rule.confidence <= 1:
        raise RuleError(f"confidence {rule.confidence} is not in 0…1", remedy="Use a number such as 0.95", place=where)
    if rule.max_chars < 1:
        raise RuleError(f"max_chars {rule.max_chars} is not positive", remedy="Use a number such as 200", place=where)
    if rule.flag and rule.scope != "inline":
        raise RuleError("flag is for inline rules only", remedy='Remove it or set scope = "inline"', place=where)
    return rule


def widen(pattern: str) -> str:
    """The pattern with each plain space outside a class as ` +`, so that doubled or odd white space never hides a phrase."""
    out: list[str] = []
    at, size = 0, len(pattern)
    while at < size:
        char = pattern[at]
        if char == "\\":
            step = pattern[at : at + 2]
        elif char == "[":
            step = pattern[at : _class_end(pattern, at)]
        else:
            step = char
        at += len(step)
        out.append(" +" if step == " " and pattern[at : at + 1] not in ("+", "*", "?", "{") else step)
    return "".join(out)


def _class_end(pattern: str, start: int) -> int:
    """The offset behind the character class that opens at `start` (the end of the pattern if it never closes)."""
    at = start + 1
    if pattern[at : at + 1] == "^":
        at += 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        if pattern[at] == "\\":
            at += 1
        elif pattern.startswith("[:", at):
            close = pattern.find(":]", at + 2)
            at = close + 1 if close >= 0 else at
        at += 1
    return min(at + 1, len(pattern))


def _check_key(key: str, value: object, where: str) -> None:
    if key not in _KEYS:
        _known(key, tuple(_KEYS), "key", where)
    kind = _KEYS[key]
    wrong = not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)
    if wrong or (isinstance(value, list) and not all(isinstance(item, str) for item in value)):
        want = {"hits": "a list of strings", "misses": "a list of strings"}.get(key) or {
            str: "a string", bool: "true or false", int: "a whole number", list: "a list of strings"
        }.get(kind if isinstance(kind, type) else float, "a number")  # fmt: skip
        raise RuleError(f"{key} is {value!r}", remedy=f"It must be {want}", place=where)


def _known(value: str, known: tuple[str, ...], what: str, where: str) -> str:
    if value in known:
        return value
    near = difflib.get_close_matches(value, [str(k) for k in known], n=1)
    remedy = f"Did you mean {near[0]!r}?" if near else "Known are: " + ", ".join(str(k) for k in known)
    raise RuleError(f"unknown {what} {value!r}", remedy=remedy, place=where)
