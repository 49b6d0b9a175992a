"""PDF: paragraphs, parted words and running heads are put together from the places of lines; hostile files end soon."""

from __future__ import annotations

import resource
import sys
import time
import zlib

import pytest
from containers import Printed, pdf, pdf_of, printed

from pipeline.errors import Rejected
from pipeline.process import Trace, prepare, process, trace
from pipeline.settings import load
from pipeline.sources import extract, from_bytes

PARAGRAPHS = (
    "The ferry stays",
    "The old ferry will cross the sound for another winter, the council said “after long talks” on the well-known engine of Ås.",
    "Nobody could say who pays for the paint, and the keeper of the light did not wish to be asked about it again.",
)


def text_of(data: bytes) -> str:
    return extract.text_of(data).text


def refused(data: bytes) -> str:
    with pytest.raises(Rejected) as refusal:
        extract.text_of(data)
    assert refusal.value.stage == "extract"
    assert refusal.value.remedy
    return refusal.value.reason


def test_a_pdf_becomes_an_article_whose_spans_point_into_the_extracted_text() -> None:
    data = printed(PARAGRAPHS)
    found = trace(from_bytes("a.txt", data), data, prepare(load()))
    assert isinstance(found, Trace)
    assert found.decoded.evidence == "container (pypdf)"
    assert found.outcome.source.media_type == "application/pdf"
    (article,) = found.outcome.articles
    assert article.headline == PARAGRAPHS[0]
    assert article.text == f"{PARAGRAPHS[1]}\n\n{PARAGRAPHS[2]}"
    assert all(article.text[k.at : k.at + k.length] == found.decoded.text[k.start : k.end] for k in article.kept)


@pytest.mark.parametrize("width", [40, 60, 90])
def test_lines_become_the_paragraphs_they_were(width: int) -> None:
    assert text_of(printed(PARAGRAPHS, width=width)).split("\n\n") == list(PARAGRAPHS)


def lines(*texts: str, top: int = 700, left: int = 72) -> list[Printed]:
    return [(left, top - 14 * number, 11, text) for number, text in enumerate(texts)]


def test_words_that_a_line_parted_are_whole_again_and_compounds_stay() -> None:
    page = lines(
        "The keeper of the light asked the council for a new lan-",
        "tern, and got an old one; it is a well-known story on the",
        "quay, and one that the fishermen tell as if it were a well-",
        "known joke. So the lantern stays.",
    )
    assert text_of(pdf([page])) == (
        "The keeper of the light asked the council for a new lantern, and got an old one; it is a well-known story on the quay,"
        " and one that the fishermen tell as if it were a well-known joke. So the lantern stays."
    )


def test_indents_begin_paragraphs_and_short_lines_end_them() -> None:
    page = [
        (90, 700, 11, "The first paragraph begins with an indent, as in books,"),
        (72, 686, 11, "and goes on until its last line, which may be so long a"),
        (90, 672, 11, "The second one begins where the first has ended: there."),
        (72, 658, 11, "Its rest stands here."),
        (72, 644, 11, "A line behind a short one stands by itself, as in a list"),
    ]
    first, second = text_of(pdf([page])).split("\n\n")
    assert first.endswith("so long a")
    assert second.split("\n")[1:] == ["A line behind a short one stands by itself, as in a list"]


def test_what_pages_repeat_at_their_edges_comes_last_once_and_is_dropped() -> None:
    texts = (
        (
            "The barge has left the harbour with nobody on board but the dog and a",
            "crate of lemons that was meant for somebody else and",
        ),
        (
            "was never missed. Its owner, a quiet woman from the upper town, said",
            "that lemons come and go, and that the dog can swim.",
        ),
        (
            "The harbour master has written it all down in a book that he keeps for",
            "such days, below the weather and above the tide.",
        ),
    )
    pages = [
        [(72, 800, 9, "The Tidepost"), *lines(*body), (290, 40, 9, f"Page {number}")] for number, body in enumerate(texts, 1)
    ]
    data = pdf(pages)
    decoded = extract.text_of(data)
    assert decoded.margin is not None
    assert decoded.text[decoded.margin :].split("\n") == ["The Tidepost", "Page 1", "Page 2", "Page 3"]
    assert "somebody else and was never missed" in decoded.text[: decoded.margin]
    (article,) = process(from_bytes("a.pdf", data), data, prepare(load())).articles
    assert "Tidepost" not in article.text
    assert "Page" not in article.text


