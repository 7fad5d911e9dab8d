"""Check a model: bring its evidence up to date, find what changed, name the cause, keep its incidents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from keepfit.alerting.incident import Transition
from keepfit.clock import Window, say_duration
from keepfit.definition import Model
from keepfit.diagnosis.cause import Diagnosis
from keepfit.diagnosis.diagnose import Signs, diagnose
from keepfit.evaluation.attribution import explain_drop
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.explanation import Explanation
from keepfit.evaluation.losses import row_losses
from keepfit.monitoring.detector import installed
from keepfit.monitoring.evidence import WindowEvidence, window_evidence
from keepfit.monitoring.finding import Fault, Finding, Verdict
from keepfit.monitoring.inputs import check_inputs
from keepfit.monitoring.performance import check_performance
from keepfit.monitoring.persistence import persistent
from keepfit.monitoring.record import CheckRecord
from keepfit.monitoring.reference import Reference
from keepfit.monitoring.trailing import MOST_WINDOWS, newest_with, performance_since, span, summed
from keepfit.monitoring.unrecorded import unrecorded, without
from keepfit.monitoring.volume import MOST_WINDOWS as VOLUME_WINDOWS
from keepfit.monitoring.volume import check_volume
from keepfit.predictions.record import SERVED, feature_column
from keepfit.registry.lineage import tenures
from keepfit.registry.model_version import ModelVersion
from keepfit.release.record import ReleaseState
from keepfit.retraining.policy import Decay
from keepfit.training.check import marked
from keepfit.workflows.keep_incidents import keep_incidents
from keepfit.workflows.ports import Ports
from keepfit.workflows.record_decision import record_decision

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
    reference = ports.files.reference(version)
    fresh, newest_batch = update_evidence(ports, model, version)
    evidence = ports.evidence.evidence(model.name, champion, since=now - _look_back(model))
    closed = [one for one in evidence if one.window.end <= now]
    newest = newest_with(closed, model.monitor.min_rows)
    findings = _check_inputs(ports, model, reference, closed, newest)
    seen = [(span(newest), one.fault) for one in findings if one.alarms and one.fault is not None]
    performance, clean = _check_performance(ports, model, version, closed, seen, now)
    if newest:
        found = (*findings, performance)
        window = span(newest)
        ports.checks.save(
            CheckRecord(model=model.name, version=champion, window=window, at=now, findings=found)
        )
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
    known = performance.verdict is not Verdict.INSUFFICIENT_DATA
    transitions = (
        keep_incidents(
            ports,
            model,
            diagnosis,
            clean or performance,
            findings,
            judged_until=span(newest).end if newest else None,
            now=now,
        )
        if fresh or blind
        else ()
    )
    _see(ports, model, newest_batch)
    return Health(
        diagnosis=diagnosis,
        findings=tuple(findings),
        performance=performance,
        labelled=known,
        transitions=tuple(transitions),
    )


def update_evidence(ports: Ports, model: Model, champion: ModelVersion) -> tuple[bool, int]:
    """Make anew the evidence of every window that gained predictions or labels.

    Each version that answered in such a window is brought up to date, so that a late label restates the
    window of its prediction, whoever is champion now.

    Returns:
        Whether any window gained anything, and the newest batch that the evidence holds.
    """
    windows, newest = ports.predictions.touched(
        model.name, after_batch=ports.checks.seen_batch(model.name), every=model.monitor.every
    )
    ports.evidence.put_all(_made_anew(ports, model, champion, windows, newest))
    return bool(windows), newest


def _made_anew(
    ports: Ports, model: Model, champion: ModelVersion, windows: Sequence[Window], newest: int
) -> Iterator[WindowEvidence]:
    """The evidence of each window and version, made when it is taken: all of it need not fit in memory."""
    for window in windows:
        rows = ports.predictions.labelled(model.name, window)
        served = rows.filter(pl.col("role").is_in(SERVED))["version"].unique().to_list()
        for number in sorted({champion.number, *served}):
            version = ports.registry.version(model.name, number)
            yield window_evidence(
                rows,
                model=model.name,
                version=number,
                window=window,
                reference=ports.files.reference(version),
                features=version.signature.features,
                slices=model.monitor.slices,
                metric=model.task.metric,
                batch=newest,
                estimator=ports.files.estimator(version),
            )


def _see(ports: Ports, model: Model, newest: int) -> None:
    """Remember how far the lake was seen, but never past a drain that a crash left half done: it adds to its batch."""
    half_done = ports.ledger.open_batch(model.name)
    seen = newest if half_done is None else min(newest, half_done - 1)
    ports.checks.set_seen_batch(model.name, max(seen, ports.checks.seen_batch(model.name)))


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


def _check_performance(
    ports: Ports,
    model: Model,
    version: ModelVersion,
    closed: list[WindowEvidence],
    seen: list[FaultyWindow],
    now: datetime,
) -> tuple[Finding, Finding | None]:
    policy = model.retrain.decay or Decay()
    since = now - model.label_delay - policy.over
    expected = expected_loss(ports, model)
    # Labels of a broken day come when the feed is back: what was seen then still explains them.
    faulty = [*seen, *_faults_since(ports, model, since, now)]
    faulty = [(when, fault) for when, fault in faulty if fault.column in version.signature.feature_names]

    def check(realised: LossSums, rows: str) -> Finding:
        return check_performance(
            model.task.metric,
            realised,
            expected,
            tolerance=policy.tolerance,
            min_rows=policy.min_rows,
            rows=rows,
        )

    finding = check(performance_since(closed, since).labelled, "labelled rows")
    if not faulty:
        return finding, None
    sums = losses_without(ports, model, version, Window(since, now), faulty)
    return finding, check(sums, f"labelled rows that the feed of {faulty[0][1].column} did not touch")


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


def _faults_since(ports: Ports, model: Model, since: datetime, now: datetime) -> list[FaultyWindow]:
    """What earlier checks saw of broken feeds in windows that end after `since`, the newest first."""
    windows = (now - since) // model.monitor.every + MOST_WINDOWS
    return [
        (record.window, finding.fault)
        for record in reversed(ports.checks.records(model.name, limit=windows))
        if record.window.end > since
        for finding in record.findings
        if finding.alarms and finding.fault is not None
    ]


def expected_loss(ports: Ports, model: Model) -> LossSums:
    """What the model must hold: the declared loss, or what its first champion showed on rows held out from it."""
    policy = model.retrain.decay
    if policy is not None and policy.expected is not None:
        mean = policy.expected**2 if model.task.metric == "rmse" else policy.expected
        return LossSums(1, mean, mean * mean)
    first = tenures(ports.release_log.events(model.name))[0].version
    return ports.files.reference(ports.registry.version(model.name, first)).expected.labelled


def losses_without(
    ports: Ports, model: Model, version: ModelVersion, window: Window, faulty: Sequence[FaultyWindow]
) -> LossSums:
    """The version's losses on labelled rows that no broken feed marks.

    A fault that touches every row takes out the windows in which it was seen; one that marks its rows takes
    out these wherever they are: it may have begun before it was seen.
    """
    rows = ports.predictions.labelled(model.name, window, version=version.number)
    if rows.is_empty():
        return LossSums()
    whole = [seen for seen, fault in faulty if fault.kind == "all"]
    in_whole = (pl.col("event_time").is_between(one.start, one.end, closed="left") for one in whole)
    kept = rows.filter(
        pl.col("role").is_in(SERVED)
        & pl.col("label").is_not_null()
        & pl.col("prediction").is_not_null()
        & ~marked([fault for _, fault in faulty], prefix=feature_column(""))
        & ~pl.any_horizontal(pl.lit(value=False), *in_whole)
    )
    labels, predictions = kept["label"].to_numpy(), kept["prediction"].to_numpy()
    return LossSums.of(row_losses(model.task.metric, labels, predictions))


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
