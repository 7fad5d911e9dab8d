"""Decide whether a model is retrained, and enqueue the job when it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from keepfit.clock import Window
from keepfit.definition import Model
from keepfit.diagnosis.cause import Cause
from keepfit.jobs.job import Job, JobState
from keepfit.monitoring.finding import CHANGES, Fault
from keepfit.monitoring.record import CheckRecord
from keepfit.monitoring.trailing import MOST_WINDOWS
from keepfit.release.record import ReleaseState
from keepfit.retraining.decision import Action, RetrainDecision, Situation, decide
from keepfit.workflows.check_model import Health
from keepfit.workflows.ports import Ports
from keepfit.workflows.record_decision import record_decision
from keepfit.workflows.train_candidate import KIND, newest_rows, training_job


def decide_retrain(ports: Ports, model: Model, health: Health, *, now: datetime) -> RetrainDecision:
    """Decide, record the decision with its reason, and enqueue the training when there is one to be."""
    starts, end, test_from = newest_rows(model, now)
    faults = faults_in(ports, model, health, Window(min(starts), end))
    decision = decide(model.retrain, situation(ports, model, health, faults, now=now), now=now)
    record_decision(
        ports, model.name, kind="retrain", action=decision.action.value, why=decision.why, now=now
    )
    if decision.action is Action.RETRAIN:
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


def faults_in(ports: Ports, model: Model, health: Health, span: Window) -> tuple[Fault, ...]:
    """The faults whose rows are not learned from: those of now, and the wrong values that were seen in `span`.

    A value that a feed made up is wrong for ever, also after the feed is back. A null says that nothing is known,
    which stays true: past nulls are kept.
    """
    windows = (span.length + model.label_delay) // model.monitor.every + MOST_WINDOWS
    past = [
        finding.fault
        for record in ports.checks.records(model.name, limit=windows)
        if record.window.end > span.start and record.window.start < span.end
        for finding in record.findings
        if finding.alarms and finding.fault is not None and finding.fault.kind == "value"
    ]
    found = dict.fromkeys([*health.diagnosis.faults, *past])
    return tuple(fault for fault in found if fault.column in model.features)


def situation(
    ports: Ports, model: Model, health: Health, faults: tuple[Fault, ...] = (), *, now: datetime
) -> Situation:
    """What the decision rests on; `faults` mark the rows that would not be learned from."""
    jobs = [job for job in ports.jobs.jobs(model.name) if job.kind == KIND]
    route = ports.releases.route(model.name)
    symptoms = health.diagnosis
    decay, bad = (symptoms.of(cause) for cause in (Cause.DECAY, Cause.BAD_RELEASE))
    active = ports.incidents.incidents(model.name, active=True)
    broken = [one for one in active if one.key.startswith(f"{Cause.BROKEN_FEED.value}:")]
    champion = ports.registry.version(model.name, route.champion) if route.champion is not None else None
    return Situation(
        has_champion=champion is not None,
        last_training=max(
            (job.enqueued_at for job in jobs), default=champion.trained_at if champion else None
        ),
        busy=_busy(ports, model, jobs),
        decay=decay[0].says if decay else "",
        bad_release=bad[0].says if bad else "",
        faults=faults,
        broken="; ".join(incident.says for incident in broken),
        broken_for=now - max((incident.opened_at for incident in broken), default=now),
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
        if not any(finding.alarms and finding.check in CHANGES for finding in record.findings):
            break
        length += record.window.length
    return length
