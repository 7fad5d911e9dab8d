"""What mistakes cost, in the user's own money: a mean per row that adds up like any loss."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.loss_sums import LossSums


def confusion_cost(confusion: NDArray[np.int64], costs: Sequence[Sequence[float]]) -> LossSums:
    """The sums of what each row cost, from how often each actual class was taken for each class.

    `mean = Σ n[i, j] c[i, j] / n` (Elkan 2001, IJCAI 17, 973-978). A row's cost depends on its two classes only, so that
    the sum of squares is known from the counts too, and with it the interval.

    Args:
        confusion: rows by actual (first axis) and predicted class, shape (k, k).
        costs: the cost of each, likewise; a gain is negative.

    Raises:
        ValueError: the matrix is of another size, or a cost is not finite.

    >>> confusion_cost(np.array([[90, 5], [2, 3]]), ((0, 1), (10, 0))).mean
    0.25
    """
    matrix = np.array(costs, np.float64)
    if matrix.shape != confusion.shape or not np.isfinite(matrix).all():
        k = confusion.shape[0]
        raise ValueError(f"a cost matrix for {k} classes has {k} rows of {k} finite costs, by actual class")
    return LossSums(
        int(confusion.sum()), float((confusion * matrix).sum()), float((confusion * matrix**2).sum())
    )
