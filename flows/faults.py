"""Which faults can pass, so that trying again makes sense. Does not import Prefect: this runs in worker processes."""

from __future__ import annotations

import errno
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")

# What the operating system answers the second time as well: the user has to do something.
LASTING = frozenset(
    {
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
        *(errno.ENAMETOOLONG, errno.ELOOP, errno.EFBIG, errno.ENOSPC, errno.EDQUOT, errno.EINVAL, errno.ENOTSUP),
    }
)


class Passing(Exception):  # noqa: N818  # says what it is
    """A fault of the machine that may be gone at the next try. Its text names the place."""


def attempt(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What `function` returns. Raises Passing instead of an error whose cause is an OSError that can pass.

    Has to happen where the function runs: on the way from one process to another an error loses its cause.
    """
    try:
        return function(*args, **kwargs)
    except Exception as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if isinstance(cause, OSError) and cause.errno not in LASTING:
            raise Passing(str(error)) from error
        raise


def can_pass(error: object) -> bool:
    """Whether to try again: after a Passing, and after the death of a worker process (memory, a signal)."""
    return isinstance(error, Passing | BrokenProcessPool)
