"""Every way to wrap documents: {name: bytes} → the bytes of one file that holds them, in their order."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable

from test_containers import in_tar, in_zip, in_zstd
from test_records import in_csv, in_jsonl, in_mail, in_parquet, in_warc

Contents = dict[str, bytes]


def in_mbox(contents: Contents) -> bytes:
    """A message for each document, which is its body."""
    mark = b"From post@example.org Mon Jan  4 10:11:12 2021\n"
    return b"".join(mark + mail(data).replace(b"\nFrom ", b"\n>From ") + b"\n" for data in contents.values())


def mail(data: bytes) -> bytes:
    """A message whose body is the document."""
    text = data.decode()
    return in_mail(text, "html" if "<" in text else "plain", policy="base64").as_bytes()


def rows(contents: Contents) -> list[dict[str, str]]:
    """A row for each document."""
    return [{"n": name, "text": data.decode()} for name, data in contents.items()]


def pages(contents: Contents) -> list[tuple[str, str, str, bytes]]:
    """The documents as what a server answers."""
    kinds = {name: "text/html" if b"<" in data else "text/plain" for name, data in contents.items()}
    return [(f"https://example.org/{name}", "200 OK", kinds[name], data) for name, data in contents.items()]


# Any number of documents in one file.
ARCHIVES: dict[str, Callable[[Contents], bytes]] = {
    "zip": in_zip,
    "tar": in_tar,
    "tar.gz": lambda contents: gzip.compress(in_tar(contents), mtime=0),
    "tar.bz2": lambda contents: bz2.compress(in_tar(contents)),
    "tar.xz": lambda contents: lzma.compress(in_tar(contents)),
    "tar.zst": lambda contents: in_zstd(in_tar(contents)),
    "zip of gz": lambda contents: in_zip({name: gzip.compress(data, mtime=0) for name, data in contents.items()}),
    "zip in tar in gz": lambda contents: gzip.compress(in_tar({"inner.zip": in_zip(contents)}), mtime=0),
    "zip of mails": lambda contents: in_zip({name: mail(data) for name, data in contents.items()}),
    "warc": lambda contents: in_warc(pages(contents)),
    "warc.gz": lambda contents: in_warc(pages(contents), zipped=True),
    "mbox": in_mbox,
    "jsonl": lambda contents: in_jsonl(rows(contents)),
    "csv": lambda contents: in_csv(rows(contents)),
    "parquet": lambda contents: in_parquet(rows(contents)),
}
# One document in a file.
WRAPPINGS: dict[str, Callable[[Contents], bytes]] = {
    **ARCHIVES,
    "gz": lambda contents: gzip.compress(next(iter(contents.values())), mtime=0),
    "bz2": lambda contents: bz2.compress(next(iter(contents.values()))),
    "xz": lambda contents: lzma.compress(next(iter(contents.values()))),
    "zst": lambda contents: in_zstd(next(iter(contents.values()))),
    "mail": lambda contents: mail(next(iter(contents.values()))),
}
