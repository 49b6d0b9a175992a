"""The score of head lines: title, author and date of a crude dump; nothing where nobody is named; other texts as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.run import outcome_of
from pipeline import learned
from pipeline.fields.signature import signers
from pipeline.label import by_head
from pipeline.label.features import head_words, heads

if TYPE_CHECKING:
    from pipeline.model import Article

MENU = ["Skip to content", "Home", "Islands", "Harbour", "Weather", "Subscribe", "Log in"]
FOOT = ["Privacy policy", "Terms of use", "Contact", "© 2016 Saltmarsh Courier. All rights reserved."]
TEXT = [
    "Two dredgers came back to the inner basin on Monday, eleven years after the last of their kind was sold for scrap.",
    "The basin has lost a metre of depth since then, and pilots say that the larger trawlers touch the mud at low water.",
    "The board has paid for six weeks of work, which its engineer calls a beginning and the trawlermen call a photograph.",
    "He would not say what the end might cost, only that mud is cheaper to lift in spring than it ever is in autumn.",
]
TEASERS = [
    "Related articles",
    "A quay that nobody wanted",
    "12 February 2014",
    "The last pilot boat is for sale",
    "3 January 2013",
]
TITLE = "Dredgers return to the inner basin"


def dump(*head: str) -> Article:
    lines = [f"{TITLE} - Saltmarsh Courier", *MENU, *head, *TEXT, *TEASERS, *FOOT]
    (article,) = outcome_of("page.txt", "\n".join(lines).encode()).articles
    return article


@pytest.mark.parametrize(
    "byline",
    [
        ["By Nora Hallstrom", "14 March 2016"],
        ["By", "Nora Hallstrom", "|", "14 March 2016, 09:40"],
        ["Nora Hallstrom", "Published 14 March 2016"],
        ["Posted on 14 March 2016 by Nora Hallstrom"],
    ],
)
def test_title_author_and_date_however_they_are_broken_over_lines(byline: list[str]) -> None:
    found = dump(TITLE, *byline)
    assert (found.headline, found.author, str(found.date_published)) == (TITLE, ("Nora Hallstrom",), "2016-03-14")
    assert dict(found.evidence)["author"] == "head.byline"


def test_dates_of_teasers_and_names_of_nobody_are_not_taken() -> None:
    found = dump(TITLE)
    assert (found.headline, found.author, found.date_published) == (TITLE, (), None)


def test_another_text_is_left_to_the_rules() -> None:
    text = f"{TITLE}\n\nBy Nora Hallstrom\n\n" + "\n\n".join(TEXT)
    (article,) = outcome_of("text.txt", text.encode()).articles
    assert not [rule for _, rule in article.evidence if rule.startswith("head.")]
    assert article.author == ("Nora Hallstrom",)


def test_the_table_has_a_column_a_name_for_any_lines() -> None:
    for texts in ([], ["a"], ["x" * 5000], ["¹", "|", "…"] * 400):
        lines = heads.table(texts, [0] * len(texts), [[0.0] * 6] * len(texts))
        assert lines.table.shape == (len(lines.places), len(heads.NAMES))
        assert np.isfinite(lines.table).all()
        assert heads.beside(lines, 0 if lines.places else None, 0.5, texts).shape == (len(lines.places), len(heads.BESIDE))


def test_weights_ask_only_for_what_is_measured() -> None:
    models = learned.load(by_head.FILE).models
    assert set(models) == set(by_head.LABELS)
    assert all(set(model.features) <= {*heads.NAMES, *heads.BESIDE} for model in models.values())


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("September 1st, 2023 By Emma Norvik", ("Emma Norvik",)),
        ("Written by Ada Sandor on July 27, 2017", ("Ada Sandor",)),
        ("VON MORITZ GRAFMANN am 21. April 2020", ("MORITZ GRAFMANN",)),
        ("Gespeichert von rosal am 24. Juli 2017 - 18:55", ("rosal",)),
        ("(责编：李小明、王海)", ("李小明", "王海")),
        ("Aaron Ricard | Senior Writer | July 2, 2025", ("Aaron Ricard",)),
        ("Text: Ada Sandor and Tom Okoro", ("Ada Sandor", "Tom Okoro")),
        ("14 March 2016, 09:40", ()),
        ("By", ()),
    ],
)
def test_names_in_a_line_that_names_the_author(line: str, names: tuple[str, ...]) -> None:
    assert signers(line) == names


def test_the_shape_of_a_line() -> None:
    found = head_words.shape("By Nora van der Hallstrom, 14 March 2016")
    kinds = dict(zip(head_words.KINDS, found.kinds, strict=True))
    assert (kinds["by"], kinds["date"], kinds["given"], kinds["is_prose"]) == (1, 1, 1, 0)
    assert (found.name_pair, found.date, found.year) == (("nora", "van"), "14 March 2016", 2016)
