"""Surface measures of a block's text that need no language: is it prose, could it be a title, are two lines the same."""

from __future__ import annotations

import functools
import re
import unicodedata

# A text of this length is a paragraph of running text, even one that ends without a full stop; few headlines are as long.
PROSE_CHARS = 150
# … or one sentence of this length that ends like one.
SENTENCE_CHARS = 60
PROSE_SPACES = 8
# Han, kana, Hangul and Thai say the same in about a third of the characters.
DENSE_PROSE_CHARS = 40
TITLE_CHARS = 180
TITLE_WORDS = 25
DENSE_TITLE_CHARS = 60

_DENSE = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SENTENCE_END = re.compile(r"[.!?…。！？؟۔।։][\"'”’»)\]]*\s*$")
_NOT_TITLE_END = re.compile(r"[.,;:،؛。、，；：۔।]\s*$")
_ABBREVIATION_END = re.compile(r"\b(?:[A-Z]\.){2,}$|\b(?:Jr|Sr|Inc|Co|Ltd|St|No)\.$")
_WORDS = re.compile(r"\w+")
# A date inside a line. The words between digits are left to the parser.
DATE_IN_LINE = re.compile(
    r"(?<![\d.,])(?:\d{1,2}(?:st|nd|rd|th|\.|er|º)?[ -]?(?:(?:de|of) )?[^\W\d_]{3,12}\.?,?(?: de[l]?)?[ -]\d{4}"
    r"|[^\W\d_]{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}"
    r"|\d{4} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일]?)(?!\d)"
)
# One with two digits for the year: only where a line says little else.
SHORT_DATE = re.compile(r"(?<![\d.,/-])\d{1,2}[./]\d{1,2}[./]\d{2}(?![\d./])")
_SIMILAR = re.compile(r"[\W_]+")


def is_dense(text: str) -> bool:
    """Whether the text is mostly of a script that writes without spaces."""
    return not text.isascii() and len(_DENSE.findall(text, 0, 400)) > 0.3 * min(len(text), 400)


def is_prose(text: str) -> bool:
    """Whether the text is as long as a paragraph of running text, in words and not in one unbroken string."""
    return len(text) >= DENSE_PROSE_CHARS and (_known_prose(text) if len(text) <= _PARAGRAPH else _is_prose(text))


def _is_prose(text: str) -> bool:
    if is_dense(text):
        return True
    long_enough = len(text) >= PROSE_CHARS or (len(text) >= SENTENCE_CHARS and ends_sentence(text))
    return long_enough and text.count(" ", 0, 2 * PROSE_CHARS) >= PROSE_SPACES


# Several labelers and fields ask it of each block of a page.
_PARAGRAPH = 2000
_known_prose = functools.lru_cache(maxsize=1024)(_is_prose)


def ends_sentence(text: str) -> bool:
    """Whether the text ends with a full stop, question mark or exclamation mark, closing quotes aside."""
    return _SENTENCE_END.search(text[-12:]) is not None


def could_be_title(text: str) -> bool:
    """Whether the text is short, has letters, begins no list item and does not end like a sentence; `?` and `!` may end it."""
    if len(text) > (DENSE_TITLE_CHARS if is_dense(text) else TITLE_CHARS) or text.count(" ") >= TITLE_WORDS:
        return False
    if _NOT_TITLE_END.search(text) and not _ABBREVIATION_END.search(text):
        return False
    first = next((char for char in text if char.isalnum()), "")
    return (
        not first.islower()
        and any(char.isalpha() for char in text)
        and not text.startswith(("[", "(", "-", "*", "•", "http", "www."))
    )


def fold(text: str) -> str:
    """The text with each stretch of white space, of any kind, as one space: how values stand in columns."""
    return " ".join(text.split())


def words(text: str) -> list[str]:
    """The words of a text, case folded; for comparing, never for offsets."""
    return _WORDS.findall(text.casefold())


def same_line(one: str, other: str) -> bool:
    """Whether two lines say the same: case, punctuation and white space apart."""
    return likeness_key(one) == likeness_key(other)


def likeness_key(text: str) -> str:
    """What two lines that say the same have in common; for comparing, never for offsets."""
    return _known_key(text) if len(text) <= _SHORT else _key(text)


def _key(text: str) -> str:
    return _SIMILAR.sub("", unicodedata.normalize("NFKC", text).casefold())


# A line is compared with several others, and the short lines of pages are much the same.
_SHORT = 200
_known_key = functools.lru_cache(maxsize=8192)(_key)
