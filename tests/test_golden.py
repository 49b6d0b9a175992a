"""What becomes of whole documents, by format, labeler, splitter, field, enrichment and rule file; see golden/regenerate.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from golden.regenerate import FOLDER, XFAIL, documents, expected, needed, observed, owner

if TYPE_CHECKING:
    from pathlib import Path


def _parameter(document: Path) -> object:
    reason = expected(document).get(XFAIL)
    marks = [pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)] if reason else []
    return pytest.param(document, id=document.name, marks=marks)


@pytest.mark.parametrize("document", [_parameter(document) for document in documents()])
def test_golden(document: Path) -> None:
    wanted = expected(document)
    wanted.pop(XFAIL, None)
    assert wanted, f"no expectation: run python tests/golden/regenerate.py {document.name}, then read what it wrote"
    found = observed(document)
    assert found == _filled(wanted, found)


def _filled(wanted: Any, found: Any) -> Any:
    """What is wanted, with "*" (any: the name of a rule that is not written yet) filled in from what was found."""
    if wanted == "*":
        return found
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {key: _filled(value, found.get(key)) for key, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(found, list):
        return [_filled(value, found[index] if index < len(found) else None) for index, value in enumerate(wanted)]
    return wanted


def test_every_module_and_rule_file_has_a_golden() -> None:
    missing = needed() - {owner(document) for document in documents()}
    assert not missing, f"add tests/golden/<name>.txt or .html for: {sorted(missing)}"


def test_every_golden_belongs_to_a_module_or_rule_file() -> None:
    strays = [document.name for document in documents() if owner(document) not in needed()]
    assert not strays, f"no such module: {strays}"


def test_every_expectation_has_its_document() -> None:
    inputs = {document.with_suffix(".json") for document in documents()}
    assert len(inputs) == len(documents()), "two documents share one JSON file"
    assert set(FOLDER.glob("*.json")) <= inputs
