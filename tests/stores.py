"""Object stores on this machine, and datasets in them that tests disturb as `disturbed` does those in folders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import fsspec
import pytest
from dataset_samples import content
from disturbed import Work, start
from moto.server import ThreadedMotoServer

from pipeline import dataset
from pipeline.dataset import store
from pipeline.dataset.layout import Layout
from pipeline.settings import Settings, load

BUCKET = "harbour"


@contextmanager
def bucket() -> Iterator[Any]:
    """A client of an empty bucket behind a real S3 API on this machine, which the environment names."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }.items():
            patch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client
        fsspec.filesystem("s3").clear_instance_cache()
        server.stop()


def settings_at(url: str, folder: Path) -> Settings:
    """Those of `disturbed`, for a dataset behind a URL of the sources in a folder."""
    return load(raw=folder / "raw", out=url, batch_files=2, keep_commits=1, workers=1)


def objects(out: Path) -> dict[str, bytes]:
    """Every object that says what the dataset holds, but for the times: as `content` gives them of a folder."""
    return {str(path.relative_to(out)): store.read(path) for path in sorted(store.below(out)) if path.suffix == ".parquet"}


def start_at(base: Settings, url: str, work: Work, raw: Path) -> Settings:
    """A copy of the base's objects behind `url`, and the sources changed as the work wants them."""
    settings = load(raw=raw, out=url, batch_files=2, keep_commits=1, workers=1)
    if work.base:
        store.each(store.copy, ((path, settings.out / path.relative_to(base.out)) for path in store.below(base.out)))
    work.change(raw)
    return settings


def whole(settings: Settings, work: Work, want: dict[str, bytes], *, verified: bool = True) -> None:
    """What comes after a disturbance: the same again, which must end as the undisturbed one in a folder did."""
    work.act(settings)
    assert objects(settings.out) == want
    assert dataset.numbers(settings.out) == ([1, 2] if work.base else [1])
    assert not verified or dataset.verify(settings.out, settings.raw) == []
    assert store.below(Layout(settings.out).staging) == []


def in_folder(base: Path, folder: Path, work: Work) -> dict[str, bytes]:
    """What the work leaves in a folder, undisturbed."""
    settings = start(base, folder, work)
    work.act(settings)
    return content(settings.out)
