"""The score of head lines: title, author and date of a crude dump; nothing where nobody is named; other texts as before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.run import outcome_of
from pipeline import learned
from pipeline.blocks import plain
from pipeline.fields import headline
from pipeline.fields.signature import signers
from pipeline.label import by_head
from pipeline.label.features import head_words, heads
from pipeline.marks import HEAD
from pipeline.model import Decoded, Hints, Label, Mark, Segment

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


def dump(*head: str, said: str = f"{TITLE} - Saltmarsh Courier") -> Article:
    lines = [said, *MENU, *head, *TEXT, *TEASERS, *FOOT]
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


LONG = f"{TITLE} after eleven years without one"
# Lines that go on as only those of a dump do.
BROKEN = ["The", "board", ", which paid, and the", "pilots", ", who did not, were both there to see them come."]


@pytest.mark.parametrize("behind", [["by"], ["by Nora Hallstrom"], [LONG, "by"]])
def test_what_a_dump_joins_to_its_title_is_no_part_of_it(behind: list[str]) -> None:
    assert dump(LONG, *behind, *BROKEN, said=f"{LONG} - Saltmarsh Courier").headline == LONG
    assert dump(LONG, *behind[:-1], "by", *BROKEN, said="Dredging in 2016 - Saltmarsh Courier").headline == LONG


def test_a_title_whose_first_word_is_a_link_is_whole() -> None:
    assert dump("Dredgers", "return to the inner basin").headline == TITLE


@pytest.mark.parametrize(("times", "other", "best"), [(1, 0.5, 1), (2, 0.5, 0), (1, 0.3, 0)])
def test_the_title_is_a_line_that_the_page_shows_if_one_may_be_it(times: int, other: float, best: int) -> None:
    table = np.zeros((2, len(heads.NAMES)), dtype=np.float32)
    table[:, heads.NAMES.index("times")] = times
    assert by_head.best_title(heads.Lines([0, 7], table, [frozenset()] * 2, 9), np.array([0.8, other])) == best


def test_the_part_of_the_head_that_stands_below_again_is_the_title() -> None:
    blocks = plain.read(Decoded(f"{TITLE} | Saltmarsh Courier\nHome\n{TITLE}\n{TEXT[0]}", "utf-8", "utf-8")).blocks
    mark = Mark(Label.TITLE, HEAD + "title", 0.9)
    for place in (0, 2):
        marks = tuple((mark,) if at == place else () for at in range(len(blocks)))
        (found, *_) = headline.by_rules(Segment(0, blocks, marks, "whole", 1.0), Hints(), alone=True)
        assert found.value == TITLE


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
