"""Texts in shapes that look like lists of furniture and are none, made from prose: what the gate must let through untouched."""

from __future__ import annotations

import re
from itertools import cycle

_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
# Words of a verse, in turn; of an item of a list at most; cells of a row; names of speakers, which are invented.
VERSE_WORDS = (5, 7, 6, 8, 4)
ITEM_WORDS, ITEM_CHARS, CELLS = 6, 20, 4
SPEAKERS = ("ILSE", "Moderator", "Q", "Dr Okoro", "A")
MARKS = ("- ", "• ", "", "* ")
# Lines of one file: more of the same say nothing new.
MOST_LINES = 250
STANZA = 4


def verse(text: str) -> str:
    """Lines of a few words, in stanzas."""
    words, sizes, at = text.split(), cycle(VERSE_WORDS), 0
    lines: list[str] = []
    while at < len(words) and len(lines) < MOST_LINES:
        size = next(sizes)
        lines.append(" ".join(words[at : at + size]))
        at += size
        if len(lines) % (STANZA + 1) == STANZA:
            lines.append("")
    return "\n".join(lines)


def dialogue(text: str) -> str:
    """A speaker's name and a sentence, line by line, or each on its own."""
    apart = "\n" if len(text) & 1 else ": "
    return "\n".join(f"{name}{apart}{said}" for name, said in zip(cycle(SPEAKERS), _sentences(text), strict=False))


def sentences(text: str) -> str:
    """Each sentence on its own line, as a transcript has it."""
    return "\n".join(_sentences(text))


def items(text: str) -> str:
    """The beginnings of sentences as items of a list under headings, as in a recipe or a programme."""
    mark = MARKS[len(text) % len(MARKS)]
    begun = [" ".join(each.split()[:ITEM_WORDS])[: ITEM_CHARS * 2].rstrip(" .,;:!?") for each in _sentences(text)]
    return "\n".join(line if number % ITEM_CHARS == 0 else mark + line for number, line in enumerate(begun) if line)


def rows(text: str) -> str:
    """Words and numbers in rows, as a table of results has them; every other file a cell a line."""
    words = [word for word in text.split() if word.isalpha()][: MOST_LINES * CELLS]
    apart = "\t" if len(text) & 1 else "\n"
    cells = [word if number % CELLS else f"{number % 97}" for number, word in enumerate(words)]
    return "\n".join(apart.join(cells[at : at + CELLS]) for at in range(0, len(cells), CELLS))


def code(text: str) -> str:
    """Assignments and calls over the words of the text."""
    words = [word.lower() for word in text.split() if word.isalpha()][:MOST_LINES]
    return "\n".join(f"    {word} = {word[::-1]}({number}, '{word}');" for number, word in enumerate(words))


SHAPES = (verse, dialogue, sentences, items, rows, code)


def _sentences(text: str) -> list[str]:
    return [found for match in _SENTENCE.finditer(text) if (found := match.group().strip())][:MOST_LINES]
