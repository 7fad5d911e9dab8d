"""What workflows are given: every store and every effect, as ports."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keepfit.alerting.incident import IncidentStore, Message
from keepfit.data.dataset import DatasetStore
from keepfit.errors import WorkspaceError
from keepfit.evaluation.estimation.estimator import PerformanceEstimator
from keepfit.evaluation.trial import Trial
from keepfit.fleet.decision import DecisionStore
from keepfit.jobs.job import JobQueue
from keepfit.monitoring.evidence import EvidenceStore
from keepfit.monitoring.record import CheckStore
from keepfit.monitoring.reference import Reference
from keepfit.predictions.chunk import CaptureSource
from keepfit.predictions.ledger import LedgerStore
from keepfit.predictions.store import PredictionStore
from keepfit.registry.lineage import ReleaseLog
from keepfit.registry.model_version import ModelVersion, Registry
from keepfit.release.record import ReleaseStore
from keepfit.training.outcome import TrainingRunner


class VersionFiles(Protocol):
    """What is kept beside a model in its artifact."""

    def reference(self, version: ModelVersion) -> Reference:
        """The evidence of the rows that the version learned from and was tried on."""
        ...

    def trial(self, version: ModelVersion) -> Trial | None:
        """The evidence for the gates; None when the version was registered without one."""
        ...

    def estimator(self, version: ModelVersion) -> PerformanceEstimator | None:
        """What tells its performance before the labels have come; None when it was registered without one."""
        ...


def _no_key() -> bytes:
    raise WorkspaceError("there is no key to hash columns with", hint="open the workspace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Every store and every effect that workflows use."""

    datasets: DatasetStore
    registry: Registry
    files: VersionFiles
    predictions: PredictionStore
    capture: CaptureSource
    ledger: LedgerStore
    jobs: JobQueue
    release_log: ReleaseLog
    releases: ReleaseStore
    checks: CheckStore
    evidence: EvidenceStore
    incidents: IncidentStore
    decisions: DecisionStore
    runner: TrainingRunner
    notify: Callable[[Message], str]
    tell: Callable[[str, datetime], None] = lambda _message, _at: None
    capture_key: Callable[[], bytes] = _no_key
