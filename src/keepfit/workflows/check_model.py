"""Check a model: bring its evidence up to date, find what changed, name the cause, keep its incidents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from keepfit.alerting.incident import Transition
from keepfit.clock import Window, say_duration
from keepfit.definition import Model
from keepfit.diagnosis.cause import Diagnosis
from keepfit.diagnosis.diagnose import Signs, diagnose
from keepfit.evaluation.attribution import explain_drop
from keepfit.evaluation.evidence import Performance
from keepfit.evaluation.explanation import Explanation
from keepfit.monitoring.detector import installed
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.monitoring.finding import Fault, Finding, Verdict
from keepfit.monitoring.inputs import check_inputs
from keepfit.monitoring.persistence import persistent
from keepfit.monitoring.record import CheckRecord
from keepfit.monitoring.reference import Reference
from keepfit.monitoring.trailing import MOST_WINDOWS, newest_with, performance_since, span, summed
from keepfit.monitoring.unrecorded import unrecorded, without
from keepfit.monitoring.volume import MOST_WINDOWS as VOLUME_WINDOWS
from keepfit.monitoring.volume import check_volume
from keepfit.registry.lineage import tenures
from keepfit.registry.model_version import ModelVersion
from keepfit.release.record import ReleaseState
from keepfit.retraining.policy import Decay
from keepfit.workflows.judge_losses import judge_losses
from keepfit.workflows.keep_incidents import keep_incidents
from keepfit.workflows.ports import Ports
from keepfit.workflows.record_decision import record_decision
from keepfit.workflows.update_evidence import settle, update_evidence

#: A window in which a check saw a broken feed, and how its rows are told.
FaultyWindow = tuple[Window, Fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a check found.

    Attributes:
        diagnosis: the causes that hold now.
        findings: of the newest evidence with enough rows.
        performance: realised loss against the expected one.
        labelled: whether enough labels have come to tell.
        transitions: what happened to incidents.
    """

    diagnosis: Diagnosis
    findings: tuple[Finding, ...] = ()
    performance: Finding | None = None
    labelled: bool = False
    transitions: tuple[Transition, ...] = ()


def check_model(ports: Ports, model: Model, *, now: datetime) -> Health:
    """Check one model as of `now`, record what was found, and open, update or resolve its incidents.

    What is new in the lake counts as seen at the very end: a check that did not live to keep its incidents is made
    again. Made again at the same `now` it counts once for an incident, at a later one it is a check of its own.
    """
    champion = ports.releases.route(model.name).champion
    if champion is None:
        return Health(diagnosis=Diagnosis(symptoms=(), says="nothing is released yet"))
    version = ports.registry.version(model.name, champion)
    # Whoever drained has done most of it; what counts here is whether anything came in since the last check.
    updated = update_evidence(ports, model, champion, since=ports.checks.seen_batch(model.name))
    evidence = ports.evidence.evidence(model.name, champion, since=now - _look_back(model))
    closed = [one for one in evidence if one.window.end <= now]
    newest = settle(ports, model, newest_with(closed, model.monitor.min_rows))
    reference = ports.files.reference(version)
    findings = _check_inputs(ports, model, reference, closed, newest)
    seen = [(span(newest), one.fault) for one in findings if one.alarms and one.fault is not None]
    performance, clean = judge_losses(ports, model, version, closed, seen, now)
    _record(ports, model, version, newest, (*findings, performance), now)
    blind = _blind(ports, model, closed, now)
    explanation = _explained(model, reference, closed, now) if performance.alarms else None
    diagnosis = diagnose(
        Signs(
            findings=findings,
            performance=performance,
            clean_performance=clean,
            regression=_regression(ports, model, now),
            blind=blind,
            explanation=explanation.says if explanation else "",
        )
    )
    record_decision(
        ports, model.name, kind="diagnosis", action=diagnosis.cause.value, why=diagnosis.says, now=now
    )
    until = span(newest).end if newest else None
    transitions: Sequence[Transition] = ()
    if updated.gained or blind:
        transitions = keep_incidents(
            ports, model, diagnosis, clean or performance, findings, judged_until=until, now=now
        )
    _see(ports, model, updated.seen.through)
    return Health(
        diagnosis=diagnosis,
        findings=tuple(findings),
        performance=performance,
        labelled=performance.verdict is not Verdict.INSUFFICIENT_DATA,
        transitions=tuple(transitions),
    )


