"""Bare lines → a table of numbers, one row a line: what the learned scorer sees of a plain text file.

Nothing here knows a site. White space says little (dumps are stripped and re-spaced), so the table leans on words, cases and
signs, on what surrounds a line, and on the run of lines that holds most prose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from pipeline.label.features import line_likeness, line_places
from pipeline.label.features import line_signs as signs
from pipeline.label.features.line_cues import GROUP_NAMES
from pipeline.label.features.line_names import Column, Columns, Table, stacked
from pipeline.label.features.line_signs import Signs

_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{4}年|\d{1,2}月\d{1,2}日")
_TIME = re.compile(r"\b\d{1,2}[:.]\d\d\b|\b\d+\s?[smhd]\b")
_DENSE_CUE = re.compile(
    "版权|责任编辑|责编|来源|关注|分享|评论|点击|登录|注册|下载|推荐|相关|上一篇|下一篇|更多|返回|首页|广告|微信|微博|客服|举报|"
    "阅读|收藏|转载|声明|备案|许可证|编辑|记者|作者|订阅|搜索|热门|排行|一覧|関連|記事|会員|ログイン|続きを読む|シェア|コメント|無断|広告|"
    "기자|무단|구독|로그인|댓글|저작권|관련기사"
)
# Characters of a line that are searched for such cues, and the dense characters it must have.
DENSE_CUE_CHARS, DENSE_CUE_LEAST = 400, 2
# Cues that prose is full of, or that stand beside it.
_NO_CHROME = frozenset(("stop", "person", "web", "author", "date", "photo", "caption", "call"))
# Cues of which it matters that they open the line.
_HEADS = frozenset(("share", "related", "author", "date", "photo", "subscribe", "person", "call", "caption"))
# Words of dense scripts are about so many characters long.
DENSE_WORD = 2
# Blank lines before a line are counted up to this.
MAX_GAP = 9
# Lines of fewer words are searched for dates and times; in longer ones they say nothing.
DATED_WORDS = 40
# Running text: a sentence of so many words, or a line of so many without its end, which is worth less …
SENTENCE_WORDS, UNENDED_WORDS, UNENDED_WORTH = 6, 15, 0.6
# … and much less where this share of the words is furniture's.
CHROME_SHARE, CHROME_WORTH = 0.25, 0.2
# A longer paragraph says no more than one of so many words.
MOST_WORDS = 150.0
# A repeated line is counted up to this.
MOST_SAME = 20
# Lines of fewer words are short; furniture's have this share of cues.
SHORT_WORDS, FURNITURE_SHARE = 8, 0.3
# Groups of cues that only pages have; a line is of a group that is one in so many of its words, or more.
FURNITURE = ("share", "subscribe", "legal", "account", "comment", "related", "ad", "navigation")
CUE_LINE = 2
# What tells a dump from a text as a whole; the gate sees all columns "file.", the scorer of lines only these.
FILE_KNOWN = frozenset(("file.prose", "file.prose_lines", "file.dense", "file.teasers"))


def table(texts: Sequence[str], gaps: Sequence[int], pieces: Sequence[int]) -> tuple[list[str], Table]:
    """Names and columns for the lines' texts, the blank lines before each and the pieces each was joined from."""
    sign = signs.read(texts)
    own = _own(texts, sign, np.minimum(np.array(gaps), MAX_GAP), np.array(pieces))
    prose = _prose(own)
    own |= _repeats(texts)
    columns = dict(own)
    columns.update(line_places.places(own, prose))
    columns.update(line_likeness.likeness(sign, columns["run.inside"].astype(bool)))
    columns.update(line_places.headed(own))
    columns.update(line_places.stretches(own, prose))
    columns.update(line_places.around(own, prose))
    columns.update(_file(own, prose, columns))
    return list(columns), stacked(columns)


def _own(texts: Sequence[str], sign: Signs, gaps: Column, pieces: Column) -> Columns:
    """What a line says by itself."""
    some = np.maximum(np.bincount(sign.word_line, minlength=len(texts)), 1)
    columns = _shape(sign, some)
    columns |= {
        "gap": gaps,
        "pieces": pieces,
        "copyright": np.array(["©" in text or "(c)" in text for text in texts]),
        "ellipsis": np.array([text.endswith(("…", "...", "[...]", "[…]")) for text in texts]),
        "question": np.array([text.endswith(("?", "？")) for text in texts]),
    }
    for number, name in enumerate(GROUP_NAMES):
        columns[f"cue.{name}"] = sign.groups[:, number]
        if name in _HEADS:
            columns[f"head.{name}"] = sign.head_groups[:, number]
    columns["stop_share"] = columns["cue.stop"] / some
    chrome = np.sum([columns[f"cue.{name}"] for name in GROUP_NAMES if name not in _NO_CHROME], axis=0)
    columns["chrome"] = chrome
    columns["chrome_share"] = chrome / some
    return columns | _searched(texts, sign, columns["words"])


