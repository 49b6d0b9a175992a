from __future__ import annotations

import hashlib
import json
import random
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bs4 import BeautifulSoup

from bench import boilerplate, held_out, predict, seeds
from bench.__main__ import main
from bench.run import default_settings
from bench.train import blocks, score
from pipeline import dataset, learned

WORDS = [
    "harbour", "ferry", "council", "bridge", "market", "teacher", "river", "winter", "orchard", "library",
    "garden", "railway", "engine", "festival", "museum", "bakery", "village", "captain", "painter", "window",
    "letter", "summer", "evening", "morning", "picture", "kitchen", "meadow", "forest", "valley", "island",
]  # fmt: skip
META = ["id", "title", "authors", "date", "site", "lang", "tags", "sections"]
DOCUMENTS = 30


def _random(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  # invented prose, no secrets


def _sentence(draw: random.Random) -> str:
    words = [draw.choice(WORDS) for _ in range(draw.randint(8, 18))]
    return f"The {words[0]} and the {' '.join(words[1:])} were seen again on the old road.".replace("  ", " ")


def _paragraphs(draw: random.Random) -> list[str]:
    return [" ".join(_sentence(draw) for _ in range(draw.randint(2, 4))) for _ in range(draw.randint(3, 6))]


def _page(number: int) -> str:
    draw = _random(number)
    title = f"The {draw.choice(WORDS)} that nobody wanted to lose"
    body = "\n".join(f"<p>{paragraph}</p>" for paragraph in _paragraphs(draw))
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>"
        "<meta property='article:published_time' content='2021-03-04T10:00:00Z'></head><body>"
        "<nav><ul><li><a href='/'>Home</a></li><li><a href='/town'>Town</a></li></ul></nav>"
        f"<article><h1>{title}</h1><p class='byline'>By Nora Feldt</p>\n{body}</article>"
        "<aside><h3>You may also like</h3><ul><li><a href='/a'>Another story</a></li></ul></aside>"
        "<footer>© 2021 The Invented Courier. All rights reserved.</footer></body></html>"
    )


