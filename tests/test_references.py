"""References: numbers, URLs, "ibid.", marks in the text; and lists that are none."""

from __future__ import annotations

import pytest

from bench.run import outcome_of

BODY = (
    "The council voted in March to keep the winter ferry, although the crossing loses money every year{0}, and the deck hands "
    "wrote to every household on the island to say thank you.\n\n"
    "The shipping office put the yearly loss at less than the cost of mending one mile of the coast road{1} and said so.\n\n"
)


def references(text: str) -> list[tuple[object, ...]]:
    (article,) = outcome_of("text.txt", text.encode()).articles
    return [tuple(one) for one in article.references]


def test_ibid_has_the_addresses_of_the_entry_above_and_says_whose() -> None:
    listed = "[1] A report, https://example.org/a\n[2] Ibid., p. 4.\n[3] Ibid.\n[4] A map.\n"
    found = references(BODY.format("[1,2]", "[2–4]") + listed)
    assert [one[2] for one in found] == [("https://example.org/a",)] * 3 + [()]
    assert [one[3] for one in found] == [None, 1, 1, None]
    assert [one[4] for one in found] == [1, 2, 1, 1]


@pytest.mark.parametrize(("mark", "entry"), [("¹", "¹ "), ("[1]", "[1] ")])
def test_marks_in_the_text_are_counted(mark: str, entry: str) -> None:
    other = entry.replace("1", "2").replace("¹", "²")
    found = references(BODY.format(mark, mark) + f"{entry}A ledger of the custom house.\n{other}A talk with the pilots.\n")
    assert [(one[0], one[4]) for one in found] == [(1, 2), (2, 0)]


def test_a_footnote_that_is_alone_is_no_list() -> None:
    assert references(BODY.format("¹", "") + "¹ A ledger of the custom house.\n") == []


def test_bullets_and_addresses_below_a_heading_are_entries_without_numbers() -> None:
    found = references(
        BODY.format("", "") + "Sources:\n- A ledger, box four\n- https://example.org/two-\nkeepers\n- The daybook\n"
    )
    assert [one[:3] for one in found] == [
        (None, "A ledger, box four", ()),
        (None, "https://example.org/two-keepers", ("https://example.org/two-keepers",)),
        (None, "The daybook", ()),
    ]


def test_prose_below_such_a_heading_is_no_list() -> None:
    text = BODY.format("", "") + "Sources\n\nThe daybook of the keeper is kept in the custom house, where anybody may read it.\n"
    assert references(text) == []


def test_a_year_in_brackets_and_a_wide_range_are_no_marks() -> None:
    found = references(BODY.format(" [1999]", "[1–900]") + "[1] A ledger.\n[2] A talk.\n")
    assert [one[4] for one in found] == [0, 0]
