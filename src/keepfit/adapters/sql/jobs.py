"""The queue of durable jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, and_, or_, select, update

from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import insert_once, read, row_of
from keepfit.adapters.sql.tables import jobs as table
from keepfit.errors import NotFoundError
from keepfit.jobs.job import Job, JobState


@dataclass(frozen=True, slots=True)
class SqlJobs:
    """`keepfit.jobs.job.JobQueue` in SQL; any number of workers may claim from it."""

    engine: Engine

    def enqueue(self, job: Job) -> bool:
        """Add a job; False when one with its id is there already."""
        with writing(self.engine) as connection:
            return insert_once(connection, table, row_of(job), key=["id"])

    def claim(self, *, now: datetime, lease: timedelta, job_id: str | None = None) -> Job | None:
        """Take the oldest job that is due, for as long as `lease`; None when there is none.

        Due is a queued job whose time has come, and a running one whose lease ran out. With `job_id` no other job
        is taken, and that one only when it is due.
        """
        query = select(table).where(_due(now)).order_by(table.c.enqueued_at, table.c.seq).limit(1)
        if job_id is not None:
            query = query.where(table.c.id == job_id)
        with writing(self.engine) as connection:
            # PostgreSQL: pass over the rows that another worker is claiming. SQLite has one writer at a time.
            found = connection.execute(query.with_for_update(skip_locked=True)).mappings().one_or_none()
            if found is None:
                return None
            taken = {"state": JobState.RUNNING, "attempts": found["attempts"] + 1, "lease_until": now + lease}
            connection.execute(update(table).where(table.c.id == found["id"]).values(**taken))
            return read(connection, select(table).where(table.c.id == found["id"]), Job)[0]

    def finish(self, job_id: str, *, now: datetime) -> None:
        """The job is done. Raises NotFoundError."""
        self._change(job_id, state=JobState.DONE, lease_until=None, finished_at=now, reason="")

    def fail(self, job_id: str, *, now: datetime, reason: str, retry_at: datetime | None) -> None:
        """The job failed; it is tried again at `retry_at`, or never. Raises NotFoundError."""
        if retry_at is None:
            self._change(job_id, state=JobState.FAILED, lease_until=None, finished_at=now, reason=reason)
        else:
            self._change(job_id, state=JobState.QUEUED, lease_until=None, run_after=retry_at, reason=reason)

    def jobs(self, model: str | None = None) -> Sequence[Job]:
        """Jobs of a model, or of all, oldest first."""
        query = select(table).order_by(table.c.enqueued_at, table.c.seq)
        if model is not None:
            query = query.where(table.c.model == model)
        with reading(self.engine) as connection:
            return read(connection, query, Job)

    def _change(self, job_id: str, **values: Any) -> None:
        with writing(self.engine) as connection:
            changed = connection.execute(update(table).where(table.c.id == job_id).values(**values))
        if changed.rowcount == 0:
            raise NotFoundError(f"there is no job '{job_id}'")


def _due(now: datetime) -> Any:
    return or_(
        and_(table.c.state == JobState.QUEUED, table.c.run_after <= now),
        and_(table.c.state == JobState.RUNNING, table.c.lease_until <= now),
    )
