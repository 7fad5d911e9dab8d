"""Decide whether a model is retrained, and enqueue the job when it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from keepfit.definition import Model
from keepfit.diagnosis.cause import Cause
from keepfit.jobs.job import Job, JobState
from keepfit.monitoring.finding import Check
from keepfit.monitoring.record import CheckRecord
from keepfit.release.record import ReleaseState
from keepfit.retraining.decision import Action, RetrainDecision, Situation, decide
from keepfit.workflows.check_model import Health
from keepfit.workflows.ports import Ports
from keepfit.workflows.record_decision import record_decision
from keepfit.workflows.train_candidate import KIND, newest_rows, training_job

_DRIFT = frozenset({Check.DRIFT, Check.PREDICTION_DRIFT})


def decide_retrain(ports: Ports, model: Model, health: Health, *, now: datetime) -> RetrainDecision:
    """Decide, record the decision with its reason, and enqueue the training when there is one to be."""
    decision = decide(model.retrain, situation(ports, model, health), now=now)
    record_decision(
        ports, model.name, kind="retrain", action=decision.action.value, why=decision.why, now=now
    )
    if decision.action is Action.RETRAIN:
        starts, end, test_from = newest_rows(model, now)
        job = training_job(
            model,
            starts=starts,
            end=end,
            test_from=test_from,
            why=decision.why,
            now=now,
            exclude=decision.exclude,
        )
        ports.jobs.enqueue(job)
    return decision


def situation(ports: Ports, model: Model, health: Health) -> Situation:
    """What the decision rests on."""
    jobs = [job for job in ports.jobs.jobs(model.name) if job.kind == KIND]
    route = ports.releases.route(model.name)
    symptoms = health.diagnosis
    decay, broken, bad = (symptoms.of(cause) for cause in (Cause.DECAY, Cause.BROKEN_FEED, Cause.BAD_RELEASE))
    champion = ports.registry.version(model.name, route.champion) if route.champion is not None else None
    return Situation(
        has_champion=champion is not None,
        last_training=max(
            (job.enqueued_at for job in jobs), default=champion.trained_at if champion else None
        ),
        champion_trained=champion.trained_at if champion else None,
        busy=_busy(ports, model, jobs),
        decay=decay[0].says if decay else "",
        bad_release=bad[0].says if bad else "",
        faults=symptoms.faults,
        broken="; ".join(symptom.says for symptom in broken),
        drifting_for=drifting_for(ports.checks.records(model.name, version=route.champion, limit=60)),
        blind=not health.labelled,
    )


def _busy(ports: Ports, model: Model, jobs: list[Job]) -> str:
    if any(job.state in (JobState.QUEUED, JobState.RUNNING) for job in jobs):
        return "a training is under way"
    release = ports.releases.active(model.name)
    if release is not None and release.state is ReleaseState.ROLLING_OUT:
        return f"version {release.candidate} is on its way to champion"
    return ""


def drifting_for(records: Sequence[CheckRecord]) -> timedelta:
    """How long, up to the newest window, every window drifted."""
    length = timedelta(0)
    for record in reversed(records):
        if not any(finding.alarms and finding.check in _DRIFT for finding in record.findings):
            break
        length += record.window.length
    return length
