"""The names in a byline, an author line or a declared author: people first, organisations where they sign."""

from __future__ import annotations

import re

from pipeline.surface import fold

# What stands before the names. Applied again after each hit: "Posted by: Von …".
_LEAD = re.compile(
    r"(?:(?:written|posted|published|reported|updated|created|reviewed|words|story|text|report|photos?) (?:and \w+ )?by"
    r"|by|von|vom|par|por|di|da|door|av|af|от|autor(?:in|en|es)?|authors?|auteurs?|autore|autori|writers?|text|texte|texto|testo|tekst"
    r"|name|posted on|(?:geschrieben|gepostet|eingestellt|eingetragen|beitrag|artikel|ein \w+|interview) von"
    r"|verfasst von|veröffentlicht von|erstellt von"
    r"|publié par|écrit par|rédigé par|escrito por"
    r"|publicado por|scritto da|pubblicato da|geschreven door|skrevet av|автор|текст|über|about(?: the author)?|more from"
    r"|interview|recipe by|rezept von|foto(?:s)?|redaktion|نویسنده|بقلم|الكاتب|كتب)(?: ?[:：] ?| )"
    r"|(?:文|作者|撰文|記者|记者|责任编辑|責任編輯|編輯|编辑|글)(?: ?[:：/] ?| )",
    re.IGNORECASE,
)
# "ByMartha Pelly": the markup between the words made no space.
_GLUED_LEAD = re.compile(r"(?:\w+ )?(?:[Bb]y|[Vv]on|[Pp]ar|[Pp]or)(?=[A-ZÀ-Þ][a-zß-ÿ])")
_SURNAME_FIRST = re.compile(r"[^\W\d_][a-zß-ÿ'’-]+, [^\W\d_][a-zß-ÿ'’-]+")
_LONE_LEAD = re.compile(
    r"(?:(?:written|posted|published) )?by|von|par|por|di|door|av|af|authors?|autor(?:in|en)?|auteurs?|text|写|作者|記者|记者",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r" ?[,;|/&•·+、،؛\n] ?| [–—-] | (?:and|und|et|y|i|och|og|ja|en|with|mit|und) (?=[^\W\d_])|(?<=\w)\bAND\b",
)
# A part from which on the rest says what somebody is, where or when.
_DIGIT = re.compile(r"\d")
_BRACKET = re.compile(r" ?[(\[][^)\]]*[)\]]?")
_LINK = re.compile(r"[^ ]*(?:://|www\.|@)[^ ]*")
_ADDRESS = re.compile(r"://|www\.|@|\.(?:com|org|net|de|fr|at|ch|es|it)\b", re.IGNORECASE)
_OCCUPATION = re.compile(
    r"\b(?:staff|senior|junior|chief|deputy|associate|assistant|managing|contributing|guest|freelance"
    r"|editors?|writers?|reporters?|correspondents?|columnists?|producer|photographer|contributors?|author|professor|director"
    r"|manager|founder|president|officer|specialist|expert|analyst|consultant|attorney|ceo|cto|cmo|vp|follow|bio|share|reviewed"
    r"|redakteur(?:in)?|journalist(?:in)?|korrespondent(?:in)?|chefredakteur(?:in)?|autor(?:in)?|ressort(?:leiter)?|volontär(?:in)?"
    r"|redacteur|journaliste|rédacteur|rédactrice|redactora?|periodista|corresponsal|giornalista|redattore|repórter|jornalista"
    r"|dietitian|photo|credit|sponsored|modified|tags|kategorien|stand|lesezeit|minutes?|mins?|read|updated|published|posted|comments?|january|february|march|april|june|july|august|september"
    r"|october|november|december|januar|februar|märz|juni|juli|oktober|dezember|uhr)\b",
    re.IGNORECASE,
)
_CREDENTIALS = frozenset(
    "phd ph.d ph.d. md m.d m.d. ms msc m.sc ma mba rd rdn ldn cpa cfp cfa esq jr jr. sr mph rn dds dvm bsc fand pe".split()  # noqa: SIM905
)
# Names that a content system fills in where nobody is named, and parts of names that only organisations have.
_NOBODY = frozenset(
    [
        "admin", "administrator", "author", "editor", "editors", "editorial", "redaktion", "redakteur", "redacción", "redaccion",
        "rédaction", "la rédaction", "redazione", "redactie", "redação", "redakcja", "redaksjonen", "redaktionen", "redakce",
        "webmaster", "web master", "unknown", "anonymous", "user", "root", "guest", "gast", "staff", "staff writer", "team",
        "moderator", "default", "test", "name", "none", "null", "undefined", "n/a", "wordpress", "super user", "superuser",
        "редакция", "администратор", "المحرر", "هيئة التحرير", "admin user", "site admin", "siteadmin",
        "webadmin", "adminn", "handle",
        "full bio", "last update", "last updated", "no author", "see more", "read more", "editorial team", "editorial staff",
        "guest contributor", "guest author", "guest writer", "guest post", "gastautor", "gastbeitrag", "our editors", "our team",
        "contributor", "contributors", "sponsored content", "paid content", "press release", "pressemitteilung",
        "last modified", "last reviewed", "first published", "publicado el", "kommentar von", "mehr von", "more by",
        "newsroom", "news desk", "online", "alle artikel", "all posts", "view all posts",
    ]
)  # fmt: skip
_ORGANISATION = re.compile(
    r"\b(?:redaktion\w*|editorial|gmbh|ag|kg|e\.? ?v\.?|inc|llc|ltd|corp|company|media|medien|verlag|press|news\w*|agency|agentur"
    r"|agencies|team|staff|magazin|magazine|online|zeitung|post|times|journal|university|universität|institut\w*|association"
    r"|foundation|stiftung|verein|partei|feuerwehr|abteilung|department|services?|group|blog|shop|studio|germany|deutschland|desk"
    r"|newsroom|rédaction|redacción|redazione|marketing|software|solutions|data|care|club|center|centre|zentrum|church|school"
    r"|college|society|network|webteam|office|union|bank|law|firm|consulting|und|and|für|for|the|in)\b",
    re.IGNORECASE,
)
# "Harbour Gazette Staff": an outlet's own people sign together.
_STAFF = re.compile(
    r"(?:The |the )?[A-Z][\w.&'’-]*(?: [A-Z&][\w.&'’-]*){0,3} (?:[Ss]taff|[Tt]eam|[Ee]ditors|[Ee]ditorial [Tt]eam)"
)
_PARTICLES = frozenset(
    "de van von der den da dos das di del della la le el al bin ibn ben ter zu du des af av ten op y e i o' st. dalla d'".split()  # noqa: SIM905
)
_DENSE_NAME = re.compile(r"[\u3040-\u30ff\u3400-\u9fff·]{2,8}|[\uac00-\ud7af]{2,4}")
_ARABIC = re.compile(r"[\u0590-\u08ff]")
# A byline names at most so many; longer lists are of contents.
MAX_PEOPLE = 12
MAX_NAME = 50
MIN_WORDS, MAX_WORDS = 2, 5


