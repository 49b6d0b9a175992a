"""The names in a line that is known to say who wrote it: a byline with a date, a place or an outlet around the names.

Where a line only may be a byline, `people` reads it; here the line was chosen among all of its page (label/by_head).
"""

from __future__ import annotations

import re

from pipeline.fields.people import is_person, people
from pipeline.surface import DATE_IN_LINE, SHORT_DATE, fold

# Brackets around the whole line, and an enclosing sign.
_OUTER = re.compile(r"^[\s(（\[【<«*•·|>~_—–-]+|[\s)）\]】>»*•·|~_—–,;-]+$")
# The names begin behind such a word, wherever in the line it stands.
_BY = re.compile(
    r"(?:^|\b(?:posted|published|written|submitted|created|edited|contributed|reviewed|created|uploaded|added|post|article|story"
    r"|kolumne|beitrag|artikel|kommentar|interview|gespeichert|geschrieben|verfasst|veröffentlicht|eingestellt|erstellt|text"
    r"|publicado|escrito|publié|écrit|rédigé|proposé|scritto|pubblicato|inviato|geschreven|geplaatst|skrevet|skriven)[^|•·]{0,24}?\b"
    r"|[\d,.|•·–-] ?)"
    r"(?:by|von|vom|par|por|da|di|door|av|af)(?: ?: ?| )",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:责任?编辑?|責任?編輯?|编辑|編輯|作者|记者|記者|撰文|文|기자|автор|source|quelle|fuente|fonte|bron)\s*[:：]\s*",
    re.IGNORECASE,
)
# Behind the names: when, where and for whom.
_TAIL = re.compile(
    r"(?:,? (?:am|on|at|um|le|el|il|op|den|in|im|[Ff]or|for the|für|pour|para|@)|\s+@) .*$|,? (?:am|on|at|um|le|in|for)$"
    r"|\s+\|.*$|(?<=\w\w\w)\.\s.*$|, (?=\d).*$| \d{1,2}[:.]\d{2}.*$",
)
_ROLE_BEHIND = re.compile(r" (?:is|ist|est|es) (?:an?|the|eine?|une?|una?)\b.*$")
_FRINGE = " .·|•,;:–—-"


def signers(text: str) -> tuple[str, ...]:
    """The names in the line, as `people` gives them; of a line without anything else the one word that it is."""
    line = _OUTER.sub("", fold(text))
    label = _LABEL.match(line)
    if label:
        return people(line[label.end() :]) or people(line)
    parts = [part.strip(_FRINGE) for part in SHORT_DATE.sub("\n", DATE_IN_LINE.sub("\n", line)).split("\n")]
    dated = len(parts) > 1
    for part in parts if dated else [line]:
        found = _of(part, dated=dated)
        if found:
            return found
    return ()


def _of(part: str, *, dated: bool) -> tuple[str, ...]:
    """The names of a line, or of what stands on one side of its date."""
    lead = _BY.search(part) if part else None
    if lead is not None:
        named = _TAIL.sub("", part[lead.end() :]).strip(_FRINGE)
        return people(named) or people(part[lead.end() :])
    found = people(_ROLE_BEHIND.sub("", part))
    if found and all(is_person(name) for name in found):
        return found
    short = people(_TAIL.sub("", part).strip(_FRINGE))
    if short and (dated or not found) and (all(is_person(name) for name in short) or len(short) == 1):
        return short
    return found
