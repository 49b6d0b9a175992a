"""Raw files behind URLs: the dataset is the one that the same files in a folder give."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import fsspec
import pytest
from stores import bucket
from test_containers import CONTENTS, TEXT, in_tar
from test_records import HTML

from pipeline import dataset, sources
from pipeline.errors import Rejected, SettingsError
from pipeline.settings import load
from pipeline.sources import Listed

FILES = {
    "a.html": HTML.encode(),
    "sub/b c.txt": TEXT.encode(),
    "week.tar": in_tar(CONTENTS),
    "zeros.bin": bytes(range(256)) * 9,
    ".hidden.txt": b"x",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "raw" / name).write_bytes(data)
    return tmp_path / "raw"


@pytest.fixture
def memory() -> Iterator[str]:
    system = fsspec.filesystem("memory")
    for name, data in FILES.items():
        system.pipe_file(f"/raw/{name}", data)
    yield "memory://raw"
    system.store.clear()


@pytest.fixture
def s3() -> Iterator[str]:
    """A bucket behind a real S3 API on this machine."""
    with bucket() as client:
        for name, data in FILES.items():
            client.put_object(Bucket="harbour", Key=f"raw/{name}", Body=data)
        yield "s3://harbour/raw"


@pytest.fixture
def web(folder: Path) -> Iterator[str]:
    """A web server that lists folders."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  as its base names it
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder.parent)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/raw/"
        server.shutdown()
        thread.join()


def shape(made: dataset.Commit) -> tuple[int, int, int, dict[str, int]]:
    return made.totals.sources, made.totals.articles, made.totals.rejected, made.totals.characters


@pytest.mark.parametrize("kind", ["memory", "s3", "file"])
def test_a_url_gives_the_dataset_that_the_folder_gives(
    kind: str, folder: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"file://{folder}" if kind == "file" else request.getfixturevalue(kind)
    local = dataset.build(load(raw=folder, out=tmp_path / "local", workers=1))
    chosen = load(raw=url, out=tmp_path / "out", workers=1)
    made = dataset.build(chosen)
    assert shape(made) == shape(local)
    assert (made.totals.sources, made.totals.articles) == (6, 5)
    assert {batch.name for batch in made.batches} == {batch.name for batch in local.batches}
    assert not dataset.build(chosen).changed
    assert dataset.verify(chosen.out, chosen.raw, chosen) == []
    assert not dataset.build(load(raw=folder, out=tmp_path / "out", workers=1)).changed


def test_files_of_a_web_server_are_read(web: str, tmp_path: Path) -> None:
    listed, _ = sources.discover(load(raw=web))
    assert [one.uri for one in listed if "hidden" not in one.uri] == ["a.html", "sub/b%2520c.txt", "week.tar", "zeros.bin"]
    chosen = load(raw=f"{web}week.tar", out=tmp_path / "out", workers=1)
    made = dataset.build(chosen)
    assert (made.totals.sources, made.totals.articles) == (3, 3)


def test_what_changes_on_s3_is_processed_again_and_what_goes_is_retired(s3: str, tmp_path: Path) -> None:
    client = boto3.client("s3")
    chosen = load(raw=s3, out=tmp_path / "out", workers=1, batch_files=1)
    dataset.build(chosen)
    client.put_object(Bucket="harbour", Key="raw/a.html", Body=TEXT.replace("ferry", "barge").encode())
    client.delete_object(Bucket="harbour", Key="raw/week.tar")
    made = dataset.build(chosen)
    assert made.changed
    assert (made.totals.sources, made.totals.articles, made.totals.rejected) == (3, 2, 1)


def test_an_object_that_is_replaced_while_it_is_read_is_a_rejection(memory: str) -> None:
    chosen = load(raw=memory)
    listed = next(one for one in sources.discover(chosen)[0] if one.uri == "week.tar")
    with sources.opened(listed, chosen) as file:
        found = file.parts()
        next(found)
        fsspec.filesystem("memory").pipe_file("/raw/week.tar", b"another")
        with pytest.raises(sources.Changed):
            list(found)


def test_an_object_that_is_gone_or_cannot_be_read_is_a_rejection(memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Rejected) as gone, sources.opened(Listed("x", f"{memory}/nothing"), load(raw=memory)):
        pass
    assert gone.value.reason == "vanished"

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("the service is tired")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "_open", refuse)
    with pytest.raises(Rejected, match="the service is tired") as unreadable:
        sources.read(Listed("a.html", f"{memory}/a.html"), load(raw=memory))
    assert unreadable.value.reason == "unreadable"


@pytest.mark.parametrize("url", ["memory://empty", "nosuch://x/y", "s3://no-such-bucket/x"])
def test_a_url_that_cannot_be_listed_is_a_usage_error(url: str, s3: str) -> None:
    assert s3
    with pytest.raises(SettingsError) as wrong:
        sources.discover(load(raw=url))
    assert wrong.value.place == url
    assert wrong.value.remedy


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(SettingsError, match=r"winnow\[s3\]"):
        sources.discover(load(raw="s3://bucket/x"))


def test_a_dataset_behind_a_url_that_cannot_be_locked_is_refused() -> None:
    with pytest.raises(SettingsError, match="keep two writers apart"):
        load(out="https://example.org/out")
    assert load(out="file:///tmp/x").out == Path("/tmp/x")  # noqa: S108  a name
