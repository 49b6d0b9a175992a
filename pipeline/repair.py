"""What went wrong before a text was saved, mended inside a block: mojibake, letters taken apart, invisible characters.

Mojibake is UTF-8 that was read in another encoding. ftfy's `fix_encoding` finds the usual cases; the encodings it misses are
undone here, by reading the very bytes again. A file's mistake is found once (`mistake`) and mended alike everywhere in it.
ftfy's other fixes stay off on purpose: with its defaults 8.8 % of clean sentences change (curly quotes, full-width punctuation).
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable

# UTF-8 read as a single-byte encoding always leaves a lead byte (C2–F4 as a letter) followed by a continuation byte (80–BF as a
# letter or sign, or what windows-1252, -1251, -1250 … make of it), or a C1 control. Text without such a pair is clean.
_TAIL = "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
_TAIL_1251 = "[\u0080-\u00bf\u0402-\u040f\u0452-\u045f\u2013-\u203a\u20ac\u2116\u2122]"
_SUSPECT = re.compile(
    f"[\x80-\x9f]|[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00f4]{_TAIL}{{2}}|[\u0420\u0421\u0413\u0403\u0412]{_TAIL_1251}|\u0432{_TAIL_1251}{{2}}"
)
# The encodings in which UTF-8 is most often misread, in the order in which they are believed.
CODECS = ("cp1252", "cp1250", "cp1251", "mac_roman", "cp1254", "cp1257", "iso8859-2", "cp437", "cp850")
# So many sequences must be found for a file's mistake, and of the characters beyond ASCII that the misread UTF-8 could have
# left, this share must be in them. By chance such sequences do not come in a row.
MIN_SEQUENCES = 3
MIN_SHARE = 0.8
# Times a text may have been misread on top of itself.
MAX_ROUNDS = 3
# Of misread UTF-8 at least every third or so character beyond ASCII stands for a continuation byte; looked for in a few first.
MIN_TAILS, PROBED = 0.25, 1_000
SHOWN = 20_000  # characters by which the mistake is found
_RUNS = re.compile(r"[^\x00-\x7f]{2,}")
_CONTROLS = re.compile("[\x80-\x9f]")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
# What `composed` and `visible` may change: one look at a file tells that most have none of it.
_MARKS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u0300-\u036f\u0653-\u0655\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3099\u309a\ufeff]"
)
_ZWSP = "\N{ZERO WIDTH SPACE}"
# Thai, Lao, Tibetan, Myanmar, Khmer: the zero-width space marks where a line may break between words.
_UNSPACED = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]")
# Marks that NFC joins with the letter before them in Latin, Greek, Cyrillic, Arabic and kana. Others are left: NFC takes letters
# of Bengali, Gurmukhi, Hebrew and others apart that every keyboard types as one.
_APART = re.compile("\\w[\u0300-\u036f\u0653-\u0655\u3099\u309a]+")


def repaired(text: str) -> str:
    """`text` with mojibake undone that shows by itself, or `text` itself when it shows none."""
    if text.isascii() or not _SUSPECT.search(text):
        return text
    from ftfy import TextFixerConfig, fix_encoding_and_explain  # 160 ms to import, and clean files never come here

    return fix_encoding_and_explain(text, TextFixerConfig()).text


def mistake(shown: str) -> str | None:
    """The encoding of CODECS in which a file's UTF-8 was misread, judged by a part of its text; None for a sound file."""
    runs = "\n".join(_RUNS.findall(shown))
    probe, chars = runs[:PROBED], set(runs)
    best, most = None, 0
    for codec in CODECS:
        leads, tails = _parts(codec)
        if leads.isdisjoint(chars) or tails.isdisjoint(chars) or sum(map(tails.__contains__, probe)) < MIN_TAILS * len(probe):
            continue
        # Cheap first: in sound text there are few sequences, and they are little of what could be one.
        possible = sum(map(len, _sequences(codec).findall(runs)))
        exposed = len(_exposed(codec).findall(shown)) if possible else 0
        if not possible or possible < MIN_SHARE * exposed:
            continue
        lengths = [len(found.group()) for found in _sequences(codec).finditer(shown) if _read_again(found, codec) is not None]
        covered = sum(lengths)
        enough = covered >= MIN_SHARE * exposed if len(lengths) >= MIN_SEQUENCES else len(lengths) > 1 and covered == exposed
        if enough and covered > most:
            best, most = codec, covered
    return best


def reread(text: str, codec: str) -> str:
    """`text` with each sequence that is UTF-8 misread in `codec` read rightly, and again while that leaves further ones."""
    for _ in range(MAX_ROUNDS):
        again = _sequences(codec).sub(lambda found: _read_again(found, codec) or found.group(), text)
        if again == text:
            break
        text = again
    return text


def composed(text: str) -> str:
    """`text` with letters and the accents after them as one character (NFC), where a decomposing system took them apart."""
    return text if text.isascii() else _APART.sub(lambda found: unicodedata.normalize("NFC", found.group()), text)


