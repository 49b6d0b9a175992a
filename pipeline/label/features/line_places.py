"""Where a line stands: in the file, near prose, in the run of prose, below headings of furniture, among lines like it."""

from __future__ import annotations

import numpy as np

from pipeline.label.features.line_names import Column, Columns, best_run, last_true, next_true, shifted, window

# How far around a line sums are taken, in lines; and the neighbours looked at one by one.
REACHES = (1, 2, 4, 8, 16)
NEIGHBOURS = (-3, -2, -1, 1, 2, 3)
# Of neighbours further than NEAR only the columns FAR are looked at.
NEAR = 2
FAR = frozenset(("words", "ends"))
BESIDE = ("words", "ends", "gap", "capitals", "chrome_share", "date", "stop_share")
# Only of the next lines: a credit stands beside its caption, a cue for links above or below its teaser.
CLOSEST = ("cue.photo", "cue.caption", "cue.author", "cue.related", "copyright", "same", "brackets", "last")
# Distances are cut here, in lines: to the file's ends, to prose or headings, and how far a heading that is missing would be.
MAX_PLACE, MAX_DISTANCE, MISSING = 500, 60, 100
# Words of prose (`_prose` of lines.py) from which on a line is a paragraph; fewer will do in a stretch.
PARAGRAPH, STRETCH = 12, 8
# In the narrow run each line costs a word or two, and lines of fewer than so many words cost more.
COST, SHORT, SHORT_COST, MIDDLE, MIDDLE_COST = 2.0, 10, 4.0, 15, 2.0
# Lines of at most so many words head others; one of so many cue words in its words says of what.
HEADING_WORDS, CUE_SHARE = 8, 3
HEADINGS = (
    ("related", ("related",)),
    ("comment", ("comment",)),
    ("share", ("share",)),
    ("offer", ("subscribe", "account", "ad")),
    ("law", ("legal",)),
    ("author", ("author",)),
    ("date", ("date",)),
    ("photo", ("photo", "caption")),
)
# A title of a teaser has so many words and no stop.
TEASER_LEAST, TEASER_MOST, TEASER_REACH = 3, 20, 8
MAX_STRETCH, MAX_ALIKE = 40, 30
# Cues of one line are counted up to this; lines of fewer words are short.
MAX_CHROME, SHORT_WORDS = 5, 8
# Lines are alike that have the same power of two of words, up to this, and are capitalised or not.
MAX_POWER, CAPITALISED = 6, 0.5


def places(own: Columns, prose: Column) -> Columns:
    """A line's place in the file and its distance from prose."""
    lines = len(prose)
    index = np.arange(lines)
    words = own["words"]
    sums = np.concatenate(([0.0], np.cumsum(prose)))
    is_prose = prose >= PARAGRAPH
    previous = np.concatenate(([-1], last_true(is_prose, -1)[:-1]))
    following = np.concatenate((next_true(is_prose, lines)[1:], [lines]))
    padded = np.append(prose, 0.0)
    all_words = np.cumsum(words) - words
    columns = {
        "index": np.minimum(index, MAX_PLACE),
        "from_end": np.minimum(lines - 1 - index, MAX_PLACE),
        "place": index / lines,
        "word_place": all_words / max(float(words.sum()), 1.0),
        "prose_before": sums[:-1],
        "prose_after": sums[-1] - sums[1:],
        "prose_before_share": sums[:-1] / max(sums[-1], 1.0),
        "to_previous": np.minimum(index - previous, MAX_DISTANCE),
        "to_following": np.minimum(following - index, MAX_DISTANCE),
        "previous_size": padded[previous],
        "following_size": padded[np.minimum(following, lines)],
    }
    short = np.where(words < SHORT, -SHORT_COST, np.where(words < MIDDLE, -MIDDLE_COST, 0.0))
    columns.update(_run("run", prose + np.where(prose > 0, 0.0, short) - COST, prose))
    columns.update(_run("wide", prose - np.where(prose > 0, 0.0, COST), prose))
    return columns


