"""One pass of the controller over every model."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from keepfit.clock import parse_duration
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
from keepfit.workflows.pull_labels import pull_labels
from keepfit.workflows.send_messages import send_messages
from keepfit.workflows.train_candidate import KIND, train_candidate

#: How long a job is left to whoever took it, at least; a training may take half of it.
LEASE = timedelta(hours=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one pass did.

    Attributes:
        at: the moment.
        drained: what was moved into the lake.
        health: by model.
        retrain: the decision by model.
        problems: what failed, by model; under `capture log` when the drain did, under `labels of MODEL` when its source of
            labels did. What fails never keeps the rest from being looked at.
    """

    at: datetime
    drained: Ledger
    health: dict[str, Health]
    retrain: dict[str, RetrainDecision]
    problems: dict[str, str]


def tick(ports: Ports, models: Iterable[Model], *, now: datetime) -> Tick:
    """Drain, advance releases, check, decide, train what was decided, and send what has to be sent.

    A process may die anywhere in here. The next tick goes on from what is on record: at the same `now` as if nothing
    had happened, later as what it is, another look. A training that was under way goes on when its lease has run out.
    """
    problems: dict[str, str] = {}
    drained = _drain(ports, problems, now)
    result = Tick(at=now, drained=drained, health={}, retrain={}, problems=problems)
    by_name = {model.name: model for model in models}
    for model in by_name.values():
        _pull(ports, model, problems, now)
        try:
            _look_after(ports, model, result, now)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one model, the others are looked at
            result.problems[model.name] = _say(error)
    run_jobs(ports, by_name, result, now=now)
    send_messages(ports, now=now)
    return result


def _drain(ports: Ports, problems: dict[str, str], now: datetime) -> Ledger:
    try:
        return drain_capture(ports, now=now)
    except Exception as error:  # noqa: BLE001 - what was captured waits; models are looked at all the same
        problems["capture log"] = _say(error)
        return Ledger()


def _pull(ports: Ports, model: Model, problems: dict[str, str], now: datetime) -> None:
    try:
        pull_labels(ports, model, now=now)
    except Exception as error:  # noqa: BLE001 - a user's source may raise anything; the next tick asks again
        problems[f"labels of {model.name}"] = _say(error)


def _look_after(ports: Ports, model: Model, result: Tick, now: datetime) -> None:
    advance_release(ports, model, now=now)
    health = check_model(ports, model, now=now)
    decision = decide_retrain(ports, model, health, now=now)
    result.health[model.name], result.retrain[model.name] = health, decision


def run_jobs(ports: Ports, models: dict[str, Model], result: Tick, *, now: datetime) -> None:
    """Run every job that is due, one after the other; a failure is on record and does not stop the rest."""
    lease = max([LEASE, *(2 * parse_duration(model.retrain.timeout) for model in models.values())])
    while (job := ports.jobs.claim(now=now, lease=lease)) is not None:
        try:
            _run(ports, models, job, now)
        except Exception as error:  # noqa: BLE001 - the job is marked failed; the others are run
            result.problems[job.model] = _say(error)
            ports.tell(f"{job.model}: {_say(error)}", now)


def _run(ports: Ports, models: dict[str, Model], job: Job, now: datetime) -> None:
    model = models.get(job.model)
    if model is not None and job.kind == KIND:
        train_candidate(ports, model, job, now=now)
        return
    unknown = f"unknown kind of job '{job.kind}'"
    reason = f"nobody declares model '{job.model}'" if model is None else unknown
    ports.jobs.fail(job.id, now=now, reason=reason, retry_at=None)


def _say(error: Exception) -> str:
    return str(error) if isinstance(error, KeepfitError) else f"{type(error).__name__}: {error}"
