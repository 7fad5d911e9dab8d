"""keepfit.toml: where a workspace keeps what it keeps, and how its server runs."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from keepfit.clock import parse_duration
from keepfit.errors import ConfigError, WorkspaceError
from keepfit.ids import did_you_mean
from keepfit.predictions.spool import WhenFull

FILE = "keepfit.toml"
STATE_FOLDER = ".keepfit"


_UNITS: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BINARY_UNITS: Final = {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
_SMALLEST_SPOOL: Final = 10**6
_SIZE: Final = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>[A-Z]*)")


def parse_size(value: object) -> int:
    """Bytes from `"2GB"`, `"1.5 GiB"`, or a whole number of bytes.

    Raises:
        ValueError: it is none of these, or less than anything can be done with.

    >>> parse_size("2GB"), parse_size("1.5 MiB"), parse_size(4_000_000)
    (2000000000, 1572864, 4000000)
    """
    match = _SIZE.fullmatch(str(value).strip().upper())
    unit = (_UNITS | _BINARY_UNITS).get(match["unit"]) if match else None
    if match is None or unit is None:
        raise ValueError(f'\'{value}\' is no size: write it as in "500MB", "2GB" or "1.5 GiB"')
    size = int(float(match["number"]) * unit)
    if size < _SMALLEST_SPOOL:
        raise ValueError(f"'{value}' is too little to work with: give it 1MB at least")
    return size


def say_size(size: int) -> str:
    """Bytes as a person writes them in keepfit.toml.

    >>> say_size(4_000_000_000), say_size(1_572_864)
    ('4GB', '1572864B')
    """
    unit = max((one for one in _UNITS if one and size % _UNITS[one] == 0), key=lambda one: _UNITS[one])
    return f"{size // _UNITS[unit]}{unit}"


Size = Annotated[int, BeforeValidator(parse_size), PlainSerializer(say_size)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkspaceSection(_Section):
    """`[workspace]`"""

    models: list[str] = Field(default=["*.py"], description="files that declare models, as glob patterns")


class StateSection(_Section):
    """`[state]`"""

    url: str = Field(default="", description="a database URL; empty for SQLite in .keepfit/keepfit.db")


class TrackingSection(_Section):
    """`[tracking]`"""

    uri: str = Field(default="", description="an MLflow tracking URI; empty for SQLite in .keepfit/mlflow.db")


class LakeSection(_Section):
    """`[lake]`"""

    root: str = Field(default="", description="a folder or object-store URI; empty for .keepfit/lake")


class ServingSection(_Section):
    """`[serving]`"""

    host: str = Field(default="127.0.0.1", description="the address to listen on")
    port: int = Field(default=8080, ge=0, le=65_535, description="the port to listen on; 0 for any free one")
    grpc_port: int = Field(
        default=0,
        ge=0,
        le=65_535,
        description="the port of the Open Inference Protocol over gRPC, with keepfit[grpc]; 0 for none",
    )
    workers: int = Field(default=1, ge=1, le=256, description="processes that answer on the port")
    loaded_models: int = Field(
        default=0,
        ge=0,
        description="models kept in memory; those used least lately are loaded again on demand; 0 for all",
    )
    durability: Literal["interval", "fsync"] = Field(
        default="interval",
        description="when the capture log is forced to disk: at most 50 ms late, or before the reply",
    )
    spool_limit: Size = Field(
        default=4_000_000_000, description="room for captured predictions until they are drained"
    )
    spool_full: WhenFull = Field(
        default="sample",
        description="as the room fills up: refuse requests, record a smaller share, or give up the oldest",
    )
    shadow_queue: int = Field(
        default=64,
        ge=0,
        description="requests that may wait for their shadows; 0: shadows answer before the reply",
    )
    access_log: Literal["off", "errors", "all"] = Field(
        default="off",
        description="one JSON line a request: none, those with a status of 400 and above, or all",
    )
    access_log_file: str = Field(default="", description="where the access log goes; empty for stderr")
    tracing: Literal["pass", "otel"] = Field(
        default="pass",
        description="hand W3C trace context on; or make OpenTelemetry spans too, with keepfit[otel]",
    )
    saturated_after: str = Field(
        default="5s", description="a queue that has been full for longer than this makes the server not ready"
    )
    drain_lag_warning: str = Field(
        default="10m", description="a drain further behind than this is a warning of the readiness check"
    )
    compiled: Literal["off", "auto"] = Field(
        default="off",
        description="also try what treelite (keepfit[compiled]) and onnxruntime (keepfit[onnx]) make of a model",
    )
    compiled_tolerance: float = Field(
        default=1e-5, ge=0, lt=1, description="how far a compiled form may be off, relative to the prediction"
    )
    trusted_types: list[str] = Field(default=[], description="further types that a model's file may hold")
    allow_pickle: bool = Field(
        default=False, description="load pickled models: whoever writes the file runs code here"
    )


class ControllerSection(_Section):
    """`[controller]`"""

    every: str = Field(default="30s", description="the pause between two ticks of `keepfit up`")


class Config(_Section):
    """The whole file; every setting has a default, so that an empty file is a good one."""

    workspace: WorkspaceSection = WorkspaceSection()
    state: StateSection = StateSection()
    tracking: TrackingSection = TrackingSection()
    lake: LakeSection = LakeSection()
    serving: ServingSection = ServingSection()
    controller: ControllerSection = ControllerSection()


def load_config(root: Path) -> Config:
    """Read and check the workspace's keepfit.toml.

    Raises:
        WorkspaceError: there is none.
        ConfigError: saying which setting is wrong, and why.
    """
    path = root / FILE
    if not path.is_file():
        raise WorkspaceError(f"no {FILE} in {root}", hint="make a workspace: keepfit init")
    try:
        config = Config.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        raise _explain(path, error) from None
    _check_pause(path, config.controller.every)
    _check_duration(path, "serving.saturated_after", config.serving.saturated_after)
    _check_duration(path, "serving.drain_lag_warning", config.serving.drain_lag_warning)
    return config


def _check_duration(path: Path, setting: str, text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ConfigError(f"{path}: {setting}: {error}") from None


def _check_pause(path: Path, every: str) -> None:
    if not _check_duration(path, "controller.every", every):
        raise ConfigError(f"{path}: controller.every: a pause of '{every}' is none", hint='write "30s"')


def find_workspace(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a keepfit.toml.

    Raises:
        WorkspaceError: there is none.
    """
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise WorkspaceError(
        f"no {FILE} in {start} nor in any folder above it",
        hint="make a workspace with 'keepfit init', or name one with --workspace",
    )


def _explain(path: Path, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigError(f"{path}: there is no setting '{where}'", hint=_closest(first["loc"]))
    return ConfigError(
        f"{path}: {where}: {first['msg'].removeprefix('Value error, ')}, not {first['input']!r}"
    )


def _closest(place: tuple[int | str, ...]) -> str | None:
    known = list(Config.model_fields)
    if len(place) > 1 and place[0] in Config.model_fields:
        section = Config.model_fields[str(place[0])].annotation
        known = list(getattr(section, "model_fields", {}))
    return did_you_mean(str(place[-1]), known)
