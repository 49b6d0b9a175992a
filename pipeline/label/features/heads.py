"""What the scorer of head lines sees of each line of a dump: its shape, its place, its neighbours, the page's first line.

Three questions are asked of the same table (is this the title, does it name the author, does it say the date?); the last two
also see where the title was found (`beside`).
"""

from __future__ import annotations

import itertools
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
# Words of so many characters are longer ones.
LONG = 4
_SPLIT = re.compile(rf"\w{{{LONG},}}")


class Lines(NamedTuple):
    """The lines looked at: their places in the file and, a row each, what `NAMES` says.

    `words` are those of each; `start` is the first line of the text.
    """

    places: list[int]
    table: NDArray[np.float32]
    words: list[frozenset[str]]
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
# What is counted up to a bound.
_BOUNDS = {
    "gap": MOST,
    "index": MOST_LINES,
    "from_start": FAR,
    "from_end": FAR,
    "times": MOST,
    "longest_above": 2.0,
    "name_rest": MOST,
    "bigram": MOST,
    "bigram_prose": MOST,
    "date_rest": FAR,
    "dates_before": MOST,
    "dates": MOST,
    "same_date": MOST,
    "year_lag": MOST,
    "lines": MOST_LINES,
    "titles_below": MOST,
}
_LIMITS = np.array([_BOUNDS.get(name, np.inf) for name in OWN], dtype=np.float32)
BESIDE = ("from_title", "behind_title", "title_between", "title_score", "title_names")


class _Read(NamedTuple):
    """What a line's text says, wherever it stands: its shape, its words, the share of them that the first line says."""

    shape: Shape
    said: list[str]
    overlap: float


def table(texts: Sequence[str], gaps: Sequence[int], marks: Sequence[Sequence[float]]) -> Lines:
    """The table of a dump's lines.

    `marks`: for each line the confidence that it is furniture by score; by rule a title, byline, dateline, furniture; certain.
    """
    prose = [is_prose(text) for text in texts]
    start, end = _text(prose, marks)
    places = [place for place in _window(len(texts), start, end) if len(texts[place]) <= MAX_CHARS]
    around = sorted({near for place in places for near in range(max(0, place - NEAR), min(len(texts), place + NEAR + 1))})
    head = _Head(texts[0] if texts else "")
    # Lines of a menu stand twice; what their text alone says is asked once.
    read = {text: _Read(shape(text), said := words(text), head.overlap(said)) for text in {texts[place] for place in around}}
    shapes = {place: read[texts[place]].shape for place in around}
    overlaps = {place: read[texts[place]].overlap for place in around}
    titles = {text for text in {texts[place] for place in places} if could_be_title(text)}
    page = _Page(texts, marks, prose, (start, end), shapes, [place for place in places if texts[place] in titles])
    own = {
        text: (
            _surface(text, read[text].shape, titleable=text in titles),
            head.about(text, read[text].overlap),
            page.about(text, read[text]),
        )
        for text in {texts[place] for place in places}
    }
    ranks = _ranks([overlaps[place] for place in places])
    later = _better_below(places, start, overlaps, texts, titles)
    table = []
    for place, rank in zip(places, ranks, strict=True):
        surface, about, (shared, longest, names) = own[texts[place]]
        at = page.place(place)
        about = (0.0, *about[1:]) if place == 0 else about
        row = (*surface, *marks[place], gaps[place], *at, *about, shared, longest, rank, *names, *page.dates(place))
        table.append((*row, len(texts), later[place]))
    rows = np.array(table, dtype=np.float32).reshape(len(places), len(OWN))
    near = _neighbours(places, shapes, [(min(len(texts[place]), CHARS), overlaps[place]) for place in shapes])
    known = [frozenset(read[texts[place]].said) for place in places]
    return Lines(places, np.concatenate((np.minimum(rows, _LIMITS), near), axis=1), known, start)


def _neighbours(places: list[int], shapes: dict[int, Shape], more: list[tuple[float, float]]) -> NDArray[np.float32]:
    """What the lines around each line are; zeros beyond the ends of the file."""
    rows = [(*own.kinds, *two) for own, two in zip(shapes.values(), more, strict=True)]
    rows.append((0.0,) * len(SIDES))
    kinds = np.array(rows, dtype=np.float32)
    row = {place: number for number, place in enumerate(shapes)}
    columns = [kinds[[row.get(place + step, -1) for place in places]] for step in range(-NEAR, NEAR + 1)]
    return np.concatenate(columns, axis=1) if places else np.zeros((0, len(NEIGHBOURS)), dtype=np.float32)


def _better_below(
    places: list[int], start: int, overlaps: dict[int, float], texts: Sequence[str], titles: set[str]
) -> dict[int, int]:
    """For each line the lines between it and the text's beginning that share words with the first line, and could be titles."""
    found, count = dict.fromkeys(places, 0), 0
    for place in reversed(places):
        found[place] = count
        if place <= start and overlaps[place] > AKIN and texts[place] in titles and texts[place].count(" ") >= TITLE_SPACES:
            count += 1
    return found


