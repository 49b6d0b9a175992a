"""Containers: the same content gives the same articles however it is wrapped; hostile ones cost themselves and nothing else."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard

from pipeline import dataset, process, sources
from pipeline.settings import Settings, load
from pipeline.sources import Listed, Part

PAGE = (
    "<html><head><title>The mill that stood still</title><meta charset='{charset}'></head><body>"
    "<h1>The mill that stood still</h1>"
    "<p>Nobody"
    " in the valley could remember a year in which the old mill had not turned, café and all, until the spring came late.</p>"
    "<p>The miller"
    " sat on the wall, counted the swallows and told whoever came by that water is a matter of patience.</p>"
    "</body></html>"
)
TEXT = (
    "The ferry that waits\n\nThe small ferry between the head and the island leaves at eight in the morning, unless somebody is"
    " still on the road.\n\nThe pilot, a patient man, can see the last mile of it from his wheelhouse and fills his pipe again.\n"
)
CONTENTS = {
    "a.html": PAGE.format(charset="utf-8").encode(),
    "b/c.txt": TEXT.encode(),
    "d.html": PAGE.format(charset="latin-1").encode("latin-1"),
}


def in_zip(contents: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def in_tar(contents: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in more:
            archive.addfile(info)
    return out.getvalue()


def in_zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


WRAPPINGS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": in_zip,
    "tar": in_tar,
    "tar.gz": lambda contents: gzip.compress(in_tar(contents)),
    "tar.bz2": lambda contents: bz2.compress(in_tar(contents)),
    "tar.xz": lambda contents: lzma.compress(in_tar(contents)),
    "tar.zst": lambda contents: in_zstd(in_tar(contents)),
    "zip of gz": lambda contents: in_zip({name: gzip.compress(data) for name, data in contents.items()}),
    "zip in tar in gz": lambda contents: gzip.compress(in_tar({"inner.zip": in_zip(contents)})),
    "streams one behind the other": lambda contents: (
        gzip.compress(in_tar(contents)[:700]) + gzip.compress(in_tar(contents)[700:]) + bytes(9)
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    return tmp_path / "raw"


def options(folder: Path, **more: Any) -> Settings:
    return load(raw=folder, out=folder.parent / "out", **more)


def parts(data: bytes, **more: Any) -> list[Part]:
    return list(sources.parts_of("it", data, load(**more)))


def outline(found: list[Part]) -> dict[str, str]:
    """Member → reason of its refusal, or "ok"."""
    return {part.source.member: part.refusal.reason if part.refusal else "ok" for part in found}


def articles(data: bytes) -> list[tuple[Any, ...]]:
    context = process.prepare(load())
    made = [process.process(part.source, part.data, context) for part in parts(data)]
    return [(one.headline, one.text, one.author, one.date_published, one.language) for done in made for one in done.articles]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_the_same_articles_however_they_are_wrapped(wrapping: str) -> None:
    bare = [article for data in CONTENTS.values() for article in articles(data)]
    assert len(bare) == 3
    assert articles(WRAPPINGS[wrapping](CONTENTS)) == bare


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, in_zstd])
def test_a_compressed_file_is_the_source_itself(compress: Callable[[bytes], bytes]) -> None:
    (part,) = parts(compress(CONTENTS["a.html"]))
    assert (part.source.member, part.data, part.source.sha256) == (
        "",
        CONTENTS["a.html"],
        sources.from_bytes("", part.data).sha256,
    )


def test_members_are_named_by_their_path_each_once() -> None:
    odd = in_tar({"a!b%.txt": b"x", "caf\udce9.txt": b"x", "n" * 255: b"x", "same": b"x"}, tarfile.TarInfo("same"))
    found = outline(parts(in_tar({"in.tar": odd, "z" * 5000: b"x"})))
    assert list(found)[:5] == [
        "in.tar!/a%21b%25.txt",
        "in.tar!/caf%E9.txt",
        f"in.tar!/{'n' * 255}",
        "in.tar!/same",
        "in.tar!/same!2",
    ]
    assert len(list(found)[5]) <= 4096
    assert set(found.values()) == {"ok"}


def test_hidden_members_are_read_as_hidden_files_are() -> None:
    data = in_zip({"__MACOSX/._a.txt": b"x", ".DS_Store": b"x", "a.txt": b"x"})
    assert list(outline(parts(data))) == ["a.txt"]
    assert len(parts(data, hidden=True)) == 3
    assert load().digest != load(hidden=True).digest


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, in_zstd])
def test_a_truncated_stream_is_a_rejection_wherever_it_ends(compress: Callable[[bytes], bytes]) -> None:
    whole = compress(random.Random(4).randbytes(16_000))  # noqa: S311  noise
    for end in range(1000, len(whole), 1000):
        (part,) = parts(whole[:end])
        assert part.refusal is not None
        assert (part.refusal.stage, part.refusal.reason) == ("sources", "broken")
        assert "ends before" in part.refusal.detail
        assert part.refusal.remedy


def test_a_truncated_archive_gives_what_stands_before_the_cut() -> None:
    noise = {f"{number}.txt": random.Random(number).randbytes(40_000) for number in range(8)}  # noqa: S311  noise
    whole = in_tar(noise)
    for end in range(41_000, len(whole) - 11_000, 10_000):
        found = parts(gzip.compress(whole)[:end])
        for part in found:
            assert part.refusal is not None or part.data == noise[part.source.member]
        assert outline(found)[""] == "broken"
    assert sum(part.refusal is None for part in parts(gzip.compress(whole)[:-10_000])) > len(noise) // 2
    assert outline(parts(whole[: 512 + 40_448]))[""] == "broken"
    assert outline(parts(whole[: 2 * (512 + 40_448)] + b"\1" * 512)) == {"0.txt": "ok", "1.txt": "ok", "": "broken"}


def test_a_damaged_member_leaves_its_siblings_unharmed(folder: Path) -> None:
    pages = CONTENTS | {"broken.gz": gzip.compress(TEXT.encode())[:60], "e.txt": TEXT.replace("ferry", "barge").encode()}
    (folder / "a.zip").write_bytes(in_zip(pages))
    (folder / "b.txt").write_text(TEXT, encoding="utf-8")
    made = dataset.build(options(folder))
    assert (made.totals.sources, made.totals.articles, made.totals.rejected) == (6, 5, 1)
    (refused,) = made.newly_rejected
    assert (refused.uri, refused.member, refused.reason) == ("a.zip", "broken.gz", "broken")
    assert dataset.verify(folder.parent / "out", folder) == []


def test_links_devices_and_paths_out_of_an_archive_are_refused() -> None:
    kinds = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE, "pipe": tarfile.FIFOTYPE}
    more = []
    for name, kind in kinds.items():
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "../../etc/passwd"
        more.append(info)
    found = outline(parts(in_tar({"../out.txt": b"x", "a.txt": b"x"}, *more)))
    assert found == {"../out.txt": "unsafe-name", "a.txt": "ok"} | dict.fromkeys(kinds, "not-a-file")
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("..\\out.txt", "x")
        archive.writestr("a.txt", "x")
    assert outline(parts(out.getvalue())) == {"link": "not-a-file", "..\\out.txt": "unsafe-name", "a.txt": "ok"}


def nested_bomb(depth: int) -> bytes:
    data = in_zip({f"{number}.txt": bytes(2 * 2**20) for number in range(16)})
    for _ in range(depth):
        data = in_zip({f"{number}.zip": data for number in range(16)})
    return data


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: gzip.compress(bytes(100 * 2**20)), "expands-too-much"),
        (lambda: in_zstd(bytes(100 * 2**20)), "expands-too-much"),
        (lambda: in_zip({"a": bytes(100 * 2**20)}), "expands-too-much"),
        (lambda: nested_bomb(3), "expands-too-much"),
        (lambda: gzip.compress(gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"x"))))), "nested-too-deep"),
        (lambda: in_zip({f"{number}": b"" for number in range(1001)}), "too-many-members"),
        (lambda: in_tar({f"{number}": b"" for number in range(1001)}), "too-many-members"),
        (lambda: in_zip({}), "no-members"),
        (lambda: in_zip({"a.txt": b"x"})[:40], "broken"),
    ],
)
def test_bombs_end_in_a_rejection_and_in_bounded_memory(make: Callable[[], bytes], reason: str) -> None:
    data = make()
    tracemalloc.start()
    *before, last = sources.parts_of("it", data, load(max_members=1000, max_source_bytes=80 * 2**20))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 400 * 2**20
    assert last.refusal is not None
    assert last.refusal.reason == reason
    assert last.refusal.remedy
    assert all(part.refusal is None for part in before)


def test_a_container_that_is_larger_than_memory_allows_is_read_member_by_member(folder: Path) -> None:
    (folder / "a.tar").write_bytes(in_tar({f"{number}.txt": (TEXT * 30).encode() for number in range(20)}))
    (folder / "b.txt").write_text(TEXT * 400, encoding="utf-8")
    chosen = options(folder, max_source_bytes=20_000)
    with sources.opened(Listed("a.tar", str(folder / "a.tar")), chosen) as file:
        assert set(outline(list(file.parts())).values()) == {"ok"}
    made = dataset.build(chosen)
    assert (made.totals.sources, made.totals.rejected) == (21, 1)
    assert not dataset.build(chosen).changed


def test_a_changed_container_replaces_all_its_rows_and_nothing_else(folder: Path) -> None:
    (folder / "a.zip").write_bytes(in_zip(CONTENTS))
    (folder / "z.txt").write_text(TEXT, encoding="utf-8")
    chosen = options(folder, batch_files=1)
    assert dataset.build(chosen).totals.sources == 4
    assert not dataset.build(chosen).changed
    (folder / "a.zip").write_bytes(in_zip({name: data for name, data in CONTENTS.items() if name != "d.html"}))
    assert any("no such member" in problem.cause for problem in dataset.verify(chosen.out, folder))
    assert dataset.build(chosen).totals.sources == 3
    assert dataset.verify(chosen.out, folder) == []


def test_rows_do_not_depend_on_how_many_are_held(folder: Path) -> None:
    (folder / "a.tar").write_bytes(
        in_tar({f"{10 - number}.txt": TEXT.replace("ferry", f"boat {number}").encode() for number in range(9)})
    )

    def rows(name: str, **more: Any) -> list[Any]:
        made = dataset.build(load(raw=folder, out=folder.parent / name, **more))
        (file,) = (folder.parent / name / "documents").glob("*.parquet")
        assert made.totals.sources == 9
        return list(pq.read_table(file).to_pylist())

    assert rows("one") == rows("two", row_group_rows=2)
    assert [row["member"] for row in rows("one")] == [f"{10 - number}.txt" for number in range(9)]


def test_a_file_that_changes_while_it_is_read_is_a_rejection_until_it_rests(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a.tar"
    path.write_bytes(in_tar(CONTENTS))
    (folder / "b.txt").write_text(TEXT, encoding="utf-8")
    real = sources.Opened.parts

    def parts_while_written(self: sources.Opened) -> Any:
        for part in real(self):
            if part.source.uri == "a.tar":
                with path.open("ab") as file:
                    file.write(b"\0")
            yield part

    monkeypatch.setattr(sources.Opened, "parts", parts_while_written)
    made = dataset.build(options(folder, workers=1))
    assert [(one.uri, one.member, one.reason) for one in made.newly_rejected] == [("a.tar", "", "changed")]
    assert (made.totals.sources, made.totals.articles) == (2, 1)
    monkeypatch.undo()
    assert dataset.build(options(folder)).totals.articles == 4
