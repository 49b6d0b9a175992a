"""Factiva as text, with two-letter codes or without them: "Document <id>" stands at the end of each article.

    HD  Cranes stay                       Cranes stay
    BY  By Ingrid Solheim                 By Ingrid Solheim
    WC  250 words                         250 words
    PD  3 March 2011                      3 March 2011
    SN  The Harbour Gazette               The Harbour Gazette
    SC  HARGAZ                            HARGAZ
    LA  English                           English
    CY  (c) 2011 The Harbour Gazette      (c) 2011 The Harbour Gazette
    LP  …                                 …
    TD  …
    PUB Harbour Press Ltd                 Harbour Press Ltd
    AN  Document HARGAZ0020110303e7330001u    Document HARGAZ0020110303e7330001u

A code stands before its value or on a line above it. Below the last article a summary of the search may stand. Source: the layout
as tm.plugin.factiva describes it; the codes as Factiva's own guide lists them.
"""

from __future__ import annotations

import re

from pipeline.marks import Marks
from pipeline.model import Page
from pipeline.split.export import SURE, Builder, Export, Format
from pipeline.split.lines import date_in, declared, is_dated, is_rights, physical, short
from pipeline.surface import ends_sentence, is_prose

NAME = "factiva"
_DOCUMENT = re.compile(
    r"(?:AN\s+)?(?:(?:Doc|Dok|Док)\w{2,10}|文書|文件|文档|文書番号)[ :\u3000]{1,3}([A-Za-z][A-Za-z0-9_]{13,40})"
)
_FIRST = frozenset("ADdДд文")  # how such a line begins
# An id is the code of the source, then a number and a date: DETROI0020101ed049892.
MIN_DIGITS = 8
_WORDS = re.compile(
    r"(?i)\d{1,3}(?:[.,' \u00a0]?\d{3})*[ \u00a0]?(?:words?|wörter|wort|mots?|palabras?|parole|parola|woorden|palavras?|ord"
    r"|слова?|слів|słów|slov|字|語|単語|kelime|kata|perkataan)"
)
_CODE = re.compile(
    r"(SE|HD|BY|CR|WC|PD|ET|SN|SC|ED|PG|VOL|LA|CY|CX|LP|TD|CT|RF|ART|CO|IN|NS|RE|IPC|IPD|PUB|AN|CLM|DLN|RST|NGC|GC)"
    r"(?:[ \t]+(\S.*))?",
    re.DOTALL,
)
_HEAD_CODES = frozenset("SE CLM HD BY CR WC PD ET SN SC ED PG VOL LA CY CX ART RST DLN".split())  # noqa: SIM905
_TAIL_CODES = frozenset("CT RF ART CO IN NS RE IPC IPD PUB AN CLM NGC GC DLN RST".split())  # noqa: SIM905
_COLUMNS = {"HD": "headline", "BY": "author", "PD": "date_published", "SN": "publisher", "SE": "section", "LA": "language"}
_COLUMNS |= {"NS": "keywords", "CLM": "section"}
_BY = re.compile(r"(?i)(?:by|von|par|por|di|da|door|av|af) \S")
_TIME = re.compile(r"\d{1,2}[:.]\d{2}(?: ?(?:[AaPp]\.?[Mm]\.?|Uhr|h))?")
_SOURCE_CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_COMPANY = re.compile(
    r"(?:Ltd|Inc|LLC|plc|PLC|Corp|Co|GmbH|AG|KG|SE|S\.?A|S\.?L|S\.?p\.?A|N\.?V|B\.?V|AB|AS|A/S|Oy|Limited|Group|Verlag)\.?$"
)
_CLOCK = re.compile(r"\d{1,2}:\d{2}\b")
_RESULTS = re.compile(
    r"(?i)(?:results found|(?:gefundene )?ergebnisse(?: gefunden)?|résultats trouvés|resultados encontrados|risultati trovati"
    r"|gevonden resultaten|resultaten gevonden)[ :\t]*(\d[\d.,]*)"
)
_LANGUAGES = {
    "words": "en",
    "word": "en",
    "wörter": "de",
    "mots": "fr",
    "palabras": "es",
    "parole": "it",
    "woorden": "nl",
    "palavras": "pt",
}
# Codes in one file that no other text has; most characters of a provider's line, of one with an id, a word count, a firm's name.
MIN_CODES = 4
OWN_CHARS, ID_CHARS, WORDS_CHARS, NAME_CHARS = 120, 70, 30, 80
TITLE_AND_BYLINE = 3
SECTION_WORDS = 3
# A head holds no more lines.
MAX_HEAD = 16
MAX_NAME_WORDS = 5


