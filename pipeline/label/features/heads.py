"""What the scorer of head lines sees of each line of a dump: its shape, its place, its neighbours, the page's first line.

Three questions are asked of the same table (is this the title, does it name the author, does it say the date?); the last two
also see where the title was found (`beside`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pipeline.label.features import head_words
from pipeline.label.features.head_words import KINDS, Shape, shape
from pipeline.surface import could_be_title, is_dense, is_prose, likeness_key, words

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Lines looked at: so many above the text and below its beginning, around its end, and the first ones.
ABOVE, BELOW, BEFORE_END, AFTER_END, FIRST = 300, 40, 3, 30, 4
# Longer lines are paragraphs: neither titles nor bylines.
MAX_CHARS = 300
# The longest line that could be a title is looked for so far above the text.
ABOVE_TEXT = 12
# Neighbours whose kind is seen, on either side.
NEAR = 3
# Counts and distances end here.
MOST, FAR = 9, 99
CHARS, MOST_LINES = 200, 1000
# A line shares this share of its words with the <title>, and has more spaces than this, where it may be the title in other words.
AKIN, TITLE_SPACES = 0.25, 1
_SPLIT = re.compile(r"\w{4,}")


class Lines(NamedTuple):
    """The lines looked at: their places in the file and, a row each, what `NAMES` says. `start` is the first line of the text."""

    places: list[int]
    table: NDArray[np.float32]
    shapes: list[Shape]
    start: int


OWN = (
    "chars", "words", "capital_share", "upper", "digits", "sentence", "question", "colon", "bar", "dense", "titleable",
    "prose", "quoted", "furniture", "by_title", "by_byline", "by_dateline", "by_boilerplate", "by_certain", "gap",
    "index", "from_start", "behind_start", "from_end", "times", "again_below", "again_above",
    "is_head", "leads_head", "ends_head", "in_head", "head_in", "head_overlap", "head_share", "head_joint",
    "text_overlap", "longest_above", "rank_overlap", "name_words", "name_rest", "names", "bigram", "bigram_prose",
    "bigram_head", "date_chars", "date_rest", "dates_before", "dates", "same_date", "year_lag", "lines", "titles_below",
)  # fmt: skip
SIDES = (*KINDS, "side_chars", "side_overlap")
NEIGHBOURS = tuple(f"{kind}{step:+d}" for step in range(-NEAR, NEAR + 1) for kind in SIDES)
NAMES = (*OWN, *NEIGHBOURS)
BESIDE = ("from_title", "behind_title", "title_between", "title_score", "title_names")


def table(texts: Sequence[str], gaps: Sequence[int], marks: Sequence[Sequence[float]]) -> Lines:
    """The table of a dump's lines.

    `marks`: for each line the confidence that it is furniture by score; by rule a title, byline, dateline, furniture; certain.
    """
    start, end = _text(texts, marks)
    places = [place for place in _window(len(texts), start, end) if len(texts[place]) <= MAX_CHARS]
    around = {near for place in places for near in range(max(0, place - NEAR), min(len(texts), place + NEAR + 1))}
    shapes = {place: shape(texts[place]) for place in sorted(around)}
    keys = {place: likeness_key(texts[place]) for place in places}
    head = _Head(texts[0] if texts else "")
    page = _Page(texts, marks, start, end, shapes, keys)
    overlaps = {place: head.overlap(texts[place]) for place in shapes}
    ranks = _ranks([overlaps[place] for place in places])
    later = _better_below(places, start, overlaps, texts)
    own = [
        (
            *_surface(texts[place], shapes[place]),
            *marks[place],
            min(gaps[place], MOST),
            *page.place(place),
            *head.about(place, keys[place], texts[place], overlaps[place]),
            page.overlap(texts[place]),
            page.longest(place),
            rank,
            *page.names(place),
            *page.dates(place),
            min(len(texts), MOST_LINES),
            later[place],
        )
        for place, rank in zip(places, ranks, strict=True)
    ]
    rows = np.array(own, dtype=np.float32).reshape(len(places), len(OWN))
    near = _neighbours(places, shapes, [(min(len(texts[place]), CHARS), overlaps[place]) for place in shapes])
    return Lines(places, np.concatenate((rows, near), axis=1), [shapes[place] for place in places], start)


def _neighbours(places: list[int], shapes: dict[int, Shape], more: list[tuple[float, float]]) -> NDArray[np.float32]:
    """What the lines around each line are; zeros beyond the ends of the file."""
    rows = [(*own.kinds, *two) for own, two in zip(shapes.values(), more, strict=True)]
    rows.append((0.0,) * len(SIDES))
    kinds = np.array(rows, dtype=np.float32)
    row = {place: number for number, place in enumerate(shapes)}
    columns = [kinds[[row.get(place + step, -1) for place in places]] for step in range(-NEAR, NEAR + 1)]
    return np.concatenate(columns, axis=1) if places else np.zeros((0, len(NEIGHBOURS)), dtype=np.float32)


def _better_below(places: list[int], start: int, overlaps: dict[int, float], texts: Sequence[str]) -> dict[int, int]:
    """For each line the lines between it and the text's beginning that share words with the first line, and could be titles."""
    found, count = dict.fromkeys(places, 0), 0
    for place in reversed(places):
        found[place] = min(count, MOST)
        if place <= start and overlaps[place] > AKIN and texts[place].count(" ") >= TITLE_SPACES and could_be_title(texts[place]):
            count += 1
    return found


