"""`winnow rules list` and `winnow rules test`: what the rules are, and what each would remove from a corpus."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.common import (
    Code,
    Given,
    Options,
    console,
    given,
    given_of,
    guarded,
    options,
    out_json,
    report,
    settings_of,
    squeezed,
    tell,
    trace_of,
)
from pipeline.errors import Rejected
from pipeline.model import Action, Label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.process import Trace
    from pipeline.rules import RuleSet
    from pipeline.settings import Settings

EXAMPLES = 3  # distinct texts shown for a rule
TEXT_MOST = 70  # characters of an example

app = typer.Typer(help="List the rules, or test them.", no_args_is_help=True)


@dataclass(slots=True)
class Effect:
    """What one rule did to a corpus: blocks or ranges it spoke of, and what really left the text because of it."""

    proposed: int = 0
    removed: int = 0
    characters: int = 0
    by_action: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


Only = Annotated[Label | None, typer.Option("--label", help="Only rules of this label.", show_default=False)]
Place = Annotated[
    Path | None, typer.Argument(metavar="PATH", help="A file or folder; default: the raw folder.", show_default=False)
]
Samples = Annotated[bool, typer.Option("--samples-only", help="Only each rule's own hits and misses; no corpus.")]


def list_rules(context: typer.Context, label: Only = None) -> int:
    """List the rules: id, label, scope, confidence, why it may go and where it is seen."""
    chosen = options(context)
    rules = [rule for rule in _rules(settings_of(chosen)).rules if label is None or rule.label == label]
    if chosen.json:
        for rule in rules:
            out_json({**rule.deciding(), "source": rule.source, "reason": rule.reason, "place": rule.place})
        return Code.OK
    from rich.table import Table
    from rich.text import Text

    table = Table("id", "label", "scope", "conf.", "reason", "seen in", "file")
    for rule in rules:
        facts = (rule.id, str(rule.label), rule.scope, f"{rule.confidence:.2f}", rule.reason, rule.source, rule.place)
        table.add_row(*(Text(fact) for fact in facts))
    console().print(table)
    if not chosen.quiet:
        console().print(f"{len(rules)} rules")
    return Code.OK


def try_rules(context: typer.Context, path: Place = None, samples_only: Samples = False) -> int:
    """Run each rule's own hits and misses, then show what each rule would remove from a file or folder.

    A rule that fails its own samples is an error (exit code 2). Proposed: blocks or ranges it matched; removed: ledger entries
    that name it, with their characters; a rule that proposes and does not remove was outranked.
    """
    from pipeline import process

    chosen = options(context)
    settings = settings_of(chosen, raw=path if path is not None and path.is_dir() else None)
    rules = _rules(settings)  # its loading is the test of the samples
    if not chosen.quiet and not chosen.json:
        console().print(
            f"{len(rules.rules)} rules pass their {sum(len(r.hits) + len(r.misses) for r in rules.rules)} hits and misses"
        )
    if samples_only:
        return Code.OK
    rejects: list[str] = []
    effects: defaultdict[str, Effect] = defaultdict(Effect)
    documents = 0
    shared = process.prepare(settings)
    for item in _inputs(path, settings, rejects):
        documents += 1
        trace = trace_of(item, shared, rejects)
        if trace is not None:
            _count(trace, effects)
    _show(chosen, effects, rules, documents)
    return Code.REJECTED if rejects else Code.OK


app.command("list")(guarded(list_rules))
app.command("test")(guarded(try_rules))


def _rules(settings: Settings) -> RuleSet:
    from pipeline import rules

    return rules.load(settings.rules, settings.rule)


def _inputs(path: Path | None, settings: Settings, rejects: list[str]) -> Iterator[Given]:
    from pipeline import sources

    if path is not None and not path.is_dir():
        yield from given([str(path)], settings, rejects)
        return
    listed, refused = sources.discover(settings)
    for source, rejection in refused:
        tell(source.uri, [rejection], rejects)
    for one in listed:
        try:
            with sources.opened(one, settings) as file:
                yield from given_of(one.uri, file.parts(), rejects)
        except Rejected as error:
            report(error)
            rejects.append(one.uri)


def _count(trace: Trace, effects: defaultdict[str, Effect]) -> None:
    for marks in trace.marks:
        for mark in marks:
            effects[mark.rule].proposed += max(1, len(mark.inner)) if mark.inline else 1
    for entry in trace.outcome.ledger:
        effect = effects[entry.rule]
        effect.by_action[str(entry.action)] += 1
        if entry.action in (Action.DROPPED, Action.TAKEN, Action.SEPARATOR):
            effect.removed += 1
            effect.characters += entry.end - entry.start
        if entry.text and entry.text not in effect.examples and len(effect.examples) < EXAMPLES:
            effect.examples.append(entry.text)


def _show(chosen: Options, effects: defaultdict[str, Effect], rules: RuleSet, documents: int) -> None:
    known = {rule.id: rule for rule in rules.rules}
    idle = sorted(set(known) - set(effects))
    order = sorted(effects, key=lambda rule: (-effects[rule].characters, rule))
    if chosen.json:
        for name in [*order, *idle]:
            effect = effects[name]
            counts = {"proposed": effect.proposed, "removed": effect.removed, "characters": effect.characters}
            out_json({"rule": name, **counts, "actions": dict(effect.by_action), "examples": effect.examples})
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("rule", "label", "proposed", "removed", "characters", "examples", title=f"over {documents} files")
    for name in order:
        effect = effects[name]
        label = str(known[name].label) if name in known else ""
        examples = Text("\n".join(squeezed(text, TEXT_MOST) for text in effect.examples))
        table.add_row(Text(name), label, str(effect.proposed), str(effect.removed), str(effect.characters), examples)
    console().print(table)
    if idle and not chosen.quiet:
        console().print(f"{len(idle)} rules matched nothing", style="dim")