def recognise(page: Page) -> float:
    """Lines "Document <id>", and a word count, four codes, a copyright or a date alone on a line; or a file full of codes."""
    documents = words = rights = dates = 0
    codes: set[str] = set()
    lines = short(page.blocks)
    if not any(_is_document(text) or text.startswith("HD") for _, text in lines):
        return 0.0
    for _, text in lines:
        code = _CODE.fullmatch(text)
        if code:
            codes.add(code.group(1))
            text = code.group(2) or ""  # noqa: PLW2901
        documents += _is_document(text)
        words += _WORDS.fullmatch(text) is not None
        rights += is_rights(text)
        dates += is_dated(text)
    coded = len(codes & _HEAD_CODES) >= MIN_CODES
    full = coded and {"HD", "PD", "SN"} <= codes and bool(codes & {"LP", "TD"})
    if not full and (not documents or not (words or coded)):
        return 0.0
    return min(
        1.0, 0.4 * (documents > 0) + 0.2 * (words > 0) + 0.3 * full + 0.15 * coded + 0.1 * (rights > 0) + 0.1 * (dates > 0)
    )


def read(page: Page, marks: Marks) -> Export | None:
    """The articles that end with "Document <id>", and those that begin where the line before is missing."""
    blocks, marks = physical(page, marks, _is_own)
    texts = [block.text for block in blocks]
    builder = Builder(NAME, blocks, marks, _language(texts))
    ends = [at for at, text in enumerate(texts) if _is_document(text)]
    start = found = 0
    runs: list[tuple[int, int]] = []  # articles found and results named, of files put one behind the other
    for end in ends:
        above, start = start, _below_summary(builder, start, end)
        if start > above:
            runs.append((found - sum(count for count, _ in runs), _results(texts[above:start])))
        found += _articles(builder, start, end + 1, _starts(builder, start, end + 1) or [start])
        start = end + 1
    if start < len(texts):
        starts = _starts(builder, start, len(texts))
        if starts:
            builder.warnings.append("its last article has no line with its id")
            found += _articles(builder, start, len(texts), starts)
        else:
            builder.part(start, "trailer", article=False)
    runs.append((found - sum(count for count, _ in runs), _results(texts[start:])))
    if all(results for _, results in runs):
        builder.declared = sum(declared([(1, results), (count, results)][: max(1, count)]) or 0 for count, results in runs)
    return builder.done()


def _below_summary(builder: Builder, start: int, stop: int) -> int:
    """Where the article begins if the summary of another file's search stands above it."""
    texts = [block.text for block in builder.blocks[start : min(stop, start + MAX_HEAD)]]
    at = next((at for at, text in enumerate(texts) if _RESULTS.match(text)), None)
    if at is None:
        return start
    builder.part(start, "trailer", article=False)
    return start + at + (2 if at + 1 < len(texts) and _CLOCK.search(texts[at + 1]) else 1)


def _results(texts: list[str]) -> int:
    """How many articles the summary of a search says were found, 0 if there is none."""
    return next((int(re.sub(r"\D", "", match.group(1))) for match in map(_RESULTS.match, texts) if match), 0)


def _articles(builder: Builder, start: int, stop: int, starts: list[int]) -> int:
    """States the articles between two ends: one, or several where lines with ids are missing. Their number."""
    if len(starts) > 1:
        builder.warnings.append(f"{len(starts) - 1} articles have no line with their id")
    for first, last in zip(starts, [*starts[1:], stop], strict=True):
        builder.part(first, "document-id" if first == start else "head", SURE if first == start else 0.9)
        _article(builder, first, last)
    return len(starts)


