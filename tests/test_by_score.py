from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

from pipeline import label, learned, rules
from pipeline.blocks import html, plain
from pipeline.label import by_score
from pipeline.marks import CERTAIN, LIKELY, resolve
from pipeline.model import Decoded, Label, Page

PROSE = [
    (
        "The last ferry to the island left on Tuesday evening with four passengers, two bicycles and a crate of "
        "letters, and nobody on the quay was sure whether to wave. The harbour office had said so in the spring."
    ),
    (
        "“We knew that it would come, but not that it would come in a year when the bridge is closed every second weekend,” said "
        "Nora Feldt, who has sold tickets at the landing stage since she left school, and who has kept every timetable."
    ),
    (
        "The council has promised a bus. It will take fifty minutes, where the boat took twelve, and it will not run after eight "
        "in the evening, which the teachers of the evening school call the end of their work on the island."
    ),
    (
        "In 1974 the ferry carried nine hundred people on a summer day. Last July, according to the figures of the harbour "
        "office, there were days on which it carried none, although the crew was paid, the engine ran and the lamps were lit."
    ),
    (
        "A group of islanders now wants to buy the boat, which is for sale at the price of its steel. They have collected a "
        "third of the money, and they hope that the shipyard, which built her sixty years ago, will wait until the winter."
    ),
]
MENU = ["Home", "Town", "Harbour", "Sport", "Weather", "Contact"]
RELATED = [
    "Bridge closed again for the weekend",
    "Ten walks along the old railway",
    "What the mayor did not say",
    "Bakery wins prize",
]
COMMENTS = [("piet", "First!"), ("anna_w", "So sad, I loved this boat :("), ("reader77", "The bus is fine, stop whining")]


def _list(items: list[str]) -> str:
    return "<ul>" + "".join(f"<li><a href='/{number}'>{item}</a></li>" for number, item in enumerate(items)) + "</ul>"


PAGE = (
    "<!doctype html><html lang=en><head><title>The last ferry | The Invented Courier</title>"
    "<meta property='og:title' content='The last ferry'></head><body>"
    f"<header class='site-header'><nav class='main-nav' role=navigation>{_list(MENU)}</nav></header>"
    "<main><article class='article'><h1>The last ferry</h1>"
    f"<div class='article-body'>{''.join(f'<p>{text}</p>' for text in PROSE)}</div></article>"
    f"<aside class='sidebar related'><h3>You may also like</h3>{_list(RELATED)}</aside>"
    "<section id=comments class=comments><h3>3 comments</h3>"
    + "".join(
        f"<div class=comment><span class=comment-author>{who}</span><p class=comment-text>{text}</p><a href='#r'>Reply</a></div>"
        for who, text in COMMENTS
    )
    + "</section></main><footer class='site-footer'><p>© 2021 The Invented Courier. All rights reserved.</p>"
    "<a href='/privacy'>Privacy policy</a></footer></body></html>"
)
CHROME = {
    *MENU,
    *RELATED,
    *(text for pair in COMMENTS for text in pair),
    "You may also like",
    "3 comments",
    "Reply",
    "Privacy policy",
}


def _page(text: str = PAGE) -> Page:
    return html.read(Decoded(text, "utf-8", "test", 0))


@pytest.mark.parametrize("mode", ["precision", "balanced", "recall"])
def test_prose_is_above_the_threshold_and_chrome_below(mode: str) -> None:
    page = _page()
    scored = by_score.score(page, mode)
    by_text = {block.text: float(score) for block, score in zip(page.blocks, scored.scores, strict=True)}
    assert scored.threshold == learned.load(by_score.FILE).settings["thresholds"][mode]
    assert {text: by_text[text] for text in PROSE if by_text[text] < scored.threshold} == {}
    assert set(by_text) >= CHROME
    assert {text: by_text[text] for text in CHROME if by_text[text] >= scored.threshold} == {}


def test_marks_say_what_the_score_says_and_are_never_certain() -> None:
    page = _page()
    marks = by_score.label(page, tuple(() for _ in page.blocks))
    scored = by_score.score(page)
    for (mark,), score in zip(marks, scored.scores, strict=True):
        assert mark.label is (Label.BODY if score >= scored.threshold else Label.BOILERPLATE)
        assert mark.rule == by_score.RULE
        assert LIKELY <= mark.confidence < CERTAIN


def test_plain_text_gets_no_marks() -> None:
    page = plain.read(Decoded("\n\n".join(PROSE), "utf-8", "test", 0))
    marks = tuple(() for _ in page.blocks)
    assert by_score.label(page, marks) == marks


def test_a_page_of_short_lines_does_not_come_out_empty() -> None:
    page = _page("<div>" + "".join(f"<p>Line {number} of the timetable</p>" for number in range(20)) + "</div>")
    scored = by_score.score(page)
    assert scored.threshold <= by_score.LOWEST or (scored.scores >= scored.threshold).any()


def test_the_same_page_scores_the_same() -> None:
    first, again = by_score.score(_page()), by_score.score(_page())
    assert first.scores.tolist() == again.scores.tolist()


def test_reasons_are_named_and_the_strongest_stand_first() -> None:
    page = _page()
    scored = by_score.score(page)
    reasons = by_score.explain(scored, next(n for n, block in enumerate(page.blocks) if block.text == PROSE[1]))
    assert len(reasons) == 5
    assert sum(reason.weight for reason in reasons) > 0
    weights = [abs(reason.weight) for reason in reasons]
    assert weights == sorted(weights, reverse=True)


def test_other_weights_may_be_given() -> None:
    page = _page()
    weights = learned.load(by_score.FILE)
    strict = learned.Weights(weights.about, {**weights.settings, "thresholds": {"balanced": 0.9999}}, weights.models)
    assert by_score.score(page, weights=strict).threshold != by_score.score(page).threshold


def test_a_nearly_kept_paragraph_behind_kept_prose_of_its_container_stays() -> None:
    text = (
        f"<div><p>{PROSE[0]}</p><p>{PROSE[1]}</p><p>Menu</p><p><a href=x>{PROSE[2]}</a></p></div><aside><p>{PROSE[3]}</p></aside>"
    )
    page = html.read(Decoded(text, "utf-8", "bom"))
    kept = np.array([True, False, False, False, False])
    assert by_score._prose_behind(page, kept, np.ones(5, dtype=bool)) == {1}  # not the menu, the link, the other container
    assert by_score._prose_behind(page, kept, kept) == set()
    assert by_score._prose_behind(page, ~kept, np.ones(5, dtype=bool)) == set()  # nothing kept stands before the first


def test_a_page_of_very_many_blocks_is_scored_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    page = _page(PAGE.replace("</body>", PAGE.partition("<body>")[2]))
    monkeypatch.setattr(label, "MAX_SCORED", math.ceil(len(page.blocks) / 2))
    marks = label.label(page, rules.load(), "balanced", {})
    kept = [block.text for block, each in zip(page.blocks, marks, strict=True) if resolve(each).label is Label.BODY]
    assert len(marks) == len(page.blocks)
    assert Counter(kept)[PROSE[1]] == 2
    assert CHROME.isdisjoint(kept)
