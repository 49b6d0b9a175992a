"""Captions: labelled as such, out of the text by default, in it by setting; never what only an attribute says."""

from __future__ import annotations

import pytest

from pipeline.model import Action, Label, Outcome
from pipeline.process import prepare, process
from pipeline.settings import load
from pipeline.sources import from_bytes

PROSE = "The sexton, who is eighty-one, says that he has been up there before and that the view from the top is mostly weather."
PAGE = f"""<!doctype html><html><head><title>A ladder</title></head><body><article><h1>A ladder for the cock</h1><p>{PROSE}</p>
<figure><img src="a.jpg" alt="A ladder that leans on a steeple"><figcaption>The ladder on Thursday</figcaption></figure>
<p>{PROSE} Until [Photo: Parish Archive] then it waits.</p><table><caption>Rungs by year</caption><tr><td>1911</td></tr></table>
<p>{PROSE}</p></article></body></html>"""
DUMP = f"A ladder for the cock\n\n{PROSE}\n\nPhoto: Hilde Maar\n\nPhotograph by Jonas Brandt\n\n{PROSE}\n"


def outcome(text: str, *, keep: bool) -> Outcome:
    data = text.encode()
    return process(from_bytes("a", data), data, prepare(load(keep_captions=keep)))


@pytest.mark.parametrize(
    ("text", "captions"),
    [
        (PAGE, ["The ladder on Thursday", "[Photo: Parish Archive]", "Rungs by year"]),
        (DUMP, ["Photo: Hilde Maar", "Photograph by Jonas Brandt"]),
    ],
    ids=["page", "dump"],
)
def test_captions_are_out_by_default_and_in_by_setting(text: str, captions: list[str]) -> None:
    without, with_them = outcome(text, keep=False), outcome(text, keep=True)
    dropped = [entry for entry in without.ledger if entry.label is Label.CAPTION]
    assert [entry.text.strip() for entry in dropped] == captions
    assert all(entry.action is Action.DROPPED and entry.confidence >= 0.9 for entry in dropped)
    for caption in captions:
        assert caption not in without.articles[0].text
        assert caption in with_them.articles[0].text
    assert not [entry for entry in with_them.ledger if entry.label is Label.CAPTION]
    assert without.articles[0].text.count(PROSE) == with_them.articles[0].text.count(PROSE) == text.count(PROSE)


def test_alternative_text_of_an_image_is_an_attribute_and_never_text() -> None:
    for keep in (False, True):
        made = outcome(PAGE, keep=keep)
        assert "leans on a steeple" not in made.articles[0].text + "".join(entry.text for entry in made.ledger)


def test_in_a_dump_it_is_a_caption_where_markdown_says_so() -> None:
    text = f"A ladder for the cock\n\n{PROSE} ![A ladder that leans on a steeple](a.jpg) {PROSE}\n"
    assert "steeple" not in outcome(text, keep=False).articles[0].text
    assert "steeple" in outcome(text, keep=True).articles[0].text
