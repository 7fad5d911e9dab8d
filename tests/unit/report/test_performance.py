"""The metrics of two files, and the change between them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.evaluation.measure import Measure
from keepfit.evaluation.regression_sums import RegressionSums
from keepfit.report.file_report import CountPair
from keepfit.report.performance import change, performance_report


def measured(value, below, above):
    """A measure with an interval."""
    return Measure(value=value, low=value - below, high=value + above, n=10)


@given(st.floats(0.01, 10), st.floats(0.01, 10), st.lists(st.floats(0.01, 10), min_size=4, max_size=4))
def test_the_change_has_an_interval_wider_than_either(was, now, reaches):
    """It holds the change, and the other way round it is the same with the sign turned."""
    first, second = measured(was, *reaches[:2]), measured(now, *reaches[2:])
    gap, low, high = change(first, second)
    assert low < gap < high
    assert high - low >= max(first.high - first.low, second.high - second.low) - 1e-9
    back = change(second, first)
    assert (-back[0], -back[2], -back[1]) == pytest.approx((gap, low, high))


def test_the_interval_of_a_change_holds_the_true_one():
    """In about 95 of 100 pairs of samples whose errors are alike; MAE."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(300):
        sums = [RegressionSums.of(0.0, rng.normal(0, 1, 200), np.zeros(200)) for _ in range(2)]
        mae = performance_report(*sums, judged="mae", rows=CountPair()).metrics[0]
        held += mae.change_low <= 0 <= mae.change_high
    assert 0.91 <= held / 300 <= 0.985


def test_the_judged_metric_comes_first():
    """The others follow; those of probabilities are left out where classes were predicted."""
    sums = RegressionSums.of(0.0, np.array([1.0, 2.0]), np.array([1.0, 3.0]))
    report = performance_report(sums, sums, judged="rmse", rows=CountPair(reference=2, current=2))
    assert report.metrics[0].name == report.judged == "rmse"
    assert report.task == "regression"


def test_what_cannot_be_told_is_none():
    """A metric of no rows is no number, and neither is its change."""
    none = RegressionSums.empty(0.0)
    mae = performance_report(none, none, judged="mae", rows=CountPair()).metrics[0]
    assert (mae.value.reference, mae.change, mae.change_low) == (None, None, None)
