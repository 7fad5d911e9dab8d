"""A request to train, and what came of it: what passes between the controller and the process that trains."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from keepfit.monitoring.finding import Fault
from keepfit.registry.model_version import CandidateArtifact


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRequest:
    """What to train, on which rows.

    Attributes:
        model: the model's name.
        job_id: the durable job that asks for it.
        starts, end: rows whose event lies in [start, end); of several starts the one is chosen whose model does best.
        test_from: rows from here on are held out.
        exclude: faults of a broken feed; rows that they mark are left out.
        incumbent: the champion to be held against; None when there is none.
        at: the workflow's time.
        why: what it is trained for.
        timeout_s: killed after this many seconds.
    """

    model: str
    job_id: str
    starts: tuple[datetime, ...]
    end: datetime
    test_from: datetime
    exclude: tuple[Fault, ...]
    incumbent: int | None
    at: datetime
    why: str
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOutcome:
    """What came of a request: a candidate, or the step that failed and why.

    Attributes:
        candidate: the artifact on disk, ready to be registered; None when a step failed.
        failed_step, reason, hint: empty when none failed.
        log: the file with everything that the process printed.
    """

    candidate: CandidateArtifact | None
    log: Path
    failed_step: str = ""
    reason: str = ""
    hint: str = ""


class TrainingRunner(Protocol):
    """Runs a request in a process of its own, which can be killed without harm."""

    def run(self, request: TrainingRequest) -> TrainingOutcome:
        """Train and wait; a process that dies or takes too long is an outcome, not an exception."""
        ...
