"""Keep incidents in step with what is wrong: opened, updated and resolved once per cause."""

from datetime import datetime

from keepfit.alerting.incident import Condition, Incident, Transition, advance
from keepfit.definition import Model
from keepfit.diagnosis.cause import Cause, Diagnosis
from keepfit.jobs.job import JobState
from keepfit.monitoring.finding import Finding, Verdict
from keepfit.workflows.ports import Ports

#: Causes that people are told of; drift without harm is watched only.
_TOLD = frozenset({Cause.BAD_RELEASE, Cause.DECAY, Cause.BROKEN_FEED, Cause.BLIND})
TRAINING_FAILS = "training:failed"


def keep_incidents(
    ports: Ports,
    model: Model,
    diagnosis: Diagnosis,
    deciding: Finding,
    findings: list[Finding],
    *,
    judged_until: datetime | None,
    now: datetime,
) -> list[Transition]:
    """Keep the model's incidents in step with a diagnosis, and tell people of those that open and end.

    Args:
        ports: stores and effects.
        model: whose.
        diagnosis: what is wrong now.
        deciding: the finding that tells whether there is decay.
        findings: those on inputs.
        judged_until: the end of the newest window that they rest on. An incident comes nearer to its end once a
            window, however often it is looked at in between.
        now: the moment of the check.
    """
    conditions = [
        Condition(key=one.key, title=f"{one.cause.value} ({one.subject})", says=one.told)
        for one in diagnosis.symptoms
        if one.cause in _TOLD
    ]
    conditions += _failing_training(ports, model)
    active = ports.incidents.incidents(model.name, active=True)
    # A try of this very check that did not live to its end may have kept some of them already.
    kept = {one.key for one in active if one.updated_at >= now}
    active = [one for one in active if one.key not in kept]
    steps = advance(
        model.name,
        active,
        [one for one in conditions if one.key not in kept],
        now=now,
        undecided={
            one.key for one in active if _undecided(one.key, deciding, findings) or _judged(one, judged_until)
        },
        resolved_says=_resolutions(deciding, findings),
    )
    for step in steps:
        ports.incidents.save(step, routes=model.notify, at=now)
        if step.worth_telling:
            ports.tell(
                f"{model.name}: incident {step.kind.value}: {step.incident.title}: {step.incident.says}", now
            )
    return steps


def _judged(incident: Incident, until: datetime | None) -> bool:
    """Whether the incident was looked at since the window ended, so that this check says nothing new of it."""
    by_window = incident.key.startswith((f"{Cause.DECAY.value}:", f"{Cause.BROKEN_FEED.value}:"))
    return by_window and until is not None and incident.updated_at >= until


def _resolutions(deciding: Finding, findings: list[Finding]) -> dict[str, str]:
    """How the end of an incident is worded: with the numbers as they are now."""
    words = {_feed_key(one): f"the feed is back: {one.says}" for one in findings if not one.breaks}
    return {**words, f"{Cause.DECAY.value}:{deciding.subject}": f"the numbers are back: {deciding.says}"}


def _feed_key(finding: Finding) -> str:
    return f"{Cause.BROKEN_FEED.value}:{finding.subject}:{finding.check.value}"


def _failing_training(ports: Ports, model: Model) -> list[Condition]:
    jobs = [job for job in ports.jobs.jobs(model.name) if job.state in (JobState.DONE, JobState.FAILED)]
    if not jobs or jobs[-1].state is JobState.DONE:
        return []
    return [Condition(key=TRAINING_FAILS, title="training fails", says=jobs[-1].reason)]


def _undecided(key: str, deciding: Finding, findings: list[Finding]) -> bool:
    """Whether this check neither confirms an incident nor ends it: it could not see, or what it saw lies in between.

    What opened an incident must clearly be gone to end it, so that a share near its limit is one incident, not ten.
    """
    if key.startswith(f"{Cause.DECAY.value}:"):
        return deciding.verdict is Verdict.INSUFFICIENT_DATA or deciding.value > deciding.threshold
    if key.startswith(f"{Cause.BROKEN_FEED.value}:"):
        seen = [one for one in findings if _feed_key(one) == key]
        if not seen:
            # A check that finds nothing says nothing; that its column was looked at says that it is gone.
            return not any(_feed_key(one).rpartition(":")[0] == key.rpartition(":")[0] for one in findings)
        return any(_in_between(one) for one in seen)
    return False


def _in_between(finding: Finding) -> bool:
    unknown = finding.verdict is Verdict.INSUFFICIENT_DATA
    return unknown or finding.value > (finding.expected + finding.threshold) / 2