def _is_document(text: str) -> bool:
    match = _DOCUMENT.fullmatch(text) if len(text) < ID_CHARS and text[-6:-1].isalnum() and text[0] in _FIRST else None
    return match is not None and sum(map(str.isdigit, match.group(1))) >= MIN_DIGITS


def _is_own(text: str) -> bool:
    if len(text) > OWN_CHARS:
        return False
    return bool(_CODE.fullmatch(text) or _WORDS.fullmatch(text) or _is_document(text) or is_dated(text) or is_rights(text))


def _language(texts: list[str]) -> str | None:
    """The interface's language, by the word for "words"."""
    for text in texts:
        match = _WORDS.search(text) if len(text) < WORDS_CHARS else None
        if match:
            return _LANGUAGES.get(re.sub(r"[\d.,' \u00a0]", "", match.group()).lower())
    return None


def _code(text: str) -> str:
    match = _CODE.fullmatch(text)
    return match.group(1) if match else ""


def _starts(builder: Builder, start: int, stop: int) -> list[int]:
    """Where articles begin in these blocks: one a headline's code or, without codes, one a word count above a date.

    The first begins where the blocks do; nothing begins where there is no head.
    """
    texts = [block.text for block in builder.blocks[start:stop]]
    heads = [at for at, text in enumerate(texts) if _code(text) == "HD"]
    if heads:
        found = [at - 1 if at and _code(texts[at - 1]) in {"SE", "CLM"} else at for at in heads]
    else:
        found = [
            at
            for at, text in enumerate(texts)
            if _WORDS.fullmatch(text) and any(is_dated(below) for below in texts[at + 1 : at + 4])
        ]
        found = [_title(builder, start, at) if number else 0 for number, at in enumerate(found)]
    return [start, *(start + at for at in found[1:])] if found else []


def _title(builder: Builder, start: int, words: int) -> int:
    """The line of the headline above a word count: above the byline, if there is one, and nothing with a blank line between."""
    at = words
    while at > 0 and words - at < TITLE_AND_BYLINE and (at == words or builder.blocks[start + at].gap == 0):
        at -= 1
    return at


def _article(builder: Builder, start: int, stop: int) -> None:
    texts = [block.text for block in builder.blocks[start:stop]]
    if any(_code(text) == "HD" for text in texts):
        _coded(builder, start, stop)
    else:
        _uncoded(builder, start, stop)


def _coded(builder: Builder, start: int, stop: int) -> None:
    """States the values of head and tail codes; LP and TD head the text."""
    tail = _tail(builder, start, stop)
    code, at = "", start
    while at < tail:
        text = builder.blocks[at].text
        here = _code(text)
        if here in {"LP", "TD"} or (not here and (is_prose(text) or not code) and builder.has("headline")):
            break
        code = here if here in _HEAD_CODES else code
        _value(builder, at, code)
        at += 1
    for line in range(at, tail):
        match = _CODE.fullmatch(builder.blocks[line].text)
        if match and match.group(1) in {"LP", "TD"}:
            if match.group(2):
                builder.strip(line, match.start(2), match.group(1).lower())
            else:
                builder.drop(line, match.group(1).lower())
    code = ""
    for line in range(tail, stop):
        code = _code(builder.blocks[line].text) or code
        _value(builder, line, code)


def _tail(builder: Builder, start: int, stop: int) -> int:
    """Where the codes below the text begin, seen from the end: coded lines, and values whose code stands on the line above."""
    first = stop
    at = stop - 1
    while at > start:
        code, above = _code(builder.blocks[at].text), builder.blocks[at - 1].text
        if code in _TAIL_CODES or _is_document(builder.blocks[at].text):
            first = at
        elif not (above in _TAIL_CODES or (builder.blocks[at].gap == 0 and _code(above) in _TAIL_CODES)):
            break
        at -= 1
    return first


