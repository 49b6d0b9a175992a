"""Hostile files through a whole run: each ends as articles or a rejection that says what to do, and the rest is untouched."""

from __future__ import annotations

import functools
import gzip
import io
import os
import random
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from containers import epub, package, paragraph, xhtml
from test_containers import TEXT, in_tar, in_zip, nested_bomb
from test_records import HTML, in_jsonl, in_warc

from pipeline import dataset
from pipeline.settings import load

GIB = 2**30
PROSE = "The harbour council met again on Tuesday and decided that the old cranes would stay where they are for the winter. "
ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE x [<!ENTITY l0 "ha">{ENTITIES}]>'
XXE = '<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'


def tar_of_traps() -> bytes:
    traps = []
    for name, kind in {
        "device": tarfile.CHRTYPE,
        "link": tarfile.SYMTYPE,
        "hard": tarfile.LNKTYPE,
        "pipe": tarfile.FIFOTYPE,
    }.items():
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/passwd"
        traps.append(info)
    return in_tar({"../../up.txt": TEXT.encode(), "/abs.txt": TEXT.encode(), "ok.txt": TEXT.encode()}, *traps)


def wrong_warc() -> bytes:
    data = in_warc([(f"https://example.org/{number}", "200 OK", "text/html", HTML.encode()) for number in range(3)])
    return data.replace(b"Content-Length: ", b"Content-Length: 9", 3)


def truncated() -> dict[str, bytes]:
    """A gzip of noise in letters, cut at every 1,000 bytes."""
    whole = gzip.compress(random.Random(1).randbytes(12_000).hex().encode(), mtime=0)  # noqa: S311  noise
    return {f"cut-{end:06}.gz": whole[:end] for end in range(1000, len(whole), 1000)}


# What is made in a moment; the names say what each is about.
SMALL: dict[str, Callable[[], bytes]] = {
    "bomb.zip": lambda: in_zip({"a": bytes(100 * 2**20)}),
    "bomb.gz": lambda: gzip.compress(bytes(100 * 2**20), mtime=0),
    "nested-bomb.zip": lambda: nested_bomb(2),
    "traps.tar": tar_of_traps,
    "lengths.warc": wrong_warc,
    "entities.html": f"{LAUGHS}<html><body><p>&l9; {PROSE}</p></body></html>".encode,
    "entities.rss": f'<?xml version="1.0"?>{LAUGHS}<rss><channel><item><title>&l9;</title></item></channel></rss>'.encode,
    "entities.docx": lambda: package(paragraph("Calm.") + "<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>", doctype=LAUGHS),
    "entities.epub": lambda: epub({"a.xhtml": LAUGHS + xhtml("The mill", PROSE * 3)}),
    "outside.html": f"{XXE}<html><body><p>&secret; {PROSE}</p></body></html>".encode,
    "outside.docx": lambda: package("<w:p><w:r><w:t>&secret;</w:t></w:r></w:p>", doctype=XXE),
    "outside.xml": f'<?xml version="1.0"?>{XXE}<feed xmlns="http://www.w3.org/2005/Atom"><title>&secret;</title></feed>'.encode,
    "nested.html": lambda: b"<html><body>" + b"<div>" * 20_000 + PROSE.encode() * 3,
    "nested.jsonl": lambda: in_jsonl([{"text": TEXT}]) + b"[" * 200_000 + b"\n" + b'{"text":' * 50_000 + b"\n",
    "nul.txt": lambda: (PROSE * 3).replace(" ", "\0 \0").encode(),
    "zeros.txt": lambda: bytes(500_000),
    "surrogates.txt": lambda: (PROSE * 20).encode() + "\ud800 \udfff".encode("utf-8", "surrogatepass"),
    "surrogates.jsonl": lambda: b'{"text": "' + PROSE.encode() * 3 + b'\\ud800 \\udfff"}\n' * 2,
    "utf16-surrogates.txt": lambda: b"\xff\xfe" + (PROSE * 3).encode("utf-16-le") + b"\x00\xd8\x41\x00",
    "line.txt": lambda: PROSE.encode() * 4000,
    "word.txt": lambda: b"x" * 400_000,
    "line.csv": lambda: b"id,text\n1," + b"word " * 80_000,
    "quote.csv": lambda: b'id,text\n1,"' + b"word\n" * 40_000,
    "mail.eml": lambda: (
        b"From: a@example.org\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n" * 20_000
    ),
    "header.eml": lambda: b"From: a@example.org\nMIME-Version: 1.0\nX: " + b" y\n" * 20_000 + b"\ntext",
    "magic.parquet": lambda: b"PAR1" + bytes(2000) + b"PAR1",
    "empty.zip": lambda: in_zip({}),
    "empty": lambda: b"",
    "names.zip": lambda: in_zip({"n" * 255 + ".txt": TEXT.encode(), "a\\..\\b": b"x", "\u202etxt.exe": TEXT.encode(), "": b"x"}),
    **{name: functools.partial(bytes, data) for name, data in truncated().items()},
}
NAMES = (b"n" * 255, b"caf\xe9.txt", b"new\nline.txt", b"-rf.txt", b"%2e%2e.txt", "\u202etxt.exe".encode())


