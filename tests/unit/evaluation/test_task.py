"""Tasks as their user declares them."""

import pytest

from keepfit.evaluation.task import Classification, Regression


def test_a_cost_is_kept_as_numbers():
    """However it was written: lists and whole numbers are fine."""
    assert Regression(target="minutes", cost=[2, 1]).cost == (2.0, 1.0)
    assert Classification(target="late", cost=[[0, 1], [10, 0]]).cost == ((0.0, 1.0), (10.0, 0.0))
    assert Regression(target="minutes").cost is None
    assert Classification(target="late").cost is None


@pytest.mark.parametrize("cost", [(1,), (1, 2, 3), (1, "much"), (1, float("inf")), 5])
def test_a_regression_costs_two_numbers(cost):
    """The message shows how to write them."""
    with pytest.raises(ValueError, match=r"cost=\(2, 1\)"):
        Regression(target="minutes", cost=cost)


@pytest.mark.parametrize("cost", [(1, 2), ((0, 1),), ((0, 1), (1,)), ((0, 1), (float("nan"), 0)), 5])
def test_a_classification_costs_two_rows_of_two(cost):
    """The message shows how to write them."""
    with pytest.raises(ValueError, match=r"cost=\(\(0, 1\), \(10, 0\)\)"):
        Classification(target="late", cost=cost)
