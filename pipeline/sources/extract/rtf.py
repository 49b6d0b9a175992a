r"""RTF → text, through striprtf, which knows the control words and code pages.

striprtf leaves out footnotes, comments, headers, footers and text boxes, and on hostile input its patterns for fonts and links
take the square of the time. So the file is arranged first, in one pass: what it would skip anyway is left out, the font table is
written anew, and those groups move to the end. The order of the text: the body from top to bottom, tables row by row (a tab
behind each cell); text boxes; footnotes and comments, footnotes marked [1] in the text and at the note; then each different
header and footer once. A blank line stands between paragraphs. Deleted text, field codes and pictures are left out.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from pipeline.errors import Rejected
from pipeline.model import Decoded
from pipeline.sources.extract.extractor import MAX_UNFOLDED, STAGE, Extractor, broken, evidence, laid_out, library, oversized

MAGIC = b"{\\rtf"
# Characters in which the code page is declared: it stands in the first line.
HEAD_CHARS = 2_000
# Parts the headers and footers from the text and from each other while the library reads; no text has it.
MARGIN = "\x1e"
# Groups whose text is printed elsewhere than where they stand, and where: they move behind the body, in this order.
_BOXES, _NOTES, _MARGINS = range(3)
_MOVED = {
    "shptxt": _BOXES,
    "footnote": _NOTES,
    "annotation": _NOTES,
    **dict.fromkeys(("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"), _MARGINS),
}
# Groups without text that the library would read to the end, pictures above all.
_LEFT_OUT = frozenset(
    ("pict", "object", "objdata", "stylesheet", "colortbl", "info", "filetbl", "listtable", "revtbl", "shprslt", "fldinst")
)
_FONTS = "fonttbl"
# The end of a paragraph, and a tab behind each cell: what the library makes of these words.
PARAGRAPH = "\x1d"
_REWRITTEN = {"par": PARAGRAPH, "row": PARAGRAPH, "nestrow": PARAGRAPH, "cell": "\\tab ", "nestcell": "\\tab "}
# The start of a group, seeing its destination ahead; its end; a control word; a control symbol. What is between them is text.
_TOKEN = re.compile(r"(\{)(?=(?:\s*(\\\*))?(?:\s*\\([a-z]+))?)|(\})|\\([a-zA-Z]+)(-?\d{1,10})? ?|\\.", re.DOTALL)
_FONT = re.compile(r"\\f(\d{1,5})(?![\da-z])|\\fcharset(\d{1,3})(?!\d)")
_CODE_PAGE = re.compile(r"\\ansicpg(\d{1,5})")


class _Group(NamedTuple):
    """An open group: where its text goes (None: nowhere), and the number of the footnote that it is or stands in (0: none)."""

    target: list[str] | None
    note: int


def recognise(data: bytes) -> bool:
    """Whether the bytes begin as every RTF file does."""
    return data[:64].lstrip(b" \t\r\n\xef\xbb\xbf").startswith(MAGIC)


def extract(data: bytes) -> Decoded:
    """The document's text. Raises Rejected: broken, oversized, empty, no-library."""
    if len(data) > MAX_UNFOLDED:
        raise oversized(f"{len(data)} bytes, more than {MAX_UNFOLDED}")
    striprtf = library("striprtf.striprtf", "striprtf", "rtf")
    source = data.decode("latin-1").replace(MARGIN, "").replace(PARAGRAPH, "")
    if not source.isascii():  # bytes that a writer left bare are characters of the code page, as if they were escaped
        source = re.sub(r"[\x80-\xff]", lambda found: f"\\'{ord(found[0]):02x}", source)
    encoding = _code_page(source)
    arranged = _Arranger(source)
    arranged.read()
    fonts = _font_table("".join(arranged.fonts), striprtf.charset_map)
    head = f"{{\\rtf1\\ansi\\ansicpg{encoding.removeprefix('cp')}{fonts}"
    try:
        text = str(striprtf.rtf_to_text(f"{head}{arranged.rtf()}}}", encoding=encoding, errors="replace"))
    except (ValueError, LookupError, OverflowError) as error:
        raise broken(
            f"{type(error).__name__}: {error}", "Open it in a word processor and save it again as RTF or DOCX, or export it again"
        ) from error
    body, *margins = text.split(MARGIN)
    body = laid_out(_joined_pairs(body).split(PARAGRAPH))
    different = dict.fromkeys(_joined_pairs(margin).replace(PARAGRAPH, "\n").strip() for margin in margins)
    behind = "\n\n".join(margin for margin in different if margin)
    text = f"{body.rstrip()}\n\n{behind}" if behind else body.rstrip()
    if not text.strip():
        raise Rejected(STAGE, "empty", "the document has no text", remedy="Remove it, or export it again")
    margin = len(text) - len(behind) if behind else None
    return Decoded(text, encoding, evidence("striprtf"), text.count("\N{REPLACEMENT CHARACTER}"), margin)