def build(raw: Path, **more: int) -> dataset.Commit:
    return dataset.build(load(raw=raw, out=raw.parent / "out", workers=1, **more))  # type: ignore[arg-type]


def test_a_run_over_all_of_them_ends_and_says_of_each_what_became_of_it(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, make in SMALL.items():
        (raw / name).write_bytes(make())
    for number in range(5):
        (raw / f"calm-{number}.txt").write_text(TEXT.replace("ferry", f"barge {number}"), encoding="utf-8")
    odd = 0
    for given in NAMES:
        try:
            (raw / os.fsdecode(given)).write_text(TEXT, encoding="utf-8")
        except OSError:
            continue  # this file system refuses the name
        odd += 1
    made = build(raw)
    assert dataset.verify(tmp_path / "out", raw) == []
    documents = f"'{tmp_path}/out/documents/*.parquet'"
    rows = duckdb.execute(f"SELECT uri, member, status, stage, reason, detail, remedy, articles FROM {documents}").fetchall()  # noqa: S608
    assert len(rows) == made.totals.sources
    assert len({(row[0], row[1]) for row in rows}) == len(rows)
    assert len({row[0] for row in rows}) == len(SMALL) + 5 + odd
    for uri, member, status, stage, reason, detail, remedy, articles in rows:
        assert (status == "rejected") == (articles == 0), (uri, member)
        assert articles or (stage and reason and detail and remedy), (uri, member)
        assert "root:" not in (detail or "")
    texts = duckdb.execute(f"SELECT source_file, text FROM '{tmp_path}/out/articles/*.parquet'").fetchall()  # noqa: S608
    assert not [uri for uri, text in texts if "root:x:" in text or "hahaha" in text]
    calm = [uri for uri, _ in texts if uri.startswith("calm-")]
    assert len(calm) == 5
    assert len([uri for uri, text in texts if text == dict(texts)["calm-0.txt"].replace("barge 0", "ferry")]) >= odd
    assert not build(raw).changed


def many_members(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        for number in range(1_000_000):
            archive.addfile(tarfile.TarInfo(str(number)))


def many_zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1_000_000):
            archive.writestr(zipfile.ZipInfo(str(number)), b"")


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(GIB)


def endless(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(100):
            file.write(PROSE.encode() * 2000)


def bomb(path: Path) -> None:
    """4 GiB in 4 MiB."""
    with path.open("wb") as file, gzip.GzipFile(fileobj=file, mode="wb", compresslevel=9) as packed:
        for _ in range(4096):
            packed.write(bytes(2**20))


LARGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "members.tar": (many_members, "too-many-members"),
    "members.zip": (many_zipped, "too-many-members"),
    "sparse.txt": (sparse, "too-large"),
    "bomb.gz": (bomb, "expands-too-much too-large"),
    "endless.txt": (endless, ""),
}


@pytest.mark.long
@pytest.mark.parametrize("name", LARGE)
def test_large_ones_stay_below_a_gibibyte(name: str, tmp_path: Path) -> None:
    """In a process of its own, so that its peak is its own."""
    raw = tmp_path / "raw"
    raw.mkdir()
    LARGE[name][0](raw / name)
    (raw / "calm.txt").write_text(TEXT, encoding="utf-8")
    done = subprocess.run([sys.executable, __file__, str(raw)], check=True, capture_output=True, text=True)
    grown, found = done.stdout.split(" ", 1)
    assert int(grown) < GIB
    reasons = LARGE[name][1].split()
    refused = [line for line in found.split() if line.startswith(name)]
    assert (not refused) if not reasons else any(line == f"{name}:{reason}" for line in refused for reason in reasons)
    assert "calm.txt:" not in found


def main(raw: Path) -> None:
    """Print by how many bytes the peak grew in a run, and what was rejected."""
    import resource

    calm = raw.parent / "calm"
    calm.mkdir()
    (calm / "calm.txt").write_text(TEXT, encoding="utf-8")
    dataset.build(load(raw=calm, out=raw.parent / "warm", workers=1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = build(raw)
    unit = 1 if sys.platform == "darwin" else 1024
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit
    out = io.StringIO()
    out.write(f"{grown} ")
    out.writelines(f"{one.uri}:{one.reason}\n" for one in made.newly_rejected)
    sys.stdout.write(out.getvalue())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main(Path(sys.argv[1]))
