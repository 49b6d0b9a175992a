"""Digests of mailing lists, as RFC 1153 lays them out and Mailman writes them.

    RISKS-LIST: …  Volume 31 : Issue 48   preamble, mostly with a list of contents
    ----------------------------------------------------------------------      70 hyphens end it
    Date: Thu, 3 Mar 2011 10:32:00 +0000  each message begins with header lines
    From: Ingrid Solheim <ingrid@example.org>
    Subject: Cranes stay

    …
    ------------------------------        30 hyphens, below each message
    End of RISKS Digest                   the trailer
    *******************

Lines of hyphens inside messages are known by what is missing below them: headers.
"""

from __future__ import annotations

import re

from pipeline.marks import Marks
from pipeline.model import Page
from pipeline.split.export import Builder, Export, Format
from pipeline.split.lines import date_in, lines_of, listed, physical, short
from pipeline.surface import is_prose

NAME = "digest"
_RULE = re.compile(r"-{27,33}")
_PREAMBLE_END = re.compile(r"-{60,80}")
# Names of header lines, English as RFC 5322 wants them, or in the language of the reader that wrote the digest.
_HEADERS = {
    "date": "date_published",
    "datum": "date_published",
    "fecha": "date_published",
    "data": "date_published",
    "from": "author",
    "von": "author",
    "de": "author",
    "van": "author",
    "da": "author",
    "subject": "headline",
    "betreff": "headline",
    "objet": "headline",
    "onderwerp": "headline",
    "asunto": "headline",
    "oggetto": "headline",
    "assunto": "headline",
    "keywords": "keywords",
}
_OTHERS = frozenset(
    [
        "to",
        "cc",
        "reply-to",
        "sender",
        "message-id",
        "message",
        "organization",
        "content-type",
        "content-transfer-encoding",
        "mime-version",
        "references",
        "in-reply-to",
        "list-id",
        "user-agent",
        "approved",
        "newsgroups",
        "an",
        "à",
        "aan",
        "para",
    ]
)
_HEADER = re.compile(r"([^\W\d_][\w-]{0,30}): ?(.*)", re.DOTALL)
_ADDRESS = re.compile(r"<[^<>]*@[^<>]*>|\S+@\S+")
_DIGEST = re.compile(r"(?i).*\b(?:digest|volume \d+|vol\.? ?\d+).*")
_CONTENTS = re.compile(
    r"(?i)(?:contents|today's topics|topics|inhalt|themen|table des matières|sommaire|inhoud|índice|indice)(?: \(.{1,40}\))?:?"
)
_END = re.compile(r"(?i)(?:end of|ende (?:von|des)|fin (?:de|du)|einde van|fine d\w+|fim d\w+) .{1,80}")
_FOOTER = re.compile(r"(?i)digest footer|fußzeile|pied de page")
_ITEM = re.compile(r"(\d{1,3})\. \S")
MAX_HEADERS = 20
MAX_FOLDED = 2  # further lines of one header
# RFC 3676: two hyphens and a space above a signature, which is short.
MAX_SIGNATURE = 6


def recognise(page: Page) -> float:
    """Rules of 30 hyphens with headers below, and another sign: a second one, the rule of 70, the word digest, the end."""
    heads = 0
    signs: set[str] = set()
    lines = short(page.blocks)
    if not any(text[0] == "-" and _RULE.fullmatch(text) for _, text in lines):
        return 0.0
    for at, text in lines:
        if _RULE.fullmatch(text) and _is_head(page, at + 1):
            heads += 1
        elif _PREAMBLE_END.fullmatch(text) and _is_head(page, at + 1):
            signs.add("preamble")
        elif at and _RULE.fullmatch(page.blocks[at - 1].text) and _END.fullmatch(text):
            signs.add("end")
        elif at < MAX_HEADERS and _DIGEST.fullmatch(text):
            signs.add("name")
    if not heads and not ("preamble" in signs and "end" in signs):
        return 0.0
    return min(1.0, 0.25 * (heads > 0) + 0.2 * (heads > 1) + 0.25 * len(signs))


