"""The front page of a blog as text: title and text of post after post, each closed by the same furniture.

    Cranes stay                           perhaps a section and a date around it
    …
    March 3, 2011 4 comments              or "Read more"
    Share Tweet Pin Email                 the bar of buttons, the same below each post

One such foot says nothing (single articles have it too); two that are alike, each of several signs, with text above each, make an
index. Nothing else of a layout is known, so what is unsure stays text.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import NamedTuple

from pipeline.marks import Marks
from pipeline.model import Block, Page
from pipeline.split.export import Builder, Export, Format
from pipeline.split.lines import date_in, is_dated, physical
from pipeline.surface import could_be_title, is_prose

NAME = "blog-index"
_COMMENTS = re.compile(
    r"(?i)(?P<before>.{0,60}?)\b(?:\d{1,4}|no|one|kein|keine|ein|aucun|un|sin|nessun|geen|één|nenhum|um)"
    r" (?:comments?|kommentare?|commentaires?|comentarios?|commenti|commento|reacties?|comentários?|kommentarer?|komentarz[ey]?"
    r"|комментари\w{1,2}|responses?|replies)(?: [»→›])?"
)
_LEAVE = re.compile(
    r"(?i)(?:leave a (?:comment|reply)|post a comment|kommentar schreiben|laisser un commentaire|deja un comentario"
    r"|geef een reactie|lascia un commento|deixe um comentário)"
)
_MORE = re.compile(
    r"(?i)\W{0,3}(?:read (?:more|on|the rest.{0,30})|continue reading.{0,80}|weiterlesen|mehr lesen|lire la suite|leer más"
    r"|seguir leyendo|lees (?:meer|verder)|leggi tutto|continua a leggere|leia mais|continue lendo|läs mer|les mer|læs mere"
    r"|czytaj (?:dalej|więcej)|читать (?:далее|дальше|полностью))\W{0,4}"
)
_BUTTON = (
    r"(?:share(?: this)?(?: on)?|tweet|pin(?: it)?|e-?mail(?: this)?|print|like|facebook|twitter|google ?\+?|pinterest|linkedin"
    r"|reddit|whatsapp|tumblr|telegram|instagram|teilen|drucken|partager|imprimer|compartir|condividi|delen|compartilhar|dela|del|\+|x)"
)
_SHARE = re.compile(rf"(?i){_BUTTON}(?:[ |·•,]{{1,3}}{_BUTTON}){{0,14}}")
_TAGS = re.compile(
    r"(?i)(?:labels|tags|categories|filed under|posted (?:in|by)|kategorien|schlagwörter|étiquettes|etiquetas)\b.{0,120}"
)
# "World / by Ingrid Solheim"
_BYLINE = re.compile(
    r"(?i)(?:(?P<section>[^\W\d_][^/|·–]{1,30}?) ?[/|·–] ?)?(?:by|von|par|por|di|door|av|af) (?P<author>[^\W\d_].{2,60})"
)
# Feet of an index, buttons of a bar, words that are no section: fewer than two say nothing.
LEAST = 2
# Share of posts that must look like posts: one may be a list, a video, a title that is none.
MOST = 0.7
MAX_SIGN = 140
_EDGES = "[](){}»«→›…|·•"
# How a sign begins, or (comments) ends, in small letters: one cheap look at most lines.
_FIRST = frozenset(
    [
        "share",
        "tweet",
        "pin",
        "e-mail",
        "email",
        "print",
        "like",
        "facebook",
        "twitter",
        "google",
        "google+",
        "pinterest",
        "linkedin",
        "reddit",
        "whatsapp",
        "tumblr",
        "telegram",
        "instagram",
        "teilen",
        "drucken",
        "partager",
        "imprimer",
        "compartir",
        "condividi",
        "delen",
        "compartilhar",
        "dela",
        "del",
        "x",
        "+",
        "read",
        "continue",
        "weiterlesen",
        "mehr",
        "lire",
        "leer",
        "seguir",
        "lees",
        "leggi",
        "continua",
        "leia",
        "läs",
        "les",
        "læs",
        "czytaj",
        "читать",
        "leave",
        "post",
        "kommentar",
        "laisser",
        "deja",
        "geef",
        "lascia",
        "deixe",
    ]
)
_LAST = (
    "comment",
    "kommentar",
    "comentario",
    "commenti",
    "commento",
    "comentário",
    "reactie",
    "komentarz",
    "комментари",
    "respons",
    "repl",
)
# Blank or short lines between the signs of one foot.
MAX_GAP = 3
# Lines above a post's text: section, title, date, byline.
MAX_HEAD = 5
MAX_COVER = 12
MENU_CHARS = 40


class _Foot(NamedTuple):
    """Furniture from block `start` to before `stop`; `signs`: which kinds, and the very bar of buttons."""

    start: int
    stop: int
    signs: frozenset[str]


def recognise(page: Page) -> float:
    """Two feet or more that are alike and of two signs or more, with text above each and a line like a title below each."""
    if not page.blocks or page.blocks[0].kind != "line":
        return 0.0
    feet = _feet(page.blocks)
    if len(feet) < LEAST:
        return 0.0
    above = [0, *(foot.stop for foot in feet)]
    whole = [_has_text(page.blocks[start : foot.start]) for start, foot in zip(above, feet, strict=False)]
    titled = [_is_head(page.blocks, foot.stop, after.start) for foot, after in pairwise(feet)]
    return 0.9 if _most(whole) and _most(titled) else 0.0


def read(page: Page, marks: Marks) -> Export | None:
    """The posts above the feet. What stands above the first post's title, and below the last foot without text, is no post."""
    blocks, marks = physical(page, marks, _is_own)
    feet = _feet(blocks)
    if len(feet) < LEAST:
        return None
    builder = Builder(NAME, blocks, marks)
    least = min(_head_lines(blocks, foot.stop, after.start) for foot, after in pairwise(feet))
    section = _most([_is_section(blocks, foot.stop) for foot in feet[:-1]])
    first = _first(blocks, feet[0].start, least, section=section)
    for start, foot in zip([first, *(foot.stop for foot in feet)], feet, strict=False):
        builder.part(start, "foot")
        _post(builder, start, foot, section=section)
    rest = feet[-1].stop
    if rest < len(blocks):
        post = _has_text(blocks[rest:]) and _is_head(blocks, rest, len(blocks))
        builder.part(rest, "foot" if post else "trailer", article=post)
        if post:
            _post(builder, rest, _Foot(len(blocks), len(blocks), frozenset()), section=section)
    return builder.done()


