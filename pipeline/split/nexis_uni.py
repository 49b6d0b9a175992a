"""Nexis Uni and Lexis Advance as text: each article ends with "End of Document", in the language of the interface.

    Cranes stay                           headline, publication, date
    The Harbour Gazette
    March 3, 2011 Thursday
    Copyright 2011 The Harbour Gazette
    Section: NEWS; Pg. 4                  labelled lines, any of which may be missing
    Length: 250 words
    Byline: Ingrid Solheim
    Body                                  a line of its own
    …                                     text
    Classification                        labelled lines to the end
    Language: ENGLISH
    Load-Date: March 3, 2011
    End of Document

A file of several articles begins with who asked, when, and a numbered list of their titles. Source: the layout as LexisNexisTools
describes it, which is the same in RTF and DOCX.
"""

from __future__ import annotations

import re

from pipeline.marks import Marks
from pipeline.model import Page
from pipeline.split.export import Builder, Export, Format
from pipeline.split.labels import interface, labelled, state
from pipeline.split.lines import SNIFF_CHARS, date_in, is_dated, is_rights, listed, physical, short
from pipeline.surface import is_prose, likeness_key

NAME = "nexis-uni"
_END = re.compile(
    r"(?i)(?:end of document|ende des dokuments?|dokumentende|fin du document|einde (?:van (?:het )?)?document|fin del documento"
    r"|fine del documento|fim do documento|slut på dokument(?:et)?)\.?"
)
_BODY = re.compile(
    r"(?i)(?:body|text|textkörper|haupttext|hauptteil|corps(?: du texte)?|texte|tekst|hoofdtekst|cuerpo|texto|corpo|testo)"
)
_TAIL = re.compile(
    r"(?i)(?:classification|klassifizierung|klassifikation|classificatie|clasificación|classificazione|classificação"
    r"|graphic|grafik|graphique|grafiek|gráfico|grafico|notes?|notas?|anmerkung(?:en)?|opmerking(?:en)?)"
)
_PAGE = re.compile(r"(?i)(?:page|seite|pagina|página) \d+ (?:of|von|de|sur|van|di) \d+")
_COUNT = re.compile(r"(?i)(?:doc|dok)\w{0,12} ?\((\d{1,5})\)")
_ITEM = re.compile(r"(\d{1,4})\.\s+(\S.*)")
_COVER = re.compile(
    r"(?i)(?:user name|date and time|job number|client/matter|search terms|search type|narrowed by|benutzername|datum und uhrzeit"
    r"|auftragsnummer|nom d.utilisateur|date et heure|numéro de (?:la )?tâche|gebruikersnaam|datum en tijd|taaknummer"
    r"|nombre de usuario|fecha y hora|número de trabajo|nome utente|data e ora|nome de usuário|data e hora"
    r"|content type|inhaltstyp)\b"
)
_LABELS_BELOW = frozenset(("updated", "language", "type", "rights", "graphic", "keywords", "url", "other"))
# Headline, publication and date stand above the first label; an edition may stand among them.
MAX_HEAD = 10
MAX_TITLE_LINES = 4
MIN_SIGNS = 2
# Most characters of the line that ends a document, and of a label with its value.
END_CHARS, LABEL_CHARS = 40, 120


def recognise(page: Page) -> float:
    """Lines that end documents, and two of: a line "Body", a length, a load date, a copyright, a cover page."""
    signs: set[str] = set()
    lines = short(page.blocks)
    ends = sum(_is_end(text) for _, text in lines)
    for _, text in lines if ends else ():
        if _BODY.fullmatch(text):
            signs.add("body")
        elif _COVER.match(text) or _COUNT.fullmatch(text):
            signs.add("cover")
        elif is_rights(text):
            signs.add("rights")
        else:
            line = labelled(text)
            if line is not None and line.field in {"length", "updated"}:
                signs.add(line.field)
    return min(1.0, 0.25 + 0.15 * len(signs)) if len(signs) >= MIN_SIGNS else 0.0


def read(page: Page, marks: Marks) -> Export | None:
    """The articles between the lines that end documents; above the first of a request stands its cover page, if there is one."""
    blocks, marks = physical(page, marks, _is_own)
    texts = [block.text for block in blocks]
    builder = Builder(NAME, blocks, marks, interface(text for text in texts if len(text) <= SNIFF_CHARS))
    start = 0
    counts: list[int | None] = []
    for end in _ends(texts):
        first = _cover(builder, start, end)
        if first > start:
            builder.part(start, "cover", article=False)
            counts.append(_declared(texts[start:first]))
        if first < end:
            builder.part(first, "end-of-document")
            _article(builder, first, end)
        start = end
        if _is_end(texts[end]):
            builder.drop(end, "end")
            start += 1
        else:
            builder.warnings.append("an article in its middle has no line that ends it")
    if start < len(blocks):
        unended = _body(builder, start, len(blocks)) is not None
        builder.part(start, "end-of-document", article=unended)
        if unended:
            builder.warnings.append("its last article has no line that ends it")
            _article(builder, start, len(blocks))
    known = [count for count in counts if count is not None]
    builder.declared = sum(known) if known and len(known) == len(counts) else None
    return builder.done()


def _ends(texts: list[str]) -> list[int]:
    """The lines that end documents, and the first lines of articles above which such a line is missing.

    A load date is the last line of an article; if another line "Body" comes before the next end, an article begins behind it.
    """
    found: list[int] = []
    loaded: int | None = None
    for at, text in enumerate(texts):
        if _is_end(text):
            found.append(at)
            loaded = None
        elif loaded is not None and _BODY.fullmatch(text):
            found.append(loaded + 1)
            loaded = None
        else:
            line = labelled(text) if len(text) < SNIFF_CHARS else None
            loaded = at if line is not None and line.field == "updated" else loaded
    return found