def beside(lines: Lines, title: int | None, score: float, texts: Sequence[str]) -> NDArray[np.float32]:
    """The columns `BESIDE`: each line's distance to the title (its number in `lines.places`), the text between them."""
    if title is None:
        return np.tile(np.array((FAR, 0, 0, 0.0, 0.0), dtype=np.float32), (len(lines.places), 1))
    at, known = lines.places[title], lines.words[title]
    prose = list(itertools.accumulate(map(is_prose, texts), initial=0))
    rows = []
    for place, own in zip(lines.places, lines.words, strict=True):
        low, high = (place, at) if place < at else (at, place)
        between = prose[high] - prose[low + 1] if high > low else 0
        rows.append((min(high - low, FAR), place > at, min(between, MOST), score, len(own & known) / max(1, len(own))))
    return np.array(rows, dtype=np.float32).reshape(len(lines.places), len(BESIDE))


def _text(prose: Sequence[bool], marks: Sequence[Sequence[float]]) -> tuple[int, int]:
    """The first and the last line of prose that the score keeps."""
    kept = [place for place, is_text in enumerate(prose) if is_text and not marks[place][0]]
    return (kept[0], kept[-1]) if kept else (min(len(prose) - 1, ABOVE), len(prose) - 1)


def _window(count: int, start: int, end: int) -> list[int]:
    seen = set(range(min(count, FIRST)))
    seen.update(range(max(0, start - ABOVE), min(count, start + BELOW)))
    seen.update(range(max(0, end - BEFORE_END), min(count, end + AFTER_END)))
    return sorted(seen)


def _surface(text: str, own: Shape, *, titleable: bool) -> tuple[float, ...]:
    size = len(text)
    return (
        size,
        own.words,
        own.capitals / max(1, own.words),
        text.isupper(),
        (sum(map(str.isdigit, text)) / size if own.digits else 0.0),
        text.endswith((".", "…", "。")),
        text.endswith(("?", "!", "？", "！")),
        ":" in text or "：" in text,
        "|" in text or "·" in text or "•" in text or "»" in text,
        is_dense(text),
        titleable,
        own.kinds[-1],
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

    def overlap(self, said: list[str]) -> float:
        own = set(said)
        return 2 * len(own & self.words) / (len(own) + len(self.words)) if own and self.words else 0.0

    def about(self, text: str, overlap: float) -> tuple[float, ...]:
        """Is it the head again; does the head begin or end with it, hold it; is the head in it; overlap; share; at a joint."""
        key = likeness_key(text)
        leads = bool(key) and self.key.startswith(key)
        inside = bool(key) and key in self.key
        return (
            1.0 + (key == self.key),
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
        prose: Sequence[bool],
        text: tuple[int, int],
        shapes: dict[int, Shape],
        titles: list[int],
    ) -> None:
        self.start, self.end = text
        self.shapes, self.texts = shapes, texts
        self.folded = [text.casefold() if len(text) <= MAX_CHARS else "" for text in texts]
        self.same: dict[str, list[int]] = {}
        for place, low in enumerate(self.folded):
            if low or not texts[place]:
                self.same.setdefault(low, []).append(place)
        running = [text for text, is_text in zip(texts, prose, strict=True) if is_text]
        kept = [text for place, text in enumerate(texts) if prose[place] and not marks[place][0]]
        self.known = set(_SPLIT.findall("\n".join(kept).casefold()))
        pairs = {own.name_pair for own in shapes.values()}
        self.bigrams = Counter(pair for text in texts for pair in head_words.bigrams(text) if pair in pairs)
        self.openings = Counter(pair for text in running for pair in head_words.bigrams(text[:80])[:1])
        self.head = set(head_words.bigrams(texts[0])) if texts else set()
        self.days = Counter(own.date for own in shapes.values() if own.date)
        self.latest = max((own.year for own in shapes.values()), default=0)
        dated = itertools.accumulate((bool(own.date) for own in shapes.values()), initial=0)
        self.before = dict(zip(shapes, dated, strict=False))
        self.dated = sum(bool(own.date) for own in shapes.values())
        above = [place for place in titles if self.start - ABOVE_TEXT <= place < self.start]
        self.best = max((len(texts[place]) for place in above), default=0)

    def place(self, place: int) -> tuple[float, ...]:
        """Its place in the file and against the text's beginning and end; how often it stands there, below or above."""
        same = self.same[self.folded[place]]
        return (
            place,
            abs(place - self.start),
            place > self.start,
            max(-FAR, place - self.end),
            len(same),
            place < same[-1] < self.start + BELOW,
            place > same[0],
        )

    def about(self, text: str, read: _Read) -> tuple[float, float, tuple[float, ...]]:
        """What a line's text alone is to the file: the share of its words, its length, the names in it."""
        return self.overlap(read.said), len(text) / self.best if self.best else 0.0, self.names(read.shape)

    def overlap(self, said: list[str]) -> float:
        """The share of its longer words that the text says too."""
        own = [word for word in said if len(word) >= LONG]
        return sum(word in self.known for word in own) / len(own) if own else -1.0

    def names(self, own: Shape) -> tuple[float, ...]:
        """Words of its first name, other words, names; how often that name's first two words stand elsewhere, and open prose."""
        pair = own.name_pair
        return (
            own.name_words,
            own.words - own.name_words,
            own.names,
            self.bigrams[pair] if pair else 0,
            self.openings[pair] if pair else 0,
            pair in self.head if pair else 0,
        )

    def dates(self, place: int) -> tuple[float, ...]:
        """Characters of its date and of the rest; dated lines before it, in all, with the same; years before the latest."""
        own = self.shapes[place]
        if not own.date:
            return (0, 0, self.before[place], self.dated, 0, 0)
        lag = self.latest - own.year if own.year else -1
        rest = len(self.texts[place]) - len(own.date)
        return (len(own.date), rest, self.before[place], self.dated, self.days[own.date], lag)