def _shape(sign: Signs, some: Column) -> Columns:
    """Counts and shares of kinds of characters; `some`: words a line, at least one."""
    count = sign.classes
    lines = len(count)
    chars = np.maximum(count.sum(axis=1), 1)
    dense = count[:, signs.DENSE]
    letters = np.maximum(count[:, : signs.DENSE + 1].sum(axis=1), 1)
    first, last = sign.first, sign.last
    closing = np.isin(last[0], (signs.QUOTE, signs.CLOSE))
    return {
        "words": np.bincount(sign.word_line, minlength=lines) + dense // DENSE_WORD,
        "chars": chars,
        "word_size": letters / some,
        "capitals": np.bincount(sign.word_line[sign.capital], minlength=lines) / some,
        "upper": count[:, signs.UPPER] / letters,
        "lower": count[:, signs.LOWER] / letters,
        "dense": dense / letters,
        "digits": count[:, signs.DIGIT] / chars,
        "letters": letters / chars,
        "stops": count[:, signs.STOP] / some,
        "inner_stops": sign.inner_stops,
        "commas": count[:, signs.COMMA],
        "comma_share": count[:, signs.COMMA] / some,
        "colons": count[:, signs.COLON],
        "quotes": count[:, signs.QUOTE],
        "brackets": count[:, signs.OPEN],
        "bars": count[:, signs.BAR],
        "bar_share": count[:, signs.BAR] / some,
        "signs": count[:, signs.SIGN],
        "at": count[:, signs.AT],
        "first": first[0],
        "first_lower": first[0] == signs.LOWER,
        "last": last[0],
        "ends": (last[0] == signs.STOP) | (closing & (last[1] == signs.STOP)),
        "ends_dots": (last[0] == signs.STOP) & (last[1] == signs.STOP),
        "ends_colon": last[0] == signs.COLON,
        "ends_comma": last[0] == signs.COMMA,
    }


def _searched(texts: Sequence[str], sign: Signs, words: Column) -> Columns:
    """What only a pattern finds, where it can stand at all."""
    lines = len(texts)
    date, clock, cue = np.zeros(lines, dtype=bool), np.zeros(lines, dtype=bool), np.zeros(lines)
    for index in np.flatnonzero((sign.classes[:, signs.DIGIT] > 0) & (words < DATED_WORDS)).tolist():
        date[index] = _DATE.search(texts[index]) is not None
        clock[index] = _TIME.search(texts[index]) is not None
    for index in np.flatnonzero(sign.classes[:, signs.DENSE] >= DENSE_CUE_LEAST).tolist():
        cue[index] = len(_DENSE_CUE.findall(texts[index], 0, DENSE_CUE_CHARS))
    return {"date": date, "clock": clock, "cue.dense": cue}


def _prose(own: Columns) -> Column:
    """Words of a line that reads like running text, less what furniture and short lines speak against it."""
    words = own["words"].astype(float)
    sentence = own["ends"] & (words >= SENTENCE_WORDS) & ~own["ellipsis"]
    worth = np.where(sentence, words, np.where(words >= UNENDED_WORDS, UNENDED_WORTH * words, 0.0))
    worth = np.where(own["chrome_share"] > CHROME_SHARE, CHROME_WORTH * worth, worth)
    return np.minimum(worth, MOST_WORDS)


def _repeats(texts: Sequence[str]) -> Columns:
    """How often the same line stands in the file, and before."""
    seen: dict[str, int] = {}
    before = np.zeros(len(texts))
    for index, text in enumerate(texts):
        before[index] = seen.get(text, 0)
        seen[text] = int(before[index]) + 1
    total = np.array([seen[text] for text in texts])
    return {"same": np.minimum(total, MOST_SAME), "same_before": np.minimum(before, MOST_SAME)}


def _file(own: Columns, prose: Column, columns: Columns) -> Columns:
    """The same number in every row: what kind of file this is."""
    lines = len(prose)
    words = max(float(own["words"].sum()), 1.0)
    short = own["words"] < SHORT_WORDS
    furniture = (own["chrome_share"] > FURNITURE_SHARE) & short
    kinds = [((own[f"cue.{name}"] * CUE_LINE >= own["words"]) & (own[f"cue.{name}"] > 0) & short).sum() for name in FURNITURE]
    values = {
        "file.lines": lines,
        "file.words": words,
        "file.prose": prose.sum() / words,
        "file.prose_lines": (prose > 0).mean(),
        "file.short": short.mean(),
        "file.short_words": own["words"][short].sum() / words,
        "file.chrome": own["chrome"].sum() / words,
        "file.chrome_lines": furniture.mean(),
        "file.chrome_count": furniture.sum(),
        "file.chrome_kinds": np.count_nonzero(kinds),
        "file.dense_cues": ((own["cue.dense"] > 0) & short).sum(),
        "file.gaps": (own["gap"] > 0).mean(),
        "file.wide_gaps": (own["gap"] > 1).mean(),
        "file.same": (columns["same"] > 1).mean(),
        "file.dates": own["date"].mean(),
        "file.dense": own["dense"].mean(),
    }
    return {name: np.full(lines, float(value)) for name, value in values.items()}
