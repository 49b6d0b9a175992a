"""What can be measured of the blocks of a structured page, as one table of numbers: a row a feature, a column a block."""

from __future__ import annotations

import numpy as np

from pipeline.label.features import declared, place, text
from pipeline.label.features.names import FEATURES, NEAR, NEAR_FAR, NEIGHBOURS, ROW, Floats, Table, shifted
from pipeline.model import Page

NEAR_ROWS = [ROW[name] for name in NEAR]
NEAR_FAR_ROWS = [ROW[name] for name in NEAR_FAR]


def table(page: Page) -> Table:
    """All features of the page's blocks, of which there is at least one."""
    blocks = page.blocks
    out = np.zeros((len(FEATURES), len(blocks)), dtype=np.float32)
    texts = [block.text for block in blocks]
    text.text(out, texts, blocks)
    text.kinds(out, blocks)
    folded = text.case_folded(texts)
    text.cues(out, folded)
    text.topic(out, folded, page)
    declared.declared(out, folded, page)
    layout = place.places(out, place.Tree([block.node for block in blocks]))
    text.titles(out, texts, folded, page)
    _neighbours(out)
    return Table(out, layout)


def _neighbours(out: Floats) -> None:
    row = ROW[NEIGHBOURS[0]]
    for rows, shifts in ((NEAR_ROWS, (-1, 1)), (NEAR_FAR_ROWS, (-3, -2, 2, 3))):
        values = out[rows]
        for shift in shifts:
            out[row : row + len(rows)] = shifted(values, shift, -1)
            row += len(rows)
