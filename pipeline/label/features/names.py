"""The names of the features, in the order of a table's rows, and the types that hold them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.label.features.words import CUES, GROUPS

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

# Containers of a block that are looked at: its own element and the ones above.
LEVELS = 4
# Blocks; further away is all the same.
FAR = 50


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Columns that are also given of the blocks before and after.
NEAR = ["chars", "words", "link", "prose", "stops", "heading", "ends", "p", "upper", "cued", "same", "li", "in_best", "sig_mean"]
NEAR_FAR = ["chars", "link", "prose", "heading", "p", "in_best"]
_OWN = _names(
    "chars words link link_chars digits upper commas stops marks signs quotes colons dense letters word_chars ends "
    "ends_colon ends_soft starts_upper starts_lower starts_digit starts_mark prose heading p li td div span dt pre "
    "caption_kind h1 gap0 depth place place_end place_rel chars_before prose_before prose_after_share duplicate same "
    "hidden articles article_share article_prose text_is_title title_key title_distance after_title title_known "
    "starts_description names_author cued cue_first cue_count cue_share blocks page_prose page_link prose_count "
    "to_prose_before to_prose_after run_same in_best best_place best_before best_after best_share best_direct "
    "window3_prose window3_link window8_prose window8_link heading_gap next_heading h1_before articles_before topic "
    "topic_share topic1 topic2 topic3 topic_best topic_known consent consent1 consent2 consent8 "
    "declared declared_found"
)
_SIG = ["sig_count", "sig_mean", "sig_link", "sig_prose", "sig_share"]
_LEVEL = [f"{name}{level}" for level in range(LEVELS) for name in ("blocks", "prose", "link", "mean", "direct", "place_in")]
NEIGHBOURS = [f"{name}{shift:+d}" for shift in (-1, 1) for name in NEAR]
NEIGHBOURS += [f"{name}{shift:+d}" for shift in (-3, -2, 2, 3) for name in NEAR_FAR]
FEATURES: tuple[str, ...] = (
    *_OWN,
    *_SIG,
    *_LEVEL,
    *(f"near.{name}" for name in GROUPS),
    *(f"in.{name}" for name in GROUPS),
    *(f"cue.{name}" for name in CUES),
    *NEIGHBOURS,
)
ROW = {name: place for place, name in enumerate(FEATURES)}
SECOND: tuple[str, ...] = _names(
    "score score-3 score-2 score-1 score+1 score+2 score+3 around3 around8 around20 prose_score before_score "
    "after_score best_run first_kept last_kept kept_share kept_chars page_kept sig_score level0_score level1_score "
    "level2_score level3_score inside edge_before edge_after rise top"
)


class Layout(NamedTuple):
    """Where each block stands, for the second look: its element and containers as numbers, what each covers."""

    levels: tuple[Ints, ...]  # of each block: its element, the element above, …
    first: Ints  # first block of an element
    last: Ints  # last block of an element
    sig: Ints  # blocks with the same markup around have the same number
    chars: Floats
    prose: Floats


class Table(NamedTuple):
    """`rows[f, b]` is feature f of block b."""

    rows: Floats
    layout: Layout


def fill(out: Floats, values: dict[str, Any]) -> None:
    """Set rows of a table by name."""
    for name, value in values.items():
        out[ROW[name]] = value


def sums(values: NDArray[Any]) -> NDArray[np.float64]:
    """Running totals, from 0."""
    total = np.zeros(len(values) + 1)
    np.cumsum(values, out=total[1:])
    return total


def before(flags: NDArray[np.bool_]) -> Ints:
    """How far the nearest flagged block before each block is."""
    place = np.arange(len(flags))
    nearest = np.maximum.accumulate(np.where(flags, place, -FAR))
    return np.minimum(place - np.concatenate(([-FAR], nearest[:-1])), FAR)


def shifted(values: Floats, shift: int, fill: float) -> Floats:
    """Each block's value of the block `shift` places on, `fill` where there is none."""
    moved = np.full(values.shape, fill, dtype=np.float32)
    if abs(shift) < values.shape[-1]:
        if shift > 0:
            moved[..., :-shift] = values[..., shift:]
        else:
            moved[..., -shift:] = values[..., :shift]
    return moved
