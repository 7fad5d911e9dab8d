"""Performance: losses, metrics and delays that add up."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.delays import LabelDelays
from keepfit.evaluation.evidence import LossSums, Performance, display, measured_loss, merge_sums
from keepfit.evaluation.regression_sums import RegressionSums

# Quarters of small whole numbers: their sums are exact, so that laws hold to the last bit.
losses = st.lists(st.integers(0, 40).map(lambda n: n / 4), max_size=10).map(np.array)
sums = losses.map(LossSums.of)
families = st.dictionaries(st.sampled_from(["zone=a", "zone=b", "zone=null"]), sums)
metrics = losses.map(lambda y: RegressionSums.of(0.25, -y, y))
delays = losses.map(lambda minutes: LabelDelays.of(minutes * 60))
performances = st.builds(
    Performance,
    predicted=st.integers(0, 100),
    labelled=sums,
    slices=families,
    metrics=st.none() | metrics,
    delays=st.none() | delays,
    late=st.integers(0, 9),
)


@settings(max_examples=40, deadline=None)
@given(performances, performances, performances)
def test_performances_are_a_commutative_monoid(a, b, c):
    """Whole and by slice; a slice that only one of them has is kept."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Performance() == a
    assert set((a + b).slices) == {*a.slices, *b.slices}
    assert merge_sums(a.slices, {}) == dict(a.slices)


def test_maturity_is_the_share_of_labels_that_have_come():
    """Without predictions there is no share."""
    assert Performance(predicted=4, labelled=LossSums(1, 2.0, 4.0)).maturity == 0.25
    assert math.isnan(Performance().maturity)


def test_only_rmse_is_shown_as_a_root():
    """Its losses are squares, so that they add up."""
    assert display("rmse", 9.0) == 3.0
    assert [display(metric, 9.0) for metric in ("mae", "mse", "log_loss")] == [9.0] * 3


def test_a_loss_is_measured_in_the_unit_that_it_is_read_in():
    """The root of the mean and of both ends of its interval for RMSE; nothing is below 0, and nothing is known of none."""
    squares = LossSums.of(np.array([1.0, 9.0, 16.0, 4.0]))
    plain, root = measured_loss("mse", squares), measured_loss("rmse", squares)
    assert (root.value, root.high) == (pytest.approx(math.sqrt(7.5)), pytest.approx(math.sqrt(plain.high)))
    assert measured_loss("rmse", LossSums.of(np.array([0.0, 9.0]))).low == 0.0
    assert math.isnan(measured_loss("rmse", LossSums()).value)
