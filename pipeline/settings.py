"""One validated settings object: winnow.toml < environment (WINNOW_…) < command line.

Unknown keys and wrong values are refused with the place and the nearest right key.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from pipeline.errors import SettingsError

CONFIG_FILE = "winnow.toml"
ENV_PREFIX = "WINNOW_"

# A line of TOML that names a table or a key. Enough to say where something stands: the parser has read the file already.
_HEAD = re.compile(r"\s*\[(?P<many>\[)?(?P<name>[^\[\]]+)\]")
_KEY = re.compile(r"""\s*(?P<name>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_QUOTED = re.compile("'([^']*)'")

# These decide where and how fast, never what a row says: they stay out of the digest (law 6).
_PLACE_AND_PACE = frozenset(
    {
        *("raw", "out", "include", "exclude", "allow_empty", "keep_deleted", "workers", "batch_files", "batch_bytes"),
        *("zstd_level", "row_group_rows", "keep_commits"),
        *("wait_seconds", "stall_seconds", "run_seconds", "schedule", "overlap", "runner", "address"),
    }
)


# A scheme of two letters or more: one is a drive.
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):/+")


# Services of which fsspec's packages pass on that an object is to be created only if there is none: no other can hold a dataset.
STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})


def url_of(path: Path) -> str | None:
    """The URL that a setting is, None for a folder. A Path folds the two slashes behind the scheme into one."""
    return _SCHEME.sub(r"\1://", str(path), count=1) if _SCHEME.match(str(path)) else None


