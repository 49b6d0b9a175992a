"""ProQuest as plain text: a line of underscores above each article, and labels of the interface's language.

    ____________________________________________________________
    Document 1 of 7
    Cranes stay                           title, without a label here
    Author: Solheim, Ingrid
    Publication info: The Harbour Gazette; Bergen [Bergen]. 03 Mar 2011.
    ProQuest document link
    Abstract: …
    Full text: …                          text, from here to the labels
    Title: Cranes stay
    Publication title: The Harbour Gazette
    Publication date: Mar 3, 2011
    ____________________________________________________________
    Contact us at: …                      the trailer

A list of the titles may stand above the first article. Source: the layout as ProQuest's help describes "text only" exports.
"""

from __future__ import annotations

import re
from itertools import pairwise

from pipeline.marks import Marks
from pipeline.model import Page
from pipeline.split.export import Builder, Export, Format
from pipeline.split.labels import interface, labelled, state
from pipeline.split.lines import SNIFF_CHARS, date_in, declared, listed, physical, short
from pipeline.surface import is_prose

NAME = "proquest"
_RULE = re.compile(r"_{40,120}")
_NUMBERED = re.compile(r"(?i)(?:doc|dok)\w{3,6} (\d{1,6}) (?:of|von|sur|de|van|di|av|af) (\d{1,6})")
_LINK = re.compile(r"(?i).{0,40}proquest.{0,40}")
_ITEM = re.compile(r"(\d{1,4})\. \S")
_TRAILER = re.compile(
    r"(?i)(?:contact us|contactez|kontakt|contacto|contáctenos|contatti|contattaci|contate|neem contact|database copyright"
    r"|copyright der datenbank|terms and conditions|bibliography|citation style)"
)
# "Solheim, Ingrid": a family name of at most three words, then given names.
_INVERTED = re.compile(r"([^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,2}), ([^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,2})\.?")
_ABOVE = frozenset(("headline", "author", "imprint", "abstract", "body", "publisher", "date_published", "section", "url"))
# Lines between the underscores and the first label.
MAX_HEAD = 8
MAX_LINES_OF_LABEL = 3
MIN_LABELS = 3


def recognise(page: Page) -> float:
    """Lines of underscores or numbered documents, and two of: the label of a full text, several others, the name ProQuest."""
    labels = 0
    signs: set[str] = set()
    lines = short(page.blocks)
    rules = sum(text[0] == "_" and _RULE.fullmatch(text) is not None for _, text in lines)
    numbers = sum(text[0] in "Dd" and _NUMBERED.fullmatch(text) is not None for _, text in lines)
    for _, text in lines if rules or numbers else ():
        if _LINK.fullmatch(text):
            signs.add("name")
        line = labelled(text)
        if line is not None:
            labels += line.field in {"publisher", "imprint", "date_published", "language", "type"}
    if not rules and not numbers:
        return 0.0
    bodies = sum(1 for block in page.blocks[:2000] if block.kind == "line" and _is_body(block.text))
    signs |= {name for name, seen in (("body", bodies > 0), ("labels", labels >= MIN_LABELS)) if seen}
    if not rules and not (numbers and bodies):
        return 0.0
    return min(1.0, 0.2 + 0.2 * (rules > 0) + 0.2 * (numbers > 0) + 0.2 * len(signs)) if len(signs) + (numbers > 0) > 1 else 0.0


def read(page: Page, marks: Marks) -> Export | None:
    """The articles below lines of underscores or numbers; above stands the cover, below the last may stand a trailer."""
    blocks, marks = physical(page, marks, _is_own)
    texts = [block.text for block in blocks]
    builder = Builder(NAME, blocks, marks, interface(text for text in texts if len(text) <= SNIFF_CHARS))
    starts = _starts(builder, texts)
    if not starts:
        return None
    if _is_article(builder, 0, starts[0]):
        builder.warnings.append("its first article has no line above it")
        starts.insert(0, 0)
    for start, stop in zip(starts, [*starts[1:], len(texts)], strict=True):
        end = next((at for at in range(start + 1, stop) if _is_trailer(texts, at)), stop)
        builder.part(start, "rule")
        _article(builder, start, end)
        if end < stop:
            builder.part(end, "trailer", article=False)
    numbers = [(int(match.group(1)), int(match.group(2))) for match in map(_NUMBERED.fullmatch, texts) if match]
    items = listed([int(match.group(1)) for match in map(_ITEM.match, texts[: starts[0]]) if match])
    builder.declared = declared(numbers) or items or None
    return builder.done()


def _is_own(text: str) -> bool:
    return bool(_RULE.fullmatch(text) or _NUMBERED.fullmatch(text) or labelled(text) or _LINK.fullmatch(text))


