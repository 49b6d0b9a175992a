"""LightGBM models → the plain numbers that pipeline.learned reads. Only for training; nothing here is needed at run time."""

from __future__ import annotations

from typing import Any

from pipeline.learned import SCALE

Json = dict[str, Any]


def from_lightgbm(booster: Any, features: list[str]) -> Json:
    """The JSON form of a binary LightGBM booster (no missing values, no categories, no linear leaves).

    LightGBM folds its starting score into the first tree; values of inner nodes are averages, for explanations.
    """
    model: Json = {"features": list(features), "base": 0, "sizes": [], "feature": [], "threshold": [], "right": [], "value": []}
    for info in booster.dump_model()["tree_info"]:
        start = len(model["feature"])
        _node(info["tree_structure"], model)
        model["sizes"].append(len(model["feature"]) - start)
    return model


def _append(model: Json, feature: int, threshold: float, value: float) -> int:
    model["feature"].append(feature)
    model["threshold"].append(threshold)
    model["right"].append(0)
    model["value"].append(round(value * SCALE))
    return len(model["feature"]) - 1


def _node(node: Json, model: Json) -> None:
    if "leaf_value" in node:
        _append(model, -1, 0, node["leaf_value"])
        return
    here = _append(model, node["split_feature"], short(node["threshold"]), node["internal_value"])
    _node(node["left_child"], model)
    model["right"][here] = len(model["feature"]) - here
    _node(node["right_child"], model)


def short(number: float) -> float | int:
    """Five significant digits; whole numbers without a point."""
    number = float(f"{number:.5g}")
    return int(number) if number == int(number) else number


def slim(model: Json) -> Json:
    """Without the features that no tree asks for: they need not be measured, nor gathered."""
    used = sorted({feature for feature in model["feature"] if feature >= 0})
    place = {feature: number for number, feature in enumerate(used)} | {-1: -1}
    return model | {
        "features": [model["features"][feature] for feature in used],
        "feature": [place[feature] for feature in model["feature"]],
    }