def beside(lines: Lines, title: int | None, score: float, texts: Sequence[str]) -> NDArray[np.float32]:
    """The columns `BESIDE`: each line's distance to the title (its number in `lines.places`), the text between them."""
    rows = []
    at = None if title is None else lines.places[title]
    known = set(words(texts[at])) if at is not None else set()
    prose = np.cumsum([0, *(is_prose(text) for text in texts)]) if at is not None else None
    for place in lines.places:
        if at is None or prose is None:
            rows.append((FAR, 0, 0, 0.0, 0.0))
            continue
        low, high = min(place, at), max(place, at)
        own = set(words(texts[place]))
        between = int(prose[high] - prose[low + 1]) if high > low else 0
        rows.append((min(high - low, FAR), place > at, min(between, MOST), score, len(own & known) / max(1, len(own))))
    return np.array(rows, dtype=np.float32).reshape(len(lines.places), len(BESIDE))


def _text(texts: Sequence[str], marks: Sequence[Sequence[float]]) -> tuple[int, int]:
    """The first and the last line of prose that the score keeps."""
    kept = [place for place, text in enumerate(texts) if not marks[place][0] and is_prose(text)]
    return (kept[0], kept[-1]) if kept else (min(len(texts) - 1, ABOVE), len(texts) - 1)


def _window(count: int, start: int, end: int) -> list[int]:
    seen = set(range(min(count, FIRST)))
    seen.update(range(max(0, start - ABOVE), min(count, start + BELOW)))
    seen.update(range(max(0, end - BEFORE_END), min(count, end + AFTER_END)))
    return sorted(seen)


def _surface(text: str, own: Shape) -> tuple[float, ...]:
    size = len(text)
    return (
        size,
        own.words,
        own.capitals / max(1, own.words),
        text.isupper(),
        sum(map(str.isdigit, text)) / size,
        text.endswith((".", "…", "。")),
        text.endswith(("?", "!", "？", "！")),
        ":" in text or "：" in text,
        "|" in text or "·" in text or "•" in text or "»" in text,
        is_dense(text),
        could_be_title(text),
        is_prose(text),
        text[0] in "\"“„«'‘",
    )


def _ranks(values: list[float]) -> list[float]:
    """For each value how many are larger."""
    order = sorted(values, reverse=True)
    first = {value: place for place, value in reversed(list(enumerate(order)))}
    return [min(first[value], MOST) for value in values]