class Schedule(BaseModel):
    """When a flow is to run: a [schedule.FLOW] table. Exactly one of `cron` (UTC), `every` (90s, 15m, 2h, 1d) and `rrule`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cron: str | None = None
    every: str | float | None = None
    rrule: str | None = None
    parameters: dict[str, Any] = {}


class Settings(BaseSettings):
    """Everything a user may set. Sizes are bytes, shares are 0…1."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True)

    _config_file: ClassVar[Path | None] = None

    raw: Path = Field(Path("raw"), description="folder of source files, or a URL that fsspec opens (s3://bucket/folder)")
    out: Path = Field(Path("processed"), description="folder of the dataset, or a URL of an object store (s3://bucket/folder)")
    include: tuple[str, ...] = Field((), description="globs of files, relative to raw, that are sources; none: all")
    exclude: tuple[str, ...] = Field((), description="globs of files, relative to raw, that are not sources")
    hidden: bool = Field(False, description="also read files and folders whose name starts with a dot")
    allow_empty: bool = Field(False, description="a raw folder without a file to read retires all rows there are")
    keep_deleted: bool = Field(
        False, description="rows of files that are gone from raw stay, marked as gone, instead of being retired"
    )
    max_source_bytes: int = Field(
        512 * 2**20, gt=0, description="a larger file, or member of a container, is rejected as too-large"
    )
    max_expanded_bytes: int = Field(64 * 2**30, gt=0, description="a container is read until it has unfolded to so many bytes")
    max_ratio: float = Field(250.0, gt=1, description="and, beyond 64 MiB, to so many times its size")
    max_depth: int = Field(4, ge=0, description="containers inside containers are opened so deep; 0: not even the outermost")
    max_members: int = Field(100_000, gt=0, description="most members of an archive (zip, tar)")
    columns: dict[Literal["text", "html", "title", "url", "date", "id"], str] = Field(
        {}, description="columns of JSONL, CSV and Parquet that have other names than these; id: members are named by it"
    )
    max_lossy_share: float = Field(
        0.02, ge=0, le=1, description="a text with a larger share of undecodable characters is rejected"
    )
    keep_captions: bool = Field(False, description="captions stay in text")
    ledger_text: bool = Field(True, description="store the text of ledger entries, not only their spans")
    rules: tuple[Path, ...] = Field((), description="more rule files (TOML) or folders of them")
    rule: tuple[dict[str, Any], ...] = Field((), description="rules written in winnow.toml itself, as [[rule]] tables")
    templates: Path | None = Field(
        None, description="folder of what flow learn found: what recurs on sites, how common words are; none: not used"
    )
    taxonomy: dict[str, tuple[str, ...]] = Field({}, description="topics, each with the phrases that tell an article is about it")
    step: Literal["all", "clean", "split", "tag"] = Field(
        "all", description="write the whole dataset, or of each source only its clean text, its articles' text, their metadata"
    )
    mode: Literal["precision", "balanced", "recall"] = Field("balanced", description="how readily uncertain blocks are dropped")
    split_threshold: float = Field(0.5, ge=0, le=1, description="a cut less sure than this is not made")
    review_threshold: float = Field(
        0.2, ge=0, le=1, description="from here to split_threshold a cut waits for review; one less sure is forgotten"
    )
    decisions: Path = Field(Path("decisions"), description="folder of what was decided in review; need not be there")
    language_threshold: float = Field(0.2, ge=0, le=1, description="a language less sure than this is null")
    workers: int = Field(0, ge=0, description="processes; 0: one a core")
    runner: Literal["process", "dask", "ray"] = Field(
        "process", description="what does the batches: processes of this machine, Dask or Ray"
    )
    address: str | None = Field(None, description="of a Dask or Ray cluster that is there; none: one is started on this machine")
    batch_files: int = Field(100, gt=0, description="most files in one task")
    batch_bytes: int = Field(16 * 2**20, gt=0, description="most bytes in one task, unless one file alone is larger")
    zstd_level: int = Field(6, ge=1, le=22, description="compression of the Parquet files")
    row_group_rows: int = Field(2000, gt=0, description="rows in a Parquet row group; ten times as many of the ledger")
    keep_commits: int = Field(2, ge=0, description="retired files stay readable for so many commits")
    schedule: dict[str, Schedule] = Field({}, description="when `winnow serve` runs which flow, as [schedule.FLOW] tables")
    overlap: Literal["refuse", "queue"] = Field(
        "refuse", description="what becomes of a scheduled run that comes while another writes the same dataset"
    )
    wait_seconds: float = Field(0, ge=0, description="how long a run waits for another that writes the same dataset")
    stall_seconds: float = Field(0, ge=0, description="a flow in which no task ends for so long is given up; 0: never")
    run_seconds: float = Field(0, ge=0, description="a flow that takes longer is given up; 0: never")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of precedence: command line, environment, winnow.toml."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=cls._config_file)

    @field_validator("raw", "out")
    @classmethod
    def _local(cls, path: Path) -> Path:
        """file:// is a folder of this machine."""
        return Path("/", *path.parts[1:]) if path.parts[:1] == ("file:",) else path

    @field_validator("out")
    @classmethod
    def _store(cls, path: Path) -> Path:
        url = url_of(path)
        if url is not None and url.partition(":")[0] not in STORES:
            known = ", ".join(sorted(STORES))
            raise ValueError(f"no service that can keep two writers apart: name a folder, or a URL of {known}")
        return path

    @property
    def raw_url(self) -> str | None:
        """The URL that `raw` is, None for a folder."""
        return url_of(self.raw)

    @property
    def digest(self) -> str:
        """sha256 of the settings that can change a row, 64 hex digits."""
        values = self.model_dump(mode="json", exclude=set(_PLACE_AND_PACE) | {"rules", "rule", "templates", "decisions"})
        if self.step == "all":
            del values["step"]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()

    @property
    def worker_count(self) -> int:
        """Processes to use: `workers`, or one a core."""
        if self.workers:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(config: Path | None = None, **overrides: object) -> Settings:
    """The settings of this run.

    `config`: a TOML file; None reads winnow.toml in the working folder if it is there. `overrides` that are None are not set.
    Raises SettingsError naming the key, the source and the nearest right key.
    """
    file = _file(config)
    _refuse_unknown_environment()
    # A subclass a call, so that two threads with two settings files do not share one class attribute.
    chosen = cast("type[Settings]", type("Settings", (Settings,), {"_config_file": file, "__module__": __name__}))
    try:
        given: dict[str, Any] = {key: value for key, value in overrides.items() if value is not None}
        values = chosen(**given)
    except ValidationError as error:
        raise _explain(error, file, overrides) from error
    except ValueError as error:  # malformed TOML, or an environment value that is not JSON where a list is wanted
        raise SettingsError(str(error), place=str(file or "settings"), remedy="Mend the file or the variable") from error
    return Settings.model_construct(**{name: getattr(values, name) for name in Settings.model_fields})


