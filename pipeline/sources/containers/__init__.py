"""Containers: files that hold sources. One file a format, found by discovery and recognised by content.

Adding one: a module here with CONTAINERS, and a wrapping in tests/test_containers.py.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from pipeline.settings import Settings
from pipeline.sources.containers.container import Container

__all__ = ["Container", "choose", "containers", "errors"]

# What streams raise whatever is inside them; RuntimeError holds RecursionError and NotImplementedError.
_ANY = (EOFError, OSError, ValueError, RuntimeError, OverflowError)


@functools.cache
def containers() -> dict[str, Container]:
    """Every container found in this package, by its name."""
    modules = (importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    found = (one for module in modules for one in getattr(module, "CONTAINERS", ()))
    return {container.name: container for container in sorted(found)}


def choose(head: bytes, settings: Settings) -> Container | None:
    """The container that begins with these bytes; None if it is none that winnow reads."""
    return next((container for container in containers().values() if container.recognise(head, settings)), None)


@functools.cache
def errors() -> tuple[type[Exception], ...]:
    """What reading a damaged container may raise: the stream below a member may be one of any kind."""
    return tuple({*_ANY, *(error for container in containers().values() for error in container.errors)})