def visible(text: str) -> str:
    """`text` without control, zero-width, direction and soft hyphen characters, but with the joiners that a script needs.

    A text of nothing else is left alone: it is no repair to make a block vanish.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = _INVISIBLE.sub(_needed, text)
    return kept if kept.strip() else text


def _needed(found: re.Match[str]) -> str:
    text, at = found.string, found.start()
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    char = found.group()
    if char in "\u200c\u200d":
        # Joiners steer letters of Arabic and Indic scripts, and join emoji; beside Latin letters and blanks they do nothing.
        return char if before > "\u0590" and not before.isspace() and not _INVISIBLE.match(before) else ""
    if char == _ZWSP:
        return char if _UNSPACED.match(before) and _UNSPACED.match(after) else ""
    return ""


@functools.cache
def _table(codec: str) -> dict[int, str]:
    """Byte 80–FF → the character that misreading makes of it; the bytes that a codec leaves out become controls (WHATWG)."""
    return {byte: _char(byte, codec) for byte in range(0x80, 0x100)}


def _char(byte: int, codec: str) -> str:
    try:
        return bytes([byte]).decode(codec)
    except UnicodeDecodeError:
        return chr(byte)


@functools.cache
def _bytes(codec: str) -> dict[int, int]:
    """Code point → byte: the inverse of misreading. For windows-1252 Latin-1's controls count too: the two are often mixed."""
    controls = {code: code for code in range(0x80, 0xA0)} if codec == CODECS[0] else {}
    return controls | {ord(char): byte for byte, char in _table(codec).items()}


@functools.cache
def _sequences(codec: str) -> re.Pattern[str]:
    """What UTF-8 characters of two to four bytes look like when misread in `codec`."""
    inverse = _bytes(codec)

    def images(first: int, last: int) -> str:
        return "[" + "".join(re.escape(chr(code)) for code, byte in sorted(inverse.items()) if first <= byte <= last) + "]"

    tail = images(0x80, 0xBF)
    return re.compile(
        f"{images(0xC2, 0xDF)}{tail}|{images(0xE0, 0xEF)}{tail}{{2}}|{images(0xF0, 0xF4)}{tail}{{3}}",
    )


def _read_again(found: re.Match[str], codec: str) -> str | None:
    """The character that a sequence was before it was misread; None if it never was one.

    A letter of another alphabet beside Latin ones is none: an apostrophe and an accented letter are such a sequence by chance.
    """
    inverse = _bytes(codec)
    try:
        char = bytes(inverse[ord(char)] for char in found.group()).decode("utf-8")
    except UnicodeDecodeError:
        return None
    if not char.isalpha() or unicodedata.name(char, "").startswith("LATIN"):
        return char
    text, (start, end) = found.string, found.span()
    beside = text[max(0, start - 1) : start] + text[end : end + 1]
    return None if any(letter.isascii() and letter.isalpha() for letter in beside) else char


@functools.cache
def _exposed(codec: str) -> re.Pattern[str]:
    """Every character beyond ASCII that misreading in `codec` can leave."""
    return re.compile("[" + "".join(re.escape(chr(code)) for code in sorted(_bytes(codec))) + "]")


@functools.cache
def _parts(codec: str) -> tuple[frozenset[str], frozenset[str]]:
    """The characters that lead bytes and those that continuation bytes become."""
    inverse = _bytes(codec)
    leads = frozenset(chr(code) for code, byte in inverse.items() if 0xC2 <= byte <= 0xF4)  # noqa: PLR2004  bytes of UTF-8
    tails = frozenset(chr(code) for code, byte in inverse.items() if 0x80 <= byte <= 0xBF)  # noqa: PLR2004
    return leads, tails


REPAIRS: dict[str, Callable[[str], str]] = {
    "repaired": repaired,
    **{f"reread-{codec}": functools.partial(reread, codec=codec) for codec in CODECS},
    "composed": composed,
    "visible": visible,
}


def plan(texts: Iterable[str]) -> tuple[str, ...]:
    """The names in REPAIRS of what the texts of one file are to go through, in order; nothing for a clean file."""
    whole = "\n".join(text for text in texts if not (text.isascii() and text.isprintable()))
    return (*mojibake(whole), *(("composed", "visible") if _MARKS.search(whole) else ()))


def mojibake(whole: str) -> tuple[str, ...]:
    """The names in REPAIRS of what undoes the mojibake of a file's text, in order; nothing where there is none."""
    if whole.isascii():
        return ()
    runs = "\n".join(_RUNS.findall(whole))
    codec = mistake(whole[:SHOWN]) if runs else None
    if codec is None:
        return ("repaired",) if _SUSPECT.search(runs) or _CONTROLS.search(whole) else ()
    # ftfy knows more of windows-1252 (a lost no-break space, say); of the others it knows too little to go first.
    return ("repaired", f"reread-{codec}") if codec == CODECS[0] else (f"reread-{codec}", "repaired")