def _sign(text: str) -> str:
    """Which sign of a foot the line is, "" if none."""
    if len(text) > MAX_SIGN:
        return ""
    words = text.lower().split()
    edge = words[-1] if len(words[-1]) > 1 else words[max(0, len(words) - 2)]
    if words[0].strip(_EDGES) not in _FIRST and not edge.startswith(_LAST) and words[0][0].isalnum():
        return ""
    if _SHARE.fullmatch(text):
        return "share"
    if _COMMENTS.fullmatch(text) or _LEAVE.fullmatch(text):
        return "comments"
    return "more" if _MORE.fullmatch(text) else ""


def _is_own(text: str) -> bool:
    return bool(_sign(text))


def _feet(blocks: tuple[Block, ...]) -> list[_Foot]:
    """Runs of lines that are signs, with dates and tags among them, that have the signs of most runs, two or more."""
    runs: list[_Foot] = []
    at = 0
    while at < len(blocks):
        sign = _sign(blocks[at].text)
        if not sign:
            at += 1
            continue
        start, signs, words = at, set(), 0
        while (
            at < len(blocks) and (_sign(blocks[at].text) or _goes_on(blocks, at)) and (at == start or blocks[at].gap <= MAX_GAP)
        ):
            sign = _sign(blocks[at].text)
            words += len(blocks[at].text.split()) if sign == "share" else 0
            signs.add(sign)
            at += 1
        signs -= {"", *(("share",) if words < LEAST else ())}
        if start and is_dated(blocks[start - 1].text):
            start -= 1
        if len(signs) > 1:
            runs.append(_Foot(start, at, frozenset(signs)))
    usual = Counter(run.signs for run in runs).most_common(1)
    alike = [run for run in runs if run.signs == usual[0][0]] if usual else []
    return alike if len(alike) == len(runs) else []


