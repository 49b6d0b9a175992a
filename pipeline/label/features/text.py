"""What can be measured of a block's text: classes of characters, kinds of elements, cue words, the page's topic, its title.

Nothing here names a site or speaks one language only.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.label.features.names import ROW, Floats, fill
from pipeline.label.features.words import CUE_BITS, CUES, DENSE_CUES
from pipeline.model import Block, Hints, Page

# Longer blocks are not read for cues.
CUE_CHARS = 320
# … and of the others only the beginning is.
CUE_READ = 160
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
# Names of elements that are a letter and a digit: h1 … h6.
HEADING_NAME = 2
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


_KIND_ROWS = {
    kind: ROW[name]
    for name, kinds in (
        ("p", "p"),
        ("li", "li"),
        ("td", "td th"),
        ("div", "div section article body main"),
        ("dt", "dt dd"),
        ("pre", "pre"),
        ("caption_kind", "figcaption caption figure"),
    )
    for kind in kinds.split()
}


def kinds(out: Floats, blocks: tuple[Block, ...]) -> None:
    """What kind of element each block is, how deep it lies, and whether it follows the one before without a gap."""
    heading, h1, span, depth = ROW["heading"], ROW["h1"], ROW["span"], ROW["depth"]
    gap0 = ROW["gap0"]
    for place, block in enumerate(blocks):
        kind = block.kind
        row = _KIND_ROWS.get(kind)
        if row is not None:
            out[row, place] = 1
        elif kind[0] == "h" and len(kind) == HEADING_NAME and kind[1].isdigit():
            out[heading, place] = int(kind[1])
            if kind == "h1":
                out[h1, place] = 1
        if block.node is not None and block.node.tag == "span":
            out[span, place] = 1
        if not block.gap:
            out[gap0, place] = 1
    out[depth] = [block.depth for block in blocks]


def cues(out: Floats, texts: list[str]) -> None:
    """Of short blocks: the groups of cue words in them (as bits), that of the first word, how many words are cues."""
    bits, first, number = [0] * len(texts), [0] * len(texts), [0] * len(texts)
    lookup = CUE_BITS.get
    for place, text in enumerate(texts):
        if len(text) > CUE_CHARS:
            continue
        everything = found = 0
        for at, word in enumerate(text[:CUE_READ].lower().split()):
            bit = lookup(word) or lookup(word.strip(_EDGES), 0)
            if bit:
                everything |= bit
                found += 1
                if at == 0:
                    first[place] = (bit & -bit).bit_length()
        if text[0] > "\u3000" or text[-1] > "\u3000":
            for match in DENSE_CUES.finditer(text):
                everything |= 1 << CUES.index(match.lastgroup or "")
                found += 1
        bits[place], number[place] = everything, found
    low = ROW[f"cue.{CUES[0]}"]
    out[low : low + len(CUES)] = (np.array(bits) >> np.arange(len(CUES))[:, None]) & 1
    out[ROW["cued"]] = np.array(number) > 0
    out[ROW["cue_first"]] = first
    out[ROW["cue_count"]] = number
    out[ROW["cue_share"]] = out[ROW["cue_count"]] / np.maximum(out[ROW["words"]], 1)


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
_CONSENTING = re.compile("|".join(_CONSENT))
MIN_CONSENT = 20
# Characters; what is longer is no title.
MAX_TITLE = 300


def topic(out: Floats, texts: list[str], page: Page) -> None:
    """How many words of the declared title and description each block has; and of those that ask for consent."""
    declared = page.hints.structured
    values = [value for key in (*_TITLES[:3], *_DESCRIPTIONS, "title") for value in declared.get(key, ())]
    values += [block.text for block in page.blocks if block.kind == "h1" and len(block.text) < MAX_TITLE][:1]
    said = " ".join(values)[:2000].casefold()
    words = set(_TOPIC_WORD.findall(said)[:MAX_TOPIC])
    pairs = sorted(set(_DENSE_PAIR.findall(said)))[:MAX_TOPIC] if not said.isascii() else []
    folded = [text.casefold() for text in texts]
    topic = [len(words.intersection(text.split())) for text in folded]
    if pairs:
        topic = [
            number + sum(pair in text for pair in pairs) if not text.isascii() else number
            for number, text in zip(topic, folded, strict=True)
        ]
    out[ROW["topic"]] = topic
    out[ROW["topic_share"]] = out[ROW["topic"]] / np.maximum(out[ROW["words"]], 1)
    out[ROW["topic_known"]] = min(len(words) + len(pairs), 20)
    consent = ROW["consent"]
    whole = "\n".join(folded)
    if any(word in whole for word in _CONSENT):
        for place, text in enumerate(folded):
            if len(text) > MIN_CONSENT:
                out[consent, place] = len(_CONSENTING.findall(text))


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


def titles(out: Floats, texts: list[str], blocks: tuple[Block, ...], hints: Hints) -> None:
    """How each block relates to what the page declares: its title, description and authors."""
    declared = hints.structured
    _people(out, texts, declared)
    starts = {value[:_HEAD].casefold() for key in _DESCRIPTIONS for value in declared.get(key, ()) if len(value) >= _HEAD}
    if starts:
        begins = [len(text) >= _HEAD and text[:_HEAD].casefold() in starts for text in texts]
        out[ROW["starts_description"]] = begins
    chosen = _title(out, texts, blocks, declared)
    seen: dict[str, int] = {}
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
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


def _title(out: Floats, texts: list[str], blocks: tuple[Block, ...], declared: Mapping[str, Sequence[str]]) -> int | None:
    """The block that is the title, most likely: the first heading that the page declares to be it, or else the first h1."""
    titles = {title.casefold().strip() for key in _TITLES for title in declared.get(key, ())}
    whole = " | ".join(sorted(titles))
    chosen = first = None
    is_title, is_part = ROW["text_is_title"], ROW["title_key"]
    for place, text in enumerate(texts):
        if len(text) > MAX_TITLE:
            continue
        kind = blocks[place].kind
        if first is None and kind == "h1":
            first = place
        folded = text.casefold()
        if folded in titles:
            out[is_title, place] = 1
        elif len(text) > _MIN_PART and folded in whole:
            out[is_part, place] = 1
        else:
            continue
        if chosen is None and kind in _TITLE_KINDS:
            chosen = place
    return first if chosen is None else chosen


def _people(out: Floats, texts: list[str], declared: Mapping[str, Sequence[str]]) -> None:
    """Short blocks that name a declared author."""
    values = [value for key in _AUTHORS for value in declared.get(key, ())]
    authors = [value.casefold() for value in values if _MIN_NAME < len(value) < _MAX_NAME and not value.startswith("http")]
    if not authors:
        return
    named = ROW["names_author"]
    for place, text in enumerate(texts):
        if len(text) <= MAX_TITLE:
            folded = text.casefold()
            if any(author in folded for author in authors):
                out[named, place] = 1
