"""Train now, because somebody asks for it: the same durable job as a retrain, run at once."""

from datetime import datetime

from keepfit.app.workspace import Workspace
from keepfit.errors import ReleaseError
from keepfit.registry.model_version import ModelVersion
from keepfit.release.record import ReleaseRecord
from keepfit.workflows.tick import LEASE
from keepfit.workflows.train_candidate import newest_rows, train_candidate, training_job


def train_now(
    workspace: Workspace, name: str, *, start: datetime | None, end: datetime | None, now: datetime, why: str
) -> tuple[ModelVersion, ReleaseRecord]:
    """Train a candidate on [start, end), by default the newest labelled rows, and begin its release.

    Of a stretch that is asked for, the newest fifth is held out.

    Raises:
        NotFoundError: no such model.
        TrainingFailedError: a step failed; says which, and where the log is.
    """
    model = workspace.model(name)
    ports = workspace.ports
    starts, last, test_from = newest_rows(model, now)
    if start is not None or end is not None:
        last = end or last
        starts = [start or last - max(model.retrain.train_on.spans)]
        test_from = last - (last - starts[0]) / 5
    if min(starts) >= last:
        raise ReleaseError(
            f"no time lies between {min(starts):%Y-%m-%d %H:%M} and {last:%Y-%m-%d %H:%M} UTC",
            hint="rows are taken from --from on, and before --to",
        )
    job = training_job(model, starts=starts, end=last, test_from=test_from, why=why, now=now)
    ports.jobs.enqueue(job)
    claimed = ports.jobs.claim(now=now, lease=LEASE, job_id=job.id) or job
    try:
        version = train_candidate(ports, model, claimed, now=now)
    except KeyboardInterrupt:
        # Whoever asked for it has changed their mind: no tick must begin it again.
        ports.jobs.fail(job.id, now=now, reason="interrupted by whoever asked for it", retry_at=None)
        raise
    release = next(one for one in ports.releases.releases(name) if one.candidate == version.number)
    return version, release
