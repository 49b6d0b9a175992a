"""Files that are no files of this machine: whatever fsspec opens by a URL (s3://, gs://, az://, https://, memory://).

Listed and read here; `dataset.store` writes. What a service raises becomes an OSError, so it costs one source.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

State: TypeAlias = tuple[object, ...]

# Bytes of a file that is held in memory, where there is no other way to read it twice.
MOST_WHOLE = 512 * 2**20
_URL = re.compile(r"[a-z][a-z0-9+.-]+://")
# What services call a file's version and time, the first that is there.
_VERSIONS = ("ETag", "etag", "VersionId", "generation", "md5Hash", "mtime", "created")
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "created")
# Extras of winnow and packages of others, by protocol.
_PACKAGES = {"s3": "'winnow[s3]'", "s3a": "'winnow[s3]'", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}


def is_remote(path: str) -> bool:
    """Whether a path is a URL."""
    return _URL.match(path) is not None


def listing(url: str) -> Iterator[tuple[str, str]]:
    """(path relative to `url`, URL) of every file below it, sorted. Raises SettingsError."""
    try:
        system, root = system_of(url)
        system.invalidate_cache()  # a schedule's process lists again and again
        found = sorted(system.find(root))
    except (ImportError, ValueError) as error:
        raise unknown(url, error) from error
    except Exception as error:  # each service has errors of its own: no credentials, no such bucket, no connection
        cause = f"cannot be listed ({type(error).__name__}: {error})"
        raise SettingsError(cause, place=url, remedy="Check the address, the network and the credentials") from error
    if not found:
        raise SettingsError("there are no files", place=url, remedy="Name a URL with files below it: winnow run URL")
    for path in found:
        relative = path.removeprefix(root).lstrip("/")
        yield relative or path.rpartition("/")[2], str(system.unstrip_protocol(path))


class RemoteFile(io.RawIOBase):
    """A file behind a URL, read in blocks as they are asked for. Raises OSError, as for files."""

    def __init__(self, url: str) -> None:
        self._url = url
        with as_os_error(url):
            self._system, self._path = system_of(url)
            self._file = self._open()

    def _open(self) -> IO[bytes]:
        info = self._info()
        if info.get("partial", True):
            opened: IO[bytes] = self._system.open(self._path, "rb")
            return opened
        size = info.get("size")  # a web server that gives files as a whole only
        if size is None or size > MOST_WHOLE:
            raise OSError(None, f"the server gives no parts of files, and this one is larger than {MOST_WHOLE} bytes", self._url)
        return io.BytesIO(self._system.cat_file(self._path))

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """Whether the service can be asked for a part of a file."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """The new position."""
        with as_os_error(self._url):
            return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """How many bytes were put into `buffer`; 0 at the end."""
        view = memoryview(buffer).cast("B")
        with as_os_error(self._url):
            piece = self._file.read(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Let go of it."""
        if not self.closed:
            self._file.close()
        super().close()

    def state(self) -> State:
        """Size, and what the service says of the version: another state means that the file was written to."""
        info = self._info()
        return (int(info.get("size") or 0), *(str(info[name]) for name in _VERSIONS if name in info))

    def modified(self) -> dt.datetime | None:
        """When the service says that it was written."""
        given = next((value for name in _TIMES if isinstance(value := self._info().get(name), dt.datetime)), None)
        return given.astimezone(dt.UTC) if given is not None and given.tzinfo is not None else None

    def _info(self) -> dict[str, Any]:
        with as_os_error(self._url):
            self._system.invalidate_cache()
            return dict(self._system.info(self._path))


def system_of(url: str, **options: Any) -> tuple[Any, str]:
    """Fsspec's file system, and its name for the path. Raises ImportError without the service's package, ValueError."""
    import fsspec  # 0.1 s, and rarely needed

    system, path = fsspec.core.url_to_fs(url, **options)
    return system, str(path).rstrip("/")


def unknown(url: str, error: Exception) -> SettingsError:
    """What to say of a URL that `system_of` raises an error for."""
    package = _PACKAGES.get(url.partition(":")[0])
    remedy = f"Install it: pip install {package}" if package else "Name a folder, or a URL that fsspec knows"
    return SettingsError(str(error), place=url, remedy=remedy)


@contextlib.contextmanager
def as_os_error(url: str) -> Iterator[None]:
    """Turns what the service's library raises into an OSError."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # what the service's library raises: no credentials, a broken connection
        cause = f"{type(error).__name__}: {error}"
        raise OSError(None, cause, url) from error
