"""Performance evidence: sums of losses and of a task's metrics. A commutative monoid: a week is the sum of its days."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from keepfit.evaluation.cell_losses import NO_CELL_LOSSES, CellLosses
from keepfit.evaluation.delays import LabelDelays
from keepfit.evaluation.loss_sums import NO_LOSSES, LossSums, merge_sums, total
from keepfit.evaluation.measure import Measure, mean_of
from keepfit.evaluation.task_sums import TaskSums, add_task_sums

__all__ = ["LossSums", "Performance", "display", "measured_loss", "merge_sums", "total"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """Losses of one model version in one window, whole and in parts.

    Attributes:
        predicted: rows that the version answered.
        labelled: the losses of the rows whose label has come.
        slices: the same by slice: `column=value` → sums.
        metrics: the sums that every metric of the task is read off; None when no label has come.
        delays: how long the labels took after their events; None when no label has come.
        late: labelled rows whose label became known after their window had ended: each restated it.
        cells: the losses by feature and coarse cell: the slices that nobody declared.
    """

    predicted: int = 0
    labelled: LossSums = NO_LOSSES
    slices: Mapping[str, LossSums] = field(default_factory=dict)
    metrics: TaskSums | None = None
    delays: LabelDelays | None = None
    late: int = 0
    cells: CellLosses = NO_CELL_LOSSES

    @property
    def maturity(self) -> float:
        """The share of the predictions whose label has come; NaN when there are no predictions."""
        return self.labelled.n / self.predicted if self.predicted else math.nan

    def __add__(self, other: "Performance") -> "Performance":
        return Performance(
            predicted=self.predicted + other.predicted,
            labelled=self.labelled + other.labelled,
            slices=merge_sums(self.slices, other.slices),
            metrics=add_task_sums(self.metrics, other.metrics),
            delays=_added(self.delays, other.delays),
            late=self.late + other.late,
            cells=self.cells + other.cells,
        )


def _added(left: LabelDelays | None, right: LabelDelays | None) -> LabelDelays | None:
    if left is None or right is None:
        return left or right
    return left + right


def display(metric: str, mean_loss: float) -> float:
    """A mean loss in the unit that the metric is read in: the root for RMSE."""
    return math.sqrt(mean_loss) if metric == "rmse" else mean_loss


def measured_loss(metric: str, losses: LossSums, confidence: float = 0.95) -> Measure:
    """The metric that a model is judged by, with its interval, in the unit that it is read in.

    >>> measured_loss("rmse", LossSums(2, 8.0, 34.0)).value
    2.0
    """
    found = mean_of(losses, confidence)
    if not losses.n:
        return found
    # A root keeps the order, so that the ends of the interval stay its ends; no loss is below 0.
    low = display(metric, max(0.0, found.low))
    return Measure(value=display(metric, found.value), low=low, high=display(metric, found.high), n=found.n)