def _joined_pairs(text: str) -> str:
    r"""The text with surrogates joined: \u stands for units of UTF-16, and the library gives each as a character of its own."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _code_page(source: str) -> str:
    found = _CODE_PAGE.search(source, 0, HEAD_CHARS)
    name = f"cp{found[1]}" if found else "cp1252"
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name


class _Arranger:
    """One pass over the tokens; a stack of the open groups says where text goes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.body: list[str] = []
        self.fonts: list[str] = []
        self.parts: list[tuple[int, list[str]]] = []
        self.stack: list[_Group] = []
        self.notes = 0

    def rtf(self) -> str:
        """The body, what was moved behind it, and the headers and footers."""
        moved = sorted(self.parts, key=lambda part: part[0])
        behind = (f"{PARAGRAPH}{MARGIN if kind == _MARGINS else ''}{''.join(pieces)}" for kind, pieces in moved)
        return "".join([*self.body, *behind])

    def read(self) -> None:
        """Read to the end of the outermost group; what follows it is not part of the document."""
        at = 0
        while (token := _TOKEN.search(self.source, at)) is not None:
            self._add(self.source[at : token.start()])
            at = token.end()
            opens, star, destination, closes, word, number = token.groups()
            if opens:
                self._open(starred=star is not None, destination=destination or "")
            elif closes:
                if len(self.stack) <= 1:
                    return
                self._add("}")
                self.stack.pop()
            elif word == "bin":
                at += max(0, int(number or 0))
            elif word:
                self._word(token.group(), word, number)
            else:  # no backslash of the text may be read together with the word behind it
                self._add({"\\\\": "\\\\{}", "\\*": ""}.get(token.group(), token.group()))
        self._add(self.source[at:])

    def _open(self, *, starred: bool, destination: str) -> None:
        above = self.stack[-1] if self.stack else _Group(self.body, 0)
        if destination in _MOVED:
            self.parts.append((_MOVED[destination], []))
            group = _Group(self.parts[-1][1], self.notes if destination == "footnote" else above.note)
        elif destination == _FONTS:
            group = _Group(self.fonts, 0)
        elif starred or destination in _LEFT_OUT or destination.startswith("pict"):
            group = _Group(None, above.note)
        else:
            group = _Group(above.target, above.note)
        self.stack.append(group)
        if len(self.stack) > 1:  # the outermost group is written anew
            self._add("{")

    def _word(self, text: str, word: str, number: str | None) -> None:
        group = self.stack[-1] if self.stack else _Group(self.body, 0)
        if word == "chftn":
            self.notes += not group.note
            self._add(f"[{group.note or self.notes}]")
        elif word == "deleted" and number != "0" and len(self.stack) > 1:
            # Close what was opened; the rest of the group goes nowhere.
            self._add("}")
            self.stack[-1] = _Group(None, group.note)
        elif word not in _MOVED and word not in ("rtf", _FONTS) and not word.startswith("pict"):
            self._add(_REWRITTEN.get(word, text))

    def _add(self, text: str) -> None:
        target = self.stack[-1].target if self.stack else None
        if target is not None:
            target.append(text)


def _font_table(rtf: str, charsets: dict[int, str]) -> str:
    """The fonts with the character sets that Python knows, one a line; of others, the document's code page holds."""
    fonts: dict[str, str] = {}
    font: str | None = None
    for number, charset in _FONT.findall(rtf):
        if number:
            font = number
        elif font is not None and _is_known(charsets.get(int(charset))):
            fonts.setdefault(font, charset)
    return "".join(("{\\fonttbl", *(f"{{\\f{font}\\fcharset{charset} F;}}\n" for font, charset in fonts.items()), "}"))


def _is_known(encoding: str | None) -> bool:
    try:
        return encoding is not None and codecs.lookup(encoding) is not None
    except LookupError:
        return False


EXTRACTOR = Extractor("rtf", "text/rtf", recognise=recognise, extract=extract)
