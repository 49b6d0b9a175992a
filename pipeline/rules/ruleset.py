"""A compiled set of rules: one linear pass over a block says which rules match it."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, cast

import re2

from pipeline.errors import RuleError
from pipeline.model import Inner
from pipeline.rules.rule import Rule
from pipeline.rules.sieve import Sieve, without_most

_MEMORY = 64 << 20
_WINDOW = 8192
# What is known of so many texts of so many characters is remembered: the short lines of pages are much the same.
_REMEMBERED, _SHORT = 1 << 14, 100

# White space other than a plain space, marks without width or with direction only, and lone surrogates (not in UTF-8).
_MARKS = "\u200b\u200e\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff"
# Spelled out: one class of characters is looked for four times as fast as a negated one or another.
_SPACES = "\t\v\f\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_ODD_BUT_BREAKS = re.compile(f"[{_SPACES}{_MARKS}]")
_ODD = re.compile(f"[\n{_SPACES}{_MARKS}]")


class Match(Protocol):
    """What a match object offers; offsets are in the text that was given."""

    @property
    def re(self) -> Any:
        """The pattern; its `groupindex` maps names to numbers."""

    def group(self, name: str | int = 0) -> str | None:
        """The text of a group, None if it took no part."""

    def groupdict(self) -> dict[str, str | None]:
        """The texts of the named groups."""

    def span(self, name: int = 0) -> tuple[int, int]:
        """The range of a group, by number."""

    def start(self, name: int = 0) -> int:
        """The offset of a group, by number."""

    def end(self, name: int = 0) -> int:
        """The offset behind a group, by number."""


class _Pattern(Protocol):
    def fullmatch(self, text: str, pos: int | None = None, endpos: int | None = None) -> Match | None: ...
    def finditer(self, text: str) -> Iterator[Match]: ...


class _Set(Protocol):
    def Add(self, pattern: str) -> int: ...  # noqa: N802 - the library's names
    def Compile(self) -> None: ...  # noqa: N802
    def Match(self, text: str) -> list[int] | None: ...  # noqa: N802


def fold(text: str) -> str:
    """The text with every white-space or invisible character as one plain space: same length, so offsets stay."""
    return _ODD.sub(" ", text)


def groups(match: Match) -> tuple[Inner, ...]:
    """The named groups that took part in a match, as ranges, without outer spaces; empty ones are left out."""
    found = []
    for name, value in match.groupdict().items():
        if value and value.strip():
            start = match.start(match.re.groupindex[name]) + len(value) - len(value.lstrip())
            found.append(Inner(name, start, start + len(value.strip())))
    return tuple(sorted(found, key=lambda inner: inner[1:]))


def folded(texts: Sequence[str]) -> list[str]:
    """Each text folded, in one pass."""
    parts = _ODD_BUT_BREAKS.sub(" ", "\n".join(texts)).split("\n")
    return parts if len(parts) == len(texts) else [fold(text) for text in texts]


class RuleSet:
    """Rules, sorted by id, compiled: block and to-end rules into sets of phrases and of grammar, inline rules into another."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules: tuple[Rule, ...] = tuple(sorted(rules, key=lambda rule: rule.id))
        self._by_id = {rule.id: rule for rule in self.rules}
        block = tuple(rule for rule in self.rules if rule.scope != "inline")
        # Apart, because together with many phrases the states of a grammar multiply and the automaton thrashes. Counts multiply
        # states too: phrases are looked for without the most that repetitions allow, and what is found is matched as written.
        kinds = [tuple(rule for rule in block if ("(?P<" in rule.pattern) is grammar) for grammar in (False, True)]
        self._block_sets = [
            (max(rule.max_chars for rule in each), each, made)
            for each, counted in zip(kinds, (False, True), strict=True)
            if (made := _build(each, re2.Set.FullMatchSet, counted=counted)) is not None
        ]
        self._longest = max((rule.max_chars for rule in block), default=0)
        self._inline = tuple(rule for rule in self.rules if rule.scope == "inline")
        self._inline_set = _build(self._inline, re2.Set.SearchSet)
        self._sieve = Sieve(rule.effective for rule in self._inline)
        self._patterns: dict[str, _Pattern] = {}
        self._known = functools.lru_cache(maxsize=_REMEMBERED)(self._match_folded)
        content = json.dumps([rule.deciding() for rule in self.rules], sort_keys=True, ensure_ascii=False)
        self.digest: str = hashlib.sha256(content.encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.rules)

    def __getitem__(self, rule_id: str) -> Rule:
        return self._by_id[rule_id]

    def match_block(self, text: str) -> list[tuple[Rule, Match]]:
        """The block and to-end rules whose pattern is the whole text, outer white space apart, by id."""
        return list(self.match_folded(fold(text))) if len(text) <= 2 * self._longest else []

    def match_folded(self, text: str) -> tuple[tuple[Rule, Match], ...]:
        """The same of a text that is folded; of a short one it is remembered."""
        return self._known(text) if len(text) <= _SHORT else self._match_folded(text)

    def _match_folded(self, text: str) -> tuple[tuple[Rule, Match], ...]:
        if len(text) > 2 * self._longest:
            return ()
        stripped = text.strip(" ")
        if not stripped or len(stripped) > self._longest:
            return ()
        start = len(text) - len(text.lstrip(" "))
        found = []
        for longest, rules, compiled in self._block_sets:
            for index in (compiled.Match(stripped) or ()) if len(stripped) <= longest else ():
                rule = rules[index]
                if len(stripped) > rule.max_chars or stripped in rule.exceptions:
                    continue
                match = self._pattern(rule).fullmatch(text, start, start + len(stripped))
                if match is not None:
                    found.append((rule, match))
        return tuple(sorted(found, key=lambda item: item[0].id))

    def with_inline(self, texts: Sequence[str]) -> set[int]:
        """The places of the folded texts in which `find_inline` may find something; in all others it finds nothing."""
        return set(self._sieve.places(texts))

    def find_inline(self, text: str) -> list[tuple[Rule, int, int]]:
        """What inline rules find, as (rule, start, end), by start; offsets are in `text`. Matches may overlap between rules."""
        if self._inline_set is None or not text:
            return []
        folded = fold(text)
        found: list[tuple[Rule, int, int]] = []
        for index in sorted(self._inline_set.Match(folded) or ()):
            rule = self._inline[index]
            found.extend((rule, start, end) for start, end in self._search(rule, folded))
        return sorted(found, key=lambda item: (item[1], item[2], item[0].id))

    def _search(self, rule: Rule, text: str) -> Iterator[tuple[int, int]]:
        """Every match, looked for in windows: RE2 is linear for one match, a window makes it linear for all of them."""
        pattern = self._pattern(rule)
        last = 0
        for window in range(0, len(text), _WINDOW):
            left = max(0, window - rule.max_chars)
            right = min(len(text), window + _WINDOW + rule.max_chars)
            for match in pattern.finditer(text[left:right]):
                start, end = (left + offset for offset in match.span(match.re.groupindex.get("hit", 0)))
                if start < max(window, last) or start == end:
                    continue
                if start >= window + _WINDOW:
                    break
                cut_off = end == right and right < len(text)
                if not cut_off and end - start <= rule.max_chars and text[start:end] not in rule.exceptions:
                    last = end
                    yield start, end

    def _pattern(self, rule: Rule) -> _Pattern:
        pattern = self._patterns.get(rule.id)
        if pattern is None:
            options = _options()
            try:
                pattern = self._patterns[rule.id] = cast("_Pattern", re2.compile(rule.effective, options=options))
            except re2.error as error:
                raise _uncompilable(rule, options) from error
        return pattern

    def check(self, rule: Rule) -> None:
        """Nothing, if the rule's hits match and its misses do not; RuleError else."""
        where = f"{rule.place}, rule {rule.id!r}"
        for sample, wanted in [(hit, True) for hit in rule.hits] + [(miss, False) for miss in rule.misses]:
            if self.applies(rule, sample) != wanted:
                cause = f"its {'hit' if wanted else 'miss'} {sample!r} {'does not match' if wanted else 'matches'}"
                if wanted and rule.scope != "inline" and len(sample.strip()) > rule.max_chars:
                    cause += f" (it is longer than max_chars = {rule.max_chars})"
                raise RuleError(cause, remedy="Correct the pattern or the sample", place=where)

    def applies(self, rule: Rule, text: str) -> bool:
        """Whether this one rule matches the text."""
        folded = fold(text)
        if rule.scope == "inline":
            return any(True for _ in self._search(rule, folded))
        stripped = folded.strip(" ")
        short = len(stripped) <= rule.max_chars and stripped not in rule.exceptions
        return short and self._pattern(rule).fullmatch(stripped) is not None


def _options() -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def _build(rules: tuple[Rule, ...], kind: Any, *, counted: bool = True) -> _Set | None:
    """The compiled set of the rules' patterns, None for no rules; RuleError for the first pattern that is not RE2.

    Not `counted`: `{n,m}` is taken for `{n,}`, so that the set may find rules that do not match.
    """
    if not rules:
        return None
    options = _options()
    made = cast("_Set", kind(options))
    for rule in rules:
        try:
            made.Add(rule.effective if counted else without_most(rule.effective))
        except re2.error as error:
            raise _uncompilable(rule, options) from error
    made.Compile()
    return made


def _uncompilable(rule: Rule, options: Any) -> RuleError:
    cause = "unknown"
    try:
        re2.compile(rule.effective, options=options)
    except re2.error as error:
        detail = error.args[0] if error.args else error
        cause = detail.decode("utf-8", "replace") if isinstance(detail, bytes) else str(detail)
    return RuleError(
        f"the pattern does not compile: {cause}",
        remedy="Patterns are RE2: no look-around, no back-references; \\p{L} for letters",
        place=f"{rule.place}, rule {rule.id!r}",
    )
