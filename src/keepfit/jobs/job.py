"""A job, its states, and the port of the queue that keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A piece of work that survives a crash.

    Attributes:
        id: made from what asked for it, so that asking twice enqueues once.
        kind: which workflow does it.
        model: whose it is.
        payload: what the workflow needs to know; JSON values only.
        attempts: how often it was started.
        lease_until: a running job whose lease ran out was left by a dead worker, and is taken again.
        reason: why it failed; empty otherwise.
    """

    id: str
    kind: str
    model: str
    payload: Mapping[str, object]
    state: JobState
    attempts: int
    enqueued_at: datetime
    run_after: datetime
    lease_until: datetime | None = None
    finished_at: datetime | None = None
    reason: str = ""


class JobQueue(Protocol):
    """Keeps jobs until they are done."""

    def enqueue(self, job: Job) -> bool:
        """Add a job; False when one with its id is there already."""
        ...

    def claim(self, *, now: datetime, lease: timedelta, job_id: str | None = None) -> Job | None:
        """Take the oldest job that is due (or this one), for as long as `lease`; None when there is none."""
        ...

    def finish(self, job_id: str, *, now: datetime) -> None:
        """The job is done."""
        ...

    def fail(self, job_id: str, *, now: datetime, reason: str, retry_at: datetime | None) -> None:
        """The job failed; it is tried again at `retry_at`, or never."""
        ...

    def jobs(self, model: str | None = None) -> Sequence[Job]:
        """Jobs of a model, or of all, oldest first."""
        ...
