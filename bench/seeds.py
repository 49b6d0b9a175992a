"""`python -m bench seeds`: each seed against its gold, check by check; exit 1 unless every bar holds.

Lines are 1-based and end at line feeds; blank lines do not count. A line is kept when any of its characters is in a kept span,
and fully kept when all of its non-blank characters are.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.run import lines, outcome_of, start_lines
from pipeline.errors import SettingsError
from pipeline.model import Action, Article, Label, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


# Bars for a seed of several articles; the seeds of one article must be right in everything.
STARTS_FOUND = 5  # of the starts in the gold
FALSE_CUTS = 0
KEPT_PRECISION: float | None = None  # pooled over the file's non-blank lines; None: shown, no bar yet
KEPT_RECALL: float | None = None

Gold = dict[str, Any]
NUMBERED = re.compile(r"\s*\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold. `ok` None: shown only. `detail` says what was wanted and what was got."""

    seed: str
    name: str
    ok: bool | None
    detail: str


class Lines:
    """A decoded text as lines, and which of them a set of spans covers."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places = {number: (start, end) for number, start, end in lines(text)}

    def touched(self, spans: Iterable[tuple[int, int]]) -> set[int]:
        """The lines with at least one non-blank character in a span."""
        return {number for number, left in self._left(spans).items() if left < self._solid(number)}

    def covered(self, spans: Iterable[tuple[int, int]]) -> set[int]:
        """The lines whose every non-blank character is in a span."""
        return {number for number, left in self._left(spans).items() if left == 0}

    def _solid(self, number: int) -> int:
        start, end = self.places[number]
        return sum(not char.isspace() for char in self.text[start:end])

    def _left(self, spans: Iterable[tuple[int, int]]) -> dict[int, int]:
        covered = bytearray(len(self.text))
        for start, end in spans:
            covered[start:end] = b"\1" * (end - start)
        return {
            number: sum(not (covered[at] or self.text[at].isspace()) for at in range(start, end))
            for number, (start, end) in self.places.items()
        }


def run(seeds: Path, gold: Path, *, as_json: bool = False) -> int:
    """Prints the table; 0 if all bars hold, else 1. Raises SettingsError if a file is missing or is not the gold's."""
    found: list[Check] = []
    for path in _golds(gold):
        found += check_seed(*_load(path, seeds))
    if as_json:
        for check in found:
            print(json.dumps(asdict(check), ensure_ascii=False))
    else:
        show(found)
    return 1 if any(check.ok is False for check in found) else 0


def check_seed(gold: Gold, data: bytes) -> list[Check]:
    """Every check of one seed."""
    outcome = outcome_of(gold["file"], data)
    name = gold["file"].split("_")[0]
    if outcome.decoded is None or not outcome.articles:
        reasons = ", ".join(rejection.reason for rejection in outcome.rejections)
        return [Check(name, "articles", ok=False, detail=f"want {gold['n_articles']}, got none ({reasons})")]
    many = gold["n_articles"] > 1
    results = (_check_many if many else _check_one)(gold, outcome, Lines(outcome.decoded.text))
    return [Check(name, what, ok, detail) for what, ok, detail in results]


Result = tuple[str, bool | None, str]


def _check_one(gold: Gold, outcome: Outcome, text: Lines) -> list[Result]:
    article = outcome.articles[0]
    found = [_equal("articles", 1, len(outcome.articles)), *_check_fields(gold, article)]
    kept = [(span.start, span.end) for one in outcome.articles for span in one.kept]
    body = _range(gold["body"], text)
    found.append(_equal_lines("kept lines", body, text.touched(kept)))
    found.append(_within("wholly kept", body, text.covered(kept)))
    found.append(_within("dropped", _range(gold["boilerplate"], text), text.covered(_spans(outcome, _is(Action.DROPPED)))))
    heads = _range([*gold.get("title_lines", []), *gold.get("byline_lines", [])], text)
    found.append(_within("taken", heads, text.covered(_spans(outcome, _is(Action.TAKEN)))))
    found += _check_references(gold, outcome, text)
    found += _check_residue(gold, outcome, text)
    return found


def _check_fields(gold: Gold, article: Article) -> list[Result]:
    date = article.date_published.isoformat() if article.date_published is not None else None
    author = [gold["author"]] if gold["author"] is not None else []
    return [
        _equal("headline", gold["title"], article.headline),
        _equal("author", author, list(article.author)),
        _equal("date", gold["date"], date),
        _equal("publisher", gold["source"], article.publisher),
        _equal("section", gold["category"], article.section),
    ]


def _check_references(gold: Gold, outcome: Outcome, text: Lines) -> list[Result]:
    wanted = _range(gold["references"], text)
    into = text.covered(_spans(outcome, lambda entry: entry.action == Action.TAKEN and entry.label == Label.REFERENCE))
    shown = (text.text[slice(*text.places[number])] for number in sorted(wanted))
    numbers = [int(match[1]) for match in map(NUMBERED.match, shown) if match]
    parsed = [reference.number for article in outcome.articles for reference in article.references]
    return [_equal_lines("reference lines", wanted, into), _equal("references", numbers, parsed)]