def read(page: Page, marks: Marks) -> Export | None:
    """The messages below rules that have headers below them; preamble and trailer are no articles."""
    blocks, marks = physical(page, marks, lambda text: _field(text) is not None or _rule(text))
    texts = [block.text for block in blocks]
    builder = Builder(NAME, blocks, marks, "en")
    whole = Page(blocks, page.hints)
    starts = [at for at, text in enumerate(texts) if _rule(text) and _is_head(whole, at + 1)]
    if not starts:
        return None
    if _RULE.fullmatch(texts[starts[0]]):
        first = next((at for at in range(starts[0]) if _is_head(whole, at)), None)
        starts = starts if first is None else [first, *starts]
    for start, stop in zip(starts, [*starts[1:], len(blocks)], strict=True):
        end = next((at for at in range(start + 1, stop) if _is_end(texts, at)), stop)
        if _is_footer(texts, start):
            builder.part(start, "footer", article=False)
            continue
        builder.part(start, "rule")
        _message(builder, start, end)
        if end < stop:
            builder.part(end, "trailer", article=False)
    builder.declared = _declared([line.text for block in blocks[: starts[0]] for line in lines_of(block)])
    return builder.done()


def _rule(text: str) -> bool:
    return bool(_RULE.fullmatch(text) or _PREAMBLE_END.fullmatch(text))


def _field(text: str) -> str | None:
    """What a header line states: a column, "" for a header that is none; None for any other line."""
    match = _HEADER.match(text)
    if match is None:
        return None
    name = match.group(1).casefold()
    if name in _HEADERS:
        return _HEADERS[name]
    return "" if name in _OTHERS or name.startswith("x-") else None


def _is_head(page: Page, at: int) -> bool:
    """Whether headers stand there, two of date, author and subject among the first; a footer has a subject alone."""
    fields = [_field(block.text) for block in page.blocks[at : at + MAX_HEADERS]]
    stop = next((number for number, field in enumerate(fields) if field is None), len(fields))
    found = {field for field in fields[:stop] if field}
    return len(found & {"author", "headline", "date_published"}) > 1 or (
        stop == 1 and _FOOTER.search(page.blocks[at].text) is not None
    )


def _is_footer(texts: list[str], start: int) -> bool:
    return start + 1 < len(texts) and _field(texts[start + 1]) == "headline" and _FOOTER.search(texts[start + 1]) is not None


def _is_end(texts: list[str], at: int) -> bool:
    """A rule with the end of the digest below it, or with nothing."""
    return _rule(texts[at]) and (at + 1 >= len(texts) or _END.fullmatch(texts[at + 1]) is not None)


def _message(builder: Builder, start: int, stop: int) -> None:
    """States the headers and drops the signature; what is between is the text."""
    blocks = builder.blocks
    at = start
    if _rule(blocks[at].text):
        builder.drop(at, "rule")
        at += 1
    first = last = at
    while at < stop and (at == first or blocks[at].gap == 0):  # below a blank line, what looks like a header is text
        if _field(blocks[at].text) is not None:
            last = at
        elif at == first or at - last > MAX_FOLDED or is_prose(blocks[at].text):
            break
        _header(builder, at)
        at += 1
    if at < stop and _rule(blocks[stop - 1].text):
        builder.drop(stop - 1, "rule")
    for here in range(max(at, stop - MAX_SIGNATURE), stop):
        if blocks[here].text == "--":
            for line in range(here, stop):
                builder.drop(line, "signature")
            break


def _header(builder: Builder, at: int) -> None:
    text = builder.blocks[at].text
    match, field = _HEADER.match(text), _field(text)
    if match is None:
        builder.go_on(at, "header")  # a folded line
        return
    if not field:
        builder.drop(at, "header")
        return
    value = match.group(2)
    if field == "author":
        value = _ADDRESS.sub("", value).strip(" \"'()")
    builder.state(at, field, date_in(value) if field == "date_published" else value)


def _declared(preamble: list[str]) -> int | None:
    """How many messages the list of contents names: its numbers, or its lines if each ends with its author."""
    head = next((at for at, text in enumerate(preamble) if _CONTENTS.fullmatch(text)), None)
    if head is None:
        return None
    entries = preamble[head + 1 :]
    numbers = listed([int(match.group(1)) for match in map(_ITEM.match, entries) if match])
    return numbers or (len(entries) if entries and all(entry.endswith(")") for entry in entries) else None)


FORMAT = Format(NAME, recognise, read)
