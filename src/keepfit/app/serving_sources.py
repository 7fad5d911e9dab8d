"""What a server serves from: a workspace, or one model's folder. Neither loads what only training or checks need."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from keepfit.adapters.artifact_fetch import fetch_artifact
from keepfit.adapters.artifact_signature import ArtifactFolder, find_artifact
from keepfit.adapters.sql.sqlite_reader import SqliteReader
from keepfit.app.capture_policies import CapturePolicy, capture_policies
from keepfit.app.version_loader import load_version
from keepfit.config import STATE_FOLDER, Config, ServingSection, load_config, with_environment
from keepfit.registry.model_version import ModelVersion
from keepfit.release.routing import Route
from keepfit.serving.held import RouteSource
from keepfit.serving.loaded import LoadedModel, ModelLoader


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where what is served lies; a value, so that it can be told to other processes.

    Attributes:
        folder: the workspace, or the model's folder.
        model: the name to serve the folder's model by; None for a workspace.
        number: and the number of its version.
        spool: where predictions are captured; None for the workspace's own.
    """

    folder: str
    model: str | None = None
    number: int = 1
    spool: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a server needs of a place.

    Attributes:
        routes: which versions take which share of the traffic.
        loader: brings them into memory.
        spool: where predictions are captured.
        state: the workspace's state folder; None when there is no workspace.
        settings: `[serving]` of keepfit.toml, or its defaults, with what the environment says instead.
        policies: what may be recorded of each model.
    """

    routes: RouteSource
    loader: ModelLoader
    spool: Path
    state: Path | None
    settings: ServingSection
    policies: Mapping[str, CapturePolicy] = field(default_factory=dict)


def open_sources(place: Place, environment: Mapping[str, str] = os.environ) -> Sources:
    """Open a place.

    Args:
        place: a workspace, or a model's folder.
        environment: its variables stand above the settings; see `keepfit.config.with_environment`.

    Raises:
        WorkspaceError: there is no workspace.
        ConfigError: its keepfit.toml, or a variable, is wrong.
        ArtifactError: there is no model, or nothing says what it takes.
    """
    if place.model is None:
        return _workspace(place, environment)
    return _folder(place, place.model, with_environment(ServingSection(), environment))


def _workspace(place: Place, environment: Mapping[str, str]) -> Sources:
    root = Path(place.folder).resolve()
    config, state = load_config(root, environment), root / STATE_FOLDER
    state.mkdir(exist_ok=True)
    versions = _reader(config, state) or _sql(config, state)
    tracking = config.tracking.uri or f"sqlite:///{state / 'mlflow.db'}"
    return Sources(
        routes=versions,
        loader=WorkspaceLoader(versions, config.serving, tracking, state / "cache"),
        spool=Path(place.spool) if place.spool is not None else state / "spool",
        state=state,
        settings=config.serving,
        policies=capture_policies(root, config),
    )


def _folder(place: Place, model: str, settings: ServingSection) -> Sources:
    return Sources(
        routes=OneRoute(Route(model=model, generation=1, champion=place.number)),
        loader=FolderLoader(find_artifact(Path(place.folder)), settings),
        spool=Path(place.spool) if place.spool is not None else Path(STATE_FOLDER) / "spool",
        state=None,
        settings=settings,
    )


class Versions(RouteSource, Protocol):
    """Routes, and what is known of the versions on them."""

    def version(self, model: str, number: int) -> ModelVersion:
        """One version. Raises NotFoundError."""
        ...


@dataclass(frozen=True, slots=True)
class OneRoute:
    """The one route of a folder that is served without a workspace."""

    route: Route

    def routes(self) -> Sequence[Route]:
        """It."""
        return (self.route,)


@dataclass(frozen=True, slots=True)
class WorkspaceLoader:
    """Loads registered versions, verified; implements `keepfit.serving.loaded.ModelLoader`."""

    versions: Versions
    settings: ServingSection
    tracking_uri: str
    cache_dir: Path

    def load(self, model: str, number: int) -> LoadedModel:
        """Fetch, verify and load one version."""
        version = self.versions.version(model, number)
        directory = fetch_artifact(version, tracking_uri=self.tracking_uri, cache_dir=self.cache_dir)
        return load_version(directory, version.signature, number, self.settings)


@dataclass(frozen=True, slots=True)
class FolderLoader:
    """Loads the model of a folder; implements `keepfit.serving.loaded.ModelLoader`."""

    artifact: ArtifactFolder
    settings: ServingSection

    def load(self, model: str, number: int) -> LoadedModel:  # noqa: ARG002 - there is one model
        """Load it."""
        return load_version(self.artifact.directory, self.artifact.signature, number, self.settings)


def _reader(config: Config, state: Path) -> Versions | None:
    """The workspace's own SQLite file, if it is there and needs no migration."""
    return None if config.state.url else SqliteReader.open(state / "keepfit.db")


def _sql(config: Config, state: Path) -> Versions:
    """Any other database, and one that has to be made or migrated first."""
    from keepfit.app.serving_database import open_database

    return open_database(config, state)
