"""The learned score of bare lines: a dump loses its page's furniture, a text that is no dump loses nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.train.lines_shapes import SHAPES
from pipeline import learned
from pipeline.blocks import html, plain, rejoin
from pipeline.label import by_line
from pipeline.marks import CERTAIN, LIKELY
from pipeline.model import Decoded, Label, Mark, Page

MENU = [
    "Skip to main content",
    "Tidepost",
    "Home",
    "News",
    "Sport",
    "Business",
    "Weather",
    "Opinion",
    "Subscribe",
    "Sign in",
    "Search",
    "Advertisement",
    "Share on Facebook",
    "Share on Twitter",
    "Copy link",
]
TAIL = [
    "Read more",
    "Related articles",
    "Ferry fares to rise again in spring",
    "Harbour café wins regional prize",
    "Ten walks along the northern coast",
    "Comments",
    "Log in to leave a comment",
    "Sign up for our newsletter",
    "Your email address",
    "Subscribe",
    "About us",
    "Contact",
    "Privacy policy",
    "Terms of use",
    "Cookie settings",
    "Follow us",
    "Facebook",
    "Instagram",
    "© 2024 Tidepost Media Ltd. All rights reserved.",
]
PROSE = [
    "The cranes came back to the estuary on Tuesday, a week later than in any year since the wardens began to count them.",
    (
        "Ingrid Solheim, who has kept the register for thirty years, said that she had almost given up hope when the first birds "
        "circled above the old salt works and settled on the eastern bank."
    ),
    (
        "Nobody knows for certain what held them. The winter was mild in the south, and the wetlands where they rest in March "
        "were flooded by the rains that closed the valley road for twelve days."
    ),
    (
        "“We counted four hundred and six before it grew dark,” said Solheim. “Last spring there were more than nine hundred, "
        "and they were all gone by the end of the month.”"
    ),
    (
        "The council had planned to open the new footpath along the dyke in April, but it agreed to wait until the last of the "
        "flock has left, which the wardens expect to be in the middle of May."
    ),
    (
        "Farmers on the northern side, who lose some of their seed to the birds every year, will be paid from a fund that the "
        "county set up after the harvest of 2019 failed."
    ),
    "Until then the bridge at the mill stays closed to cars, and visitors are asked to leave their dogs at home.",
]


def page_of(text: str) -> Page:
    return plain.read(Decoded(text, "utf-8", "utf-8"))


def labelled(page: Page, mode: str = by_line.BALANCED) -> tuple[tuple[Mark, ...], ...]:
    return by_line.label(page, tuple(() for _ in page.blocks), mode)


def kept(text: str, mode: str = by_line.BALANCED) -> list[str]:
    page = page_of(text)
    return [block.text for block, marks in zip(page.blocks, labelled(page, mode), strict=True) if not marks]


def dump() -> str:
    return "\n".join([*MENU, "", "Cranes return late to the estuary", *PROSE, "", *TAIL])


def test_a_dump_loses_its_menus_and_keeps_its_prose() -> None:
    left = kept(dump())
    assert [line for line in left if line in PROSE] == PROSE
    assert not set(left) & {*MENU, *TAIL}


def test_marks_are_likely_never_certain_and_say_who_proposed_them() -> None:
    found = [mark for marks in labelled(page_of(dump())) for mark in marks]
    assert found
    assert {(mark.label, mark.rule) for mark in found} == {(Label.BOILERPLATE, "score.line")}
    assert all(LIKELY <= mark.confidence < CERTAIN for mark in found)


def test_the_readier_mode_drops_no_less() -> None:
    recall, balanced, precision = (set(kept(dump(), mode)) for mode in ("recall", "balanced", "precision"))
    assert precision <= balanced <= recall


def test_marks_of_others_stay() -> None:
    page = page_of(dump())
    before = tuple((Mark(Label.HEADING, "test", 0.6),) for _ in page.blocks)
    assert all(marks[0] == before[0][0] for marks in by_line.label(page, before))


def test_a_clean_article_loses_nothing() -> None:
    lines = ["Cranes return late to the estuary", "By Ingrid Solheim", "12 April 2024", *PROSE, "References"]
    lines += [f"[{number}] Solheim, The Cranes of the Estuary, p. {number + 40}." for number in range(1, 7)]
    for gap in ("\n", "\n\n"):
        assert kept(gap.join(lines)) == lines


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("more", ["", " Ende.", " Two.", " So it was told."])
def test_short_lines_are_no_furniture(shape: Callable[[str], str], more: str) -> None:
    text = shape("\n".join([*PROSE, *PROSE]) + more)
    assert kept(text) == [block.text for block in page_of(text).blocks]


def test_what_a_dump_keeps_is_no_dump() -> None:
    left = kept(dump())
    assert kept("\n\n".join(left)) == left


def test_a_page_of_few_lines_is_untouched() -> None:
    few = "\n".join(MENU[: by_line.MIN_LINES - 1])
    page, marks = page_of(few), tuple(() for _ in range(by_line.MIN_LINES - 1))
    assert by_line.label(page, marks) is marks


def test_a_structured_page_is_untouched() -> None:
    page = html.read(Decoded("<html><body>" + "".join(f"<p>{line}</p>" for line in MENU) + "</body></html>", "utf-8", "utf-8"))
    marks: tuple[tuple[Mark, ...], ...] = tuple(() for _ in page.blocks)
    assert by_line.label(page, marks) is marks


def test_explain_gives_reasons() -> None:
    page = page_of(dump())
    scores = by_line.score(page)
    texts = [block.text for block in page.blocks]
    menu, prose = texts.index("Sign in"), texts.index(PROSE[1])
    assert scores.article[menu] < 0.5 < scores.article[prose]
    reasons = by_line.explain(scores, menu, most=7)
    assert len(reasons) == 7
    assert [abs(reason.weight) for reason in reasons] == sorted((abs(reason.weight) for reason in reasons), reverse=True)
    known = {name for model in learned.load(by_line.FILE).models.values() for name in model.features}
    assert {reason.feature for reason in reasons} <= known
    assert reasons[0].weight < 0


def test_the_same_text_gets_the_same_marks() -> None:
    page = page_of(dump())
    again = page_of(dump().replace("\n", "\r\n"))
    assert labelled(page) == labelled(page) == labelled(again)


def test_other_weights_can_be_given() -> None:
    page = page_of(dump())
    weights = learned.load(by_line.FILE)
    closed = learned.Weights(weights.about, {**weights.settings, "dump": 1.1}, weights.models)
    marks: tuple[tuple[Mark, ...], ...] = tuple(() for _ in page.blocks)
    assert by_line.label(page, marks, weights=closed) == marks


def test_a_file_without_any_cue_of_a_page_must_look_surer_like_a_dump() -> None:
    settings = learned.load(by_line.FILE).settings
    assert LIKELY < by_line.needed(1, settings) < by_line.needed(0, settings) < 1
    assert by_line.score(page_of(dump())).cues >= 3
    assert by_line.score(page_of("\n".join(PROSE))).cues == 0


@given(st.text(alphabet=st.sampled_from("ab .,\n一あ©\U0001f600\ud800|»1"), max_size=200))
def test_any_text_can_be_scored(text: str) -> None:
    page = page_of(text)
    assert len(labelled(page)) == len(page.blocks)


def test_lines_broken_at_inline_tags_are_joined() -> None:
    text = "The cranes came back to the \nestuary\n, and the wardens counted them on the old \nsalt works\n.\nSo it was.\n"
    page = page_of(text)
    expected = ["The cranes came back to the estuary, and the wardens counted them on the old salt works.", "So it was."]
    assert [block.text for block in page.blocks] == expected
    assert {run.how for run in page.blocks[0].runs} == {"verbatim", "joined", "glued"}


def test_nothing_is_joined_where_one_break_alone_looks_broken() -> None:
    lines = [(0, 5, 0), (6, 13, 0)]
    assert rejoin.rejoin("First\n, other", lines) == [None, None]
