"""Sums of losses: they add up, and their intervals hold what they should."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.evidence import LossSums, Performance, display, merge_sums, total

# Quarters of small whole numbers: their sums are exact, so that laws hold to the last bit.
losses = st.lists(st.integers(0, 4000).map(lambda n: n / 4), max_size=10).map(np.array)
sums = losses.map(LossSums.of)
families = st.dictionaries(st.sampled_from(["zone=a", "zone=b", "zone=null"]), sums)
performances = st.builds(Performance, predicted=st.integers(0, 100), labelled=sums, slices=families)


@given(sums, sums, sums)
def test_loss_sums_are_a_commutative_monoid(a, b, c):
    """A week is the sum of its days, in any order."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + LossSums() == a


@given(losses, losses)
def test_the_sums_of_two_parts_are_those_of_the_whole(a, b):
    """Evidence of all rows, whoever summed which; taken apart again by subtraction."""
    whole = LossSums.of(np.concatenate([a, b]))
    assert LossSums.of(a) + LossSums.of(b) == whole
    assert whole - LossSums.of(b) == LossSums.of(a)
    assert total([LossSums.of(a), LossSums.of(b)]) == whole


@settings(max_examples=40)
@given(performances, performances, performances)
def test_performances_are_a_commutative_monoid(a, b, c):
    """Whole and by slice; a slice that only one of them has is kept."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Performance() == a
    assert set((a + b).slices) == {*a.slices, *b.slices}
    assert merge_sums(a.slices, {}) == dict(a.slices)


@given(st.lists(st.integers(0, 4000).map(lambda n: n / 4), min_size=2, max_size=30))
def test_mean_and_standard_error_are_the_textbooks(values):
    """As numpy computes them from the values themselves."""
    found = LossSums.of(np.array(values))
    assert found.mean == pytest.approx(np.mean(values))
    expected = np.std(values, ddof=1) / math.sqrt(len(values))
    assert found.standard_error == pytest.approx(expected, abs=1e-4)


def test_too_few_losses_tell_nothing_of_the_spread():
    """None has no mean; one has no spread: the interval is everything."""
    assert math.isnan(LossSums().mean)
    assert LossSums().standard_error == math.inf
    one = LossSums.of(np.array([3.0]))
    assert (one.mean, one.standard_error) == (3.0, math.inf)
    assert one.interval() == (-math.inf, math.inf)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_an_interval_holds_the_true_mean_as_often_as_it_says(confidence):
    """Two thousand windows of 400 skewed losses, as absolute errors are: within two points of what is promised."""
    rng = np.random.default_rng(11)
    windows = rng.exponential(2.0, (2000, 400))
    held = [low <= 2.0 <= high for low, high in (LossSums.of(one).interval(confidence) for one in windows)]
    assert np.mean(held) == pytest.approx(confidence, abs=0.02)


def test_more_losses_make_a_narrower_interval():
    """Four times the rows, half the width."""
    rng = np.random.default_rng(5)
    few, many = (LossSums.of(rng.exponential(2.0, n)).interval() for n in (10_000, 40_000))
    assert (many.high - many.low) / (few.high - few.low) == pytest.approx(0.5, abs=0.02)


def test_maturity_is_the_share_of_labels_that_have_come():
    """Without predictions there is no share."""
    assert Performance(predicted=4, labelled=LossSums(1, 2.0, 4.0)).maturity == 0.25
    assert math.isnan(Performance().maturity)


def test_only_rmse_is_shown_as_a_root():
    """Its losses are squares, so that they add up."""
    assert display("rmse", 9.0) == 3.0
    assert [display(metric, 9.0) for metric in ("mae", "mse", "log_loss")] == [9.0] * 3
