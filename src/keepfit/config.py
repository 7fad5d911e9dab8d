"""keepfit.toml: where a workspace keeps what it keeps, and how its server runs."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)
from pydantic_core import ErrorDetails

from keepfit.clock import parse_duration
from keepfit.errors import ConfigError, WorkspaceError
from keepfit.ids import did_you_mean
from keepfit.predictions.spool import WhenFull
from keepfit.sizes import parse_size, say_size

FILE = "keepfit.toml"
STATE_FOLDER = ".keepfit"


#: The variables of the environment that stand above `[serving]`: this, and the setting's name in capitals.
SERVING_VARIABLES: Final = "KEEPFIT_SERVING_"
#: Kubernetes tells pods of a service called `keepfit-serving` by variables that begin alike.
_OF_A_SERVICE: Final = re.compile(r"(SERVICE_(HOST|PORT)|PORT_\d+_).*")
_SERVICE_LINKS: Final = (
    "Kubernetes sets it for a service called 'keepfit-serving': give the pod enableServiceLinks: false, "
    "or call the service something else"
)

_SMALLEST_SPOOL: Final = 10**6


def _enough_for_a_spool(size: int) -> int:
    if size < _SMALLEST_SPOOL:
        raise ValueError(f"'{say_size(size)}' is too little to work with: give it 1MB at least")
    return size


def _a_duration(text: str) -> str:
    parse_duration(text)
    return text


def _some_time(text: str) -> str:
    if not parse_duration(text):
        raise ValueError(f"'{text}' is no time at all: every request would be given up at once")
    return text


Size = Annotated[int, BeforeValidator(parse_size), PlainSerializer(say_size)]
SpoolSize = Annotated[
    int, BeforeValidator(parse_size), AfterValidator(_enough_for_a_spool), PlainSerializer(say_size)
]
#: As a person writes it; `keepfit.clock.parse_duration` reads it.
Duration = Annotated[str, AfterValidator(_a_duration)]
SomeTime = Annotated[str, AfterValidator(_some_time)]


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
    http: Literal["uvicorn", "granian"] = Field(
        default="uvicorn",
        description="what speaks HTTP: uvicorn; or granian, with keepfit[granian]",
    )
    workers: int = Field(default=1, ge=1, le=256, description="processes that answer on the port")
    batch_rows: int = Field(
        default=4_096, ge=1, description="rows that are predicted together; a longer request is a batch alone"
    )
    queue_rows: int = Field(
        default=200_000,
        ge=1,
        description="rows of a model that may wait in a worker; requests beyond them are told to come later",
    )
    request_rows: int = Field(default=100_000, ge=1, description="rows, or labels, of one request")
    body_limit: Size = Field(
        default=64 << 20, description="the longest body of a request, also once it is unpacked"
    )
    timeout: SomeTime = Field(
        default="10s", description="how long a request waits for its turn; it may ask for less"
    )
    stop_timeout: Duration = Field(
        default="18s", description="how long a stop lets requests under way finish"
    )
    keep_alive: SomeTime = Field(
        default="75s", description="how long uvicorn keeps a connection on which nothing is asked"
    )
    loaded_models: int = Field(
        default=0,
        ge=0,
        description="models kept in memory; those used least lately are loaded again on demand; 0 for all",
    )
    durability: Literal["interval", "fsync"] = Field(
        default="interval",
        description="when the capture log is forced to disk: at most 50 ms late, or before the reply",
    )
    spool_limit: SpoolSize = Field(
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
    saturated_after: Duration = Field(
        default="5s", description="a queue that has been full for longer than this makes the server not ready"
    )
    drain_lag_warning: Duration = Field(
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

    every: Duration = Field(default="30s", description="the pause between two ticks of `keepfit up`")


class Config(_Section):
    """The whole file; every setting has a default, so that an empty file is a good one."""

    workspace: WorkspaceSection = WorkspaceSection()
    state: StateSection = StateSection()
    tracking: TrackingSection = TrackingSection()
    lake: LakeSection = LakeSection()
    serving: ServingSection = ServingSection()
    controller: ControllerSection = ControllerSection()


def load_config(root: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and check the workspace's keepfit.toml; what the environment says of `[serving]` stands above it.

    Raises:
        WorkspaceError: there is none.
        ConfigError: saying which setting or variable is wrong, and why.
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
    if not parse_duration(config.controller.every):
        every = config.controller.every
        raise ConfigError(f"{path}: controller.every: a pause of '{every}' is none", hint='write "30s"')
    return config.model_copy(update={"serving": with_environment(config.serving, environment)})


def with_environment(section: ServingSection, environment: Mapping[str, str]) -> ServingSection:
    """`[serving]` with what variables of the environment say instead: KEEPFIT_SERVING_PORT is `port`, and so on.

    Lists are written with commas between their items.

    Raises:
        ConfigError: naming the variable that is wrong, or that is none.

    >>> changed = with_environment(ServingSection(), {"KEEPFIT_SERVING_BODY_LIMIT": "1MiB", "HOME": "/root"})
    >>> changed.body_limit, changed.port
    (1048576, 8080)
    """
    given = {name: text for name, text in environment.items() if name.startswith(SERVING_VARIABLES)}
    if not given:
        return section
    told = {_setting(name): _value(_setting(name), text) for name, text in sorted(given.items())}
    try:
        return ServingSection.model_validate({**section.model_dump(), **told})
    except ValidationError as error:
        first = error.errors()[0]
        variable = f"{SERVING_VARIABLES}{str(first['loc'][0]).upper()}"
        raise ConfigError(f"{variable}: {_said(first)}", hint=_service_hint(variable, given)) from None


def _setting(variable: str) -> str:
    name = variable.removeprefix(SERVING_VARIABLES).lower()
    if name in ServingSection.model_fields:
        return name
    known = (f"{SERVING_VARIABLES}{one.upper()}" for one in ServingSection.model_fields)
    is_kubernetes = _OF_A_SERVICE.fullmatch(name.upper()) is not None
    raise ConfigError(
        f"there is no setting for the variable {variable}",
        hint=_SERVICE_LINKS if is_kubernetes else did_you_mean(variable, known),
    )


def _value(setting: str, text: str) -> str | list[str]:
    if get_origin(ServingSection.model_fields[setting].annotation) is not list:
        return text
    return [one.strip() for one in text.split(",") if one.strip()]


def _service_hint(variable: str, given: Mapping[str, str]) -> str | None:
    return _SERVICE_LINKS if given.get(variable, "").startswith("tcp://") else None


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
    return ConfigError(f"{path}: {where}: {_said(first)}")


def _said(error: ErrorDetails) -> str:
    """What is wrong, and what was given; our own messages name that themselves."""
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    return f"{error['msg']}, not {error['input']!r}"


def _closest(place: tuple[int | str, ...]) -> str | None:
    known = list(Config.model_fields)
    if len(place) > 1 and place[0] in Config.model_fields:
        section = Config.model_fields[str(place[0])].annotation
        known = list(getattr(section, "model_fields", {}))
    return did_you_mean(str(place[-1]), known)
