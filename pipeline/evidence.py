"""What a page says of itself in several places: whose site it is, what it calls itself, and where those sayings agree.

Kept apart from fields/ because label/ chooses the title line with it too.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from pipeline.model import Hints
from pipeline.surface import likeness_key, words

# Where a page declares its title; in falling trust.
TITLES = (
    "json-ld.headline",
    "front-matter.title",
    "meta.og:title",
    "meta.twitter:title",
    "meta.headline",
    "meta.dc.title",
    "meta.sailthru.title",
    "meta.title",
    "container.title",
    "title",
)
# Where a page names its publication.
SITES = (
    "meta.og:site_name",
    "json-ld.publisher",
    "json-ld.site",
    "meta.dc.publisher",
    "meta.publisher",
    "meta.application-name",
    "meta.apple-mobile-web-app-title",
)
# Parts of a host name that name no site.
_HOST_PARTS = frozenset(
    ["www", "m", "en", "de", "fr", "es", "blog", "blogs", "news", "amp", "mobile", "co", "com", "org", "net", "gov"]
)
# How titles are joined to a site's or a section's name. A bare hyphen is part of a word; colons are tried last.
_JOINT = re.compile(r" ?[|｜»«·•] ?| [-–—:/~>] |[–—] | [–—]|: ")
# "The Harbour Gazette Online" for a site called "Harbour Gazette".
_SITE_EXTRA = 12
_MIN_SITE = 3
_SECTION_WORDS = 2


class Titled(NamedTuple):
    """A title that the page declares, without the site's name; `key` is what two spellings of it have in common."""

    value: str
    key: str
    rule: str
    raw: str


def values(hints: Hints, *keys: str) -> list[tuple[str, str]]:
    """(value, key) of all that the page declares under these keys, in their order."""
    return [(value, key) for key in keys for value in hints.structured.get(key, ())]


def site_names(hints: Hints) -> frozenset[str]:
    """What the site calls itself, as likeness keys: declared names and the parts of its host name."""
    found = {likeness_key(value) for value, _ in values(hints, *SITES)}
    for value, _ in values(hints, "link.canonical", "meta.og:url", "json-ld.url"):
        host = host_of(value).removeprefix("www.")
        found.add(likeness_key(host))
        found.update(likeness_key(part) for part in host.split(".")[:-1] if part not in _HOST_PARTS)
    return frozenset(name for name in found if len(name) >= _MIN_SITE)


def host_of(url: str) -> str:
    """The host of an absolute address, "" where there is none or it is broken."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def path_of(url: str) -> list[str]:
    """The segments of an address's path; none where it is broken."""
    try:
        return [part for part in urlsplit(url).path.split("/") if part]
    except ValueError:
        return []


def is_site(name: str, sites: frozenset[str]) -> bool:
    """Whether a name is the site's own, as it stands or with little around it ("Gazette" of "Harbour Gazette", "Gazette.com")."""
    key = likeness_key(name)
    if key in sites:
        return True
    for site in sites:
        if len(site) > _MIN_SITE and site in key and len(key) <= len(site) + _SITE_EXTRA:
            return True
        if len(key) > _MIN_SITE and key in site:
            return True
    return False


def without_site(title: str, sites: frozenset[str]) -> str:
    """The title without the site's name before or behind it, and without what stands beyond that name."""
    joints = list(_JOINT.finditer(title))
    for joint in reversed(joints):
        head = title[: joint.start()].strip()
        if head and is_site(title[joint.end() :], sites):
            return _without_section(head) if "|" in joint.group() else without_site(head, sites)
    for joint in reversed(joints):
        tail = title[joint.end() :].strip()
        if tail and is_site(title[: joint.start()], sites):
            return without_site(tail, sites)
    return title


def cuts(title: str) -> list[str]:
    """The parts of a title between its joints, in order."""
    return [part for part in (part.strip() for part in _JOINT.split(title)) if part]


def _without_section(title: str) -> str:
    """Without the section, one or two words behind a bar ("Cranes stay | Harbour")."""
    head, bar, tail = title.rpartition(" | ")
    return head if bar and head.count(" ") > tail.count(" ") < _SECTION_WORDS else title


def declared_titles(hints: Hints) -> list[Titled]:
    """The titles that the page declares, one a kind of evidence, in falling trust; none that is the site's name alone."""
    sites = site_names(hints)
    found = []
    for kind in TITLES:
        for raw in hints.structured.get(kind, ())[:1]:
            value = without_site(raw, sites)
            key = likeness_key(value)
            if key and key not in sites:
                found.append(Titled(value, key, kind, raw))
    return found


def overlap(one: str, other: str) -> float:
    """The share of words that two lines have in common, 0…1 (Dice)."""
    first, second = set(words(one)), set(words(other))
    return 2 * len(first & second) / (len(first) + len(second)) if first and second else 0.0
