"""What a run made, in the forms that Prefect shows. Does not import Prefect."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.dataset import Commit

CHARACTERS = ("kept", "taken", "dropped", "separator", "quarantined")
RULES_SHOWN = 100  # in the table; a UI page takes no more
NAMED = 10  # files or rejections in a text for people


def rows(commit: Commit) -> list[dict[str, object]]:
    """The table: one row a count, then one a rule with its ledger entries and characters, most characters first."""
    totals = commit.totals
    table: list[dict[str, object]] = [
        {"what": name, "count": number, "characters": None}
        for name, number in (("files", totals.sources), ("articles", totals.articles), ("files rejected", totals.rejected))
    ]
    table += [{"what": name, "count": None, "characters": totals.characters.get(name, 0)} for name in CHARACTERS]
    rules = sorted(totals.rules.items(), key=lambda item: (-item[1][1], item[0]))
    table += [{"what": rule, "count": entries, "characters": length} for rule, (entries, length) in rules[:RULES_SHOWN]]
    return table


def markdown(commit: Commit) -> str:
    """A few lines on the commit, and what was newly rejected with what to do about it."""
    totals = commit.totals
    state = f"commit {commit.number}" if commit.changed else f"nothing new since commit {commit.number}"
    shares = ", ".join(f"{totals.characters.get(name, 0):,} {name}" for name in CHARACTERS)
    lines = [
        f"# The dataset: {state}",
        "",
        f"- {totals.sources:,} files, {totals.articles:,} articles, {totals.rejected:,} files rejected",
        f"- characters: {shares}",
        f"- {len(commit.added):,} Parquet files added, {len(commit.retired):,} retired",
        f"- winnow {commit.identity.pipeline_version}, from {commit.started} to {commit.finished}",
    ]
    if commit.newly_rejected:
        lines += ["", "## Newly rejected", "", "| source | stage | reason | what to do |", "| --- | --- | --- | --- |"]
        for one in commit.newly_rejected[:NAMED]:
            name = f"{one.uri} {one.member}".strip()
            lines.append("| " + " | ".join(_cell(text) for text in (name, one.stage, one.reason, one.remedy)) + " |")
        if len(commit.newly_rejected) > NAMED:
            lines += ["", f"… and {len(commit.newly_rejected) - NAMED:,} more: see the documents table."]
    return "\n".join(lines) + "\n"


def shown(name: str) -> str:
    r"""The name as printable UTF-8: control characters and bytes that are no text are escaped.

    >>> shown("two\nlines \udcff.txt")
    'two\\nlines \\udcff.txt'
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in name)


def few(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _cell(text: str) -> str:
    return shown(text).replace("|", "\\|")
