"""Knowledge as data: the TOML files beside this module, and the user's own.

A file holds `[[rule]]` tables (the keys are those of `Rule`) and may hold one `[defaults]` table, whose values its rules take
when they say nothing else, and one `[define]` table of patterns that others use as `{{name}}`. Patterns are RE2, so a match is
linear in the text; they see each white-space character as one plain space, and a plain space in a pattern stands for a run of
them. A user's rule with the id of a shipped one replaces it.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.errors import RuleError
from pipeline.rules.rule import SCOPES, Rule, parse
from pipeline.rules.ruleset import Match, RuleSet, fold, folded, groups

__all__ = ["SCOPES", "Match", "Rule", "RuleSet", "fold", "folded", "groups", "load", "shipped_files"]

_HERE = Path(__file__).parent
INLINE_PLACE = "winnow.toml"


def load(extra: tuple[Path, ...] = (), inline: tuple[dict[str, Any], ...] = ()) -> RuleSet:
    """The shipped rules, with those of `extra` files or folders and `inline` tables added; RuleError if one of those is wrong."""
    return _load_with(tuple(extra), tuple(inline)) if extra or inline else _load_shipped()


def shipped_files() -> tuple[Path, ...]:
    """The rule files that come with the package."""
    return tuple(sorted(_HERE.glob("*.toml")))


@functools.cache
def _load_shipped() -> RuleSet:
    # The shipped rules' own hits and misses are checked by the suite: at every start they would cost more than all else together.
    return RuleSet(_unique(rule for path in shipped_files() for rule in _read(path)).values())


def _load_with(extra: tuple[Path, ...], inline: tuple[dict[str, Any], ...]) -> RuleSet:
    own = [rule for path in extra for file in _files(path) for rule in _read(file)]
    own.extend(parse(table, INLINE_PLACE) for table in inline)
    made = RuleSet(({rule.id: rule for rule in _load_shipped().rules} | _unique(own)).values())
    for rule in own:
        made.check(rule)
    return made


def _unique(rules: Iterable[Rule]) -> dict[str, Rule]:
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in seen:
            raise RuleError(
                f"the id is used already in {seen[rule.id].place}",
                remedy="Rename one of the two",
                place=f"{rule.place}, rule {rule.id!r}",
            )
        seen[rule.id] = rule
    return seen


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(path.rglob("*.toml"))
        if not found:
            raise RuleError("the folder holds no *.toml file", remedy="Put rule files there or drop the setting", place=str(path))
        return found
    return [path]


def _read(path: Path) -> list[Rule]:
    place = path.name if path.parent == _HERE else str(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror}", remedy="Correct the path in `rules`", place=place) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(f"not TOML in UTF-8: {error}", remedy="Patterns go in 'single quotes'", place=place) from error
    for key in content:
        if key not in ("rule", "defaults", "define"):
            raise RuleError(f"unknown table {key!r}", remedy="A rule file holds [[rule]], [defaults], [define] only", place=place)
    tables, defaults, define = content.get("rule", []), content.get("defaults", {}), content.get("define", {})
    if not isinstance(tables, list) or not isinstance(defaults, dict) or not isinstance(define, dict):
        raise RuleError("rule is not a list of tables", remedy="Write [[rule]], and [defaults] and [define] once", place=place)
    return [parse(_expanded({**defaults, **table}, define, place), place) for table in tables]


def _expanded(table: dict[str, Any], define: dict[str, Any], place: str) -> dict[str, Any]:
    """The table with each {{name}} in its pattern replaced by what [define] says, definitions in definitions too."""
    pattern = table.get("pattern")
    for _ in define:
        if not isinstance(pattern, str) or "{{" not in pattern:
            break
        for name, part in define.items():
            pattern = pattern.replace("{{" + name + "}}", f"(?:{part})")
    if isinstance(pattern, str) and "{{" in pattern:
        where = f"{place}, rule {table.get('id')!r}"
        raise RuleError(f"undefined {{{{…}}}} in {pattern[:80]!r}", remedy="Add it to [define]", place=where)
    return {**table, "pattern": pattern} if "pattern" in table else table
