"""Golden files: what the pipeline makes of the documents in this folder, as JSON beside each.

`python tests/golden/regenerate.py [NAME…]` rewrites the JSON files and prints what changed. A golden that is known to be wrong
has a key "xfail" with the reason; its expectation is written by hand, stays as it is, and fails the suite as soon as it holds.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # run as a script, it tests the checkout that it stands in

from pipeline import blocks, enrich, fields, label, rules, split
from pipeline.model import Article, Entry, Outcome, Reference, Source
from pipeline.process import prepare, process
from pipeline.settings import Settings
from pipeline.sources import extract, parts_of

FOLDER = Path(__file__).parent
XFAIL = "xfail"
# A user's topics; one golden has their phrases.
TAXONOMY = {"Water": ("wheel pit", "sluice paddle"), "Milling": ("bedstone", "wheel pit"), "Rail": ("tram",)}
_ENDINGS = (".txt", ".html", ".xml", ".sgm", ".docx", ".pdf", ".rtf", ".eml", ".md")


def documents() -> list[Path]:
    """The input documents, by name: room.module[.variant].(txt|html|xml|sgm|docx|pdf|rtf|eml|md)."""
    return sorted(path for path in FOLDER.iterdir() if path.suffix in _ENDINGS)


def expected(document: Path) -> dict[str, Any]:
    """What the JSON file beside a document says; nothing if there is none."""
    path = document.with_suffix(".json")
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def observed(document: Path) -> dict[str, Any]:
    """What the pipeline with its default settings makes of a document, in the form of the JSON files.

    The folder templates/ stands for what flow learn found on the sites of the goldens that are about it, and in Swedish texts.
    """
    data = document.read_bytes()
    settings = Settings.model_construct(templates=FOLDER / "templates", taxonomy=TAXONOMY)
    source = Source(document.name, hashlib.sha256(data).hexdigest(), len(data))
    if document.suffix == ".eml":  # the mail's own text, with what its header says
        source, data, _ = next(iter(parts_of(document.name, data, settings)))
    return _plain(process(source, data, prepare(settings)))


def needed() -> set[str]:
    """room.module of everything that must have a golden: what the rooms themselves discover or list."""
    found = {f"blocks.{name}" for name in _modules_with(blocks, "FORMAT")}
    found |= {f"split.{name}" for name in (*_modules_with(split, "SPLITTER"), *_modules_with(split, "FORMAT"))}
    found |= {f"extract.{name}" for name in _modules_with(extract, "EXTRACTOR")}
    found |= {f"label.{name}" for name in _modules_with(label, "label")}
    found |= {f"fields.{_last(finder.__module__)}" for finder in fields.FIELDS}
    found |= {f"enrich.{_last(enricher.__module__)}" for enricher in enrich.ENRICHERS}
    return found | {f"rules.{path.stem}" for path in rules.shipped_files()}


def owner(document: Path) -> str:
    """The room.module that a document is a golden of."""
    return ".".join(document.name.split(".")[:2])


def _modules_with(room: ModuleType, attribute: str) -> Iterator[str]:
    for info in pkgutil.iter_modules(room.__path__):
        if hasattr(importlib.import_module(f"{room.__name__}.{info.name}"), attribute):
            yield info.name


def _last(dotted: str) -> str:
    return dotted.rpartition(".")[2]


def _plain(outcome: Outcome) -> dict[str, Any]:
    export = {"export": outcome.export, "declared": outcome.declared} if outcome.export is not None else {}
    warnings = {"warnings": list(outcome.warnings)} if outcome.warnings else {}
    return {
        **export,
        **warnings,
        "articles": [_article(article) for article in outcome.articles],
        "ledger": [_entry(entry) for entry in sorted(outcome.ledger, key=lambda one: (one.start, one.end, one.action, one.rule))],
        "rejections": [[rejection.stage, rejection.reason] for rejection in outcome.rejections],
    }


def _article(article: Article) -> dict[str, Any]:
    mixed = {"language_shares": {share.language: share.share for share in article.language_shares}}
    return {
        "headline": article.headline,
        "author": list(article.author),
        "date_published": str(article.date_published) if article.date_published else None,
        "date_precision": article.date_precision,
        "date_modified": str(article.date_modified) if article.date_modified else None,
        "publisher": article.publisher,
        "section": article.section,
        "url": article.url,
        "language": article.language,
        **(mixed if article.language_shares else {}),
        "keywords": list(article.keywords),
        **({"derived_keywords": list(article.derived_keywords)} if article.derived_keywords else {}),
        **({"topics": [[topic.topic, list(topic.phrases), topic.times] for topic in article.topics]} if article.topics else {}),
        "references": [_reference(reference) for reference in article.references],
        "split_by": article.split_by,
        "word_count": article.word_count,
        "quality": {name: round(value, 3) for name, value in article.quality},
        "evidence": dict(article.evidence),
        "paragraphs": article.text.split("\n\n"),
    }


def _reference(reference: Reference) -> list[Any]:
    found = {"same_as": reference.same_as, "cited": reference.cited}
    return [reference.number, reference.text, list(reference.urls), *([found] if any(found.values()) else [])]


def _entry(entry: Entry) -> list[str]:
    line = [str(entry.action), str(entry.label), entry.rule, entry.text]
    return [*line, entry.replacement] if entry.replacement is not None else line


def _rewrite(document: Path) -> list[str]:
    """The lines of the unified diff of what changed in a golden's JSON file, which is rewritten."""
    path = document.with_suffix(".json")
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    reason = expected(document).get(XFAIL)
    if reason is not None:
        return [f"{path.name}: left as it is, xfail: {reason}"]
    after = json.dumps(observed(document), ensure_ascii=False, indent=1) + "\n"
    path.write_text(after, encoding="utf-8")
    return list(difflib.unified_diff(before.split("\n"), after.split("\n"), path.name, path.name, lineterm=""))


def main(names: list[str]) -> None:
    """Rewrite the goldens whose name begins with one of `names`, or all."""
    for document in documents():
        if not names or document.name.startswith(tuple(names)):
            sys.stdout.writelines(f"{line}\n" for line in _rewrite(document))


if __name__ == "__main__":
    main(sys.argv[1:])
