"""PDF → the text of its text layer, through pypdf, which says of each piece of text where it is printed.

pypdf is plain Python with bounds on what streams unfold to: on the same bombs of 50 KB pdfium, six times faster on sound files,
took 2 to 3 GiB. What a PDF has no notion of is put together from the places of its lines: paragraphs (a wider gap, an indent,
another size of letters, a short line), words that were parted at a line's end, and what pages repeat at their top and bottom,
which comes last, each line once. The order of the text is that in which the file prints it. Scanned pages have no text.
"""

from __future__ import annotations

import io
import logging
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

from pipeline.errors import Rejected
from pipeline.model import Decoded
from pipeline.sources.extract.extractor import MAX_UNFOLDED, STAGE, Extractor, broken, encrypted, evidence, library, oversized

MAGIC = b"%PDF-"
# Steps of drawing, of all pages together, each 20 to 100 µs. Text takes one for three bytes or more, so time is linear.
FREE_OPERATIONS, OPERATIONS_A_BYTE = 100_000, 2
# A gap of so many usual ones parts paragraphs; so do letters whose size differs so much, and an indent of so many letters.
GAP, SIZE, INDENT, DEEPEST = 1.3, 1.12, 0.8, 5.0
# A line that is shorter than this share of the page's long ones ends its paragraph.
FULL = 0.75
# Lines at the top and at the bottom of a page that may be a header or footer, and the share of pages that must have them.
EDGE, REPEATED, MIN_PAGES = 2, 0.4, 3
_HYPHENS = "-\N{SOFT HYPHEN}\N{HYPHEN}"
_COMPOUND = re.compile(r"(?<!\w)\w+-\w+")  # from the word's begin on: a word without end costs once its length
_DIGITS = re.compile(r"\d+")
_END = re.compile(r"[.!?…:;][\"'”’»)\]]*\Z")


class _Line(NamedTuple):
    """A line as it is printed: its text, where it begins (points, from the lower left corner), how high its letters are."""

    text: str
    x: float
    y: float
    size: float


_Page = list[_Line]


def recognise(data: bytes) -> bool:
    """Whether the bytes begin as PDF files do."""
    return data[:64].lstrip(b" \t\r\n\0\xef\xbb\xbf").startswith(MAGIC)


def extract(data: bytes) -> Decoded:
    """The document's text. Raises Rejected: encrypted, broken, oversized, empty, no-library."""
    if len(data) > MAX_UNFOLDED:
        raise oversized(f"{len(data)} bytes, more than {MAX_UNFOLDED}")
    pypdf = library("pypdf", "pypdf", "pdf")
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of each oddity; what matters is raised
    budget = _Budget(FREE_OPERATIONS + OPERATIONS_A_BYTE * len(data))
    try:
        pages = list(_pages(pypdf.PdfReader(io.BytesIO(data)), budget))
    except (pypdf.errors.FileNotDecryptedError, pypdf.errors.WrongPasswordError, pypdf.errors.DependencyError) as error:
        raise encrypted() from error
    except Exception as error:  # whatever the library raises on hostile files costs this one source
        if budget.is_spent:
            raise oversized(f"its pages are drawn in more than {budget.most} steps") from error
        remedy = "Open it in a PDF reader and print it to a new PDF, or export it again"
        raise broken(f"{type(error).__name__}: {error}", remedy) from error
    body, margin = _composed(pages)
    if not body.strip():
        remedy = "Recognise its text with an OCR program, or remove it"
        raise Rejected(STAGE, "empty", "its pages have no text layer, as scans have none", remedy=remedy)
    text = f"{body}\n\n{margin}" if margin else body
    return Decoded(text, "utf-8", evidence("pypdf"), text.count("\N{REPLACEMENT CHARACTER}"), len(body) + 2 if margin else None)