def _record(
    ports: Ports,
    model: Model,
    version: ModelVersion,
    newest: list[WindowEvidence],
    found: tuple[Finding, ...],
    now: datetime,
) -> None:
    """Put on record what was found, when there was anything to look at."""
    if newest:
        ports.checks.save(
            CheckRecord(model=model.name, version=version.number, window=span(newest), at=now, findings=found)
        )


def _see(ports: Ports, model: Model, through: int) -> None:
    """Remember how far the lake was seen: never past a drain that a crash left half done, and never back."""
    ports.checks.set_seen_batch(model.name, max(through, ports.checks.seen_batch(model.name)))


def _check_inputs(
    ports: Ports,
    model: Model,
    reference: Reference,
    closed: list[WindowEvidence],
    newest: list[WindowEvidence],
) -> list[Finding]:
    if not newest:
        return []
    evidence = summed(newest)
    at = evidence.window if len(newest) == 1 else None
    found = check_inputs(
        reference,
        without(evidence.traffic, model.capture.masked),
        model.monitor,
        predictions=evidence.predictions,
        at=at,
        detectors={**installed(), **model.detectors},
    )
    found += unrecorded(evidence.traffic, redacted=model.capture.redact, hashed=model.capture.hash)
    past = [(one.window, one.traffic.rows) for one in closed]
    found.append(check_volume(newest[-1].traffic.rows, newest[-1].window, past))
    earlier = [one for one in _records(ports, model) if one.window.end <= evidence.window.start]
    return persistent(found, earlier, model.monitor.persistence)


def _records(ports: Ports, model: Model) -> Sequence[CheckRecord]:
    """As many records as persistence asks for; none when every alarm counts at once."""
    if model.monitor.persistence == 1:
        return []
    return ports.checks.records(model.name, limit=model.monitor.persistence + MOST_WINDOWS)


def _look_back(model: Model) -> timedelta:
    """How far back evidence is read: as far as any check of the newest windows asks for."""
    decay = model.retrain.decay or Decay()
    volume = VOLUME_WINDOWS * model.monitor.every
    return (
        max(volume, model.label_delay + max(decay.over, 2 * model.monitor.blind_span)) + model.monitor.every
    )


def _explained(
    model: Model, reference: Reference, closed: list[WindowEvidence], now: datetime
) -> Explanation | None:
    """Where the loss of now comes from: against the version's own days before, or else its held-out rows.

    Whichever holds more labelled rows: those held out may be of a few days only, so that every other weekday would look new.
    """
    policy = model.retrain.decay or Decay()
    since = now - model.label_delay - policy.over
    before = sum((one.performance for one in closed if one.window.start < since), Performance())
    norm = max(before.cells, reference.expected.cells, key=lambda cells: cells.whole.n)
    realised = performance_since(closed, since)
    if not (realised.cells.features and norm.features):
        return None
    return explain_drop(realised.cells, norm, model.task.metric)


def _regression(ports: Ports, model: Model, now: datetime) -> str:
    ended = [one for one in ports.releases.releases(model.name) if one.state is ReleaseState.ROLLED_BACK]
    if not ended or now - ended[-1].stage_since >= model.monitor.every:
        return ""
    return f"version {ended[-1].candidate} was rolled back: {ended[-1].why}"


def _blind(ports: Ports, model: Model, closed: list[WindowEvidence], now: datetime) -> str:
    patience = model.monitor.blind_span
    since = tenures(ports.release_log.events(model.name))[-1].since
    last = ports.predictions.last_event(model.name)
    if now - max(since, last or since) >= patience:
        return f"no prediction was asked for in the last {say_duration(patience)}, so that nothing is known"
    due = now - model.label_delay - patience
    old = sum((one.performance for one in closed if one.window.end <= due), Performance())
    recent = performance_since(closed, due - patience)
    if old.predicted and recent.predicted and recent.labelled.n == 0:
        return f"no label has come in the last {say_duration(patience)}, so that the loss is unknown"
    return ""
