"""What mistakes cost."""

import numpy as np
import pytest

from keepfit.evaluation.costs import confusion_cost
from keepfit.evaluation.loss_sums import LossSums


def test_the_sums_are_those_of_each_rows_cost():
    """Whatever the number of classes; gains are negative."""
    rng = np.random.default_rng(1)
    costs = np.array([[-1.0, 2.0, 3.0], [4.0, 0.0, 1.0], [7.0, 0.5, -2.0]])
    actual, taken = rng.integers(0, 3, 500), rng.integers(0, 3, 500)
    counts = np.zeros((3, 3), np.int64)
    np.add.at(counts, (actual, taken), 1)
    assert confusion_cost(counts, costs.tolist()) == LossSums.of(costs[actual, taken])


@pytest.mark.parametrize("costs", [((0, 1),), ((0, 1, 2), (1, 0, 2)), ((0, float("nan")), (1, 0))])
def test_a_matrix_that_does_not_fit_is_refused(costs):
    """One cost for each pair of classes, all of them numbers."""
    with pytest.raises(ValueError, match="2 classes has 2 rows of 2 finite costs"):
        confusion_cost(np.ones((2, 2), np.int64), costs)
