"""Train, register, and put the candidate on its way."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from keepfit.definition import Model
from keepfit.errors import KeepfitError, TrainingFailedError
from keepfit.jobs.job import Job, JobState
from keepfit.jobs.retry import RetryPolicy
from keepfit.monitoring.finding import Fault
from keepfit.registry.lineage import ReleaseEvent, ReleaseEventKind
from keepfit.registry.model_version import ModelVersion
from keepfit.training.outcome import TrainingRequest
from keepfit.workflows.ports import Ports
from keepfit.workflows.publish_release import reconcile
from keepfit.workflows.start_release import start_release

KIND = "train_candidate"
RETRY = RetryPolicy(attempts=1)


def training_job(
    model: Model,
    *,
    starts: Sequence[datetime],
    end: datetime,
    test_from: datetime,
    why: str,
    now: datetime,
    exclude: tuple[Fault, ...] = (),
) -> Job:
    """The durable job of one training; its id is made of the model and the moment, so that asking twice asks once."""
    payload = {
        "starts": [start.isoformat() for start in starts],
        "end": end.isoformat(),
        "test_from": test_from.isoformat(),
        "why": why,
        "at": now.isoformat(),
        "exclude": [{"column": f.column, "kind": f.kind, "value": f.value} for f in exclude],
    }
    return Job(
        id=f"{KIND}/{model.name}/{now:%Y%m%dT%H%M%S.%f}",
        kind=KIND,
        model=model.name,
        payload=payload,
        state=JobState.QUEUED,
        attempts=0,
        enqueued_at=now,
        run_after=now,
    )


def newest_rows(model: Model, now: datetime) -> tuple[list[datetime], datetime, datetime]:
    """Starts, end and first held-out moment of the newest labelled rows that the policy trains on."""
    end = now - model.label_delay
    policy = model.retrain.train_on
    return [end - span for span in policy.spans], end, end - policy.test_span


def train_candidate(ports: Ports, model: Model, job: Job, *, now: datetime) -> ModelVersion:
    """Run one training job to its end: the candidate is registered and its release begun.

    Run again after a crash, it registers and releases nothing twice, and continues where it was.

    Raises:
        TrainingFailedError: a step failed; nothing is registered. The job is marked failed with the reason, as it is
            whatever else is raised.
    """
    try:
        version = _registered(ports, job) or _train(ports, model, job)
        _release(ports, model, job, version, now)
    except KeyboardInterrupt:
        ports.jobs.fail(job.id, now=now, reason="interrupted", retry_at=now)
        raise
    except Exception as error:
        ports.jobs.fail(
            job.id, now=now, reason=_reason(error), retry_at=RETRY.retry_at(max(1, job.attempts), now)
        )
        raise
    ports.jobs.finish(job.id, now=now)
    return version


def _release(ports: Ports, model: Model, job: Job, version: ModelVersion, now: datetime) -> None:
    champion = ports.releases.route(model.name).champion
    ports.release_log.append(
        ReleaseEvent(
            id=f"{job.id}/trained",
            model=model.name,
            at=now,
            kind=ReleaseEventKind.TRAINED,
            actor="keepfit",
            version=version.number,
            champion_before=champion,
            champion_after=champion,
            why=version.why,
        )
    )
    reconcile(ports, model)
    # An earlier try of this job may have begun the release, at a moment of its own.
    if not any(one.candidate == version.number for one in ports.releases.releases(model.name)):
        start_release(ports, model, version, now=now, actor="keepfit")


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, KeepfitError) else f"{type(error).__name__}: {error}"


def _registered(ports: Ports, job: Job) -> ModelVersion | None:
    return next((version for version in ports.registry.versions(job.model) if version.job_id == job.id), None)


def _train(ports: Ports, model: Model, job: Job) -> ModelVersion:
    outcome = ports.runner.run(_request(ports, model, job))
    if outcome.candidate is None:
        hint = f"{outcome.hint}\nlog: {outcome.log}" if outcome.hint else f"log: {outcome.log}"
        raise TrainingFailedError(
            f"training '{model.name}' failed at step '{outcome.failed_step}': {outcome.reason}",
            step=outcome.failed_step,
            hint=hint,
        )
    return ports.registry.register(outcome.candidate)


def _request(ports: Ports, model: Model, job: Job) -> TrainingRequest:
    payload = job.payload
    starts, exclude = payload["starts"], payload["exclude"]
    if not isinstance(starts, Sequence) or not isinstance(exclude, Sequence):
        raise TypeError(f"job {job.id}: 'starts' and 'exclude' are lists")
    timeout = model.retrain.timeout
    return TrainingRequest(
        model=model.name,
        job_id=job.id,
        starts=tuple(datetime.fromisoformat(start) for start in starts),
        end=datetime.fromisoformat(str(payload["end"])),
        test_from=datetime.fromisoformat(str(payload["test_from"])),
        exclude=tuple(Fault(**fault) for fault in exclude),
        incumbent=ports.releases.route(model.name).champion,
        at=datetime.fromisoformat(str(payload["at"])),
        why=str(payload["why"]),
        timeout_s=timeout.total_seconds() if isinstance(timeout, timedelta) else 3600.0,
    )
