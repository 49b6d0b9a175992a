from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline import learned
from pipeline.blocks import html
from pipeline.errors import WinnowError
from pipeline.label.features import html as features
from pipeline.label.features.names import FEATURES, SECOND, Table
from pipeline.label.features.second import second
from pipeline.model import Decoded
from pipeline.process import prepare
from pipeline.settings import load

NAMES = ["a", "b", "c", "d"]
SIZES = [1, 2, 5, 9, 17, 33, 64]  # leaves: each kind of mask, and both ends of it


def _tree(draw: random.Random, leaves: int, model: dict[str, Any]) -> int:
    """A random tree at the end of the lists; the value of its root: the average, if all leaves count alike."""
    here = len(model["feature"])
    for column in ("feature", "threshold", "right", "value"):
        model[column].append(0)
    if leaves == 1:
        model["feature"][here] = -1
        model["value"][here] = draw.randint(-9000, 9000)
        return int(model["value"][here])
    model["feature"][here] = draw.randrange(len(NAMES))
    model["threshold"][here] = round(draw.uniform(-1, 1), 1)
    below = draw.randint(1, leaves - 1)
    left = _tree(draw, below, model)
    model["right"][here] = len(model["feature"]) - here
    right = _tree(draw, leaves - below, model)
    model["value"][here] = (left * below + right * (leaves - below)) // leaves
    return int(model["value"][here])


def _model(seed: int, most: int) -> dict[str, Any]:
    draw = random.Random(seed)  # noqa: S311  # invented trees, no secrets
    model: dict[str, Any] = {"features": NAMES, "base": draw.randint(-5000, 5000), "sizes": []}
    model |= {"feature": [], "threshold": [], "right": [], "value": []}
    for leaves in (most, *(draw.randint(1, most) for _ in range(20))):
        start = len(model["feature"])
        _tree(draw, leaves, model)
        model["sizes"].append(len(model["feature"]) - start)
    return model


def _walk(model: dict[str, Any], row: NDArray[np.float32]) -> int:
    """The sum of the leaves, as the JSON form says it."""
    total, root = int(model["base"]), 0
    for size in model["sizes"]:
        node = root
        while (asked := model["feature"][node]) >= 0:
            node += 1 if row[asked] <= np.float32(model["threshold"][node]) else model["right"][node]
        total += model["value"][node]
        root += size
    return total


def _rows(seed: int, count: int) -> NDArray[np.float32]:
    """Values that often lie just on a threshold."""
    return np.round(np.random.default_rng(seed).uniform(-1.2, 1.2, (count, len(NAMES))), 1).astype(np.float32)


@pytest.mark.parametrize("leaves", SIZES)
@pytest.mark.parametrize("count", [1, 7, 300])
def test_scores_are_those_of_a_walk_down_each_tree(leaves: int, count: int) -> None:
    model, rows = _model(leaves, leaves), _rows(leaves + count, count)
    made = learned.ensemble(model).log_odds(rows)
    assert (made * learned.SCALE).round().astype(int).tolist() == [_walk(model, row) for row in rows]


def test_tables_larger_than_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble, rows = learned.ensemble(_model(3, 16)), _rows(3, 1000)
    whole = ensemble.log_odds(rows)
    monkeypatch.setattr(learned, "CHUNK", 1)
    assert np.array_equal(ensemble.log_odds(rows), whole)


def test_a_row_scores_the_same_in_any_table() -> None:
    ensemble, rows = learned.ensemble(_model(5, 16)), _rows(5, 200)
    whole = ensemble.probability(rows)
    assert np.array_equal(ensemble.probability(rows[::-1])[::-1], whole)
    assert np.array_equal(np.concatenate([ensemble.probability(row[None]) for row in rows]), whole)
    assert np.array_equal(learned.ensemble(_model(5, 16)).probability(np.asfortranarray(rows)), whole)
    assert ((whole >= 0) & (whole <= 1)).all()


@pytest.mark.parametrize("leaves", SIZES)
def test_reasons_add_up_to_the_score_less_the_average(leaves: int) -> None:
    model = _model(leaves, leaves)
    ensemble = learned.ensemble(model)
    roots = np.cumsum([0, *model["sizes"]])[:-1]
    average = (model["base"] + sum(model["value"][root] for root in roots)) / learned.SCALE
    for row in _rows(leaves, 20):
        reasons = ensemble.explain(row)
        assert sum(reason.weight for reason in reasons) == pytest.approx(float(ensemble.log_odds(row[None])[0]) - average)
        assert [abs(reason.weight) for reason in reasons] == sorted((abs(reason.weight) for reason in reasons), reverse=True)
        assert all(reason.value == row[NAMES.index(reason.feature)] for reason in reasons)