def _is_end(text: str) -> bool:
    return len(text) < END_CHARS and "o" in text.lower() and _END.fullmatch(text) is not None


def _is_own(text: str) -> bool:
    return bool(_END.fullmatch(text) or _BODY.fullmatch(text) or _TAIL.fullmatch(text) or labelled(text) or is_rights(text))


def _body(builder: Builder, start: int, stop: int) -> int | None:
    """The number of the line "Body"."""
    return next((at for at in range(start, stop) if _BODY.fullmatch(builder.blocks[at].text)), None)


def _cover(builder: Builder, start: int, stop: int) -> int:
    """Where the article in these blocks begins: at a title that the cover page lists, else above its publication and date."""
    texts = {at: builder.blocks[at].text for at in range(start, stop)}
    body = _body(builder, start, stop)
    head = stop - 1 if body is None else body
    signs = [at for at, text in texts.items() if at <= head and (_COVER.match(text) or _COUNT.fullmatch(text))]
    if not signs:
        return start
    above = range(head, signs[-1], -1)
    titles = {likeness_key(match.group(2)) for match in map(_ITEM.match, texts.values()) if match}
    title = min((at for at in above if likeness_key(texts[at]) in titles), default=None)
    if title is not None:
        return title
    day = next((at for at in above if is_dated(texts[at]) and not is_rights(texts[at])), None)
    if day is None or day - 2 <= signs[-1]:
        return signs[-1] + 1
    first = day - 2
    while first - 1 > signs[-1] and builder.blocks[first].gap == 0 and not _ITEM.match(texts[first - 1]):
        first -= 1
    return first


def _declared(cover: list[str]) -> int | None:
    counts = [int(match.group(1)) for match in map(_COUNT.fullmatch, cover) if match]
    items = [int(match.group(1)) for match in map(_ITEM.match, cover) if match]
    return counts[0] if counts else listed(items) or None


def _article(builder: Builder, start: int, stop: int) -> None:
    """States the fields of the article in these blocks; what stands between "Body" and the classification is its text."""
    body = _body(builder, start, stop)
    text = _below_labels(builder, start, stop) if body is None else body + 1
    tail = _tail(builder, text, stop)
    _head(builder, start, min(text if body is None else body, tail))
    if body is not None:
        builder.drop(body, "body")
    for at in range(tail, stop):
        state(builder, at, "classification")
    for at in range(text, tail):
        if _PAGE.fullmatch(builder.blocks[at].text):
            builder.drop(at, "page")


def _below_labels(builder: Builder, start: int, stop: int) -> int:
    """Where the text begins if no line "Body" says so: below the last labelled line, copyright or date of the first lines."""
    below = start
    for at in range(start, min(stop, start + 2 * MAX_HEAD)):
        text = builder.blocks[at].text
        if is_rights(text) or is_dated(text) or (labelled(text, builder.language) and len(text) < LABEL_CHARS):
            below = at + 1
        elif is_prose(text) or at - below >= MAX_TITLE_LINES:
            break
    return below


def _tail(builder: Builder, start: int, stop: int) -> int:
    """Where the classification begins: the last line that announces it, else the labelled lines at the end."""
    first = stop
    for at in range(stop - 1, start - 1, -1):
        text = builder.blocks[at].text
        line = labelled(text, builder.language)
        if _TAIL.fullmatch(text):
            return _announced(builder, start, at)
        if line is not None and line.field in _LABELS_BELOW:
            first = at
        elif not is_rights(text) and first - at > MAX_TITLE_LINES:
            break
    return first


def _announced(builder: Builder, start: int, at: int) -> int:
    """Of several headings below the text ("Graphic", "Classification"), the first."""
    for above in range(at - 1, max(start, at - MAX_TITLE_LINES) - 1, -1):
        if _TAIL.fullmatch(builder.blocks[above].text):
            return above
    return at


def _head(builder: Builder, start: int, stop: int) -> None:
    """States headline, publication, date and the labelled lines above the text."""
    blocks = builder.blocks
    plain: list[int] = []
    for at in range(start, stop):
        text = blocks[at].text
        line = labelled(text, builder.language)
        if _PAGE.fullmatch(text):
            builder.drop(at, "page")
        elif is_rights(text):
            builder.drop(at, "copyright")
        elif line is not None and line.field in {"highlight", "body"} and line.value:
            builder.strip(at, line.at, line.field)
        elif line is not None and (plain or line.field not in {"other", "headline"}):
            state(builder, at, "other")
        elif is_dated(text) and plain and not builder.has("date_published"):
            builder.state(at, "date_published", date_in(text))
            _masthead(builder, plain)
        elif builder.has("date_published"):
            builder.drop(at, "edition")
        else:
            plain.append(at)
    if not builder.has("date_published") and plain:
        _masthead(builder, plain)


def _masthead(builder: Builder, lines: list[int]) -> None:
    """Of the lines above the date the last is the publication and the others the headline; a line alone is the headline."""
    title = lines[:-1] if len(lines) > 1 else lines
    if len(lines) > 1:
        builder.state(lines[-1], "publisher")
    title, others = title[:MAX_TITLE_LINES], title[MAX_TITLE_LINES:]
    builder.state(title[0], "headline", " ".join(builder.blocks[at].text for at in title))
    for at in title[1:]:
        builder.state(at, "headline", "")
    for at in others:
        builder.drop(at, "other")


FORMAT = Format(NAME, recognise, read)
