"""The flows: Prefect's decorators around library functions. Importing this package does not import Prefect.

`FLOWS` names them; `load` finds one, `run` starts one with parameters given as text, as the command line has them.
"""

from __future__ import annotations

import atexit
import difflib
import importlib
import typing
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from flows import lost, server
from pipeline.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prefect import Flow

_server: list[str] = []  # the API URL of the server that this process uses

FLOWS = {
    "ingest": "flows.ingest:ingest",
    "clean": "flows.steps:clean",
    "split": "flows.steps:split",
    "tag": "flows.steps:tag",
    "learn": "flows.learn:learn",
    "compact": "flows.compact:compact",
    "dedupe": "flows.dedupe:dedupe",
}


def load(name: str) -> Flow[..., Any]:
    """The flow of this name, ready to be called: with a Prefect server for as long as this process lives, if none is configured.

    Takes the 10 to 40 s a server needs to start. Raises SettingsError for an unknown name, WinnowError when none starts.
    """
    if name not in FLOWS:
        raise unknown(name)
    if not _server:
        held = ExitStack()
        # Before Prefect is imported, so that what Prefect does at the end still finds the server.
        atexit.register(held.close)
        _server.append(held.enter_context(server.at_hand()))
    return find(name)


def find(name: str) -> Flow[..., Any]:
    """The flow of this name, as it is in its module: no server is started."""
    module, attribute = FLOWS[name].split(":")
    found: Flow[..., Any] = getattr(importlib.import_module(module), attribute)
    return found


def unknown(name: str) -> SettingsError:
    """The error for a flow that there is not."""
    return SettingsError("there is no such flow", place=name, remedy=_nearest(name, FLOWS))


def known(flow: Flow[..., Any], parameters: Mapping[str, object]) -> None:
    """Nothing. Raises SettingsError if the flow has no parameter of one of these names, or not of such a value."""
    wanted = typing.get_type_hints(flow.fn)
    for key, value in parameters.items():
        if key not in wanted:
            raise SettingsError(f"flow {flow.name} has no such parameter", place=key, remedy=_nearest(key, wanted))
        _value(wanted[key], key, value)


def run(name: str, parameters: Iterable[str] = ()) -> Any:  # what a flow returns is the flow's own affair
    """What the flow returns, run with parameters written as `key=value`. Raises SettingsError for a wrong key or value."""
    flow = load(name)
    with lost.explained():
        return flow(**parse(flow, parameters))


def parse(flow: Flow[..., Any], parameters: Iterable[str]) -> dict[str, object]:
    """The parameters of `flow` from `key=value` texts: a value is read as its type says, and as JSON where text will not do."""
    wanted = typing.get_type_hints(flow.fn)
    wanted.pop("return", None)
    values: dict[str, object] = {}
    for text in parameters:
        key, equals, value = text.partition("=")
        if not equals:
            raise SettingsError("a parameter is written key=value", place=text, remedy=f"Known: {', '.join(wanted)}")
        if key not in wanted:
            raise SettingsError(f"flow {flow.name} has no such parameter", place=key, remedy=_nearest(key, wanted))
        values[key] = _value(wanted[key], key, value)
    return values


def _value(kind: Any, key: str, text: object) -> object:  # a type, of whatever kind
    from pydantic import TypeAdapter, ValidationError  # 0.2 s that `import flows` need not cost

    adapter: TypeAdapter[object] = TypeAdapter(kind)
    try:
        return adapter.validate_python(text)
    except ValidationError as python:
        try:
            if not isinstance(text, str):
                raise python from None
            return adapter.validate_json(text)
        except ValidationError as error:
            cause = f"{error.errors()[0]['msg']} (got {text!r})"
            raise SettingsError(cause, place=key, remedy="Lists and tables are written as JSON") from error


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}"
