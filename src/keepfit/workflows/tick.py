"""One pass of the controller over every model."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from keepfit.definition import Model
from keepfit.errors import KeepfitError
from keepfit.jobs.job import Job
from keepfit.predictions.ledger import Ledger
from keepfit.retraining.decision import RetrainDecision
from keepfit.workflows.advance_release import advance_release
from keepfit.workflows.check_model import Health, check_model
from keepfit.workflows.decide_retrain import decide_retrain
from keepfit.workflows.drain_capture import drain_capture
from keepfit.workflows.ports import Ports
from keepfit.workflows.send_messages import send_messages
from keepfit.workflows.train_candidate import KIND, train_candidate

LEASE = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one pass did.

    Attributes:
        at: the moment.
        drained: what was moved into the lake.
        health: by model.
        retrain: the decision by model.
        problems: what failed, by model; a model that fails never keeps the others from being looked at.
    """

    at: datetime
    drained: Ledger
    health: dict[str, Health]
    retrain: dict[str, RetrainDecision]
    problems: dict[str, str]


def tick(ports: Ports, models: Iterable[Model], *, now: datetime) -> Tick:
    """Drain, advance releases, check, decide, train what was decided, and send what has to be sent."""
    drained = drain_capture(ports, now=now)
    result = Tick(at=now, drained=drained, health={}, retrain={}, problems={})
    by_name = {model.name: model for model in models}
    for model in by_name.values():
        try:
            _look_after(ports, model, result, now)
        except KeepfitError as error:
            result.problems[model.name] = str(error)
    run_jobs(ports, by_name, result, now=now)
    send_messages(ports, now=now)
    return result


def _look_after(ports: Ports, model: Model, result: Tick, now: datetime) -> None:
    advance_release(ports, model, now=now)
    health = check_model(ports, model, now=now)
    result.health[model.name] = health
    result.retrain[model.name] = decide_retrain(ports, model, health, now=now)


def run_jobs(ports: Ports, models: dict[str, Model], result: Tick, *, now: datetime) -> None:
    """Run every job that is due, one after the other; a failure is on record and does not stop the rest."""
    while (job := ports.jobs.claim(now=now, lease=LEASE)) is not None:
        try:
            _run(ports, models, job, now)
        except KeepfitError as error:
            result.problems[job.model] = str(error)
            ports.tell(f"{job.model}: {error}", now)


def _run(ports: Ports, models: dict[str, Model], job: Job, now: datetime) -> None:
    model = models.get(job.model)
    if model is None or job.kind != KIND:
        reason = (
            f"nobody declares model '{job.model}'" if model is None else f"unknown kind of job '{job.kind}'"
        )
        ports.jobs.fail(job.id, now=now, reason=reason, retry_at=None)
        return
    try:
        train_candidate(ports, model, job, now=now)
    except KeepfitError as error:
        ports.jobs.fail(job.id, now=now, reason=str(error), retry_at=None)
        raise