class _Head:
    """The first line of the file: in a dump the page's <title>, the site's name with it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.key = likeness_key(text)
        self.words = set(words(text))

    def overlap(self, text: str) -> float:
        own = set(words(text))
        return 2 * len(own & self.words) / (len(own) + len(self.words)) if own and self.words else 0.0

    def about(self, place: int, key: str, text: str, overlap: float) -> tuple[float, ...]:
        """Is it the head; does the head begin or end with it, hold it; is the head in it; overlap; share; at a joint."""
        leads = bool(key) and self.key.startswith(key)
        inside = bool(key) and key in self.key
        return (
            0.0 if place == 0 else 1.0 + (key == self.key),
            leads,
            bool(key) and self.key.endswith(key),
            inside,
            bool(self.key) and self.key in key,
            overlap,
            len(key) / max(1, len(self.key)) if inside else 0.0,
            head_words.joint_behind(self.text, text) if leads else 0.0,
        )


class _Page:
    """What is said of a line by the rest of the file."""

    def __init__(  # noqa: PLR0913, PLR0917 - one caller, which has just made them
        self,
        texts: Sequence[str],
        marks: Sequence[Sequence[float]],
        start: int,
        end: int,
        shapes: dict[int, Shape],
        keys: dict[int, str],
    ) -> None:
        self.start, self.end, self.shapes, self.keys = start, end, shapes, keys
        self.count = len(texts)
        folded: dict[str, list[int]] = {}
        for place, text in enumerate(texts):
            if len(text) <= MAX_CHARS:
                folded.setdefault(text.casefold(), []).append(place)
        self.same = folded
        self.texts = texts
        kept = [text for place, text in enumerate(texts) if not marks[place][0]]
        self.known = {word for text in kept if is_prose(text) for word in _SPLIT.findall(text.casefold())}
        prose = [text for text in texts if is_prose(text)]
        self.bigrams = Counter(pair for text in texts for pair in head_words.bigrams(text))
        self.openings = Counter(pair for text in prose for pair in head_words.bigrams(text[:80])[:1])
        self.head = set(head_words.bigrams(texts[0])) if texts else set()
        self.days = Counter(own.date for own in shapes.values() if own.date)
        self.latest = max((own.year for own in shapes.values()), default=0)
        self.before: dict[int, int] = {}
        seen = 0
        for place in sorted(shapes):
            self.before[place] = seen
            seen += bool(shapes[place].date)
        self.dated = seen
        above = [place for place in keys if start - ABOVE_TEXT <= place < start and could_be_title(texts[place])]
        self.best = max((len(texts[place]) for place in above), default=0)

    def place(self, place: int) -> tuple[float, ...]:
        """Its place in the file and against the text's beginning and end; how often it stands there, below or above."""
        same = self.same.get(self.texts[place].casefold(), [place])
        return (
            min(place, MOST_LINES),
            min(abs(place - self.start), FAR),
            place > self.start,
            max(-FAR, min(place - self.end, FAR)),
            min(len(same), MOST),
            place < same[-1] < self.start + BELOW,
            place > same[0],
        )

    def overlap(self, text: str) -> float:
        """The share of its longer words that the text says too."""
        own = _SPLIT.findall(text.casefold())
        return sum(word in self.known for word in own) / len(own) if own else -1.0

    def longest(self, place: int) -> float:
        """Its length over that of the longest line just above the text that could be a title."""
        return min(len(self.texts[place]) / self.best, 2.0) if self.best else 0.0

    def names(self, place: int) -> tuple[float, ...]:
        """Words of its first name, other words, names; how often that name's first two words stand elsewhere, and open prose."""
        own = self.shapes[place]
        pair = own.name_pair
        return (
            own.name_words,
            min(own.words - own.name_words, MOST),
            own.names,
            min(self.bigrams.get(pair, 0), MOST) if pair else 0,
            min(self.openings.get(pair, 0), MOST) if pair else 0,
            pair in self.head if pair else 0,
        )

    def dates(self, place: int) -> tuple[float, ...]:
        """Characters of its date and of the rest; dated lines before it, in all, with the same; years before the latest."""
        own = self.shapes[place]
        if not own.date:
            return (0, 0, min(self.before[place], MOST), min(self.dated, MOST), 0, 0)
        rest = min(len(self.texts[place]) - len(own.date), FAR)
        lag = min(self.latest - own.year, MOST) if own.year else -1
        return (len(own.date), rest, min(self.before[place], MOST), min(self.dated, MOST), min(self.days[own.date], MOST), lag)