def _parquet(path: Path, **columns: list[Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def _pages(folder: Path, count: int = 3) -> Path:
    return _parquet(
        folder / "pages.parquet",
        id=[f"page-{n}" for n in range(count)],
        url=[None if n % 2 else f"https://courier.example/town/{n}" for n in range(count)],
        html=[_page(n).encode() for n in range(count)],
        title=["gold that must not be read"] * count,
    )


def _predict(folder: Path, kind: str, source: Path, *more: str) -> Any:
    target = folder / f"{kind}.out"
    assert main(["predict", kind, str(source), str(target), "--workers", "1", *more]) == 0
    assert not list(folder.glob("*.partial"))
    text = target.read_text(encoding="utf-8")
    return json.loads(text) if kind == "split" else [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("kind", ["text", "dump"])
def test_text_kinds(kind: str, tmp_path: Path) -> None:
    rows = _predict(tmp_path, kind, _pages(tmp_path))
    assert [row["id"] for row in rows] == ["page-0", "page-1", "page-2"]
    assert all(set(row) == {"id", "text"} for row in rows)
    assert all("were seen again on the old road." in row["text"] for row in rows)


def test_meta(tmp_path: Path) -> None:
    rows = _predict(tmp_path, "meta", _pages(tmp_path))
    assert all(list(row) == META for row in rows)
    assert all("that nobody wanted to lose" in row["title"] for row in rows)
    assert all(row["authors"] == ["Nora Feldt"] for row in rows)
    assert all(row["date"] == "2021-03-04" for row in rows)
    assert all(isinstance(row[name], list) for row in rows for name in ("authors", "tags", "sections"))


def test_text_meta(tmp_path: Path) -> None:
    text = f"A quiet year on the island\n\nBy Nora Feldt\n\n{_sentence(_random(1))}\n\n{_sentence(_random(2))}\n"
    source = _parquet(tmp_path / "dumps.parquet", id=["t1", "t2"], text=[text, ""], title=["gold", "gold"])
    good, empty = _predict(tmp_path, "text-meta", source)
    assert list(good) == list(empty) == META
    assert good["authors"] == ["Nora Feldt"]
    assert empty == {**dict.fromkeys(META), "id": "t2", "authors": [], "tags": [], "sections": []}


def test_split(tmp_path: Path) -> None:
    several = (Path(__file__).parent / "golden" / "split.prose.titles.txt").read_text(encoding="utf-8")
    one = "\n\n".join(_paragraphs(_random(5)))
    source = _parquet(tmp_path / "split.parquet", file=["single.txt", "both.txt"], text=[one, several])
    found = _predict(tmp_path, "split", source)
    lines = several.split("\n")
    wanted = [lines.index(title) + 1 for title in ("Bees in the organ", "A whale over Harrowfield")]
    assert found == {"single.txt": [], "both.txt": wanted}


def test_decode(tmp_path: Path) -> None:
    text = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.\n" * 5
    kinds = [text.encode(), text.encode("utf-16"), text.encode("cp1252"), text.encode().decode("cp1252").encode()]
    source = _parquet(tmp_path / "decode.parquet", id=list("abcd"), bytes=kinds, gold_text=["x"] * 4)
    rows = _predict(tmp_path, "decode", source)
    assert [row["id"] for row in rows] == list("abcd")
    assert [row["text"] for row in rows] == [text] * 4


def test_lang(tmp_path: Path) -> None:
    english = " ".join(_sentence(_random(n)) for n in range(4))
    german = "Der Hafen war am Morgen still, und niemand wusste, wann die nächste Fähre wieder ablegen würde. " * 4
    source = _parquet(tmp_path / "lang.parquet", id=["e", "g", "u"], text=[english, german, "12 34 %%"])
    rows = _predict(tmp_path, "lang", source)
    assert [row["lang"] for row in rows] == ["en", "de", "und"]
    assert all(set(row) == {"id", "lang", "conf"} for row in rows)
    assert all(0 <= row["conf"] <= 1 for row in rows if row["lang"] != "und")


def test_limit_and_workers_change_nothing_else(tmp_path: Path) -> None:
    source = _pages(tmp_path, 6)
    alone = _predict(tmp_path, "text", source)
    assert _predict(tmp_path, "text", source, "--workers", "2") == alone
    assert _predict(tmp_path, "text", source, "--limit", "2") == alone[:2]
    assert _predict(tmp_path, "text", source, "--limit", "0") == []


def test_figures_are_in_sample_without_folds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _predict(tmp_path, "text", _pages(tmp_path, 1))
    assert predict.IN_SAMPLE in capsys.readouterr().err
    _predict(tmp_path, "text", _pages(tmp_path, 1), "--folds")
    assert predict.IN_SAMPLE not in capsys.readouterr().err
    source = _parquet(tmp_path / "lang.parquet", id=["e"], text=["A quiet year on the island."])
    _predict(tmp_path, "lang", source, "--folds")
    assert predict.NOTHING_HELD_OUT in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["text", "dump", "meta"])
def test_folds_judge_each_row_by_weights_that_never_saw_its_site(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    read = learned.read

    def noted(path: Path) -> learned.Weights:
        asked.append(path.name)
        return read(path)

    monkeypatch.setattr(learned, "read", noted)
    held_out._context.cache_clear()
    source = _pages(tmp_path, 6)
    rows = _predict(tmp_path, kind, source, "--folds")
    held_out._context.cache_clear()
    assert [row["id"] for row in rows] == [f"page-{n}" for n in range(6)]
    folds = {blocks.fold_of(row["url"], row["id"]) for row in pq.read_table(source, columns=["url", "id"]).to_pylist()}
    shipped = {path.name for path in learned.HOME.glob("*.json")}  # read once a process, by whoever comes first
    assert set(asked) - shipped == {f"{file}.{fold}.json" for file in held_out.FILES for fold in folds}


@pytest.mark.parametrize("file", held_out.FILES)
def test_each_stored_fold_says_which_it_is_and_is_of_the_data_of_the_shipped_file(file: str) -> None:
    shipped = learned.load(file).about
    folds = [learned.read(held_out.HOME / f"{file}.{fold}.json").about for fold in range(blocks.FOLDS)]
    assert [about["fold"] for about in folds] == list(range(blocks.FOLDS))
    assert {about["data"] for about in folds} == {shipped["data"]}
    assert held_out.without_folds() == []


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.courier.example/town/1", "courier.example"),
        ("http://news.courier.co.uk/a", "courier.co.uk"),
        ("https://courier.example:8080/", "courier.example"),
        (None, ""),
    ],
)
def test_folds_go_by_registered_domain(url: str | None, site: str) -> None:
    assert blocks.domain(url) == site
    assert blocks.fold_of(url, "one") == blocks.fold_of(f"https://{site}" if site else None, "other" if site else "one")


def test_training_needs_lightgbm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["train", "blocks", str(tmp_path)]) == 2
    assert "Install lightgbm to train" in capsys.readouterr().err


