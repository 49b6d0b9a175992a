"""What recurs on a site: learned in any order and in parts, protected where it is prose, used only as frozen."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import predict
from pipeline import learn, process, sources, templates
from pipeline.errors import SettingsError, WinnowError
from pipeline.label import by_template
from pipeline.learn import Document, Line, State, Store, freeze, merge, store
from pipeline.marks import CERTAIN
from pipeline.model import Action, Hints, Outcome
from pipeline.settings import Settings
from pipeline.templates import Known, Template, Zone, fingerprint

SITE = "tidepost.example"
NOTICE = "Readers of the Tidepost pay for the Tidepost, and nobody else does, which is why it asks."
SUBJECTS = ("ferry", "crane", "lighthouse", "oyster bed", "salt works", "harbour wall")
STORY = (
    "The {0} has stood empty since the spring, and nobody on the quay could say on Tuesday who is to pay for its repair.",
    "Ingrid Solheim, who wrote a book on the {0}, says that it was never meant to outlast the war, and that it did so by luck.",
    "A vote on the {0} is to follow in autumn. Until then the wardens will keep its gate shut and its lamp lit every night.",
    "Those who want to see the {0} before may ask at the office of the harbour master, which opens at nine in the morning.",
)


def page(subject: str, *extra: str, url: str | None = None) -> bytes:
    """A page of the site on one subject; `extra` paragraphs stand below its story."""
    shown = "".join(f"<p>{text}</p>\n" for text in (*(line.format(subject) for line in STORY), *extra))
    address = url or f"https://www.{SITE}/{subject.replace(' ', '-')}"
    return (
        f'<!doctype html><html><head><title>The {subject} of Marl</title><link rel="canonical" href="{address}"></head><body>'
        f"<nav><a href='/'>Home</a> <a href='/n'>News</a></nav><article><h1>The {subject} of Marl</h1>\n{shown}"
        "</article></body></html>"
    ).encode()


def learned(raw: Path, folder: Path, **sizes: int) -> list[learn.Learned]:
    """What the flow does, in a plain loop."""
    settings = Settings(raw=raw, **sizes)  # type: ignore[arg-type]
    here = Store(folder)
    for part in learn.plan(settings, folder):
        here.add(part, learn.observe(part.listed, settings))
    return [one for one in map(here.publish, here.sites()) if one is not None]


def write(raw: Path, pages: dict[str, bytes]) -> None:
    raw.mkdir(exist_ok=True)
    for name, data in pages.items():
        (raw / name).write_bytes(data)


def outcome(data: bytes, folder: Path | None) -> Outcome:
    context = process.prepare(Settings(templates=folder))
    return process.process(sources.from_bytes("page.html", data), data, context)


def known_of(folder: Path, text: str) -> Known | None:
    found = templates.load(folder).get(SITE)
    return found.blocks.get(fingerprint(text)) if found is not None else None


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Six pages that share a notice."""
    folder = tmp_path / "raw"
    write(folder, {f"{subject}.html": page(subject, NOTICE) for subject in SUBJECTS})
    return folder


# --- the state --------------------------------------------------------------------------------------------------------

_names = st.sampled_from([f"{n:02x}" for n in range(12)])
_lines = st.builds(
    Line,
    _names,
    st.just("A line of some length that recurs"),
    st.just("p"),
    st.sampled_from((0.1, 0.6, 0.95)),
    st.just(3.5),
    st.just(0),
)
_documents = st.builds(Document, st.booleans(), st.lists(_lines, max_size=5).map(tuple))
# The same key is the same document, as digests have it.
_shelf = st.dictionaries(_names, _documents, min_size=6, max_size=12)


@st.composite
def _parts(draw: st.DrawFn) -> list[State]:
    shelf = draw(_shelf)
    keys = draw(st.lists(st.sampled_from(sorted(shelf)), max_size=30))
    sites = draw(st.lists(st.sampled_from(("one.example", "two.example")), min_size=len(keys), max_size=len(keys)))
    return [{site: {key: shelf[key]}} for site, key in zip(sites, keys, strict=True)]


@given(_parts(), st.integers(1, 6), st.randoms(use_true_random=False))
def test_merging_is_associative_commutative_and_idempotent(parts: list[State], most: int, random: object) -> None:
    def folded(states: list[State]) -> State:
        state: State = {}
        for one in states:
            state = merge(state, one, most)
        return state

    def halved(states: list[State]) -> State:
        if len(states) < 2:
            return merge({}, states[0], most) if states else {}
        middle = len(states) // 2
        return merge(halved(states[:middle]), halved(states[middle:]), most)

    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert folded(parts) == halved(parts) == folded(shuffled) == folded([*parts, *shuffled])


