"""An open workspace: its configuration, its models, and every port with an adapter behind it."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine

from keepfit.adapters.artifact import ArtifactFiles
from keepfit.adapters.capture_key import capture_key
from keepfit.adapters.capture_source import CaptureFolder
from keepfit.adapters.definitions import load_definitions
from keepfit.adapters.lake.datasets import DeltaDatasets
from keepfit.adapters.lake.evidence import DeltaEvidence
from keepfit.adapters.lake.predictions import DeltaPredictions
from keepfit.adapters.mlflow_registry import MlflowRegistry
from keepfit.adapters.notify import send
from keepfit.adapters.sql.checks import SqlChecks
from keepfit.adapters.sql.decisions import SqlDecisions
from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.incidents import SqlIncidents
from keepfit.adapters.sql.jobs import SqlJobs
from keepfit.adapters.sql.ledger import SqlLedger
from keepfit.adapters.sql.migrate import migrate
from keepfit.adapters.sql.release_log import SqlReleaseLog
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.adapters.sql.versions import SqlVersions
from keepfit.adapters.training_process import ProcessRunner
from keepfit.config import STATE_FOLDER, Config, load_config
from keepfit.definition import Model
from keepfit.errors import NotFoundError
from keepfit.ids import did_you_mean
from keepfit.training.trial import Predict
from keepfit.workflows.ports import Ports

_LOG = logging.getLogger("keepfit")


class Workspace:
    """One workspace; nothing is opened before it is used.

    Args:
        root: the folder with keepfit.toml.
        tell: is told what workflows do, as it happens; the log is always told.
    """

    def __init__(self, root: Path, tell: Callable[[str, datetime], None] | None = None) -> None:
        self.root = root.resolve()
        self.config: Config = load_config(self.root)
        self._tell = tell

    @property
    def state(self) -> Path:
        """The folder in which keepfit keeps what it is not told to keep elsewhere."""
        return self.root / STATE_FOLDER

    @cached_property
    def models(self) -> dict[str, Model]:
        """The declared models, by name. Raises DefinitionError."""
        return load_definitions(self.root, self.config.workspace.models)

    def model(self, name: str) -> Model:
        """One declared model. Raises NotFoundError."""
        if name not in self.models:
            hint = did_you_mean(name, self.models) or "no model is declared here: keepfit init makes one"
            raise NotFoundError(f"no model '{name}' in {self.root}", hint=hint)
        return self.models[name]

    @cached_property
    def engine(self) -> Engine:
        """The state database, migrated."""
        self.state.mkdir(exist_ok=True)
        engine = open_engine(self.config.state.url or f"sqlite:///{self.state / 'keepfit.db'}")
        migrate(engine)
        return engine

    @cached_property
    def registry(self) -> MlflowRegistry:
        """The registry of model versions."""
        return MlflowRegistry(
            tracking_uri=self.config.tracking.uri or f"sqlite:///{self.state / 'mlflow.db'}",
            artifact_root=self.state / "artifacts",
            versions=SqlVersions(self.engine),
            cache_dir=self.state / "cache",
        )

    @cached_property
    def ports(self) -> Ports:
        """Everything that workflows use."""
        lake = self.config.lake.root or str(self.state / "lake")
        return Ports(
            datasets=DeltaDatasets(f"{lake}/datasets"),
            registry=self.registry,
            files=ArtifactFiles(self.registry),
            predictions=DeltaPredictions(f"{lake}/predictions"),
            capture=CaptureFolder(self.spool),
            ledger=SqlLedger(self.engine),
            jobs=SqlJobs(self.engine),
            release_log=SqlReleaseLog(self.engine),
            releases=SqlReleases(self.engine),
            checks=SqlChecks(self.engine),
            evidence=DeltaEvidence(f"{lake}/evidence"),
            incidents=SqlIncidents(self.engine),
            decisions=SqlDecisions(self.engine),
            runner=ProcessRunner(self.root, self.state / "runs"),
            notify=send,
            tell=self._told,
            capture_key=lambda: capture_key(self.state),
        )

    @property
    def spool(self) -> Path:
        """Where servers write their capture logs."""
        return self.state / "spool"

    def predictor(self, model: str, number: int) -> Predict:
        """What a registered version predicts, for rows with its columns, called as a server calls it.

        Raises:
            ArtifactError: its files were altered, hold types that nobody allowed, or it gives other numbers than it did.
        """
        from keepfit.adapters.runtimes.choice import load_runtime
        from keepfit.training.pipeline import rows_predictor

        version = self.registry.version(model, number)
        runtime = load_runtime(
            self.registry.fetch(version),
            version.signature,
            trusted_types=self.trusted_types,
            allow_pickle=self.config.serving.allow_pickle,
        )
        return rows_predictor(runtime.predict, version.signature)

    @property
    def trusted_types(self) -> frozenset[str]:
        """Types that a model's file may hold: those that scikit-learn needs, and those that keepfit.toml allows."""
        from keepfit.adapters.runtimes.folder import DEFAULT_TRUSTED_TYPES

        return DEFAULT_TRUSTED_TYPES | frozenset(self.config.serving.trusted_types)

    def _told(self, message: str, at: datetime) -> None:
        _LOG.info("%s %s", at.isoformat(), message)
        if self._tell is not None:
            self._tell(message, at)


def open_workspace(root: Path, tell: Callable[[str, datetime], None] | None = None) -> Workspace:
    """Open the workspace in `root`.

    Raises:
        WorkspaceError: there is none.
        ConfigError: its keepfit.toml is wrong.
    """
    return Workspace(root, tell)