def _gold(folder: Path) -> Path:
    """Pages of every set that the table has, with their prose as gold text, or a snippet of it."""
    kinds = [("zyte", None), ("wcxb", "article"), ("wcxb", "forum"), ("fundus", "article"), ("magic_article", None)]
    kinds = [*kinds, *kinds, ("trafseg", None)]
    prose = ["\n".join(re.findall("<p>(.*?)</p>", _page(n))) for n in range(len(kinds))]
    snippets = [text[:60] if name == "trafseg" else None for text, (name, _) in zip(prose, kinds, strict=True)]
    return _parquet(
        folder / "pages.parquet",
        id=[f"page-{n}" for n in range(len(kinds))],
        set=[name for name, _ in kinds],
        url=[f"https://{n}.example/" for n in range(len(kinds))],
        page_type=[kind for _, kind in kinds],
        html=[_page(n).encode() for n in range(len(kinds))],
        gold_text=[None if name == "trafseg" else text for text, (name, _) in zip(prose, kinds, strict=True)],
        must_have=[snippet and [snippet] for snippet in snippets],
        must_not_have=[snippet and ["You may also like"] for snippet in snippets],
    )


def test_boilerplate_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(boilerplate, "PEER", "a_tool_that_nobody_has")
    _gold(tmp_path)
    code = main(["boilerplate", str(tmp_path), "--workers", "1"])
    out, err = capsys.readouterr()
    assert all(part.name in out for part in boilerplate.SETS)
    assert f"{boilerplate.PEER} is not installed" in err
    assert code == ("not all bars hold" in out)
    assert main(["boilerplate", str(tmp_path / "nowhere")]) == 2


def test_boilerplate_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = pq.read_table(_gold(tmp_path), columns=boilerplate.GOLD).to_pylist()
    right = {row["id"]: row["gold_text"] or row["must_have"][0] for row in gold}
    assert boilerplate.report(gold, {"all of it": {"text": right, "dump": right}}) == 0
    assert "1.000 [1.000, 1.000]" in capsys.readouterr().out
    assert boilerplate.report(gold, {"nothing": {"text": {}, "dump": {}}}) == 1
    assert boilerplate.report(gold, {"all of it": {"text": right, "dump": right}, "peer": {"text": {}}}) == 0


def test_texts_may_hold_any_line_end(tmp_path: Path) -> None:
    rows = [{"id": "a", "text": "one\u2028two\x85three\rfour\nfive"}, {"id": "b", "text": ""}]
    (tmp_path / "text").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert boilerplate.read(tmp_path / "text") == {row["id"]: row["text"] for row in rows}