def _value(builder: Builder, at: int, code: str) -> None:
    """States the block as the value of a code, or as what goes on with it."""
    match = _CODE.fullmatch(builder.blocks[at].text)
    value = (match.group(2) or "") if match else builder.blocks[at].text
    field = _COLUMNS.get(code)
    if field is None or (not value and match):
        builder.drop(at, code.lower() or "page")
    elif builder.has(field) and not (match and code != "CLM"):
        builder.drop(at, code.lower())
    else:
        builder.state(at, field, _read(field, value), code.lower())


def _read(field: str, value: str) -> str:
    if field == "date_published":
        return date_in(value)
    if field == "keywords":  # "gpol : Domestic Politics | gcat : Political/General News"
        return "; ".join(part.partition(":")[2].strip() or part.strip() for part in value.split("|"))
    return value


def _uncoded(builder: Builder, start: int, stop: int) -> None:
    """States the head by the places of its lines, which no code names: the word count parts what is above from what is below."""
    blocks = builder.blocks
    words = next((at for at in range(start, min(stop, start + MAX_HEAD)) if _WORDS.fullmatch(blocks[at].text)), None)
    last = stop - 1
    if _is_document(blocks[last].text):
        builder.drop(last, "an")
        last -= 1
    if last > start and _is_company(blocks[last].text):
        builder.drop(last, "pub")
    if words is None:
        return
    _above(builder, list(range(start, words)))
    builder.drop(words, "wc")
    _below(builder, words + 1, last)


def _is_company(text: str) -> bool:
    """The publisher's name, which stands below the text."""
    return len(text) < NAME_CHARS and not ends_sentence(text.rstrip(".")) and _COMPANY.search(text) is not None


def _above(builder: Builder, lines: list[int]) -> None:
    """Section, headline, byline."""
    texts = builder.blocks
    while lines and is_rights(texts[lines[0]].text):
        builder.drop(lines.pop(0), "page")
    if len(lines) > 1 and (_BY.match(texts[lines[-1]].text) or _is_name(texts[lines[-1]].text)):
        builder.state(lines.pop(), "author", what="by")
    if len(lines) > 1 and texts[lines[0]].text.count(" ") < SECTION_WORDS <= texts[lines[1]].text.count(" "):
        builder.state(lines.pop(0), "section", what="se")
    if lines:
        builder.state(lines[0], "headline", " ".join(texts[at].text for at in lines), "hd")
    for at in lines[1:]:
        builder.state(at, "headline", "", "hd")


def _is_name(text: str) -> bool:
    words = text.split()
    return 1 < len(words) < MAX_NAME_WORDS and all(word[0].isupper() and word.strip(".,-'’").isalpha() for word in words)


def _below(builder: Builder, start: int, stop: int) -> None:
    """Date, time, publication, its code, page, edition, language, copyright: the lines between the word count and the text."""
    blocks = builder.blocks
    end = start
    rights = next((at for at in range(start, min(stop + 1, start + MAX_HEAD)) if is_rights(blocks[at].text)), None)
    if rights is not None:
        end = rights + 1
    else:
        while end <= stop and end < start + MAX_HEAD and not is_prose(blocks[end].text) and not (blocks[end].gap and end > start):
            end += 1
    for at in range(start, end):
        text = blocks[at].text
        if is_rights(text):
            builder.drop(at, "cy")
        elif is_dated(text) and not builder.has("date_published"):
            builder.state(at, "date_published", date_in(text), "pd")
        elif _TIME.fullmatch(text) or text.isdecimal():
            builder.drop(at, "et" if ":" in text else "pg")
        elif builder.has("date_published") and not builder.has("publisher"):
            builder.state(at, "publisher", what="sn")
        elif at == end - (2 if rights is not None else 1) and text.isalpha() and not text.isupper():
            builder.state(at, "language", what="la")
        else:
            builder.drop(at, "sc" if _SOURCE_CODE.fullmatch(text) else "ed")


FORMAT = Format(NAME, recognise, read)