@given(_shelf, st.integers(1, 12))
def test_no_support_is_invented(shelf: dict[str, Document], most: int) -> None:
    made = freeze("one.example", merge({}, {"one.example": shelf}, most)["one.example"])
    for name, known in (made.blocks if made else {}).items():
        assert 2 <= known.support <= sum(name in {line.id for line in document.lines} for document in shelf.values())


@given(_shelf)
def test_a_state_is_read_back_from_its_bytes(shelf: dict[str, Document]) -> None:
    assert learn.state.from_bytes(learn.state.to_bytes(shelf)) == shelf


# --- learning ---------------------------------------------------------------------------------------------------------


def test_what_stands_on_other_articles_of_the_site_is_learned_and_goes(raw: Path, tmp_path: Path) -> None:
    data = page("crane", NOTICE)
    assert NOTICE in outcome(data, None).articles[0].text
    found = learned(raw, tmp_path / "made")
    assert [(one.site, one.documents, one.changed) for one in found] == [(SITE, 6, True)]
    made = outcome(data, tmp_path / "made")
    assert NOTICE not in made.articles[0].text
    assert STORY[0].format("crane") in made.articles[0].text
    entry = next(entry for entry in made.ledger if entry.text == NOTICE)
    assert (entry.action, entry.rule) == (Action.DROPPED, f"template.{SITE}")
    assert entry.confidence < CERTAIN


def test_another_site_knows_nothing_of_it(raw: Path, tmp_path: Path) -> None:
    learned(raw, tmp_path / "made")
    data = page("crane", NOTICE, url="https://other.example/crane")
    assert outcome(data, tmp_path / "made").articles == outcome(data, None).articles


def test_the_result_depends_neither_on_batches_nor_on_when_documents_came(raw: Path, tmp_path: Path) -> None:
    learned(raw, tmp_path / "one", batch_files=1)
    learned(raw, tmp_path / "all", batch_files=100)
    first = tmp_path / "first"
    write(first, {path.name: path.read_bytes() for path in sorted(raw.iterdir())[3:]})
    here = Store(tmp_path / "bit")
    for folder in (first, raw):  # the second time with three more
        settings = Settings(raw=folder)
        for part in learn.plan(settings, here.folder):
            here.add(part, learn.observe(part.listed, settings))
    here.publish(SITE)
    texts = {(tmp_path / name / f"{SITE}.toml").read_text() for name in ("one", "all", "bit")}
    assert len(texts) == 1


def test_a_source_is_looked_at_once(raw: Path, tmp_path: Path) -> None:
    learned(raw, tmp_path / "made")
    assert not list(learn.plan(Settings(raw=raw), tmp_path / "made"))
    write(raw, {"new.html": page("pilot boat", NOTICE)})
    (part,) = learn.plan(Settings(raw=raw), tmp_path / "made")
    assert [one.uri for one in part.listed] == ["new.html"]
    (found,) = learned(raw, tmp_path / "made")
    assert (found.documents, found.version, found.changed) == (7, 2, True)
    (again,) = learned(raw, tmp_path / "made")
    assert (again.version, again.changed) == (2, False)


