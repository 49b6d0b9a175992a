"""Made-up bylines, source lines, days, separators and headings in several languages, from `boundaries.toml`."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path
from typing import Any

_PHRASES: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("boundaries.toml").read_text(encoding="utf-8"))
LANGUAGES = tuple(_PHRASES)
_DENSE = ("zh", "ja")
_ENDINGS = "com com com org net info news io co.uk".split()  # noqa: SIM905
_NATIONAL = {"de": "de", "fr": "fr", "es": "es", "pt": "com.br", "ru": "ru", "ar": "com", "zh": "cn", "ja": "co.jp"}
_LATIN = (
    "harbour",
    "north",
    "valley",
    "lake",
    "capital",
    "east",
    "city",
    "island",
    "coast",
    "border",
    "union",
    "summit",
    "river",
)
_TOWNS = (
    "Bergen",
    "Lyon",
    "New Haven",
    "Santa Fe",
    "Porto",
    "Tampere",
    "Graz",
    "Izmir",
    "Cape Town",
    "Osaka",
    "Quito",
    "Leeds",
    "Basel",
    "Malmo",
)
_ASCII = "*-=_~#+.^<>|/:"
_ORNAMENTS = "⁂❦⸻✽§◆※★☆●○■□▪▲▼◇✦✧❖─━═—–·•＊＝～…⋯✂❧☙♦❀✿✱➖︿﹏๛۞჻᛫⁘⁙〰"
_RANGES = ((0x2500, 0x257F), (0x2580, 0x25FF), (0x2600, 0x26FF), (0x2700, 0x27BF), (0x2190, 0x21FF), (0x2E00, 0x2E4F))
_WORDED = ("-30-", "###", "# # #", "[end]", "END", "— End of article —", "*** END ***", "- ends -", "//", "oOo", "-o0o-", "x x x")


def likely(rng: random.Random, share: float) -> bool:
    """True in this share of cases."""
    return rng.random() < share


class Voice:
    """The phrases of one language, drawn with one random generator."""

    def __init__(self, language: str, rng: random.Random) -> None:
        self.language = language if language in _PHRASES else "en"
        self.rng = rng
        self.phrases = _PHRASES[self.language]

    def person(self) -> str:
        """A name."""
        first, last = (self.rng.choice(self.phrases[part].split()) for part in ("first", "last"))
        if self.language in _DENSE:
            return f"{first}{last}"
        middle = f" {self.rng.choice('ABCDEFGHJKLMNPRSTW')}." if self.language == "en" and likely(self.rng, 0.12) else ""
        return f"{first}{middle} {last}"

    def place(self) -> str:
        """Part of a paper's name."""
        return str(self.rng.choice(self.phrases["places"].split("|") if self.phrases["places"] else [""]))

    def paper(self) -> str:
        """The name of a paper."""
        if likely(self.rng, 0.15):  # "KTN", "Portline", "PortWatch"
            short = "".join(self.rng.choice("ABCDEFGHIKLMNPRSTVW") for _ in range(self.rng.randint(2, 5)))
            return self.rng.choice(
                (
                    short,
                    short,
                    f"{self.rng.choice(_LATIN).title()}{self.rng.choice(('line', 'Watch', 'ly', 'Hub', 'beat', ' 24'))}",
                )
            )
        name, place = str(self.rng.choice(self.phrases["papers"].split("|"))), self.place()
        if not place:
            return name
        if self.language == "en":
            return self.rng.choice((f"The {place} {name}", f"{place} {name}", f"{place} {name}", f"{place}{name}"))
        if self.language == "de":
            return self.rng.choice((f"{place}-{name}", f"{place} {name}", f"{place}{name.lower()}"))
        return f"{name} {place}"

    def wire(self) -> str:
        """How an agency's report opens."""
        town = f"{self.rng.choice(_TOWNS)}"
        agency = self.rng.choice(("AP", "Reuters", "AFP", "dpa", "EFE", "UPI", "Xinhua"))
        forms = (
            "{T} (AP) — ",
            "{T} — ",
            "{T} -- ",
            "({A}) — ",
            "({A}) - ",
            "{t} – ",
            "{T}: ",
            "{T}, {m} {d} ({A}) - ",
            "{t} ({A}) - ",
            "{T} - ",
        )
        month = self.phrases["months"].split()[self.rng.randrange(12)][:3]
        return self.rng.choice(forms).format(T=town.upper(), t=town, A=agency, m=month, d=self.rng.randint(1, 28))

    def domain(self) -> str:
        """A made-up address."""
        ending = _NATIONAL.get(self.language, "com") if likely(self.rng, 0.5) else self.rng.choice(_ENDINGS)
        parts = [
            self.rng.choice(_LATIN),
            self.rng.choice(["times", "post", "news", "daily", "press", "review", "today", "voice", "blog", "report", "watch"]),
        ]
        return self.rng.choice(("", "", "www.")) + self.rng.choice(("", "-")).join(parts) + "." + ending

    def day(self) -> str:
        """A day as this language writes it."""
        month, day, year = self.rng.randrange(12), self.rng.randint(1, 28), self.rng.randint(1996, 2026)
        name = self.phrases["months"].split()[month]
        form = self.rng.choice(self.phrases["dates"])
        values = {"M": name, "M3": name[:3], "D": day, "DD": f"{day:02}", "N": f"{month + 1:02}", "Y": year}
        return str(form.format(**values))

    def section(self) -> str:
        """The name of a section."""
        return str(self.rng.choice(self.phrases["sections"].split("|")))

    def heading(self) -> str:
        """A heading inside an article."""
        return str(self.rng.choice(self.phrases["headings"].split("|")))

    def form(self, kind: str) -> str:
        """A form of a kind of line, to be filled: the lines of one file often share it."""
        return str(self.rng.choice(self.phrases.get(kind) or _PHRASES["en"][kind]))

    def filled(  # noqa: PLR0913 - what a form may ask for
        self, form: str, *, person: str = "", paper: str = "", title: str = "", day: str = "", domain: str = ""
    ) -> str:
        """A form with what it asks for; what is not given is made up."""
        person, domain = person or self.person(), domain or self.domain()
        values = {
            "n": person,
            "N": person.upper(),
            "m": self.person(),
            "p": paper or self.paper(),
            "d": day or self.day(),
            "s": domain,
            "S": domain[:1].upper() + domain[1:],
            "u": f"https://{domain}/{self.rng.randint(1999, 2026)}/{self.rng.randint(1000, 99999)}.html",
            "t": title,
            "k": self.rng.randint(2, 60),
            "M": self.phrases["months"].split()[self.rng.randrange(12)],
            "Y": self.rng.randint(1996, 2026),
            "section": self.section(),
            "place": self.place(),
        }
        return form.format(**values).strip()


def separator(rng: random.Random) -> str:
    """A line of separator characters, of any script, length and spacing; now and then a worded one."""
    kind = rng.choice(("worded", *["ascii"] * 5, *["ornament"] * 4, *["any"] * 2))
    if kind == "worded":
        return rng.choice(_WORDED)
    char = rng.choice(_ASCII if kind == "ascii" else _ORNAMENTS)
    if kind == "any":
        char = chr(rng.randint(*rng.choice(_RANGES)))
    length = rng.choice((1, 2, 3, 3, 3, 4, 5, 5, 7, 8, 10, 12, 15, 20, 30, 40, 60, 72))
    if char in _ASCII:
        length = max(length, 3)
    joined = rng.choice(("", "", "", " ", "  ")).join([char] * length)
    if likely(rng, 0.1):
        other = rng.choice(_ASCII + _ORNAMENTS)
        joined = f"{joined} {other} {joined}"
    return joined
