"""Files of several articles, and of one, as people paste them together: made from clean texts, with the true beginnings.

A file has a form that its articles share (titles, bylines, separators, blank lines …), from which single articles stray.
Inside the articles stand the traps: headings, captions that look like titles, repeated titles, rules, references after the
byline.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from bench.train.boundaries_phrases import Voice, likely, separator

Rng = random.Random
# What is made, and how often.
KINDS = {"plain": 24, "titled": 13, "signed": 13, "sourced": 13, "parted": 9, "blog": 11, "digest": 28, "single": 26}
MOST_ARTICLES = 14
# Lines of a very long article are cut off behind so many characters, now and then.
LONG = 9000
# A pull quote's paragraph and one that gets a heading have at least so many characters, one that lends it words so many words.
QUOTE, BELOW, PHRASE = 80, 60, 8


@dataclass(frozen=True, slots=True)
class Text:
    """A clean article: its lines that are not blank, and what is known of it."""

    id: str
    lines: tuple[str, ...]
    title: str
    authors: tuple[str, ...]
    paper: str
    domain: str
    language: str
    listing: bool = False
    # A part of another text: it is an article only by its title and byline.
    part: bool = False


class Line(NamedTuple):
    """A line of a file, the blank lines above it, and whether an article begins with it (None: neither right nor wrong)."""

    text: str
    gap: int = 0
    starts: bool | None = False


@dataclass(frozen=True, slots=True)
class File:
    """A made file: `starts` are offsets of beginnings after the first; places in `unsure` are not judged."""

    kind: str
    text: str
    starts: tuple[int, ...]
    unsure: tuple[int, ...]


@dataclass(slots=True)
class Form:
    """What the articles of a file share. Empty: they have no such line."""

    gap: int = 1  # blank lines between paragraphs
    between: int = 1  # and between articles
    title: str = ""
    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    rule: str = ""  # between articles
    rule_before_tail: float = 0.0
    section: float = 0.0
    references: float = 0.0
    references_last: float = 0.5
    residue: float = 0.0
    headings: float = 0.0
    share: list[str] = field(default_factory=list)
    shortened: float = 0.0
    stray: float = 0.0
    menu: int = 0
    trailer: int = 0
    numbered: bool = False
    wrapped: int = 0
    brief: float = 0.7
    wires: float = 0.0
    notes: float = 0.0
    facts: float = 0.0
    kicker: float = 0.0


def make(texts: Sequence[Text], others: Sequence[Text], kind: str, rng: Rng) -> File:
    """A file of these articles in this order; `others` lend their titles to what looks like one."""
    form = _form(kind, rng, texts[0])
    lines: list[Line] = []
    voice = Voice(texts[0].language, rng)
    lines += [Line(voice.filled(voice.form("menus")), 0 if likely(rng, 0.7) else form.gap) for _ in range(form.menu)]
    for number, text in enumerate(texts):
        mine = _strayed(form, rng, text) if likely(rng, form.stray) or text.part else form
        made = _article(text, mine, rng, others, number + 1)
        made[0] = made[0]._replace(gap=max(made[0].gap, mine.between if lines else 0), starts=bool(lines))
        if lines and mine.rule:
            lines.append(Line(mine.rule, mine.between))
            made[0] = made[0]._replace(gap=rng.choice((form.gap, mine.between)))
        lines.extend(made)
    lines += [
        Line(voice.filled(voice.form("trailers")), form.between if not number else 0, None) for number in range(form.trailer)
    ]
    return _joined(kind, lines, form, rng)


def _joined(kind: str, lines: list[Line], form: Form, rng: Rng) -> File:
    parts: list[str] = []
    starts: list[int] = []
    unsure: list[int] = []
    at = 0
    for number, line in enumerate(lines):
        parting = "\n" * (line.gap + 1) if number else ""
        text = line.text
        if form.wrapped and len(text) > form.wrapped:
            text = _wrapped(text, form.wrapped)
        if line.starts is not False and number:
            (starts if line.starts else unsure).append(at + len(parting))
        parts += [parting, text]
        at += len(parting) + len(text)
    tail = rng.choice(("", "\n", "\n\n"))
    return File(kind, "".join(parts) + tail, tuple(starts), tuple(unsure))


def _wrapped(text: str, width: int) -> str:
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join([*lines, line])


def _form(kind: str, rng: Rng, text: Text) -> Form:
    """A form of this kind of file."""
    form = Form(gap=rng.choice((0, 1, 1)), headings=rng.choice((0, 0, 0.05, 0.12)), residue=rng.choice((0, 0, 0.02, 0.05)))
    form.between = form.gap if likely(rng, 0.7) else form.gap + rng.choice((1, 1, 2, 3))
    form.stray = rng.choice((0, 0, 0.15, 0.4))
    form.wires, form.brief = rng.choice((0, 0, 0.1, 0.3)), rng.choice((0.4, 0.8, 0.9))
    form.notes, form.facts, form.kicker = rng.choice((0, 0.1, 0.2)), rng.choice((0, 0, 0, 0.1)), rng.choice((0, 0.1))
    voice = Voice(text.language, rng)
    _MAKERS[kind](form, rng, voice)
    if likely(rng, 0.07) and text.language not in ("zh", "ja"):
        form.wrapped, form.gap, form.between = rng.randint(60, 85), 1, max(1, form.between)
    return form


def _title(rng: Rng) -> str:
    return rng.choice(
        ("plain", "plain", "plain", "plain", "title", "capitals", "sentence", "markdown", "numbered", "bold", "quoted")
    )


def _head(form: Form, rng: Rng, voice: Voice) -> None:
    kinds = rng.choice((["bylines"], ["bylines"], ["datelines"], ["bylines", "datelines"], ["datelines", "bylines"], ["sources"]))
    form.head = [voice.form(kind) for kind in kinds]


def _tail(form: Form, rng: Rng, voice: Voice) -> None:
    kinds = rng.choice((["bylines"], ["bylines"], ["sources"], ["sources"], ["bylines", "sources"], ["bylines", "datelines"]))
    form.tail = [voice.form(kind) for kind in kinds]


def _plain(form: Form, rng: Rng, voice: Voice) -> None:
    del voice
    form.between = form.gap + (rng.randint(1, 4) if likely(rng, 0.2) else 0)


def _titled(form: Form, rng: Rng, voice: Voice) -> None:
    form.title = _title(rng)
    if likely(rng, 0.2):
        form.section = 1.0
    if likely(rng, 0.2):
        form.share = [voice.form("shares")]


def _signed(form: Form, rng: Rng, voice: Voice) -> None:
    if likely(rng, 0.8):
        form.title = _title(rng)
    where = rng.choice(("head", "head", "head", "tail", "tail", "both"))
    if where != "tail":
        _head(form, rng, voice)
    if where != "head":
        _tail(form, rng, voice)


def _sourced(form: Form, rng: Rng, voice: Voice) -> None:
    if likely(rng, 0.25):
        form.title = _title(rng)
    if likely(rng, 0.25):
        form.head = [voice.form("sources")]
    else:
        form.tail = [voice.form("sources")]
        if likely(rng, 0.25):
            form.tail.insert(0, voice.form("bylines"))
    form.rule_before_tail = rng.choice((0, 0, 0, 0.3, 1))


def _parted(form: Form, rng: Rng, voice: Voice) -> None:
    form.rule = separator(rng)
    for maker, chance in ((_titled, 0.35), (_signed, 0.25), (_sourced, 0.2)):
        if rng.random() < chance:
            maker(form, rng, voice)


def _blog(form: Form, rng: Rng, voice: Voice) -> None:
    form.gap = rng.choice((0, 0, 1))
    form.between = form.gap if likely(rng, 0.6) else form.gap + rng.randint(1, 2)
    form.title = "plain" if likely(rng, 0.7) else _title(rng)
    form.section = rng.choice((0, 0, 0.5, 1))
    if likely(rng, 0.5):
        form.head = [voice.form(rng.choice(("datelines", "datelines", "bylines")))]
    kinds = [kind for kind in ("more", "comments", "bylines", "datelines", "shares") if likely(rng, 0.45)]
    rng.shuffle(kinds)
    form.share = [voice.form(kind) for kind in kinds or [rng.choice(("more", "comments", "shares"))]]
    form.shortened = rng.choice((0.4, 1, 1))
    form.menu, form.trailer = rng.choice((0, 0, 1, 3, 4)), rng.choice((0, 0, 1, 2))
    form.headings = form.residue = 0


def _digest(form: Form, rng: Rng, voice: Voice) -> None:
    """Cuttings of many papers in one file: nearly every article in its own form."""
    form.stray = rng.choice((0.5, 0.9, 1))
    form.headings = rng.choice((0.05, 0.1, 0.2))
    form.residue = rng.choice((0.02, 0.05, 0.08))
    form.references = rng.choice((0, 0.2, 0.4))
    form.facts = rng.choice((0.05, 0.15))
    form.between = form.gap
    _loose(form, rng, voice)


def _loose(form: Form, rng: Rng, voice: Voice) -> None:
    """An article of a digest."""
    form.title = _title(rng) if likely(rng, 0.4) else ""
    form.head, form.tail = [], []
    if form.title and likely(rng, 0.35):
        _head(form, rng, voice)
    if likely(rng, 0.5):
        _tail(form, rng, voice)
    form.rule_before_tail = rng.choice((0, 0, 0.4))
    form.references_last = rng.random()


def _single(form: Form, rng: Rng, voice: Voice) -> None:
    """Anything may stand in a file of one article."""
    maker = rng.choice((_plain, _plain, _titled, _signed, _sourced, _digest, _blog))
    maker(form, rng, voice)
    form.references = rng.choice((0, 0, 0.5))
    form.facts = rng.choice((0, 0.4))
    form.menu = form.trailer = 0
    form.stray = 0


_MAKERS: dict[str, Callable[[Form, Rng, Voice], None]] = {
    "plain": _plain,
    "titled": _titled,
    "signed": _signed,
    "sourced": _sourced,
    "parted": _parted,
    "blog": _blog,
    "digest": _digest,
    "single": _single,
}


def _strayed(form: Form, rng: Rng, text: Text) -> Form:
    """The form with some of it changed for one article."""
    mine = Form(**{name: getattr(form, name) for name in Form.__slots__})
    mine.head, mine.tail, mine.share = list(form.head), list(form.tail), list(form.share)
    voice = Voice(text.language, rng)
    if form.references or likely(rng, 0.3):
        _loose(mine, rng, voice)
    else:
        if mine.head and likely(rng, 0.5):
            mine.head = [] if likely(rng, 0.5) else [voice.form("bylines")]
        if mine.tail and likely(rng, 0.6):
            mine.tail = [] if likely(rng, 0.4) else [voice.form(rng.choice(("bylines", "sources")))]
        if mine.title and likely(rng, 0.3):
            mine.title = ""
    if text.part:
        mine.title = mine.title or "plain"
        mine.head = mine.head or [voice.form(rng.choice(("bylines", "datelines", "datelines")))]
    return mine


def halves(text: Text, rng: Rng) -> list[Text]:
    """A long text as two articles on one subject; the second is named by words of its own."""
    middle = len(text.lines) // 2
    words = [word.strip(".,;:!?\"'()“”«»") for word in text.lines[middle].split()]
    name = " ".join(words[: rng.randint(3, 7)])
    name = rng.choice((text.title or name, name.title(), name[:1].upper() + name[1:]))
    return [replace(text, lines=text.lines[:middle]), replace(text, lines=text.lines[middle:], title=name, part=True)]


def _article(text: Text, form: Form, rng: Rng, others: Sequence[Text], number: int) -> list[Line]:
    """The lines of one article."""
    voice = Voice(text.language, rng)
    known = {
        "person": text.authors[0] if text.authors and likely(rng, 0.5) else voice.person(),
        "paper": text.paper if text.paper and likely(rng, 0.5) else voice.paper(),
        "domain": text.domain if likely(rng, 0.5) else voice.domain(),
        "day": voice.day(),
    }
    title = _dressed(text.title, form.title, number) if form.title and text.title else ""
    lines: list[Line] = []
    tight = likely(rng, 0.3)
    if likely(rng, form.section):
        lines.append(Line(voice.section(), form.gap))
    if title:
        lines.append(Line(title, form.gap))
    lines += [Line(voice.filled(one, **known, title=text.title), 0 if tight else form.gap) for one in form.head]
    if title and likely(rng, form.kicker):
        lines.insert(len(lines) - rng.randint(0, len(form.head)), Line(_kicker(text, rng, voice), form.gap))
    lines += _body(text, form, rng, others, voice)
    if likely(rng, form.notes):
        lines.append(Line(voice.filled(voice.form("notes")), form.gap))
    tail = _ending(form, rng, voice, known)
    lines += tail
    if text.title and likely(rng, form.facts):
        lines += _facts(text.title, rng, voice, form.gap)
    if title and likely(rng, 5 * form.residue) and tail:
        lines.insert(len(lines) - rng.randint(0, len(tail)), Line(text.title, form.gap))
    lines += [Line(voice.filled(one, **known, title=text.title), 0 if likely(rng, 0.5) else form.gap) for one in form.share]
    return lines


def _kicker(text: Text, rng: Rng, voice: Voice) -> str:
    """What may stand below a title: a second one, in capitals or not, a place, a sentence of the text."""
    sentence = re.split(r"(?<=[.!?。])\s*", rng.choice(text.lines), maxsplit=1)[0]
    return (
        rng.choice((voice.heading().upper(), voice.heading(), f"{voice.place()} {voice.place()}".upper(), sentence, sentence))
        or text.title
    )


def _facts(title: str, rng: Rng, voice: Voice, gap: int) -> list[Line]:
    """An info box: the title again and a few facts, each in one line or two."""
    lines = [title] if likely(rng, 0.8) else []
    for _ in range(rng.randint(1, 3)):
        lines += voice.filled(voice.form("facts")).split("|")
    return [Line(line, gap) for line in lines if line]


def _ending(form: Form, rng: Rng, voice: Voice, known: dict[str, str]) -> list[Line]:
    """References and the byline or source lines at the tail, in either order; a rule may stand above them."""
    signed = [Line(voice.filled(one, **known), form.gap) for one in form.tail]
    if signed and likely(rng, form.rule_before_tail):
        signed.insert(0, Line(separator(rng), form.gap))
    cited = _references(rng, voice, form.gap) if likely(rng, form.references) else []
    return signed + cited if likely(rng, form.references_last) else cited + signed


def _dressed(title: str, how: str, number: int) -> str:
    if how == "title":
        return re.sub(r"(?<!\S)\w", lambda found: found.group().upper(), title)
    if how == "capitals":
        return title.upper()
    if how == "sentence":
        return title[:1].upper() + title[1:].lower()
    forms = {"markdown": f"{'#' * (1 + number % 3 // 2)} {title}", "numbered": f"{number}. {title}", "bold": f"**{title}**"}
    return forms.get(how, f"“{title}”" if how == "quoted" else title)


def _body(text: Text, form: Form, rng: Rng, others: Sequence[Text], voice: Voice) -> list[Line]:
    """The paragraphs, with what stands between them."""
    paragraphs = list(text.lines)
    if likely(rng, form.shortened):
        paragraphs = paragraphs[: rng.randint(1, 5)]
        if likely(rng, 0.3):
            paragraphs[-1] = paragraphs[-1][: rng.randint(60, 400)].rsplit(" ", 1)[0] + rng.choice(("...", "…", " [...]"))
    elif likely(rng, form.brief):
        paragraphs = _within(paragraphs, rng.choice((300, 700, 1200, 1800, 2500, 3500, 5000, LONG)))
    if form.wires and likely(rng, form.wires):
        paragraphs[0] = voice.wire() + paragraphs[0]
    rule = separator(rng) if likely(rng, 0.06) else ""
    quote = _pull_quote(paragraphs, rng) if likely(rng, form.residue * 3) else ""
    lines = [Line(quote, form.gap)] if quote else []
    turns = (voice.person().split()[-1], voice.person().split()[-1]) if likely(rng, 0.015) else None
    dates = likely(rng, 0.02)
    for number, paragraph in enumerate(paragraphs):
        if number:
            lines += _between(form, rng, others, voice, paragraph, text.title)
            if rule and likely(rng, 0.2):
                lines.append(Line(rule, form.gap))
            if dates and likely(rng, 0.35):
                lines.append(Line(voice.day(), form.gap))
        lines.append(Line(f"{turns[number % 2]}: {paragraph}" if turns else paragraph, form.gap))
    return lines


def _within(paragraphs: list[str], most: int) -> list[str]:
    kept, total = [], 0
    for paragraph in paragraphs:
        kept.append(paragraph)
        total += len(paragraph)
        if total > most:
            break
    return kept


def _pull_quote(paragraphs: list[str], rng: Rng) -> str:
    longer = [paragraph for paragraph in paragraphs[1:8] if len(paragraph) > QUOTE]
    if not longer:
        return ""
    chosen = rng.choice(longer)
    return chosen if likely(rng, 0.5) else re.split(r"(?<=[.!?。])\s*", chosen, maxsplit=1)[0]


def _between(  # noqa: PLR0913, PLR0917 - what stands around it
    form: Form, rng: Rng, others: Sequence[Text], voice: Voice, below: str, title: str
) -> list[Line]:
    """A heading or residue above a paragraph, now and then."""
    lines = []
    if likely(rng, form.residue):
        other = title if title and likely(rng, 0.25) else rng.choice(others).title
        made = voice.filled(voice.form("residue"), title=other)
        if made:
            lines.append(Line(made, form.gap))
    if likely(rng, form.headings) and len(below) > BELOW:
        lines.append(Line(_heading(below, rng, voice), form.gap))
    return lines


def _heading(below: str, rng: Rng, voice: Voice) -> str:
    """A heading: a usual one, or made from words of the paragraph it stands above."""
    words = [word.strip(".,;:!?\"'()“”«»") for word in below.split()]
    if likely(rng, 0.5) or len(words) < PHRASE:
        return voice.heading()
    start = rng.randrange(0, min(len(words) - 4, 20))
    phrase = " ".join(words[start : start + rng.randint(2, 6)])
    plain = phrase[:1].upper() + phrase[1:]
    return rng.choice((plain, plain, plain, plain, *[phrase.title()] * 4, phrase.upper(), plain + "?"))


def _references(rng: Rng, voice: Voice, gap: int) -> list[Line]:
    """A list of cited works, numbered, its addresses broken now and then."""
    lines = [Line(voice.form("references"), gap)] if likely(rng, 0.8) else []
    wide, broken = likely(rng, 0.3), likely(rng, 0.4)
    mark = rng.choice(("[{}] ", "[{}] ", "[{}]", "{}. "))
    for number in range(1, rng.randint(2, 14)):
        cited = f"{voice.person()}, “{voice.heading()}: {voice.place()} {voice.section()},” {voice.paper()}, {voice.day()}"
        line = mark.format(number) + rng.choice((cited, cited, cited + ".", "ibid", voice.paper() + ", " + voice.day()))
        lines.append(Line(line, gap if wide or number == 1 else 0))
        if likely(rng, 0.4):
            address = voice.filled("{u}").replace(".html", f"-{'-'.join(voice.heading().lower().split())}.html")
            cut = rng.randint(30, 45) if broken else 400
            lines += [Line(address[at : at + cut]) for at in range(0, len(address), cut)]
    return lines
