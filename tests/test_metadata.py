"""What fields say where a page lies, and where it says nothing."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from pipeline import blocks
from pipeline.blocks import json_ld as script
from pipeline.blocks import plain
from pipeline.evidence import without_site
from pipeline.fields import byline, titles
from pipeline.fields.day import dates_in
from pipeline.fields.people import is_person, people
from pipeline.marks import HEAD
from pipeline.model import Article, Decoded, Hints, Label, Mark, Segment, Source
from pipeline.process import prepare, process
from pipeline.settings import Settings

PROSE = (
    "<p>The ferry crosses twice a day, and nobody has asked for a third crossing since the bridge at Low Sallow was closed.</p>"
)
SECOND = (
    "<p>The ferryman, who is ninety, says that he will row until the river stops, and that the river is in no hurry to do so.</p>"
)


def article(head: str, body: str) -> Article:
    """The only article of a page with this head and body."""
    html = f"<!DOCTYPE html><html><head>{head}</head><body><div>{body}{PROSE}{SECOND}</div></body></html>".encode()
    articles = process(Source("page.html", "0" * 64, len(html)), html, prepare(Settings.model_construct())).articles
    assert len(articles) == 1
    return articles[0]


def json_ld(headline: str, author: str, date: str) -> str:
    """A JSON-LD script with these values."""
    return (
        '<script type="application/ld+json">{"@type": "NewsArticle", '
        f'"headline": "{headline}", "author": {{"name": "{author}"}}, "datePublished": "{date}"}}</script>'
    )


@pytest.mark.parametrize("date", ["1970-01-01", "1970-01-01T00:00:00Z", "2999-05-01", "0001-01-01T00:00:00", "soon"])
def test_a_page_that_lies_yields_null_or_the_truth(date: str) -> None:
    site = '<meta property="og:site_name" content="Tidepost">'
    found = article(site + json_ld("Tidepost", "admin", date), "<h1>The ferry at Low Sallow</h1>")
    assert found.headline == "The ferry at Low Sallow"
    assert found.author == ()
    assert found.date_published is None


def test_the_day_above_the_title_is_the_masthead_s_where_a_line_below_says_another() -> None:
    masthead, heading = "<p>Tuesday, 4 March 2014</p>", "<h1>The ferry at Low Sallow</h1>"
    assert article("", f"{masthead}{heading}<p>12 February 2014</p>").date_published == dt.date(2014, 2, 12)
    assert article("", f"{masthead}{heading}").date_published == dt.date(2014, 3, 4)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("14 March 2016 | Nora Pell", ("Nora Pell",)),
        ("14 March 2016 by Nora Pell", ("Nora Pell",)),
        ("Nora Pell 14 March 2016", ("Nora Pell",)),
        ("14 March 2016 River Crossings", ()),
        ("14 March 2016<b>River Crossings</b>", ()),
    ],
)
def test_what_follows_a_date_and_nothing_between_is_a_category(line: str, names: tuple[str, ...]) -> None:
    assert article("", f"<h1>The ferry at Low Sallow</h1><p>{line}</p>").author == names


def og(title: str) -> str:
    """A declaration of a title for social media, with a <title> of a site."""
    return f'<title>{title} | Tidepost</title><meta property="og:title" content="{title}">'


@pytest.mark.parametrize(
    ("declared", "heading", "said"),
    [
        ("A ferry less", "<h1><b>Low Sallow</b> <span>A ferry less</span></h1>", "A ferry less"),
        ("A ferry less", "<h2><b>Low Sallow</b> – A ferry less</h2>", "A ferry less"),
        # All of it is declared, or the first part is no element of its own: then it is no kicker.
        ("Low Sallow: A ferry less", "<h1><b>Low Sallow:</b> A ferry less</h1>", "Low Sallow: A ferry less"),
        ("Low Sallow has a ferry less", "<h1>Low Sallow has <i>a ferry</i> less</h1>", "Low Sallow has a ferry less"),
    ],
)
def test_a_kicker_that_the_page_itself_leaves_out_is_no_part_of_the_title(declared: str, heading: str, said: str) -> None:
    assert article(og(declared), heading).headline == said


def test_what_stands_in_an_element_inside_a_heading_is_a_heading() -> None:
    page = blocks.read(Decoded(f"<h1><div>A ferry less at Low Sallow</div></h1>{PROSE}", "utf-8", "utf-8"))
    found = titles.candidates(Segment(0, page.blocks, ((),) * len(page.blocks), "whole", 1.0), page.hints)
    assert [(each.value, each.places) for each in found] == [("A ferry less at Low Sallow", ["h1"])]


@pytest.mark.parametrize(
    ("headline", "said"),
    [
        ("The last ferry of Low Sallow is gone", "The last ferry of Low Sallow is gone"),
        ("A ferry less at &amp;#8220;Low Sallow&amp;#8221; now", "A ferry less at “Low Sallow” now"),
        ("A ferry less at Low...", "A ferry less at Low Sallow"),
        ("A ferry", "A ferry less at Low Sallow"),
        ("News and views along both banks", "A ferry less at Low Sallow"),
    ],
)
def test_a_newsroom_says_its_own_headline_but_no_stump_label_or_motto(headline: str, said: str) -> None:
    heading = "A ferry less at Low Sallow"
    assert article(og(heading) + json_ld(headline, "", "soon"), f"<h1>{heading}</h1>").headline == said


def test_what_only_searchers_are_told_is_no_headline() -> None:
    heading, searched = "A ferry less at Low Sallow", "Ferry times 2019: when does the Low Sallow ferry run?"
    head = f'<title>{searched}</title><meta property="og:title" content="{heading}">' + json_ld(searched, "", "soon")
    assert article(head, f"<h1>{heading}</h1>").headline == heading


def test_a_declared_site_signs_nothing() -> None:
    site = (
        '<meta property="og:site_name" content="Tidepost"><meta name="author" content="Tidepost"><title>Cranes | Tidepost</title>'
    )
    found = article(site, "<h1>Cranes stay in the harbour</h1>")
    assert found.author == ()


def test_a_declared_word_needs_a_byline() -> None:
    head = json_ld("The ferry at Low Sallow", "quayside", "2021-03-04")
    assert article(head, "<h1>The ferry at Low Sallow</h1>").author == ()
    signed = article(head, "<h1>The ferry at Low Sallow</h1><p>Posted by quayside</p>")
    assert signed.author == ("quayside",)


def test_the_shown_day_settles_the_time_zone() -> None:
    head = '<html lang="en">' + json_ld("The ferry at Low Sallow", "Martha Pelly", "2021-03-05T01:30:00Z")
    found = article(head, "<h1>The ferry at Low Sallow</h1><p>March 4, 2021</p>")
    assert found.date_published == dt.date(2021, 3, 4)


def test_an_update_is_no_publication() -> None:
    found = article("", "<h1>The ferry at Low Sallow</h1><p>Last updated: March 4, 2021</p>")
    assert found.date_published is None
    assert found.date_modified == dt.date(2021, 3, 4)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("By Martha Pelly and Tom Okoro, Staff Writer", ("Martha Pelly", "Tom Okoro")),
        ("Von Karla van der Meulen (dpa)", ("Karla van der Meulen",)),
        ("ByMartha Pelly", ("Martha Pelly",)),
        ("Pelly, Martha", ("Martha Pelly",)),
        ("Martha Pelly, PhD", ("Martha Pelly",)),
        ("admin", ()),
        ("https://tidepost.example/authors/pelly", ()),
        ("Redaktion", ()),
        ("By", ()),
    ],
)
def test_people(line: str, names: tuple[str, ...]) -> None:
    assert people(line) == names


@pytest.mark.parametrize(
    ("name", "person"),
    [("Martha Pelly", True), ("Hafenpost GmbH", False), ("The Tidepost Team", False), ("Martha", False), ("李小明", True)],
)
def test_is_person(name: str, person: bool) -> None:  # noqa: FBT001
    assert is_person(name) is person


@pytest.mark.parametrize(
    ("title", "sites", "shown"),
    [
        ("Cranes stay | Tidepost", {"tidepost"}, "Cranes stay"),
        ("Tidepost: Cranes stay", {"tidepost"}, "Cranes stay"),
        ("Cranes stay on the quay | Harbour | Tidepost Online", {"tidepost"}, "Cranes stay on the quay"),
        ("Cranes stay - for now", {"tidepost"}, "Cranes stay - for now"),
        ("Tidepost", {"tidepost"}, "Tidepost"),
    ],
)
def test_without_site(title: str, sites: set[str], shown: str) -> None:
    assert without_site(title, frozenset(sites)) == shown


@pytest.mark.parametrize(
    ("line", "languages", "day"),
    [
        ("03.04.2021, 14:00 Uhr", ["en"], dt.date(2021, 4, 3)),
        ("03/04/2021", ["en"], dt.date(2021, 3, 4)),
        ("03/04/2021", ["fr"], dt.date(2021, 4, 3)),
        ("Le 3 avril 2021", [], dt.date(2021, 4, 3)),
        ("September 1st, 2020 by Martha Pelly", [], dt.date(2020, 9, 1)),
    ],
)
def test_dates_in_the_order_of_their_language(line: str, languages: list[str], day: dt.date) -> None:
    assert [found.date for found in dates_in(line, languages)] == [day]


@pytest.mark.parametrize(
    ("text", "objects", "whole"),
    [
        ('{"a": [1, 2,],}', [{"a": [1, 2]}], True),
        ('<!-- {"a": "x\ny"} -->', [{"a": "x\ny"}], True),
        ('//<![CDATA[\n{"a": 1}\n//]]>', [{"a": 1}], True),
        ('{"a": 1},\n{"b": 2};', [{"a": 1}, {"b": 2}], True),
        ("{&quot;a&quot;: &quot;x &amp; y&quot;}", [{"a": "x & y"}], True),
        ('{"a": "commas, ]stay,}",}', [{"a": "commas, ]stay,}"}], True),
        ('{"a": 1} {"b": "no end', [{"a": 1}], False),
        ('{"a": "no end', [], False),
        ("", [], False),
    ],
)
def test_broken_json_ld_is_mended_without_guessing(text: str, objects: list[object], whole: bool) -> None:  # noqa: FBT001
    assert script.read(text) == (objects, whole)


def test_broken_json_ld_still_says_who_and_when() -> None:
    broken = json_ld("The ferry at Low Sallow", "Martha Pelly", "2021-03-04").replace("}</script>", ",}</script>")
    found = article(broken, "<h1>The ferry at Low Sallow</h1><p>Martha Pelly</p>")
    assert found.author == ("Martha Pelly",)
    assert found.date_published == dt.date(2021, 3, 4)


@pytest.mark.parametrize("unit", ['"\\', ",  ", "//;", " ;", "{}", '{"a":', "["])
def test_mending_is_linear(unit: str) -> None:
    """No unit makes the reading of four times the text take more than some ten times as long."""
    times = []
    for count in (20_000, 80_000):
        start = time.process_time()
        script.read("{" + unit * count)
        times.append(time.process_time() - start)
    assert times[1] < 10 * times[0] + 0.2


def test_microdata_and_rdfa_say_when() -> None:
    for attribute in ("itemprop=datePublished", "property=schema:datePublished"):
        shown = f"<h1>The ferry at Low Sallow</h1><time {attribute} datetime=2021-03-04></time><time datetime=2020-01-01></time>"
        assert article("", shown).date_published == dt.date(2021, 3, 4)


def test_a_year_to_come_needs_witnesses() -> None:
    head = '<meta property="article:published_time" content="2031-03-04">'
    assert article(head, "<h1>The ferry at Low Sallow</h1>").date_published is None
    witnesses = "<h1>The ferry at Low Sallow</h1><p>4 March 2031</p><p>Copyright 2031 Tidepost</p>"
    assert article(head, witnesses).date_published == dt.date(2031, 3, 4)


def test_the_spelling_that_heading_and_declarations_share_is_the_title() -> None:
    head = (
        "<title>Ferry news and more | Tidepost</title><meta property='og:site_name' content='Tidepost'>"
        "<meta property='og:title' content='The ferry at Low Sallow crosses again'>"
    )
    found = article(head, "<h1 class='entry-title'>The ferry at Low Sallow crosses again</h1>")
    assert found.headline == "The ferry at Low Sallow crosses again"


def test_a_team_of_the_site_is_no_author() -> None:
    site = '<meta property="og:site_name" content="Tidepost">'
    assert article(site, "<h1>The ferry at Low Sallow</h1><p>By The Tidepost Team</p>").author == ()


def test_the_person_that_the_head_names_signs_where_nobody_else_does() -> None:
    found = article('<meta name="author" content="Martha Pelly">', "<h1>The ferry at Low Sallow</h1>")
    assert found.author == ("Martha Pelly",)
    assert dict(found.evidence)["author"] == "meta.author.unsigned"


def test_what_stands_before_the_word_of_an_update_is_the_publication() -> None:
    found = article("", "<h1>The ferry at Low Sallow</h1><div>March 4, 2021Updated on: June 7, 2022</div>")
    assert found.date_published == dt.date(2021, 3, 4)


def test_an_earlier_day_below_the_title_outweighs_the_declared_one() -> None:
    head = json_ld("The ferry at Low Sallow", "", "2021-09-30")
    assert article(head, "<h1>The ferry at Low Sallow</h1><p>March 4, 2021</p>").date_published == dt.date(2021, 3, 4)
    assert article(head, "<h1>The ferry at Low Sallow</h1><p>November 4, 2021</p>").date_published == dt.date(2021, 9, 30)
    above = article(head, "<p>March 4, 2021</p><h1>The ferry at Low Sallow</h1>")
    assert above.date_published == dt.date(2021, 9, 30)


def test_a_shown_day_that_a_second_declaration_bears_out_is_the_day() -> None:
    head = json_ld("The ferry at Low Sallow", "", "2021-09-30")
    second = '<meta property="article:published_time" content="2021-11-04T08:00:00Z">'
    found = article(head + second, "<h1>The ferry at Low Sallow</h1><p>November 4, 2021</p>")
    assert found.date_published == dt.date(2021, 11, 4)


def test_the_line_that_a_system_calls_submitted_says_when() -> None:
    line = '<div class="submitted">Saved by rowan on 24 July 2017 - 18:55</div>'
    found = article("", f"<h1>The ferry at Low Sallow</h1>{PROSE}{SECOND}<p>Ferries</p>{line}")
    assert found.date_published == dt.date(2017, 7, 24)


def test_an_address_may_hold_the_day() -> None:
    def page(name: str) -> dt.date | None:
        link = f'<link rel="canonical" href="https://tidepost.example/{name}">'
        return article(link, "<h1>The ferry at Low Sallow</h1>").date_published

    assert page("t20190314_77.html") == dt.date(2019, 3, 14)
    assert page("2019-03-14-the-ferry") == dt.date(2019, 3, 14)
    assert page("item/1201903147") is None


def test_two_declarations_bear_each_other_out_where_no_line_has_the_name() -> None:
    one = '<meta name="author" content="rowan_admin">'
    assert article(one, "<h1>The ferry at Low Sallow</h1>").author == ()
    both = one + json_ld("The ferry at Low Sallow", "rowan_admin", "2021-03-04")
    assert article(both, "<h1>The ferry at Low Sallow</h1>").author == ("rowan_admin",)


def test_a_name_alone_signs_where_a_paragraph_introduces_the_person() -> None:
    name = "<h1>The ferry at Low Sallow</h1><p>Nora Pelly</p>"
    introduced = "<p>Nora Pelly is a ferrywoman who has rowed on three rivers and written two books about them.</p>"
    assert article("", name).author == ()
    assert article("", name + PROSE + introduced).author == ("Nora Pelly",)
    unit = name.replace("Nora Pelly", "MIT Sallow") + PROSE + introduced.replace("Nora Pelly", "MIT Sallow")
    assert article("", unit).author == ()


def test_a_list_of_names_goes_on_in_the_next_lines() -> None:
    def segment(*lines: str) -> Segment:
        page = plain.read(Decoded("\n".join(lines), "utf-8", "utf-8"))
        marks = tuple((Mark(Label.BYLINE, f"{HEAD}byline", 0.6),) if number == 0 else () for number in range(len(page.blocks)))
        return Segment(0, page.blocks, marks, "whole", 1.0)

    def authors(*lines: str) -> tuple[str, ...]:
        return next((one.value for one in byline.find(segment(*lines), Hints(), alone=True) if isinstance(one.value, tuple)), ())

    assert authors("By Nora Pelly,", "Ada Quince", "and", "Jon Rowan", "Tom Fell") == ("Nora Pelly", "Ada Quince", "Jon Rowan")
    assert authors("By Nora Pelly", "Ada Quince") == ("Nora Pelly",)
    assert authors("By Nora Pelly,", "a ferry for all") == ("Nora Pelly",)
    assert authors("© Nora Pelly") == ()
