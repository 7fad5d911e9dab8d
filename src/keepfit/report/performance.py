"""How good the predictions in two files were, side by side."""

import math

from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.evidence import display
from keepfit.evaluation.measure import Measure
from keepfit.evaluation.metrics import METRICS, measures, task_of
from keepfit.evaluation.task_sums import TaskSums
from keepfit.evaluation.worst_slices import worst_slices
from keepfit.report.file_report import CountPair, Metric, Pair, PerformanceReport, WorstSlice

#: Other names of a metric that is there already, and one that says nothing without a quantile.
_LEFT_OUT = frozenset({"micro_precision", "micro_recall", "micro_f1", "pinball", "mse"})
#: What ranks or weighs probabilities, and says nothing of classes.
_OF_PROBABILITIES = frozenset(
    {"log_loss", "brier", "roc_auc", "average_precision", "calibration_error", "macro_roc_auc"}
)


def performance_report(
    reference: TaskSums,
    current: TaskSums,
    losses: tuple[CellLosses, CellLosses] | None = None,
    *,
    judged: str,
    rows: CountPair,
    decided: bool = False,
    min_rows: int = 50,
) -> PerformanceReport:
    """Every metric of the task on both sides, with the change between them, and the worst slices.

    Args:
        reference, current: the sums of both files, counted in the same cells.
        losses: the losses of the judged metric by slice, of the reference and of the current file.
        judged: the metric that comes first.
        rows: with a target and a prediction.
        decided: classes were predicted, and no probabilities.
        min_rows: a slice with fewer rows is not looked at.
    """
    task = task_of(reference)
    omitted = _LEFT_OUT | _OF_PROBABILITIES if decided else _LEFT_OUT
    was, now = measures(reference), measures(current)
    ordered = sorted((name for name in METRICS[task] if name not in omitted), key=lambda name: name != judged)
    return PerformanceReport(
        task=task,
        judged=judged,
        rows=rows,
        metrics=tuple(_metric(name, was[name], now[name]) for name in ordered),
        slices=_slices(*losses, judged, min_rows) if losses else (),
    )


def change(was: Measure, now: Measure) -> tuple[float, float, float]:
    """The difference of two independent measures, with an interval made of theirs.

    With values r and c and their intervals, from c - r - √((c - low c)² + (high r - r)²) to
    c - r + √((high c - c)² + (r - low r)²) (Newcombe 1998, Statistics in Medicine 17, 873-890; Zou and Donner 2008, ibid.
    27, 1693-1702): it asks of no metric that its error be symmetric.

    >>> change(Measure(value=1.0, low=0.7, high=1.3, n=9), Measure(value=2.0, low=1.6, high=2.4, n=9))
    (1.0, 0.5, 1.5)
    """
    gap = now.value - was.value
    low = gap - math.hypot(now.value - now.low, was.high - was.value)
    high = gap + math.hypot(now.high - now.value, was.value - was.low)
    return gap, low, high


def _metric(name: str, was: Measure, now: Measure) -> Metric:
    gap, low, high = (finite(one) for one in change(was, now))
    return Metric(
        name=name,
        value=Pair(reference=finite(was.value), current=finite(now.value)),
        low=Pair(reference=finite(was.low), current=finite(now.low)),
        high=Pair(reference=finite(was.high), current=finite(now.high)),
        change=gap,
        change_low=low,
        change_high=high,
    )


def _slices(reference: CellLosses, current: CellLosses, metric: str, min_rows: int) -> tuple[WorstSlice, ...]:
    return tuple(
        WorstSlice(
            slice=one.label,
            rows=one.n,
            loss=display(metric, one.mean),
            elsewhere=display(metric, one.rest),
            reference=finite(display(metric, one.expected)),
            p=one.p,
            says=one.says,
        )
        for one in worst_slices(current, reference, metric=metric, min_rows=min_rows)
    )


def finite(value: float | None) -> float | None:
    """A number that can be shown, or None.

    >>> finite(1.5), finite(math.nan)
    (1.5, None)
    """
    return value if value is not None and math.isfinite(value) else None