def test_figures_of_a_text_that_is_half_right() -> None:
    pages = [score.against("one two three four five six", "one two three four")] * 3
    found = score.figures(pages)
    assert found["f1"] == pytest.approx((0.5, 0.5, 0.5))  # precision 1, recall 1 of 3 shingles
    assert found["token_f1"] == pytest.approx((0.8, 0.8, 0.8))
    assert found["exact"].value == 0
    mixed = score.figures([*pages, score.against("one two three four", "one two three four")])
    assert mixed["f1"].low < mixed["f1"].value < mixed["f1"].high
    assert score.figures([score.snippets("a b c", ["a  b", "d"], ["c"])])["segment_f1"].value == 0.5
    assert score.figures([score.against("", "")])["token_f1"].value == 1


@pytest.mark.parametrize("name", ["missing.parquet", "text.parquet", "pages.parquet"])
def test_unusable_input_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.parquet").write_text("no table", encoding="utf-8")
    _pages(tmp_path)
    target = tmp_path / "out"
    assert main(["predict", "lang", str(tmp_path / name), str(target)]) == 2
    assert name in capsys.readouterr().err
    assert not target.exists()


def test_default_settings_are_those_as_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "winnow.toml").write_text("keep_captions = true\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WINNOW_SPLIT_THRESHOLD", "0.1")
    assert not default_settings().keep_captions
    assert default_settings().split_threshold == 0.5


