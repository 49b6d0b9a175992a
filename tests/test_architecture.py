"""The house: a module imports only lower floors, libraries stay in their rooms, plug-ins know nothing of each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = (
    {"model", "errors"},
    {"settings", "decode", "repair", "rules", "learned", "marks", "slices", "surface", "templates", "decisions"},
    {"evidence", "frequencies"},
    {"sources", "blocks", "label", "split", "fields", "compose", "enrich"},
    {"process", "dedupe"},
    {"columns"},
    {"steps"},
    {"table"},
    {"dataset", "learn", "report"},
    {"review"},
    {"flows"},
    {"cli"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Which rooms may import a library; a room may be narrowed to one module.
CONFINED = {
    "prefect": {"flows"},
    "typer": {"cli"},
    "rich": {"cli"},
    "pyarrow": {"columns", "steps", "table", "dataset", "sources.containers.parquet"},
    "watchfiles": {"flows.watch"},
    "filelock": {"dataset"},
    "ftfy": {"repair"},
    "turbohtml": {"blocks.html"},
    "bs4": {"blocks.soup"},
    "langdetect": {"enrich.language"},
    "py3langid": {"enrich.language"},
    "pycld2": {"enrich.language"},
    "dateparser": {"fields.day"},
    "dask": {"flows.on_dask"},
    "distributed": {"flows.on_dask"},
    "ray": {"flows.on_ray"},
    "docx": {"sources.extract.docx"},
    "fsspec": {"sources.remote"},
    "pypdf": {"sources.extract.pdf"},
    "striprtf": {"sources.extract.rtf"},
    "zstandard": {"sources.containers.compressed"},
    "warcio": {"sources.containers.warc"},
    "chardet": {"decode"},
    "markdown_it": {"blocks.markdown"},
    "yaml": {"blocks.markdown"},
    "re2": {"rules"},
    "rensa": {"dedupe"},
    "pydantic": {"settings", "flows"},
    "pydantic_settings": {"settings"},
}
# Modules of plug-in rooms that are the room's common ground, not plug-ins.
COMMON = {"__init__", "derive", "format", "collector", "hints", "hyphens", "rejoin", "splitter", "features"}
COMMON |= {"export", "lines", "labels", "people", "signature", "day", "near", "titles"}
COMMON |= {"extractor", "container", "row", "zipfiles", "tags", "elements"}
# One reader of HTML falls back on the other; a feed's items hold HTML.
READERS_OF_HTML = {("blocks", "html"), ("blocks", "feed")}
PLUGIN_ROOMS = ("blocks", "split", "fields", "enrich", "label", "sources/extract", "sources/containers")

MODULES = sorted([*(ROOT / "pipeline").rglob("*.py"), *(ROOT / "flows").rglob("*.py")])


def name_of(path: Path) -> str:
    """pipeline/blocks/html.py → blocks.html; flows/ingest.py → flows.ingest; a package is its own name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    parts = parts[1:] if parts[0] == "pipeline" else parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(imported: str) -> str | None:
    """The room of one of our own modules; None for a library."""
    parts = imported.split(".")
    if parts[0] == "flows":
        return "flows"
    if parts[0] == "pipeline" and len(parts) > 1:
        return parts[1] if parts[1] in FLOOR else None
    return None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_lower_floors(path: Path) -> None:
    room = name_of(path).split(".")[0]
    if not room:
        return
    assert room in FLOOR, f"{room} stands on no floor: add it to FLOORS"
    for imported in imports(path):
        other = room_of(imported)
        assert other in (None, room) or FLOOR[other] < FLOOR[room], f"{name_of(path)} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_library_stays_in_its_room(path: Path) -> None:
    name = name_of(path)
    for imported in imports(path):
        library = imported.split(".")[0]
        allowed = CONFINED.get(library)
        assert allowed is None or name in allowed or name.split(".")[0] in allowed, f"{name} imports {library}"


@pytest.mark.parametrize("room", PLUGIN_ROOMS)
def test_plug_ins_of_a_room_do_not_import_each_other(room: str) -> None:
    plugins = {path.stem for path in (ROOT / "pipeline" / room).glob("*.py")} - COMMON
    for plugin in plugins:
        for imported in imports(ROOT / "pipeline" / room / f"{plugin}.py"):
            parts = imported.replace(".", "/").removeprefix(f"pipeline/{room}").split("/")
            if not parts[0] and len(parts) > 1 and (room, plugin) not in READERS_OF_HTML:
                assert parts[1] in COMMON, f"{room}.{plugin} imports {imported}"


@pytest.mark.parametrize("path", [path for path in MODULES if FLOOR.get(name_of(path).split(".")[0], 9) < 5], ids=name_of)
def test_below_the_dataset_nothing_reads_the_clock_or_writes(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert not called.endswith((".now", ".today", ".utcnow", "time.time", ".write_text", ".write_bytes")), called


def test_the_library_knows_nothing_of_prefect() -> None:
    for path in (ROOT / "pipeline").rglob("*.py"):
        if "cli" not in path.parts:
            assert "prefect" not in {imported.split(".")[0] for imported in imports(path)}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_file_is_long(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 400
