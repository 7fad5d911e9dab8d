"""Read the newest windows of a model from what is on record; nothing is computed anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from keepfit.definition import Model
from keepfit.evaluation.estimation.verdict import EstimateVerdict, judge_estimator
from keepfit.evaluation.evidence import Performance
from keepfit.evaluation.worst_slices import WorstSlice, worst_slices
from keepfit.fleet.window_report import WindowReport, window_reports
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.workflows.ports import Ports
from keepfit.workflows.recent_evidence import LEARNED, recent_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentWindows:
    """The newest windows of a model.

    Attributes:
        windows: newest first, whichever versions answered in them.
        estimators: version → whether its estimates of windows without labels may be believed, and how far they were off;
            of the versions that answered in these windows and have an estimator.
        slices: version → the slices in which it surely does worse than in all other labelled rows of these windows, searched
            without being declared; of the versions that have any.
    """

    windows: tuple[WindowReport, ...]
    estimators: Mapping[int, EstimateVerdict]
    slices: Mapping[int, tuple[WorstSlice, ...]]


def read_windows(ports: Ports, model: Model, *, newest: int, now: datetime) -> RecentWindows:
    """The newest windows with predictions."""
    evidence = recent_evidence(ports, model, windows=newest + LEARNED, now=now)
    verdicts = {
        version: verdict
        for version in sorted({one.version for one in evidence if one.performance.predicted})
        if (verdict := _verdict(ports, model, version, evidence))
    }
    refused = {version for version, verdict in verdicts.items() if not verdict.usable}
    found = window_reports(evidence, model.task, newest=newest, now=now, refused=refused)
    shown = sorted({one.version for one in found})
    first = min((one.window.start for one in found), default=now)
    labelled = [one for one in evidence if one.window.start >= first]
    return RecentWindows(
        windows=tuple(found),
        estimators={version: verdicts[version] for version in verdicts if version in shown},
        slices={version: worst for version in shown if (worst := _worst(ports, model, version, labelled))},
    )


def _worst(
    ports: Ports, model: Model, version: int, evidence: Sequence[WindowEvidence]
) -> tuple[WorstSlice, ...]:
    """The worst slices of a version in these windows, beside what they were in its reference."""
    mine = sum((one.performance for one in evidence if one.version == version), Performance())
    if not mine.cells.features:
        return ()
    reference = ports.files.reference(ports.registry.version(model.name, version))
    return worst_slices(mine.cells, reference.expected.cells, metric=model.task.metric)


def _verdict(
    ports: Ports, model: Model, version: int, evidence: Sequence[WindowEvidence]
) -> EstimateVerdict | None:
    """What the matured windows of a version say of its estimator; None when it has none."""
    expected = [one.expectation for one in evidence if one.version == version and one.expectation]
    estimator = ports.files.estimator(ports.registry.version(model.name, version)) if expected else None
    if estimator is None:
        return None
    return judge_estimator([one.matured for one in expected], estimator.spec, min_rows=model.monitor.min_rows)