class _Budget:
    """Steps that the drawing of the pages may still take."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0

    @property
    def is_spent(self) -> bool:
        """Whether there are none left."""
        return self._taken > self.most

    def step(self, *_: object) -> None:
        """Called before each. Raises OverflowError."""
        self._taken += 1
        if self.is_spent:
            raise OverflowError


def _pages(reader: Any, budget: _Budget) -> Iterator[_Page]:
    for page in reader.pages:
        lines = _Lines()
        page.extract_text(visitor_operand_before=budget.step, visitor_text=lines.add)
        if budget.is_spent:  # inside of forms the library goes on after an error
            raise OverflowError
        yield lines.page()


class _Lines:
    """Pieces of text as they are printed → lines."""

    def __init__(self) -> None:
        self._lines: _Page = []
        self._pieces: list[str] = []
        self._place = (0.0, 0.0, 0.0)

    def add(self, text: str, matrix: list[float], place: list[float], font: object, size: float) -> None:
        """A piece of text with the matrices of the page and of the text (ISO 32000-1, section 9.4.4)."""
        del font
        for number, piece in enumerate(text.split("\n")):
            if number:
                self._close()
            if piece.strip() and not self._pieces:
                a, b, c, d, e, f = (float(value) for value in matrix)
                x, y = float(place[4]), float(place[5])
                height = abs(float(size) * (float(place[3]) or float(place[1]) or 1.0) * (d or b or 1.0))
                self._place = (x * a + y * c + e, x * b + y * d + f, height)
            if piece.strip() or self._pieces:
                self._pieces.append(piece)

    def page(self) -> _Page:
        """The lines of the page."""
        self._close()
        return self._lines

    def _close(self) -> None:
        text = " ".join("".join(self._pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())
        if text:
            self._lines.append(_Line(text, *self._place))
        self._pieces = []


def _composed(pages: list[_Page]) -> tuple[str, str]:
    """The text, and below each other the different lines that the pages repeat at their edges."""
    repeated = _repeated(pages)
    margins: dict[str, None] = {}
    pieces: list[str] = []
    known = {found.casefold() for page in pages for line in page for found in _COMPOUND.findall(line.text)}
    last: _Line | None = None
    was_full = False
    for page in pages:
        kept: _Page = []
        for number, line in enumerate(page):
            if _edge(number, len(page)) and _key(line) in repeated:
                margins[line.text] = None
            else:
                kept.append(line)
        if not kept:
            continue
        goes_on = last is not None and was_full and not _END.search(last.text) and kept[0].text[0].islower()
        _append(pieces, kept[0].text, known, joined=goes_on, between="\n\n")
        full = FULL * _quantile([len(line.text) for line in kept])
        for (one, other), between in zip(pairwise(kept), _breaks(kept), strict=True):
            _append(pieces, other.text, known, joined=not between and len(one.text) >= full, between=between or "\n")
        last, was_full = kept[-1], len(kept[-1].text) >= full
    return "".join(pieces).strip(), "\n".join(margins)


def _append(pieces: list[str], text: str, known: set[str], *, joined: bool, between: str) -> None:
    """The next line: behind a break, or behind a space, or as the rest of a word that was parted."""
    if joined and pieces[-1][-1:] in _HYPHENS and pieces[-1][-2:-1].isalpha() and text[0].islower():
        word = f"{pieces[-1].rpartition(' ')[2][:-1]}-{_first_word(text)}".casefold()
        if pieces[-1][-1] != "-" or word not in known:  # where the word is written with a hyphen elsewhere, it has one
            pieces[-1] = pieces[-1][:-1]
        pieces.append(text)
        return
    pieces.extend((" " if joined else between, text) if pieces else (text,))


def _first_word(text: str) -> str:
    found = re.match(r"\w+", text)
    return found[0] if found else ""


def _breaks(page: _Page) -> Iterator[str]:
    """For each line but the first, what stands before it: a blank line where a paragraph begins, "" where one may go on."""
    steps = [one.y - other.y for one, other in pairwise(page)]
    down = [step for step in steps if step > 0]
    usual = statistics.median_low(down) if down else 0.0
    left = Counter(round(line.x) for line in page).most_common(1)[0][0] if page else 0
    for (one, other), step in zip(pairwise(page), steps, strict=True):
        grown = max(one.size, other.size) > SIZE * min(one.size, other.size)
        indented = INDENT < (other.x - left) / (other.size or 1.0) < DEEPEST and abs(one.x - left) <= 1
        yield "\n\n" if grown or indented or step > GAP * usual else ""


def _quantile(lengths: list[int]) -> int:
    """The length that nine of ten lines do not exceed."""
    return sorted(lengths)[len(lengths) * 9 // 10]


def _repeated(pages: list[_Page]) -> frozenset[str]:
    """The lines, numbers aside, that stand at the edge of many pages."""
    if len(pages) < MIN_PAGES:
        return frozenset()
    found = Counter(key for page in pages for key in {_key(line) for line in _edges(page)})
    return frozenset(key for key, times in found.items() if times >= max(MIN_PAGES, REPEATED * len(pages)))


def _edges(page: _Page) -> Iterable[_Line]:
    return (line for number, line in enumerate(page) if _edge(number, len(page)))


def _edge(number: int, count: int) -> bool:
    return number < EDGE or number >= count - EDGE


def _key(line: _Line) -> str:
    return _DIGITS.sub("0", line.text.casefold())


EXTRACTOR = Extractor("pdf", "application/pdf", recognise=recognise, extract=extract)