def test_a_missing_library_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(Rejected, match=r"winnow\[pdf\]") as refusal:
        extract.text_of(printed(PARAGRAPHS))
    assert refusal.value.reason == "no-library"


PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>/XObject<</X 6 0 R>>>>/Contents 5 0 R>>"
FORM = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>/Length %d>>stream\n%s\nendstream"


def drawing(stream: bytes, *forms: bytes) -> bytes:
    """A page that is drawn by this stream, which may use the form X; each form may use the next, the last itself."""
    content = b"<</Filter/FlateDecode/Length %d>>stream\n" % len(stream) + stream + b"\nendstream"
    font, pages = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", b"<</Type/Pages/Count 1/Kids[4 0 R]>>"
    last = 5 + len(forms)
    made = [FORM % (min(number, last), len(form), form) for number, form in enumerate(forms, 7)]
    return pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", pages, font, PAGE, content, *made])


def deflated(unit: bytes, times: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join([packer.compress(unit) for _ in range(times)]) + packer.flush()


SHOWN = b"BT /F1 9 Tf 9 9 Td (xxxxxxxxxxxxxxxxx) Tj ET\n"
WHOLE = printed(PARAGRAPHS)
LOCK = "/Encrypt<</Filter/Standard/V 2/R 3/Length 128/P -4/O<{0}>/U<{0}>>>/ID[<{0}><{0}>]".format("ab" * 32)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (drawing(deflated(b" " * 2**20, 300)), "broken"),
        (drawing(deflated(b"q " * 2**19, 100)), "broken"),
        (drawing(deflated(b"[" * 2**20, 4)), "broken"),
        (drawing(deflated(SHOWN * 2000, 15)), "oversized"),
        (pdf([[]]), "empty"),
        (WHOLE.replace(b"/Kids[4 0 R]", b"/Kids[2 0 R]"), "broken"),
        (WHOLE[:40], "broken"),
        (pdf([[(72, 700, 11, "Locked.")]], extra=LOCK), "encrypted"),
    ],
)
def test_bombs_and_broken_files_are_refused_soon_and_in_bounded_memory(data: bytes, reason: str) -> None:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    assert refused(data) == reason
    assert time.process_time() - start < 60
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 2**30
    assert [one.reason for one in process(from_bytes("a", data), data, prepare(load())).rejections] == [reason]


def test_forms_that_draw_forms_do_not_multiply() -> None:
    data = drawing(zlib.compress(b"/X Do " * 20 + b"BT /F1 9 Tf (Calm.) Tj ET"), *[b"/X Do " * 20] * 8)
    start = time.process_time()
    try:
        text_of(data)
    except Rejected as refusal:
        assert refusal.reason in {"broken", "oversized"}  # noqa: PT017  a version of the library may stop by itself, with the text
    assert time.process_time() - start < 60


def test_any_cut_ends_as_a_text_or_a_reason() -> None:
    for end in range(20, len(WHOLE), 97):
        outcome = process(from_bytes("a.pdf", WHOLE[:end]), WHOLE[:end], prepare(load()))
        assert bool(outcome.articles) != bool(outcome.rejections)


def test_time_is_linear_in_one_long_word() -> None:
    def cost(count: int) -> float:
        data = drawing(deflated(SHOWN, count))
        start = time.process_time()
        text_of(data)
        return time.process_time() - start

    cost(100)
    assert cost(8000) < 40 * max(cost(800), 0.02)