def _goes_on(blocks: tuple[Block, ...], at: int) -> bool:
    """A date or tags between two signs."""
    if at + 1 >= len(blocks) or not _sign(blocks[at + 1].text):
        return False
    return is_dated(blocks[at].text) or _TAGS.fullmatch(blocks[at].text) is not None


def _most(seen: list[bool]) -> bool:
    """Whether most hold; of two, both."""
    return sum(seen) >= MOST * len(seen) and sum(seen) >= min(LEAST, len(seen))


def _has_text(blocks: tuple[Block, ...]) -> bool:
    return any(is_prose(block.text) for block in blocks)


def _is_head(blocks: tuple[Block, ...], start: int, stop: int) -> bool:
    return start < stop and could_be_title(blocks[start].text)


def _head_lines(blocks: tuple[Block, ...], start: int, stop: int) -> int:
    """How many lines stand above the post's first prose, at most MAX_HEAD."""
    return next((at - start for at in range(start, min(stop, start + MAX_HEAD)) if is_prose(blocks[at].text)), MAX_HEAD)


def _is_section(blocks: tuple[Block, ...], start: int) -> bool:
    """A word or two with a longer line below, that may be a title."""
    if start + 1 >= len(blocks):
        return False
    one, two = blocks[start].text, blocks[start + 1].text
    return one.count(" ") < LEAST and one.count(" ") <= two.count(" ") and could_be_title(two) and not is_dated(two)


def _first(blocks: tuple[Block, ...], stop: int, least: int, *, section: bool) -> int:
    """Where the first post begins: at its section, above its byline, or as far above its text as in the others.

    What stands above must look like a menu; else the post begins where the file does.
    """
    prose = next((at for at in range(stop) if is_prose(blocks[at].text)), 0)
    near = range(min(prose + 1, MAX_COVER))
    bylines = [at - 1 for at in near if at and _BYLINE.fullmatch(blocks[at].text)]
    sections = [at for at in near if section and _is_section(blocks, at) and blocks[at + 1].text.count(" ") > 1]
    if bylines:
        first = bylines[0]
    elif section:
        first = sections[-1] if sections else 0
    else:
        first = max(0, prose - least) if least < MAX_HEAD else 0
    is_menu = first <= MAX_COVER and all(len(block.text) <= MENU_CHARS for block in blocks[:first])
    return first if is_menu else 0


def _post(builder: Builder, start: int, foot: _Foot, *, section: bool) -> None:
    """States section, title and date; drops the foot."""
    blocks = builder.blocks
    at = start
    if section and at + 1 < foot.start and blocks[at].text.count(" ") < LEAST and not is_prose(blocks[at + 1].text):
        builder.state(at, "section")
        at += 1
    if at < foot.start and (could_be_title(blocks[at].text) or at > start):
        builder.state(at, "headline")
        at += 1
    match = _BYLINE.fullmatch(blocks[at].text) if at < foot.start else None
    if match:
        builder.state(at, "author", match.group("author"))
        if match.group("section"):
            builder.state(at, "section", match.group("section"))
        at += 1
    if at < foot.start and is_dated(blocks[at].text):
        builder.state(at, "date_published", date_in(blocks[at].text))
    for line in range(foot.start, foot.stop):
        text = blocks[line].text
        match = _COMMENTS.fullmatch(text)
        dated = text if is_dated(text) else match.group("before").strip() if match else ""
        if dated and is_dated(dated) and not builder.has("date_published"):
            builder.state(line, "date_published", date_in(dated), "foot")
        else:
            builder.drop(line, "foot")


FORMAT = Format(NAME, recognise, read)
