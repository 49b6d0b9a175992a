"""Words that a line shares with the run of prose, with the first line (the page's title, as a rule), and with no other line."""

from __future__ import annotations

import numpy as np

from pipeline.label.features.line_names import Column, Columns, last_true, next_true
from pipeline.label.features.line_signs import Signs

# Shorter words are mostly small words, which every line has.
CONTENT_CHARS = 4
# A word that stands in a file at most so often is rare.
RARE = 8
# A line is the title again if this share of its words is in the first line, and this share of the first line's words in it.
TITLE_IN_FIRST, FIRST_IN_TITLE, TITLE_WORDS = 0.7, 0.4, 3
# Distances in lines are cut here, and said to be MISSING where no title stands.
FAR, MISSING = 200, 300


def likeness(sign: Signs, inside: Column) -> Columns:
    """Shares of a line's words; `inside` flags the lines of the run. Without any word all columns are zero."""
    lines = len(inside)
    if not len(sign.words):
        zero = np.zeros(lines)
        names = ("like_run", "like_first", "first_like", "since_title", "unique", "like_rare", "until_title")
        return dict.fromkeys(names, zero)
    _, word = np.unique(sign.words, return_inverse=True)
    at = sign.word_line
    kinds = int(word.max()) + 1
    content = sign.word_size >= CONTENT_CHARS
    in_run = np.bincount(word[inside[at]], minlength=kinds)
    everywhere = np.bincount(word, minlength=kinds)
    # A line of the run itself must not count for its own likeness: pairs of line and word, how often.
    pairs, back, often = np.unique(at * kinds + word, return_inverse=True, return_counts=True)
    own_count = often[back]
    others = in_run[word] - np.where(inside[at], own_count, 0)
    size = np.maximum(np.bincount(at[content], minlength=lines), 1)
    rare = content & (everywhere[word] <= RARE) & (everywhere[word] > own_count)
    rare_size = np.maximum(np.bincount(at[rare], minlength=lines), 1)
    head = np.zeros(kinds, dtype=bool)
    head[word[at == 0]] = True
    many = np.maximum(np.bincount(at, minlength=lines), 1)
    like_first = np.bincount(at[head[word]], minlength=lines) / many
    hit = pairs[head[pairs % kinds]] // kinds
    first_like = np.bincount(hit, minlength=lines) / max(int(head.sum()), 1)
    since, until = _title(like_first, first_like, many)
    return {
        "like_run": np.bincount(at[content & (others > 0)], minlength=lines) / size,
        "like_first": like_first,
        "first_like": first_like,
        "since_title": since,
        "unique": np.bincount(at[content & (everywhere[word] == own_count)], minlength=lines) / size,
        "like_rare": np.bincount(at[rare & (others > 0)], minlength=lines) / rare_size,
        "until_title": until,
    }


def _title(like_first: Column, first_like: Column, many: Column) -> tuple[Column, Column]:
    """How many lines ago, and in how many, the title is said again below the first line."""
    index = np.arange(len(many))
    title = (like_first >= TITLE_IN_FIRST) & (first_like >= FIRST_IN_TITLE) & (index > 0) & (many >= TITLE_WORDS)
    last = last_true(title, -1)
    since = np.where(last >= 0, np.minimum(index - last, FAR), MISSING)
    return since, np.minimum(next_true(title, len(many) + MISSING) - index, MISSING)