def _check_residue(gold: Gold, outcome: Outcome, text: Lines) -> list[Result]:
    found: list[Result] = []
    flagged = _spans(outcome, lambda entry: entry.action == Action.FLAGGED and entry.label != Label.SEPARATOR)
    for residue in gold.get("inline_residue", []):
        if "alt text" not in residue["kind"]:
            continue
        start, end = text.places[residue["line"]]
        whole = text.text.index(residue["text"], start, end)
        at = text.text.index(residue["insert"], whole, end)
        ok = any(a < at + len(residue["insert"]) and b > at for a, b in flagged)
        found.append((f"alt text, line {residue['line']}", ok, "flagged" if ok else f"not flagged: {residue['insert']!r}"))
    return found


def _check_many(gold: Gold, outcome: Outcome, text: Lines) -> list[Result]:
    alternatives = {int(key): set(value) for key, value in gold.get("acceptable_alternatives", {}).items()}
    wanted = {start: {start} | alternatives.get(start, set()) for start in gold["boundaries"]}
    got = start_lines(outcome)
    right = [start for start, good in wanted.items() if good & set(got)]
    wrong = [line for line in got if not any(line in good for good in wanted.values())]
    missed = [start for start in wanted if start not in right]
    body = {n for one in gold["articles"] for n in [*_range(one["body"], text), *one.get("headings", [])]}
    kept = text.touched((span.start, span.end) for one in outcome.articles for span in one.kept)
    both = len(body & kept)
    return [
        (
            "starts found",
            len(right) >= STARTS_FOUND,
            f"{len(right)} of {len(wanted)}, bar {STARTS_FOUND}; missed {_said(missed)}",
        ),
        ("false cuts", len(wrong) <= FALSE_CUTS, f"{len(wrong)}, bar {FALSE_CUTS}; at {_said(wrong)}"),
        _share("kept precision", both, len(kept), KEPT_PRECISION, f"extra {_said(kept - body)}"),
        _share("kept recall", both, len(body), KEPT_RECALL, f"lost {_said(body - kept)}"),
    ]


def show(checks: list[Check]) -> None:
    """Prints one row a seed and check, and the verdict."""
    screen = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    table = Table("seed", "check", "", "detail", title="seeds against gold")
    marks = {True: Text("ok", style="green"), False: Text("WRONG", style="bold red"), None: Text("–", style="dim")}
    for check in checks:
        table.add_row(check.seed, check.name, marks[check.ok], Text(check.detail), end_section=False)
    screen.print(table)
    wrong = sum(check.ok is False for check in checks)
    screen.print(f"{sum(check.ok is True for check in checks)} hold, {wrong} do not: {'FAILED' if wrong else 'all bars hold'}")


def _golds(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.json"))
    if not found:
        raise SettingsError("no *.json here", place=str(folder), remedy="Name the folder of the gold files")
    return found


def _load(path: Path, seeds: Path) -> tuple[Gold, bytes]:
    gold: Gold = json.loads(path.read_text(encoding="utf-8"))
    try:
        data = (seeds / gold["file"]).read_bytes()
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}", place=str(seeds / gold["file"]), remedy="Name the folder of the seeds"
        ) from error
    if hashlib.sha256(data).hexdigest() != gold["sha256"]:
        raise SettingsError(
            "is not the file this gold is for", place=str(seeds / gold["file"]), remedy="Restore the seed, or mend the gold"
        )
    return gold, data


def _range(ranges: Iterable[tuple[int, int]], text: Lines) -> set[int]:
    """The lines of inclusive ranges that are not blank."""
    return {number for first, last in ranges for number in range(first, last + 1) if number in text.places}


def _is(action: Action) -> Callable[[Any], bool]:
    return lambda entry: bool(entry.action == action)


def _spans(outcome: Outcome, wanted: Callable[[Any], bool]) -> list[tuple[int, int]]:
    return [(entry.start, entry.end) for entry in outcome.ledger if wanted(entry)]


def _equal(name: str, want: object, got: object) -> Result:
    return name, want == got, f"{got!r}" if want == got else f"want {want!r}, got {got!r}"


def _equal_lines(name: str, want: set[int], got: set[int]) -> Result:
    return name, want == got, f"{len(want)}" if want == got else f"lost {_said(want - got)}; extra {_said(got - want)}"


def _within(name: str, want: set[int], got: set[int]) -> Result:
    return name, want <= got, f"{len(want)}" if want <= got else f"not {_said(want - got)}"


def _share(name: str, part: int, whole: int, bar: float | None, detail: str) -> Result:
    share = part / whole if whole else 0.0
    return name, None if bar is None else share >= bar, f"{share:.3f}{'' if bar is None else f', bar {bar}'}; {detail}"


def _said(numbers: Iterable[int]) -> str:
    found = sorted(numbers)
    return ", ".join(map(str, found)) if found else "none"