@pytest.mark.parametrize("kind", ["text", "dump"])
def test_predictions_are_the_rows_of_a_real_run(kind: str, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for number in range(DOCUMENTS):
        html = _page(number)
        content = html if kind == "text" else BeautifulSoup(html, "lxml").get_text("\n")
        (raw / f"{number:02d}.{'html' if kind == 'text' else 'txt'}").write_text(content, encoding="utf-8", newline="\n")
    settings = default_settings().model_copy(update={"raw": raw, "out": tmp_path / "processed", "batch_files": 7})
    dataset.build(settings)
    table = dataset.open_dataset(settings.out).to_table(columns=["source_file", "position", "text"])
    made: dict[str, list[str]] = {f"{n:02d}": [] for n in range(DOCUMENTS)}
    for row in sorted(table.to_pylist(), key=lambda row: (row["source_file"], row["position"])):
        made[row["source_file"].partition(".")[0]].append(row["text"])
    predicted = _predict(tmp_path, kind, _pages(tmp_path, DOCUMENTS))
    assert [row["text"] for row in predicted] == ["\n\n".join(texts) for texts in made.values()]
    assert all(made.values())


# --- seeds ------------------------------------------------------------------------------------------------------------

SEED = [
    "Home » Harbour » The last ferry leaves at dusk",
    "",
    "The last ferry leaves at dusk",
    "",
    "The harbour office said on Monday that the evening ferry will stop at the end of the month, after forty years. [1]",
    "",
    "Few people were surprised, because the boat has been half empty since the bridge was opened.",
    "",
    "By Nora Feldt",
    "",
    "[1] Feldt, Nora, The Invented Courier, A bridge at last, March 3, 2011",
    "",
    "[2] ibid",
    "",
    "You may also like",
    "",
    "Leave a Comment",
]
GOLD = {
    "file": "000_harbour.txt",
    "n_articles": 1,
    "boundaries": [],
    "title": "The last ferry leaves at dusk",
    "title_lines": [[3, 3]],
    "author": "Nora Feldt",
    "date": None,
    "source": None,
    "category": "Harbour",
    "body": [[5, 7]],
    "byline_lines": [[9, 9]],
    "references": [[11, 13]],
    "boilerplate": [[1, 1], [15, 15], [17, 17]],
    "inline_residue": [],
}


def _seed(folder: Path, **changes: Any) -> tuple[Path, Path]:
    data = "\n".join(SEED).encode()
    gold = {**GOLD, "sha256": hashlib.sha256(data).hexdigest(), **changes}
    for name in ("seeds", "gold"):
        (folder / name).mkdir()
    (folder / "seeds" / str(gold["file"])).write_bytes(data)
    (folder / "gold" / "000.json").write_text(json.dumps(gold), encoding="utf-8")
    return folder / "seeds", folder / "gold"


def _checks(folders: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, Any]]]:
    code = main(["seeds", *map(str, folders), "--json"])
    return code, {row["name"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}


def test_a_seed_that_is_right(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = _seed(tmp_path)
    code, checks = _checks(folders, capsys)
    assert [row["detail"] for row in checks.values() if row["ok"] is not True] == []
    assert code == 0
    assert {"articles", "headline", "author", "date", "publisher", "section", "kept lines", "dropped"} <= set(checks)
    assert main(["seeds", *map(str, folders)]) == 0
    assert "all bars hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"author": None}, "author"),
        ({"date": "2011-03-03"}, "date"),
        ({"body": [[5, 5]]}, "kept lines"),
        ({"body": [[5, 9]]}, "wholly kept"),
        ({"boilerplate": [[7, 7]]}, "dropped"),
        ({"references": [[11, 11]]}, "references"),
        ({"references": [[11, 11]]}, "reference lines"),
        ({"title_lines": [[5, 5]]}, "taken"),
        (
            {"inline_residue": [{"line": 7, "text": "half empty", "insert": "half", "kind": "image alt text"}]},
            "alt text, line 7",
        ),
    ],
)
def test_a_seed_that_is_wrong(wrong: dict[str, Any], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, checks = _checks(_seed(tmp_path, **wrong), capsys)
    assert code == 1
    assert checks[name]["ok"] is False


def test_a_seed_of_many_articles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    articles = [{"body": [[5, 7]], "headings": [3]}]
    folders = _seed(tmp_path, n_articles=2, boundaries=[9], acceptable_alternatives={"9": [11]}, articles=articles)
    code, checks = _checks(folders, capsys)
    assert code == 1
    assert checks["starts found"]["ok"] is False
    assert checks["kept precision"]["ok"] is None
    monkeypatch.setattr(seeds, "STARTS_FOUND", 0)
    monkeypatch.setattr(seeds, "KEPT_RECALL", 0.5)
    code, checks = _checks(folders, capsys)
    assert code == 0
    assert checks["kept recall"]["ok"] is True


@pytest.mark.parametrize(("lines", "found", "wrong"), [([9], 1, 0), ([11], 1, 0), ([9, 11], 1, 0), ([7], 0, 1), ([9, 7], 1, 1)])
def test_starts_and_false_cuts(lines: list[int], found: int, wrong: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeds, "start_lines", lambda _: lines)
    gold = {**GOLD, "n_articles": 2, "boundaries": [9], "acceptable_alternatives": {"9": [11]}, "articles": []}
    checks = {check.name: check for check in seeds.check_seed(gold, "\n".join(SEED).encode())}
    assert checks["starts found"].detail.startswith(f"{found} of 1")
    assert checks["false cuts"].detail.startswith(f"{wrong}, ")


def test_a_changed_seed_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = _seed(tmp_path, sha256="0" * 64)
    assert main(["seeds", *map(str, folders)]) == 2
    assert "not the file" in capsys.readouterr().err


def test_seeds_are_found_below_winnow_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _seed(tmp_path)
    monkeypatch.setenv("WINNOW_DATA", str(tmp_path))
    assert main(["seeds"]) == 0
    monkeypatch.delenv("WINNOW_DATA")
    with pytest.raises(SystemExit):
        main(["seeds"])


def test_lines_touched_and_covered() -> None:
    text = seeds.Lines("one two\n\n  three\n")
    assert set(text.places) == {1, 3}
    assert text.touched([(0, 3)]) == {1}
    assert text.covered([(0, 3)]) == set()
    assert text.covered([(0, 3), (4, 7), (11, 16)]) == {1, 3}
