"""One window as people read it: how much of it is known by now, and how good the answers were."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from keepfit.clock import Window
from keepfit.evaluation.delays import DelayCurve
from keepfit.evaluation.estimation.estimated import estimable, estimated
from keepfit.evaluation.evidence import Performance, measured_loss
from keepfit.evaluation.measure import Measure
from keepfit.evaluation.metrics import measure_cost, measures
from keepfit.evaluation.task import Task
from keepfit.fleet.maturity import delay_curve
from keepfit.monitoring.evidence import WindowEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReport:
    """What is known of one version's answers in one window.

    Attributes:
        version, window: what it is about.
        closed: whether the window is over; else more predictions may come.
        rows: predictions that callers were given.
        labelled: those of them whose label has come.
        maturity: labelled of rows.
        expected_maturity: what that should be at this age, as earlier windows say; None when they say nothing.
        metric: the one that the model is judged by.
        value: of that metric; None without labels.
        metrics: every metric of the task, by name; empty without labels.
        cost: what a row costs on average; None when no cost is declared, or without labels.
        late: labels that became known after the window had ended: each restated these numbers.
        restated: whether any did.
        estimated: the model's metric as it is expected to be of all rows, labelled or not, with how far chance may take
            the realised one from it; None when the version has no estimator, or its estimates are refused.
    """

    version: int
    window: Window
    closed: bool
    rows: int
    labelled: int
    maturity: float
    expected_maturity: float | None
    metric: str
    value: Measure | None
    metrics: Mapping[str, Measure]
    cost: Measure | None
    late: int
    restated: bool
    estimated: Measure | None = None


def window_reports(
    evidence: Sequence[WindowEvidence],
    task: Task,
    *,
    newest: int,
    now: datetime,
    refused: Collection[int] = (),
) -> list[WindowReport]:
    """The newest windows with predictions, newest first; in one window the newest version first.

    Args:
        evidence: windows of every version that answered, in any order; older ones than are shown say how long labels take.
        task: of the model.
        newest: how many windows to show.
        now: the moment that a window's age is counted to.
        refused: versions whose estimates are not to be believed.
    """
    answered = [one for one in evidence if one.performance.predicted]
    starts = sorted({one.window.start for one in answered})[-newest:]
    shown = [one for one in answered if starts and one.window.start >= starts[0]]
    curves = {
        start: delay_curve([one for one in answered if one.window.start < start], now=now) for start in starts
    }
    ordered = sorted(shown, key=lambda one: (one.window.start, one.version), reverse=True)
    return [
        _report(one, task, curves[one.window.start], now, believed=one.version not in refused)
        for one in ordered
    ]


def _report(
    evidence: WindowEvidence, task: Task, curve: DelayCurve, now: datetime, *, believed: bool
) -> WindowReport:
    performance, window = evidence.performance, evidence.window
    expected = curve.expected_between(now - window.end, now - window.start)
    sums = performance.metrics
    return WindowReport(
        version=evidence.version,
        window=window,
        closed=window.end <= now,
        rows=performance.predicted,
        labelled=performance.labelled.n,
        maturity=performance.maturity,
        expected_maturity=None if math.isnan(expected) else expected,
        metric=task.metric,
        value=_value(performance, task),
        metrics={} if sums is None else measures(sums),
        cost=None if sums is None else measure_cost(sums, task),
        late=performance.late,
        restated=performance.late > 0,
        estimated=_estimated(evidence, task) if believed else None,
    )


def _estimated(evidence: WindowEvidence, task: Task) -> Measure | None:
    expected = evidence.expectation
    if expected is None or task.metric not in estimable(expected.estimate):
        return None
    return estimated(expected.estimate, task.metric)


def _value(performance: Performance, task: Task) -> Measure | None:
    return measured_loss(task.metric, performance.labelled) if performance.labelled.n else None
