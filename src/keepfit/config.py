"""keepfit.toml: where a workspace keeps what it keeps, and how its server runs."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from keepfit.clock import parse_duration
from keepfit.errors import ConfigError, WorkspaceError
from keepfit.ids import did_you_mean

FILE = "keepfit.toml"
STATE_FOLDER = ".keepfit"


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
    durability: Literal["interval", "always"] = Field(
        default="interval",
        description="when the capture log is forced to disk: at most 50 ms late, or before the reply",
    )
    shadow_queue: int = Field(
        default=64,
        ge=0,
        description="requests that may wait for their shadows; 0: shadows answer before the reply",
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
    return config


def _check_pause(path: Path, every: str) -> None:
    try:
        pause = parse_duration(every)
    except ValueError as error:
        raise ConfigError(f"{path}: controller.every: {error}") from None
    if not pause:
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
    return ConfigError(f"{path}: {where}: {first['msg']}, not {first['input']!r}")


def _closest(place: tuple[int | str, ...]) -> str | None:
    known = list(Config.model_fields)
    if len(place) > 1 and place[0] in Config.model_fields:
        section = Config.model_fields[str(place[0])].annotation
        known = list(getattr(section, "model_fields", {}))
    return did_you_mean(str(place[-1]), known)
