"""What a page declares its article to say, laid beside its blocks."""

from __future__ import annotations

import json

import numpy as np
import pytest

from pipeline.blocks import html
from pipeline.label.features import html as features
from pipeline.label.features.names import ROW, Floats
from pipeline.model import Decoded

BODY = [
    f"Paragraph {number}: the ferry {word} crosses the sound before the tide turns, and nobody on the quay minds."
    for number, word in enumerate(("Ada", "Bea", "Cleo", "Dora", "Edda"), 1)
]
TEASER = "Elsewhere in the paper: the bakery on the hill sells its last loaf before noon again."


def _table(body: str | None) -> Floats:
    data = "" if body is None else json.dumps({"@type": "NewsArticle", "articleBody": body})
    script = f'<script type="application/ld+json">{data}</script>' if data else ""
    text = f"{script}<div>{''.join(f'<p>{each}</p>' for each in [*BODY, TEASER, 'Menu'])}</div>"
    return features.table(html.read(Decoded(text, "utf-8", "utf-8"))).rows


def test_blocks_that_the_declared_text_has() -> None:
    rows = _table("<p>" + "</p><p>".join(BODY) + "</p>")
    assert rows[ROW["declared"]].tolist() == [1, 1, 1, 1, 1, 0, -1]
    assert rows[ROW["declared_found"]] == pytest.approx(np.ones(7))


@pytest.mark.parametrize("body", [None, "Too short to say anything.", "x" * 100_000])
def test_a_text_that_says_nothing_is_unknown(body: str | None) -> None:
    rows = _table(body)
    assert set(rows[ROW["declared"]].tolist()) == set(rows[ROW["declared_found"]].tolist()) == {-1}