def _run(name: str, worth: Column, prose: Column) -> Columns:
    """Where a line stands to the stretch of most worth."""
    start, end = best_run(worth)
    index = np.arange(len(worth))
    inside = (index >= start) & (index < end)
    sums = np.concatenate(([0.0], np.cumsum(prose)))
    total = max(sums[-1], 1.0)
    # Words of prose that lie between a line and the run.
    apart = np.where(index < start, sums[start] - sums[index], np.where(index >= end, sums[index] - sums[end], 0.0))
    return {
        f"{name}.inside": inside,
        f"{name}.after_start": np.clip(index - start, -MAX_DISTANCE, MAX_DISTANCE),
        f"{name}.before_end": np.clip(end - 1 - index, -MAX_DISTANCE, MAX_DISTANCE),
        f"{name}.apart": apart,
        f"{name}.share": np.full(len(worth), (sums[end] - sums[start]) / total),
        f"{name}.lines": np.full(len(worth), end - start),
        f"{name}.done": np.where(inside, (index - start) / max(end - start, 1), 0.0),
    }


def headed(own: Columns) -> Columns:
    """How far above and below a short line says what its surroundings are: links, comments, offers, law."""
    lines = len(own["words"])
    index = np.arange(lines)
    short = (own["words"] <= HEADING_WORDS) & (own["words"] > 0)
    columns = {}
    for name, groups in HEADINGS:
        cues = np.sum([own[f"cue.{group}"] for group in groups], axis=0)
        cue = short & (cues * CUE_SHARE >= own["words"]) & (cues > 0)
        columns[f"since.{name}"] = np.minimum(index - last_true(cue, -MISSING), MAX_DISTANCE)
        columns[f"until.{name}"] = np.minimum(next_true(cue, lines + MISSING) - index, MAX_DISTANCE)
    # What a colon announces: a list, a quote, a table.
    columns["since.colon"] = np.minimum(index - last_true(own["ends_colon"], -MISSING), MAX_DISTANCE)
    return columns


def stretches(own: Columns, prose: Column) -> Columns:
    """The unbroken stretch of prose a line stands in, and whether title and text alternate as in lists of teasers."""
    lines = len(prose)
    is_prose = prose >= STRETCH
    change = np.concatenate(([True], is_prose[1:] != is_prose[:-1]))
    number = np.cumsum(change) - 1
    size = np.bincount(number)
    mass = np.bincount(number, weights=prose)
    words = np.bincount(number, weights=own["words"])
    open_line = ~own["ends"] & (own["words"] >= TEASER_LEAST) & (own["words"] <= TEASER_MOST) & ~own["first_lower"]
    before = np.concatenate(([False], open_line[:-1]))
    behind = np.concatenate((~is_prose[1:], [True]))
    teaser = (is_prose & before & behind).astype(float)
    return {
        "stretch.lines": np.minimum(size[number], MAX_STRETCH) * np.where(is_prose, 1, -1),
        "stretch.prose": mass[number],
        "stretch.words": words[number],
        "teaser": teaser,
        "teasers": sum(window(teaser, TEASER_REACH)) + teaser,
        "open_lines": np.sum(window(open_line.astype(float), TEASER_REACH), axis=0),
        "file.teasers": np.full(lines, teaser.sum() / max(float(is_prose.sum()), 1.0)),
    }


def around(own: Columns, prose: Column) -> Columns:
    """What the lines before and behind are like."""
    columns: Columns = {}
    short = (own["words"] < SHORT_WORDS).astype(float)
    chrome = np.minimum(own["chrome"], MAX_CHROME).astype(float)
    for reach in REACHES:
        for name, column in (("prose", prose), ("short", short), ("chrome", chrome)):
            columns[f"{name}-{reach}"], columns[f"{name}+{reach}"] = window(column, reach)
    for step in NEIGHBOURS:
        for name in BESIDE:
            if abs(step) <= NEAR or name in FAR:
                columns[f"{name}{step:+d}"] = shifted(own[name].astype(float), step, -1.0)
        if abs(step) == 1:
            columns |= {f"{name}{step:+d}": shifted(own[name].astype(float), step, -1.0) for name in CLOSEST}
    # Lines like their neighbours in size and case stand in a list.
    size = np.minimum(np.log2(own["words"] + 1.0), MAX_POWER)
    kind = size.astype(int) * 2 + (own["capitals"] > CAPITALISED)
    change = np.concatenate(([True], kind[1:] != kind[:-1]))
    number = np.cumsum(change)
    columns["alike"] = np.minimum(np.bincount(number)[number], MAX_ALIKE)
    return columns