def people(text: str) -> tuple[str, ...]:
    """The names in a byline, apart, each once; no roles, dates, URLs, handles, nobody that a content system made up."""
    line = _LINK.sub("", _BRACKET.sub("", fold(text))).strip(" .·|-–—:,")
    for _ in range(3):
        lead = _LEAD.match(line) or _GLUED_LEAD.match(line)
        if lead is None:
            break
        line = line[lead.end() :]
    if _LONE_LEAD.fullmatch(line):
        return ()
    parts = [part for part in (_trimmed(part) for part in _JOINT.split(line)) if part]
    if _SURNAME_FIRST.fullmatch(line) and not _ORGANISATION.search(line):
        parts = [" ".join(reversed(parts))]  # "Pelly, Martha"
    found = [part for at, part in enumerate(parts) if _names_somebody(part, first=at == 0, alone=len(parts) == 1)]
    return tuple(dict.fromkeys(found))[:MAX_PEOPLE]


def leads(text: str) -> bool:
    """Whether a line is what stands before a name, and no more: "By", "Author:"."""
    return _LONE_LEAD.fullmatch(text.strip(" :–-")) is not None


def signs(text: str) -> bool:
    """Whether a line begins as a byline does."""
    return _LEAD.match(text) is not None


def is_person(name: str) -> bool:
    """Whether a name looks like a person's: two to five capitalised words, or a name in a script without capitals."""
    if _DENSE_NAME.fullmatch(name):
        return True
    words = name.split()
    if not MIN_WORDS <= len(words) <= MAX_WORDS or _DIGIT.search(name) or _ORGANISATION.search(name):
        return False
    if _ARABIC.search(name):
        return True
    return all(word[:1].isupper() or word.casefold() in _PARTICLES or "'" in word or "’" in word for word in words)


def _trimmed(part: str) -> str:
    words = fold(part).strip(' .·|-–—:,_"“”„*').split()
    while words and words[-1].casefold().strip(",") in _CREDENTIALS and (len(words) != MIN_WORDS or not words[-1].istitle()):
        words.pop()
    return " ".join(words).rstrip(",")


def _names_somebody(part: str, *, first: bool, alone: bool) -> bool:
    if not part or len(part) > MAX_NAME or part.casefold() in _NOBODY or ":" in part or _ADDRESS.search(part):
        return False
    if part.casefold() in _CREDENTIALS or (len(part) < 2 and not _DENSE_NAME.match(part)):  # noqa: PLR2004
        return False
    if alone and _STAFF.fullmatch(part):
        return True
    if _OCCUPATION.search(part) and not (alone and is_person(part)):
        return False
    if _DIGIT.search(part):
        return alone and " " not in part  # "user27"; never a date
    return (first and part.count(" ") < MAX_WORDS) or is_person(part) or (" " not in part and part[:1].isupper() and alone)
