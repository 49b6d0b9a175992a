"""What can be measured of a block's text: classes of characters, kinds of elements, cue words, the page's topic, its title.

Nothing here names a site or speaks one language only.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.label.features.names import ROW, Floats, fill
from pipeline.label.features.words import CUE_BITS, CUES, DENSE_CUES
from pipeline.model import Block, Page

# Longer blocks are not read for cues.
CUE_CHARS = 320
# … and of the others only the beginning is.
CUE_READ = 160
# So many words of so many characters are remembered.
_REMEMBERED, _WORD_CHARS = 1 << 16, 24
_EDGES = ".,:;!?()[]\"'“”„«»|•·-–—…>→›"

# Classes of characters.
_OTHER, _LOWER, _UPPER, _DIGIT, _SPACE, _COMMA, _STOP, _DENSE, _MARK, _QUOTE, _LETTER, _SIGN, _COLON = range(13)
_CLASSES = 16
_PLANE = 0x10000
_SPECIAL = (
    (",;、，；،؛", _COMMA),
    (".!?…。！？؟۔।։", _STOP),
    (":：", _COLON),
    ("\"'“”„«»‘’‹›「」『』()[]（）", _QUOTE),
    ("\t\n\r", _SPACE),
)
_DENSE_RANGES = ((0x0E00, 0x0E80), (0x3040, 0x3100), (0x3400, 0xA000), (0xAC00, 0xD7B0))
# So long a text that is mostly no link and has a comma or stop is prose, for the sums of prose.
PROSE_CHARS = 80
MAX_PROSE_LINK = 0.4
# … if it also has more than so many spaces (or characters of a script without them).
PROSE_GAPS = 8
# A character of a script without spaces says as much as so many letters.
DENSE_WEIGHT = 2.5


@functools.cache
def _classes() -> NDArray[np.uint8]:
    """The class of each character of the basic plane."""
    by_category = {"Ll": _LOWER, "Lu": _UPPER, "Lt": _UPPER, "Zs": _SPACE}
    by_first = {"P": _MARK, "S": _SIGN, "N": _DIGIT, "L": _LETTER, "M": _LETTER}
    table = np.zeros(_PLANE, dtype=np.uint8)
    for code in range(_PLANE):
        category = unicodedata.category(chr(code))
        table[code] = by_category.get(category, by_first.get(category[0], _OTHER))
    for chars, kind in _SPECIAL:
        table[[ord(char) for char in chars]] = kind
    for low, high in _DENSE_RANGES:
        part = table[low:high]
        part[part == _LETTER] = _DENSE
    return table


def text(out: Floats, texts: list[str], blocks: tuple[Block, ...]) -> None:
    """Counts of classes of characters, for all blocks at once."""
    count = len(texts)
    codes = np.frombuffer("\n".join(texts).encode(f"utf-32-{sys.byteorder[0]}e", "surrogatepass"), dtype=np.uint32)
    kinds = _classes().take(codes, mode="clip")
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=count)
    starts = np.zeros(count, dtype=np.int64)
    np.cumsum(lengths[:-1] + 1, out=starts[1:])
    owner = np.repeat(np.arange(0, count * _CLASSES, _CLASSES), lengths + 1)[: len(kinds)]
    counts = np.bincount(owner + kinds, minlength=count * _CLASSES).reshape(count, _CLASSES).T.astype(np.float32)
    counts[_SPACE, :-1] -= 1  # the joining line break
    chars = lengths.astype(np.float32)
    dense = counts[_DENSE]
    letters = counts[_LOWER] + counts[_UPPER] + counts[_LETTER] + dense
    words = counts[_SPACE] + 1 + dense / 2
    links = np.fromiter((block.links for block in blocks), dtype=np.float32, count=count)
    weight = chars + (DENSE_WEIGHT - 1) * dense
    values = {
        "chars": weight,
        "words": words,
        "link": links / chars,
        "link_chars": links,
        "digits": counts[_DIGIT] / chars,
        "upper": counts[_UPPER] / np.maximum(letters, 1),
        "commas": counts[_COMMA],
        "stops": counts[_STOP],
        "marks": counts[_MARK],
        "signs": counts[_SIGN],
        "quotes": counts[_QUOTE],
        "colons": counts[_COLON],
        "dense": dense / chars,
        "letters": letters / chars,
        "word_chars": letters / words,
    }
    ends = starts + lengths - 1
    last, before, first = kinds[ends], kinds[np.maximum(ends - 1, starts)], kinds[starts]
    values["ends"] = (last == _STOP) | ((last == _QUOTE) & ((before == _STOP) | (before == _COMMA)))
    values["ends_colon"] = last == _COLON
    values["ends_soft"] = (last == _LOWER) | (last == _UPPER) | (last == _LETTER) | (last == _DENSE)
    values["starts_upper"] = first == _UPPER
    values["starts_lower"] = first == _LOWER
    values["starts_digit"] = first == _DIGIT
    values["starts_mark"] = (first == _MARK) | (first == _SIGN)
    values["prose"] = (
        (weight >= PROSE_CHARS)
        & (links < MAX_PROSE_LINK * chars)
        & (counts[_STOP] + counts[_COMMA] > 0)
        & (counts[_SPACE] + dense > PROSE_GAPS)
    )
    fill(out, values)


_KINDS = {
    "p": "p",
    "li": "li",
    "td": "td th",
    "div": "div section article body main",
    "dt": "dt dd",
    "pre": "pre",
    "caption_kind": "figcaption caption figure",
}
# Headings count down from h1 = -1.
_KIND_NUMBER = {kind: number for number, kinds in enumerate(_KINDS.values(), 1) for kind in kinds.split()}
_KIND_NUMBER.update({f"h{number}": -number for number in range(1, 7)})


def kinds(out: Floats, blocks: tuple[Block, ...]) -> None:
    """What kind of element each block is, how deep it lies, and whether it follows the one before without a gap."""
    numbers = np.array([_KIND_NUMBER.get(block.kind, 0) for block in blocks])
    for number, name in enumerate(_KINDS, 1):
        out[ROW[name]] = numbers == number
    out[ROW["h1"]] = numbers == -1
    out[ROW["heading"]] = -np.minimum(numbers, 0)
    out[ROW["span"]] = [block.node is not None and block.node.tag == "span" for block in blocks]
    out[ROW["gap0"]] = [not block.gap for block in blocks]
    out[ROW["depth"]] = [block.depth for block in blocks]


# Stands between the words of two texts; no word itself, and no bits are its own.
_BORDER, _IS_BORDER = "\0", -1


class _WordCues(dict[str, int]):
    """The groups of cues that a word belongs to, as bits; what was asked is remembered, up to a bound."""

    def __missing__(self, word: str) -> int:
        bits = _IS_BORDER if word == _BORDER else CUE_BITS.get(word) or CUE_BITS.get(word.strip(_EDGES), 0)
        if len(self) >= _REMEMBERED:
            self.clear()
        if len(word) <= _WORD_CHARS:
            self[word] = bits
        return bits


_word_cues = _WordCues()
_DENSE_FROM = "\u3000"


def cues(out: Floats, folded: list[str]) -> None:
    """Of short blocks: the groups of cue words in them (as bits), that of the first word, how many words are cues."""
    count = len(folded)
    words = _words([text[:CUE_READ] if len(text) <= CUE_CHARS else "" for text in folded])
    bits = np.fromiter(map(_word_cues.__getitem__, words), dtype=np.int64, count=len(words))
    starts = np.flatnonzero(bits < 0)
    bits[starts] = 0
    everything = np.bitwise_or.reduceat(bits, starts)
    found = np.add.reduceat((bits > 0).astype(np.int64), starts)
    first = bits[np.minimum(starts + 1, len(bits) - 1)]
    first = np.where(np.diff(starts, append=len(bits)) > 1, first, 0)
    for place in (place for place, text in enumerate(folded) if (text[0] > _DENSE_FROM or text[-1] > _DENSE_FROM)):
        for match in DENSE_CUES.finditer(folded[place], 0, CUE_READ if len(folded[place]) <= CUE_CHARS else 0):
            everything[place] |= 1 << CUES.index(match.lastgroup or "")
            found[place] += 1
    low = ROW[f"cue.{CUES[0]}"]
    out[low : low + len(CUES)] = (everything >> np.arange(len(CUES))[:, None]) & 1
    fill(
        out,
        {
            "cued": found > 0,
            "cue_first": np.where(first > 0, np.log2(np.maximum(first & -first, 1)) + 1, 0),
            "cue_count": found,
            "cue_share": found.reshape(count) / np.maximum(out[ROW["words"]], 1),
        },
    )


def _words(texts: list[str]) -> list[str]:
    """The words of all texts, a mark before those of each."""
    joined = "".join([f" {_BORDER} {text}" for text in texts])
    if joined.count(_BORDER) > len(texts):
        joined = "".join([f" {_BORDER} {text.replace(_BORDER, ' ')}" for text in texts])
    return joined.split()


def case_folded(texts: list[str]) -> list[str]:
    """Each text case folded, in one pass."""
    parts = "\n".join(texts).casefold().split("\n")
    return parts if len(parts) == len(texts) else [text.casefold() for text in texts]


_TOPIC_WORD = re.compile(r"\w{5,}")
_DENSE_PAIR = re.compile("(?=([\u3040-\u30ff\u3400-\u9fff]{2}))")
MAX_TOPIC = 60
_CONSENT = (
    "cookie",
    "consent",
    "privacy",
    "newsletter",
    "datenschutz",
    "einwillig",
    "confidential",
    "privacid",
    "隐私",
    "согласи",
)
MIN_CONSENT = 20
# Characters; what is longer is no title.
MAX_TITLE = 300


def topic(out: Floats, folded: list[str], page: Page) -> None:
    """How many words of the declared title and description each block has; and of those that ask for consent."""
    declared = page.hints.structured
    values = [value for key in (*_TITLES[:3], *_DESCRIPTIONS, "title") for value in declared.get(key, ())]
    values += [block.text for block in page.blocks if block.kind == "h1" and len(block.text) < MAX_TITLE][:1]
    said = " ".join(values)[:2000].casefold()
    words = set(_TOPIC_WORD.findall(said)[:MAX_TOPIC])
    pairs = sorted(set(_DENSE_PAIR.findall(said)))[:MAX_TOPIC] if not said.isascii() else []
    topic = _topical(folded, words)
    if pairs:
        topic = [
            number + sum(pair in text for pair in pairs) if not text.isascii() else number
            for number, text in zip(topic, folded, strict=True)
        ]
    out[ROW["topic"]] = topic
    out[ROW["topic_share"]] = out[ROW["topic"]] / np.maximum(out[ROW["words"]], 1)
    out[ROW["topic_known"]] = min(len(words) + len(pairs), 20)
    whole = "\n".join(folded)
    said_so = [word for word in _CONSENT if word in whole]
    if said_so:
        starts = np.cumsum([0, *(len(text) + 1 for text in folded[:-1])])
        found = [match.start() for match in re.finditer("|".join(said_so), whole)]
        owners = np.searchsorted(starts, found, side="right") - 1
        long_enough = np.fromiter(map(len, folded), dtype=np.int64, count=len(folded)) > MIN_CONSENT
        out[ROW["consent"]] = np.bincount(owners, minlength=len(folded)) * long_enough


def _topical(folded: list[str], wanted: set[str]) -> list[int]:
    """How many of the wanted words each text has."""
    found = []
    seen = set[str]()
    for word in filter((wanted | {_BORDER}).__contains__, _words(folded)):
        if word == _BORDER:
            found.append(len(seen))
            seen.clear()
        else:
            seen.add(word)
    return [*found[1:], len(seen)]


_TITLES = ("json-ld.headline", "meta.og:title", "meta.twitter:title", "json-ld.name", "title")
_DESCRIPTIONS = ("meta.description", "meta.og:description", "meta.twitter:description")
_AUTHORS = ("json-ld.author", "meta.author", "meta.article:author", "meta.parsely-author", "meta.byl", "meta.dc.creator")
# Characters of a description by which a block that begins with it is known.
_HEAD = 40
# Characters of a declared author's name, between the two.
_MIN_NAME, _MAX_NAME = 4, 60
# Characters; a part of the title that is shorter says nothing.
_MIN_PART = 12
_TITLE_KINDS = frozenset(("h1", "h2", "h3"))


def titles(out: Floats, texts: list[str], folded: list[str], page: Page) -> None:
    """How each block relates to what the page declares: its title, description and authors."""
    declared = page.hints.structured
    _people(out, folded, declared)
    starts = {value[:_HEAD].casefold() for key in _DESCRIPTIONS for value in declared.get(key, ()) if len(value) >= _HEAD}
    if starts:
        out[ROW["starts_description"]] = [len(text) >= _HEAD and text[:_HEAD].casefold() in starts for text in texts]
    chosen = _title(out, folded, page.blocks, declared)
    seen = Counter(texts)
    places = np.arange(len(texts))
    fill(
        out,
        {
            "title_known": chosen is not None,
            "title_distance": -200 if chosen is None else np.clip(places - chosen, -100, 200),
            "after_title": 0 if chosen is None else places > chosen,
            "duplicate": [seen[text] for text in texts],
        },
    )


def _title(out: Floats, folded: list[str], blocks: tuple[Block, ...], declared: Mapping[str, Sequence[str]]) -> int | None:
    """The block that is the title, most likely: the first heading that the page declares to be it, or else the first h1."""
    titles = {title.casefold().strip() for key in _TITLES for title in declared.get(key, ())}
    whole = " | ".join(sorted(titles))
    longest = min(max(map(len, titles), default=0), MAX_TITLE)
    found = []
    for place, text in enumerate(folded):
        if len(text) > longest:
            continue
        if text in titles:
            out[ROW["text_is_title"], place] = 1
        elif len(text) > _MIN_PART and text in whole:
            out[ROW["title_key"], place] = 1
        else:
            continue
        found.append(place)
    heads = (place for place in found if blocks[place].kind in _TITLE_KINDS)
    firsts = (place for place, block in enumerate(blocks) if block.kind == "h1" and len(block.text) <= MAX_TITLE)
    return next(heads, next(firsts, None))


def _people(out: Floats, folded: list[str], declared: Mapping[str, Sequence[str]]) -> None:
    """Short blocks that name a declared author."""
    values = [value for key in _AUTHORS for value in declared.get(key, ())]
    authors = [value.casefold() for value in values if _MIN_NAME < len(value) < _MAX_NAME and not value.startswith("http")]
    if authors:
        named = re.compile("|".join(re.escape(author) for author in authors)).search
        out[ROW["names_author"]] = [len(text) <= MAX_TITLE and named(text) is not None for text in folded]
