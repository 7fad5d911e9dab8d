"""The sums of a task, whichever it is."""

import numpy as np

from keepfit.evaluation.binary_sums import BinarySums
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.losses import find_loss
from keepfit.evaluation.multiclass_sums import MulticlassSums
from keepfit.evaluation.regression_sums import RegressionSums
from keepfit.evaluation.score_cells import ScoreCells
from keepfit.stats.numeric_cells import NumericCells

TaskSums = RegressionSums | BinarySums | MulticlassSums


def add_task_sums(left: TaskSums | None, right: TaskSums | None) -> TaskSums | None:
    """Both together; None is no rows.

    Raises:
        ValueError: they are of different tasks, or were counted differently.
    """
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, RegressionSums) and isinstance(right, RegressionSums):
        return left + right
    if isinstance(left, BinarySums) and isinstance(right, BinarySums):
        return left + right
    if isinstance(left, MulticlassSums) and isinstance(right, MulticlassSums):
        return left + right
    raise ValueError(f"a {type(left).__name__} and a {type(right).__name__} cannot be added")


def reference_sums(metric: str, labels: Floats, predictions: Floats) -> TaskSums:
    """The sums of the rows held out from a version, counted in cells of their own: those of its windows take these.

    Args:
        metric: that the model is judged by; it tells the task.
        labels: shape (n,).
        predictions: likewise.
    """
    if find_loss(metric)[0].task == "binary":
        return BinarySums.of(ScoreCells.of(predictions), labels, predictions)
    return RegressionSums.of(float(np.median(labels)), labels, predictions)


def window_sums(
    metric: str, reference: TaskSums | None, cells: NumericCells, labels: Floats, predictions: Floats
) -> TaskSums:
    """The sums of a window's rows, counted as those of the version's reference were.

    Args:
        metric: that the model is judged by; it tells the task.
        reference: the sums that were shipped with the version; None with an older one.
        cells: of the predictions of such a one.
        labels: shape (n,).
        predictions: likewise.
    """
    if find_loss(metric)[0].task == "binary":
        known = reference.cells if isinstance(reference, BinarySums) else ScoreCells.from_numeric(cells)
        return BinarySums.of(known, labels, predictions)
    centre = reference.centre if isinstance(reference, RegressionSums) else cells.centre
    return RegressionSums.of(centre, labels, predictions)
