"""UTF-8 with damage, and files in which UTF-8 and an older encoding stand side by side."""

from __future__ import annotations

import re

from pipeline.decode.legacy import bits, detected
from pipeline.decode.letters import CODECS
from pipeline.decode.strange import strangeness
from pipeline.decode.utf import SOUND
from pipeline.model import Decoded

# The evidence of a file that is read in two encodings.
MIXED = "mixed"
# Bytes outside UTF-8 are a second encoding if no more than this share of them gives strange text in it; else they are damage.
MAX_STRANGE_SHARE = 0.2
# Sound sequences for each broken byte at which nothing but UTF-8 is to be considered, whatever is declared.
SOUND_PER_BROKEN = 10
LOST_BITS = 10  # what a character that cannot be read costs, in the measure of legacy.bits
SHOWN = 65_536  # bytes by which the second encoding is found
_DEFAULT = "cp1252"
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|[\r\n])?")
_BEYOND = re.compile(rb"[\x80-\xff]")
_BROKEN = re.compile(rb"[\x80-\xff]+")


def surely_damaged(data: bytes) -> Decoded | None:
    """The text if sound sequences outweigh broken bytes so far that a declaration of anything but UTF-8 is wrong."""
    sound, broken = _counts(data)
    return _text(data) if sound >= SOUND_PER_BROKEN * broken else None


def damaged(data: bytes, otherwise: Decoded | None) -> Decoded | None:
    """The text read as UTF-8 with damage, if that looks no stranger than the best reading in one older encoding."""
    sound, _ = _counts(data)
    if not sound:
        return None
    found = _text(data)
    lost = found.text.count("\N{REPLACEMENT CHARACTER}")
    if otherwise is None:
        return found
    if otherwise.encoding in CODECS:
        likely = bits(found.text.replace("\N{REPLACEMENT CHARACTER}", "")) + LOST_BITS * lost <= bits(otherwise.text)
        return found if likely else None
    return found if strangeness(found.text) + lost / 2 <= strangeness(otherwise.text) else None


def _counts(data: bytes) -> tuple[int, int]:
    rest, sound = SOUND.subn(b"", data)
    return sound, len(_BEYOND.findall(rest))


def _text(data: bytes) -> Decoded:
    """UTF-8, the rest in a second encoding if that gives words; else U+FFFD for it."""
    plain = data.decode("utf-8", "replace")
    codec = _second(data)
    if codec is None:
        return Decoded(plain, "utf-8", "guessed")
    return Decoded("".join(_line(line.group(), codec) for line in _LINE.finditer(data)), "utf-8", f"{MIXED}+{codec}")


def _second(data: bytes) -> str | None:
    """The encoding of the bytes that are not UTF-8, judged in their own lines; None if they are damage."""
    lines = [line.group() for line in _LINE.finditer(data) if _BROKEN.search(SOUND.sub(b"", line.group()))]
    foreign = b"".join(line for line in lines if _foreign(line))[:SHOWN]
    found = detected(foreign) if foreign else None
    candidates = [_DEFAULT] if found is None else [found.encoding, _DEFAULT]
    broken = sum(len(_BEYOND.findall(SOUND.sub(b"", line))) for line in lines)
    judged = [(_strange(lines, codec), at, codec) for at, codec in enumerate(candidates)]
    strange, _, codec = min(judged)
    return codec if strange <= MAX_STRANGE_SHARE * broken else None


def _strange(lines: list[bytes], codec: str) -> float:
    """How strange the second encoding makes the lines, over how strange their UTF-8 is by itself."""
    return sum(max(0.0, strangeness(_line(line, codec)) - strangeness(_BROKEN.sub(b"", line).decode("ascii"))) for line in lines)


def _foreign(line: bytes) -> bool:
    """More of the line's bytes beyond ASCII are outside UTF-8 than in it."""
    broken = len(_BEYOND.findall(SOUND.sub(b"", line)))
    return broken * 2 > len(_BEYOND.findall(line))


def _line(line: bytes, codec: str) -> str:
    """One line: whole in the second encoding, or UTF-8 where it is sound and the second encoding between."""
    if not _BROKEN.search(line):
        return line.decode("ascii")
    if _foreign(line):
        return line.decode(codec, "replace")
    parts: list[str] = []
    end = 0
    for found in SOUND.finditer(line):
        parts += (line[end : found.start()].decode(codec, "replace"), found.group().decode("utf-8"))
        end = found.end()
    return "".join([*parts, line[end:].decode(codec, "replace")])