def _is_body(text: str) -> bool:
    line = labelled(text[:400])
    return line is not None and line.field == "body" and " " in line.label


def _starts(builder: Builder, texts: list[str]) -> list[int]:
    """Where articles begin: at underscores, or numbers without them, below which stand an article's lines."""
    signs = [at for at, text in enumerate(texts) if _RULE.fullmatch(text) or _NUMBERED.fullmatch(text)]
    starts: list[int] = []
    for at, after in pairwise([*signs, len(texts)]):
        numbered = _NUMBERED.fullmatch(texts[at]) is not None
        if starts and numbered and _RULE.fullmatch(texts[at - 1]) and starts[-1] == at - 1:
            continue
        if numbered or (at + 1 < len(texts) and _NUMBERED.fullmatch(texts[at + 1])) or _is_article(builder, at + 1, after):
            starts.append(at)
    return starts


def _is_article(builder: Builder, start: int, stop: int) -> bool:
    """Whether labels of an article stand there, and text."""
    lines = [labelled(block.text, builder.language) for block in builder.blocks[start:stop]]
    fields = {line.field for line in lines if line is not None}
    return len(fields & _ABOVE) > 1 and any(is_prose(block.text) for block in builder.blocks[start:stop])


def _is_trailer(texts: list[str], at: int) -> bool:
    return _RULE.fullmatch(texts[at]) is not None and (at + 1 >= len(texts) or _TRAILER.match(texts[at + 1]) is not None)


def _article(builder: Builder, start: int, stop: int) -> None:
    """States the labelled lines above and below the text; where there is no full text, the abstract is the text."""
    blocks = builder.blocks
    body = next((at for at in range(start, stop) if _is_body(blocks[at].text)), None)
    text = body
    if text is None:
        lines = [(at, labelled(blocks[at].text, builder.language)) for at in range(start, stop)]
        text = next((at for at, line in lines if line is not None and line.field == "abstract"), None)
    head = text if text is not None else _prose(builder, start, stop)
    tail = _tail(builder, head, stop)
    _head(builder, start, head)
    if text is not None:
        line = labelled(blocks[text].text, builder.language)
        if line is not None and line.value:
            builder.strip(text, line.at, line.field)
        else:
            builder.drop(text, "body")
    for at in range(tail, stop):
        _state(builder, at, "continued")


def _prose(builder: Builder, start: int, stop: int) -> int:
    """Where the text begins if no label says so: at the first prose that has no label."""
    blocks = builder.blocks
    return next(
        (at for at in range(start, stop) if is_prose(blocks[at].text) and labelled(blocks[at].text, builder.language) is None),
        stop,
    )


def _head(builder: Builder, start: int, stop: int) -> None:
    seen_label = False
    for at in range(start, stop):
        text = builder.blocks[at].text
        if _RULE.fullmatch(text):
            builder.drop(at, "rule")
        elif _NUMBERED.fullmatch(text):
            builder.drop(at, "number")
        elif _LINK.fullmatch(text) and labelled(text, builder.language) is None:
            builder.drop(at, "link")
            seen_label = True
        elif labelled(text, builder.language) is None and not seen_label:
            builder.state(at, "headline", text if not builder.has("headline") else "")
        else:
            seen_label = True
            _state(builder, at, "continued")


def _state(builder: Builder, at: int, otherwise: str) -> None:
    text = builder.blocks[at].text
    line = labelled(text, builder.language)
    if line is not None and line.field == "imprint":
        builder.state(at, "publisher", re.split(r" ?[;:]", line.value)[0], "imprint")
        if date_in(line.value) != line.value:
            builder.state(at, "date_published", date_in(line.value), "imprint")
    elif line is not None and line.field == "author" and line.value:
        builder.state(at, "author", _upright(line.value))
    else:
        state(builder, at, otherwise)


def _upright(names: str) -> str:
    """The names, apart by semicolons, with given names first: "Solheim, Ingrid" is turned, what stands upright stays so."""
    parts = [part.strip() for part in names.split(";") if part.strip()]
    return "; ".join(_INVERTED.sub(r"\2 \1", part) if _INVERTED.fullmatch(part) else part for part in parts)


def _tail(builder: Builder, start: int, stop: int) -> int:
    """Where the labels below the text begin, seen from the end: labelled lines, and what goes on with them."""
    first = stop
    for at in range(stop - 1, start, -1):
        block = builder.blocks[at]
        line = labelled(block.text, builder.language)
        if line is not None and line.field != "body":
            first = at
        elif first - at > MAX_LINES_OF_LABEL or is_prose(block.text) or (block.gap and not _RULE.fullmatch(block.text)):
            break
    return first


FORMAT = Format(NAME, recognise, read)
