"""What a reader of a news database's export layout must offer to be found, and what it builds its answer with.

A layout is one module of this room with a FORMAT. `recognise` is asked of every page, so it must be cheap (look at the kind of
the first block, at `page.hints`, at short lines) and must ask for several independent signs; `read` is asked of the surest only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pipeline.marks import CERTAIN, Marks
from pipeline.model import Block, Inner, Label, Mark, Page, Provided, Span, Stated
from pipeline.split.lines import together, wrapped

# What an export's own lines say of themselves is as sure as anything read from text gets.
SURE = 0.99
# From here on a layout decides alone; between the two the file is read as any other, with a warning.
RECOGNISED, RESEMBLES = 0.5, 0.25
# What labelers say a line of the article is for, and the field that makes them superfluous where the export states it.
_STATED_BY = {
    Label.TITLE: "headline",
    Label.BYLINE: "author",
    Label.DATELINE: "date_published",
    Label.SECTION: "section",
    Label.HEADER: "",
}


class Part(NamedTuple):
    """A stretch of blocks from number `start` on: an article, or (`provided` None) the cover page, a list, the trailer.

    `rule` names the sign that made the cut before it, `confidence` how sure that is.
    """

    start: int
    rule: str
    confidence: float
    provided: Provided | None


class Export(NamedTuple):
    """A file as its layout reads it.

    `blocks` and `marks` (a tuple a block) replace the page's: a layout may part blocks that were joined over its lines, or join
    those of a wrapped paragraph; their runs must still cover all visible text. `parts` rise and the first starts at block 0.
    `declared` is the number of articles that the file itself says it holds, None if it says nothing.
    """

    blocks: tuple[Block, ...]
    marks: Marks
    parts: tuple[Part, ...]
    declared: int | None = None
    warnings: tuple[str, ...] = ()


class Format(NamedTuple):
    """An export layout. `recognise` rates 0…1; `read` gives None where what was recognised does not hold together."""

    name: str
    recognise: Callable[[Page], float]
    read: Callable[[Page, Marks], Export | None]


class Builder:
    """Collects an Export: parts as they begin, and what each of the layout's own lines is. All else is article text.

    Whatever stands in a part that is no article is dropped under the part's rule.
    """

    def __init__(self, name: str, blocks: Iterable[Block], marks: Marks, language: str | None = None) -> None:
        self.name = name
        self.language = language
        self.blocks = tuple(blocks)
        self.declared: int | None = None
        self.warnings: list[str] = []
        self._marks = marks
        self._own: dict[int, Mark] = {}
        self._cut: dict[int, Mark] = {}
        self._starts: list[tuple[int, str, float, bool]] = []
        self._stated: list[list[Stated]] = []

    def part(self, at: int, sign: str, confidence: float = SURE, *, article: bool = True) -> None:
        """Block number `at`, beyond all before, begins an article or something else of the export."""
        self._starts.append((at, f"{self.name}.{sign}", confidence, article))
        self._stated.append([])

    def state(self, at: int, field: str, text: str | None = None, what: str | None = None) -> None:
        """Block `at` states a field of the article that began last; `text`: without its label, by default the whole block.

        `what` names the line in the ledger, by default as the field. A field may be stated by several blocks.
        """
        block = self.blocks[at]
        value = block.text if text is None else text
        rule = f"{self.name}.{what or field}"
        self._stated[-1].append(Stated(field, value, Span(block.start, block.end), rule))
        self.drop(at, what or field)

    def go_on(self, at: int, otherwise: str) -> None:
        """Block `at` goes on with the value that the block above states; a line called `otherwise` if that states none."""
        above = Span(self.blocks[at - 1].start, self.blocks[at - 1].end) if at else None
        stated = self._stated[-1]
        if above is None or not stated or stated[-1].span != above:
            self.drop(at, otherwise)
            return
        first = next(number for number in range(len(stated) - 1, -1, -1) if stated[number].text)
        stated[first] = stated[first]._replace(text=f"{stated[first].text} {self.blocks[at].text}")
        block = self.blocks[at]
        stated.append(stated[-1]._replace(text="", span=Span(block.start, block.end)))
        self._own[at] = Mark(Label.HEADER, stated[-1].rule, SURE)

    def imply(self, field: str, text: str, what: str | None = None) -> None:
        """The article that began last has this value, which claims no block."""
        self._stated[-1].append(Stated(field, text, None, f"{self.name}.{what or field}"))

    def drop(self, at: int, what: str, label: Label = Label.HEADER) -> None:
        """Block `at` is a line of the export and not of the article."""
        self._own[at] = Mark(label, f"{self.name}.{what}", SURE)

    def separate(self, at: int, what: str) -> None:
        """Block `at` parts articles."""
        self.drop(at, what, Label.SEPARATOR)

    def strip(self, at: int, stop: int, what: str) -> None:
        """The first `stop` characters of block `at` are a label; the rest is article text."""
        self._cut[at] = Mark(Label.HEADER, f"{self.name}.{what}", SURE, (Inner("cut", 0, stop),), inline=True)

    def has(self, field: str) -> bool:
        """Whether the article that began last states this field."""
        return any(one.field == field for one in self._stated[-1])

    def done(self) -> Export | None:
        """The export; None if there is no article in it. Blocks above the first part are its cover page."""
        if not any(article for *_, article in self._starts):
            return None
        if not self._starts or self._starts[0][0] > 0:
            self._starts.insert(0, (0, f"{self.name}.cover", SURE, False))
            self._stated.insert(0, [])
        stops = [start for start, *_ in self._starts[1:]] + [len(self.blocks)]
        text = [range(start, stop) for (start, *_, article), stop in zip(self._starts, stops, strict=True) if article]
        joined = wrapped(self.blocks, [[at for at in article if at not in self._own] for article in text])
        parts: list[Part] = []
        blocks: list[list[Block]] = []
        marks: list[tuple[Mark, ...]] = []
        for (start, rule, confidence, article), stop, stated in zip(self._starts, stops, self._stated, strict=True):
            provided = Provided(self.name, self.language, tuple(stated)) if article else None
            parts.append(Part(len(blocks), rule, confidence, provided))
            whole = (Mark(Label.HEADER, rule, SURE),)
            said = self._of_article(start, stop, {one.field for one in stated if one.text}) if article else None
            for at in range(start, stop):
                mark = next(said) if said is not None else ((self._own[at],) if at in self._own else whole)
                if at in joined:
                    blocks[-1].append(self.blocks[at])
                else:
                    blocks.append([self.blocks[at]])
                    marks.append(mark)
        return Export(tuple(map(together, blocks)), tuple(marks), tuple(parts), self.declared, tuple(self.warnings))

    def _of_article(self, start: int, stop: int, stated: set[str]) -> Iterator[tuple[Mark, ...]]:
        running = {mark.rule for mark in self._marks[start - 1]} if start else set()
        for at in range(start, stop):
            own = self._own.get(at)
            running &= {mark.rule for mark in self._marks[at]}
            settled = (own,) if own else _settled(self._marks[at], stated, running)
            yield (*settled, self._cut[at]) if at in self._cut and not own else settled


def _settled(marks: tuple[Mark, ...], stated: set[str], running: set[str]) -> tuple[Mark, ...]:
    """What holds of a block of article text: certain rules, and what the export leaves open.

    Not the learned scores (what a database exports is article), not rules that went on `running` from the article before.
    """
    kept = []
    for mark in marks:
        needless = mark.label in _STATED_BY and (not _STATED_BY[mark.label] or _STATED_BY[mark.label] in stated)
        open_field = mark.label in _STATED_BY and not needless
        if (mark.confidence >= CERTAIN or mark.inline or open_field) and not needless and mark.rule not in running:
            kept.append(mark)
    return tuple(kept)