def test_what_was_killed_before_it_was_noted_is_done_again_with_the_same_result(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned(raw, tmp_path / "undisturbed", batch_files=2)
    real = store._put

    def dies(path: Path, data: bytes) -> None:
        if path.name == store.SEEN:
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr(store, "_put", dies)
    with pytest.raises(KeyboardInterrupt):
        learned(raw, tmp_path / "made", batch_files=2)
    monkeypatch.undo()
    learned(raw, tmp_path / "made", batch_files=2)
    name = f"{SITE}.toml"
    assert (tmp_path / "made" / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()


def test_a_broken_state_is_named(raw: Path, tmp_path: Path) -> None:
    learned(raw, tmp_path / "made")
    (tmp_path / "made" / ".state" / f"{SITE}.json.gz").write_bytes(b"no")
    with pytest.raises(WinnowError, match="learn anew"):
        Store(tmp_path / "made").publish(SITE)


# --- protection -------------------------------------------------------------------------------------------------------


def test_a_syndicated_article_on_five_pages_is_one_article(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    copies = {f"copy{n}.html": page("crane", f"Filed under number {'i' * n}.", url=f"https://{SITE}/copy{n}") for n in range(5)}
    write(raw, copies | {"ferry.html": page("ferry")})
    learned(raw, tmp_path / "made")
    for line in STORY:
        assert known_of(tmp_path / "made", line.format("crane")) is None
    assert STORY[2].format("crane") in outcome(copies["copy0.html"], tmp_path / "made").articles[0].text


def _site(count: int, *shared: tuple[str, float, int]) -> dict[str, Document]:
    """`count` documents; each of `shared` (text, score, in how many) recurs."""
    found = {}
    for number in range(count):
        own = f"what only number {'i' * number} says, at some length"
        texts = [(own, 0.9), *((text, score) for text, score, times in shared if number < times)]
        lines = tuple(Line(fingerprint(text), text, "p", score, 5.0, 0) for text, score in texts)
        found[f"{number:03}"] = Document(plain=True, lines=lines)
    return found


@pytest.mark.parametrize(
    ("score", "times", "goes"),
    [
        (0.2, 2, True),  # the score drops it anyway: this only says so
        (0.7, 2, False),  # a quotation that two of forty articles have
        (0.7, 4, True),  # a notice on a tenth of them
        (0.95, 15, False),  # what the score is sure of, on a third
        (0.95, 30, True),  # … on most: a notice that reads like prose
    ],
)
def test_prose_goes_only_with_support(score: float, times: int, *, goes: bool) -> None:
    made = freeze(SITE, _site(40, (NOTICE, score, times)))
    assert made is not None
    known = made.blocks[fingerprint(NOTICE)]
    assert (known.support, known.drops) == (times, goes)


def test_short_texts_recur_for_any_reason() -> None:
    made = freeze(SITE, _site(10, ("The competition", 0.6, 10)))
    assert made is not None
    assert not made.blocks[fingerprint("The competition")].drops


def test_a_title_that_is_a_teaser_elsewhere_is_left_to_the_score() -> None:
    made = freeze(SITE, _site(10, ("Pilot boat of Marl to be scrapped", 0.7, 9), (NOTICE, 0.7, 9)))
    assert made is not None
    assert [known.text for known in made.blocks.values() if known.drops] == [NOTICE]


def test_a_person_has_the_last_word(raw: Path, tmp_path: Path) -> None:
    learned(raw, tmp_path / "made")
    path = tmp_path / "made" / f"{SITE}.toml"
    text = path.read_text()
    path.write_text(text.replace(f'text = "{NOTICE}"', f'text = "{NOTICE}"\nkeep = true'))
    data = page("crane", NOTICE)
    assert NOTICE in outcome(data, tmp_path / "made").articles[0].text
    write(raw, {"new.html": page("pilot boat", NOTICE)})
    learned(raw, tmp_path / "made")
    known = known_of(tmp_path / "made", NOTICE)
    assert known is not None
    assert (known.keep, known.support) == (True, 7)
    head, _, _ = text.partition("[[block]]")
    path.write_text(head)  # all entries deleted
    assert NOTICE in outcome(data, tmp_path / "made").articles[0].text


# --- use --------------------------------------------------------------------------------------------------------------


def test_confidence_rises_with_support_and_is_never_certain() -> None:
    marks = [by_template._mark(Known("", "p", support, 0.1, "boilerplate"), "template.x") for support in (2, 3, 10, 1000)]
    confidences = [mark.confidence for mark in marks]
    assert confidences == sorted(set(confidences))
    assert max(confidences) < CERTAIN


def test_zones_move_scores_towards_the_other_documents_never_towards_the_document_itself() -> None:
    ids, known = ["head", "a", "b", "tail", "c"], {"head", "tail"}
    article, words = np.array([0.1, 0.5, 0.6, 0.1, 0.5]), np.full(5, 40, dtype=np.float32)
    own = templates.zones_of(ids, known, article.tolist(), by_template.weight(words).tolist())
    blocks = {name: Known(name, "line", 2, 0.1, "body") for name in known}
    alone = Template(SITE, 1, 2, blocks, own, frozenset({templates.document_key(ids)}))
    assert by_template.Zones(ids, alone)(article, words).tolist() == article.tolist()
    low = {key: Zone(zone.article + 20.0, zone.words + 2000.0) for key, zone in own.items()}
    moved = by_template.Zones(ids, dataclasses.replace(alone, zones=low))(article, words)
    assert moved[0] == article[0]
    assert moved[3] == article[3]
    assert (moved[[1, 2, 4]] < article[[1, 2, 4]] - 0.1).all()


def test_the_digest_of_the_templates_is_part_of_the_ruleset(raw: Path, tmp_path: Path) -> None:
    learned(raw, tmp_path / "made")
    without = process.prepare(Settings())
    first = process.prepare(Settings(templates=tmp_path / "made"))
    (tmp_path / "moved").mkdir()
    path = tmp_path / "made" / f"{SITE}.toml"
    (tmp_path / "moved" / path.name).write_bytes(path.read_bytes())
    moved = process.prepare(Settings(templates=tmp_path / "moved"))
    assert (moved.ruleset, moved.settings.digest) == (first.ruleset, without.settings.digest)
    path.write_text(path.read_text().replace('label = "boilerplate"', 'label = "body"'))
    assert len({without.ruleset, first.ruleset, process.prepare(Settings(templates=tmp_path / "made")).ruleset}) == 3


def test_a_template_that_changes_while_it_is_used_is_refused(raw: Path, tmp_path: Path) -> None:
    learned(raw, tmp_path / "made")
    frozen = templates.load(tmp_path / "made")
    path = tmp_path / "made" / f"{SITE}.toml"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(SettingsError, match="changed"):
        frozen.get(SITE)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such folder"):
        process.prepare(Settings(templates=tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("uri", "declared", "site"),
    [
        ("a/b.html", {"link.canonical": ("https://www.Tidepost.example/x",)}, SITE),
        ("a/b.html", {"link.canonical": ("/x",), "meta.og:url": ("http://tidepost.example:80/x",)}, SITE),
        ("https://mirror.example/x", {"link.canonical": ("https://tidepost.example/x",)}, "mirror.example"),
        ("a/b/c.txt", {}, "folder:a/b"),
        ("c.txt", {"link.canonical": ("https://[half",)}, "folder:"),
    ],
)
def test_the_site_of_a_document(uri: str, declared: dict[str, tuple[str, ...]], site: str) -> None:
    assert templates.site_of(uri, Hints(declared)) == site


def test_a_block_is_found_again_whatever_its_case_space_and_numbers() -> None:
    assert fingerprint("17 Comments  on this") == fingerprint("3 comments on this")
    assert fingerprint("Comments") != fingerprint("Comment")


_known = st.builds(
    Known,
    st.text(max_size=40),
    st.just("p"),
    st.integers(2, 99),
    st.just(0.5),
    st.sampled_from(("body", "boilerplate")),
    st.booleans(),
)


@given(st.dictionaries(_names, _known, max_size=4), st.text(max_size=20))
def test_a_template_is_read_back_from_its_file(blocks: dict[str, Known], site: str) -> None:
    zones = {("", None): Zone(1.5, 2.0), ("a", "b"): Zone(0.0, 7.25)}
    made = Template(site, 3, 9, blocks, zones, frozenset({"k"}))
    whole = templates.to_toml(made).encode("utf-8").decode("utf-8")
    read = templates.parse(whole, "here")
    assert templates.to_toml(read) == whole
    assert (read.zones, read.learned_from, set(read.blocks)) == (made.zones, made.learned_from, set(blocks))


@pytest.mark.parametrize("text", ["", "format = 2", "format = 1\nsite = 'x'", "[["])
def test_a_file_that_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="here"):
        templates.parse(text, "here")


def test_the_command_lists_what_recurs(raw: Path, tmp_path: Path) -> None:
    learned(raw, tmp_path / "made")
    command = [sys.executable, "-m", "pipeline.cli", "templates", str(tmp_path / "made"), "--json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [json.loads(line) for line in shown.splitlines()]
    assert [(row["site"], row["support"]) for row in rows if row["text"] == NOTICE and row["drops"]] == [(SITE, 6)]


def test_siblings_are_learned_from_all_rows_of_a_file_and_used(tmp_path: Path) -> None:
    rows = [{"id": subject, "url": f"https://{SITE}/{n}", "html": page(subject, NOTICE)} for n, subject in enumerate(SUBJECTS)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "pages.parquet")
    made = {}
    for known in (False, True):
        predict.run("text", tmp_path / "pages.parquet", tmp_path / "made", workers=1, siblings=known)
        made[known] = [json.loads(line)["text"] for line in (tmp_path / "made").read_text().splitlines()]
    assert all(NOTICE in text for text in made[False])
    assert not any(NOTICE in text for text in made[True])