def origins(config: Path | None = None, **overrides: object) -> dict[str, str]:
    """Where the value of each setting comes from, in the order of the fields, for the same arguments as `load`."""
    file = _file(config)
    return {name: _origin((name,), file, overrides) for name in Settings.model_fields}


def _file(config: Path | None) -> Path | None:
    if config is not None and not config.is_file():
        raise SettingsError("no such settings file", place=str(config), remedy="Name an existing TOML file, or leave it out")
    return config or (Path(CONFIG_FILE) if Path(CONFIG_FILE).is_file() else None)


def _origin(path: tuple[int | str, ...], file: Path | None, overrides: Mapping[str, object]) -> str:
    """Where a value was given: the strongest place that names its setting, the first of `path`."""
    name = str(path[0])
    if overrides.get(name) is not None:
        return "command line"
    variables = [variable for variable in os.environ if variable.upper() == f"{ENV_PREFIX}{name}".upper()]
    if variables:
        return f"environment: {variables[0]}"
    line = _line(file, path) if file is not None else 0
    return f"{file}, line {line}" if line else "default"


def _line(file: Path, path: tuple[int | str, ...]) -> int:
    """The 1-based line where `path`, or as much of it as is named anywhere, is given in a TOML file; 0 if nothing is."""
    best, best_depth = 0, 0
    table: tuple[int | str, ...] = ()
    counts: Counter[tuple[int | str, ...]] = Counter()
    for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
        head = _HEAD.match(line)
        if head is not None:
            here = table = _keys(head["name"])
            if head["many"]:
                here = table = (*table, counts[table])
                counts[table[:-1]] += 1
        elif key := _KEY.match(line):
            here = (*table, *_keys(key["name"]))
        else:
            continue
        depth = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(here, path, strict=False)))
        if depth > best_depth:
            best, best_depth = number, depth
    return best


def _keys(dotted: str) -> tuple[int | str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _refuse_unknown_environment() -> None:
    known = {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields}
    # Owned by other parts: WINNOW_HOME is the state folder of the flows, WINNOW_DATA the benchmarks' data folder.
    known |= {f"{ENV_PREFIX}HOME", f"{ENV_PREFIX}DATA"}
    for name in os.environ:
        if name.upper().startswith(ENV_PREFIX) and name.upper() not in known:
            raise SettingsError(f"unknown setting {name}", place="environment", remedy=_nearest(name.upper(), known))


def _nearest(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known))}"


def _sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def _explain(error: ValidationError, file: Path | None, overrides: Mapping[str, object]) -> SettingsError:
    first = error.errors()[0]
    path = first["loc"]
    key = ".".join(str(part) for part in path)
    origin = _origin(path, file, overrides)
    place = f"{origin if origin != 'default' else file or 'settings'}: {key}"
    if first["type"] == "extra_forbidden":
        known = Schedule.model_fields if path[0] == "schedule" else Settings.model_fields
        return SettingsError("unknown setting", place=place, remedy=_nearest(str(path[-1]), set(known)))
    field = Settings.model_fields.get(str(path[0]))
    wanted = f"It means: {field.description}" if field is not None else ""
    if first["type"] == "literal_error":
        wanted = f"{_sentence(_nearest(str(first['input']), set(_QUOTED.findall(first['ctx']['expected']))))} {wanted}"
    given = str(first["input"]) if isinstance(first["input"], Path) else first["input"]
    return SettingsError(f"{first['msg']} (got {given!r})", place=place, remedy=wanted)