def test_a_tree_with_too_many_leaves_is_refused() -> None:
    with pytest.raises(ValueError, match="65 leaves"):
        learned.ensemble(_model(1, learned.MAX_LEAVES + 1))


def _damaged(**changes: Any) -> str:
    return json.dumps({"about": {}, "settings": {}, "models": {"first": _model(2, 4) | changes}})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("[]", "not a file of learned weights"),
        ('{"about": {}, "settings": {}}', "it has no 'models'"),
        ('{"about": {}, "settings": {}, "models": {"first": {}}}', "it has no 'sizes'"),
        (_damaged(sizes=[3]), "differ in length"),
        (_damaged(value=[1]), "differ in length"),
        (_damaged(value="many"), "not a file of learned weights"),
        (_damaged(features=["a"]), "not named"),
        (_damaged(right=[0] * len(_model(2, 4)["right"])), "right child"),
        (_damaged(sizes=[2], feature=[-1, -1], threshold=[0, 0], right=[0, 0], value=[1, 2]), "one leaf more"),
        (_damaged(sizes=[1, 0], feature=[-1], threshold=[0], right=[0], value=[1]), "one leaf more"),
    ],
)
def test_a_malformed_file_says_what_is_wrong(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WinnowError, match=f"{re.escape(str(path))}: .*{re.escape(why)}.*bench train"):
        learned.read(path)


def test_shipped_weights_say_what_made_them() -> None:
    weights = learned.load("blocks_html")
    assert weights is learned.load("blocks_html")
    assert weights.about["command"].startswith("python -m bench train")
    assert "sha256" in weights.about["data"]
    assert weights.about["out_of_fold"]
    assert set(weights.settings["thresholds"]) == {"precision", "balanced", "recall"}
    assert set(weights.models["first"].features) <= set(FEATURES)
    assert set(weights.models["second"].features) <= {*FEATURES, *SECOND}


# --- features ---------------------------------------------------------------------------------------------------------

PAGES = [
    "<p>One line, and no more.</p>",
    "<html><head><title>A quiet year</title><meta name=description content='What became of the ferry'></head><body>"
    "<nav class='menu top'><a href=/>Home</a><a href=/b>Town</a></nav><article id=story><h1>A quiet year</h1>"
    + "<p>The ferry, which nobody had missed before, was missed by all of them in the very first week of March.</p>" * 5
    + "</article><table><tr><td>1<td>2</table><footer>© 2021</footer></body></html>",
    "<ul>" + "<li><a href=/x>Another story</a>" * 40 + "</ul>",
    "<div>渡船在三月的第一个星期就停开了，岛上的居民都说，他们从来没有想到会这样。</div><p>版权所有</p><p>责编：王</p>",
    "<p>\ud83d\u200d\u0000 emoji 🛶 and \u202eturned\u202c text</p><pre>  code\n</pre><h2>1</h2><p>*</p>",
    "<div>" * 300 + "deep" + "</div>" * 300 + "<p hidden>unseen</p>",
]


def _features(text: str) -> Table:
    return features.table(html.read(Decoded(text, "utf-8", "test", 0)))


@pytest.mark.parametrize("page", PAGES)
def test_features_are_finite(page: str) -> None:
    table = _features(page)
    count = table.rows.shape[1]
    assert table.rows.shape == (len(FEATURES), count)
    assert np.isfinite(table.rows).all()
    for scores in (np.zeros(count), np.ones(count), np.linspace(0, 1, count)):
        assert np.isfinite(second(table.layout, scores)).all()
    assert len(set(FEATURES)) == len(FEATURES)
    assert len(set(SECOND)) == len(SECOND)


def test_features_do_not_depend_on_the_pages_before() -> None:
    alone = [_features(page).rows for page in PAGES]
    for order in (range(len(PAGES) - 1, -1, -1), (2, 0, 4, 1, 5, 3)):
        for number in order:
            assert np.array_equal(_features(PAGES[number]).rows, alone[number])


def test_other_weights_are_another_rule_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = learned.digest()
    for path in learned.HOME.glob("*.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(learned, "HOME", tmp_path)
    assert learned.digest() == before
    (tmp_path / "lines.json").write_text("{}", encoding="utf-8")
    assert learned.digest() != before
    assert prepare(load()).ruleset != prepare(load()).rules.digest
