"""What an export of a news database states of its article: headline, author, date, publisher, section, language, keywords, url.

The layout (pipeline.split) says which line states which field; here the values are read. A line whose value cannot be read claims
nothing and is dropped under its own rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pipeline.fields.day import Day, parse_in
from pipeline.fields.people import people
from pipeline.model import Found, Hints, Label, Provided, Segment, Stated
from pipeline.surface import fold

CONFIDENCE = 0.99
# Tried where neither the export's labels nor the article's language say what a date is written in.
USUAL_LANGUAGES = ("en", "de", "fr", "nl", "es", "it", "pt")

# Names of languages, in English, in themselves and in the languages of the databases' interfaces; case does not matter.
_LANGUAGES = {
    "ar": "arabic العربية arabisch arabe árabe arabo",
    "bg": "bulgarian български bulgarisch bulgare búlgaro bulgaro bulgaars",
    "ca": "catalan català katalanisch catalán catalano catalaans catalão",
    "cs": "czech čeština tschechisch tchèque checo ceco tsjechisch tcheco",
    "da": "danish dansk dänisch danois danés danese deens dinamarquês",
    "de": "german deutsch allemand alemán tedesco duits alemão tyska tysk",
    "el": "greek ελληνικά griechisch grec griego greco grieks grego",
    "en": "english englisch anglais inglés inglese engels inglês engelska engelsk",
    "es": "spanish español castellano spanisch espagnol spagnolo spaans espanhol spanska spansk",
    "et": "estonian eesti estnisch estonien estonio",
    "fa": "persian farsi فارسی persisch persan persa perzisch",
    "fi": "finnish suomi finnisch finnois finés finlandese fins finlandês finska finsk",
    "fr": "french français französisch francés francese frans francês franska fransk",
    "he": "hebrew עברית hebräisch hébreu hebreo ebraico hebreeuws hebraico",
    "hr": "croatian hrvatski kroatisch croate croata",
    "hu": "hungarian magyar ungarisch hongrois húngaro ungherese hongaars",
    "id": "indonesian indonesia indonesisch indonésien indonesio",
    "it": "italian italiano italienisch italien italiaans italienska italiensk",
    "ja": "japanese 日本語 japanisch japonais japonés giapponese japans japonês",
    "ko": "korean 한국어 koreanisch coréen coreano koreaans",
    "lt": "lithuanian lietuvių litauisch lituanien",
    "lv": "latvian latviešu lettisch letton",
    "nl": "dutch nederlands niederländisch néerlandais neerlandés holandés olandese neerlandês holandês nederländska",
    "no": "norwegian norsk norwegisch norvégien noruego norvegese noors norueguês norska",
    "pl": "polish polski polnisch polonais polaco polacco pools polonês",
    "pt": "portuguese português portugiesisch portugais portugués portoghese portugees portugisiska",
    "ro": "romanian română rumänisch roumain rumano rumeno roemeens romeno",
    "ru": "russian русский russisch russe ruso russo ryska russisk",
    "sk": "slovak slovenčina slowakisch slovaque eslovaco",
    "sl": "slovenian slovenščina slowenisch slovène esloveno",
    "sr": "serbian српски srpski serbisch serbe serbio serbo",
    "sv": "swedish svenska schwedisch suédois sueco svedese zweeds svensk",
    "tr": "turkish türkçe türkisch turc turco turks",
    "uk": "ukrainian українська ukrainisch ukrainien ucraniano",
    "zh": "chinese 中文 chinesisch chinois chino cinese chinees chinês",
}
_TAGS = {name: tag for tag, names in _LANGUAGES.items() for name in names.split()}
_WORD = re.compile(r"[^\W\d_]+")
_BY = re.compile(
    r"(?i:written by|text by|reported by|by|von|par|por|di|da|door|av|af|text:|texte|propos recueillis par)[: ]\s*(?=[^\W\d_])"
)
_APART = re.compile(r"\s*[;\n]\s*")
_SHARE = re.compile(r"\s*\(\d{1,3} ?%\)")
# A word that stands in the description of a person and in no name.
_ROLE = re.compile(
    r"(?i)\b(?:staff|writers?|editors?|correspondents?|reporters?|columnist|bureau|chief|special|service|contributors?|contributed"
    r"|korrespondent(?:in)?|redakteur(?:in)?|mitarbeiter(?:in)?|correspondante?s?|envoyée?s? spécia\w+|journaliste|redactora?"
    r"|corresponsal|enviad[oa]|correspondente|corrispondente|inviat[oa]|verslaggever|redacteur|professor|director|news ?paper)\b"
)
MOST_NAME_WORDS = 6


def find(segment: Segment, hints: Hints, alone: bool) -> list[Found]:
    """A value for each field that the export states, and the claims of all lines that state one; nothing for other files."""
    del hints, alone
    if segment.provided is None:
        return []
    found: list[Found] = []
    for stated in segment.provided.stated:
        label, read = _READERS.get(stated.field, (Label.HEADER, None))
        value = read(stated.text, segment.provided) if read is not None and stated.text else None
        if value or (read is not None and not stated.text):
            found.append(Found(stated.field, value or (), stated.span, stated.rule, CONFIDENCE, label))
    return found


def _text(text: str, _: Provided) -> str:
    return fold(text)


def _section(text: str, _: Provided) -> str | None:
    """The section without the page: "SPORT; Pg. 12"."""
    return fold(text.partition(";")[0]) or None


def _authors(text: str, _: Provided) -> tuple[str, ...]:
    """Names without "By", roles and places."""
    names = []
    for part in _APART.split(text.strip(" .;")):
        bare = _BY.sub("", part, count=1) if _BY.match(part) else part
        bare = re.sub(r"\s+\bin\s+\w+.*$", "", bare)
        candidates = [name for name in people(bare) if not _ROLE.search(name)]
        names += [name for name in candidates if name.count(" ") < MOST_NAME_WORDS and not name[0].islower()]
    return tuple(dict.fromkeys(names))


def _date(text: str, provided: Provided) -> Day | None:
    known = [provided.language] if provided.language else []
    stated = _stated_language(provided.stated)
    return parse_in(fold(text), [*known, *([stated] if stated else []), *(USUAL_LANGUAGES[:1] if known else USUAL_LANGUAGES)])


def _stated_language(stated: tuple[Stated, ...]) -> str | None:
    return next((tag for one in stated if one.field == "language" for tag in [tag_of(one.text)] if tag), None)


def tag_of(text: str) -> str | None:
    """The BCP 47 tag of a language that is named in English, in itself or in an interface's language; None if none is known.

    >>> tag_of("GERMAN; DEUTSCH"), tag_of("en"), tag_of("Volapük")
    ('de', 'en', None)
    """
    words: list[str] = _WORD.findall(text.casefold())
    for word in words:
        if word in _TAGS or word in _LANGUAGES:
            return _TAGS.get(word, word)
    return None


def _language(text: str, _: Provided) -> str | None:
    return tag_of(text)


def _keywords(text: str, _: Provided) -> tuple[str, ...]:
    """Keywords stand apart by semicolons or bars, else by commas; without the database's scores, "(92%)"."""
    mark = r"\s*[;|\n]\s*" if re.search(r"[;|\n]", text) else r"\s*[,،、]\s*"
    parts = (fold(_SHARE.sub("", part)).strip(" .") for part in re.split(mark, text))
    return tuple(dict.fromkeys(part for part in parts if part))


def _url(text: str, _: Provided) -> str | None:
    return next((word.rstrip(".,;)>") for word in text.split() if word.startswith(("http://", "https://"))), None)


_READERS: dict[str, tuple[Label, Callable[[str, Provided], object]]] = {
    "headline": (Label.TITLE, _text),
    "author": (Label.BYLINE, _authors),
    "date_published": (Label.DATELINE, _date),
    "date_modified": (Label.DATELINE, _date),
    "publisher": (Label.BYLINE, _text),
    "section": (Label.SECTION, _section),
    "language": (Label.HEADER, _language),
    "keywords": (Label.SECTION, _keywords),
    "url": (Label.HEADER, _url),
}
