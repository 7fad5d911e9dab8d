"""Sums of losses: they add up, and their intervals hold what they should."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.loss_sums import LossSums, merge_sums, total

# Quarters of small whole numbers: their sums are exact, so that laws hold to the last bit.
losses = st.lists(st.integers(0, 4000).map(lambda n: n / 4), max_size=10).map(np.array)
sums = losses.map(LossSums.of)


@settings(max_examples=50)
@given(sums, sums, sums)
def test_loss_sums_are_a_commutative_monoid(a, b, c):
    """A week is the sum of its days, in any order."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + LossSums() == a


@settings(max_examples=50)
@given(losses, losses)
def test_the_sums_of_two_parts_are_those_of_the_whole(a, b):
    """Evidence of all rows, whoever summed which; taken apart again by subtraction."""
    whole = LossSums.of(np.concatenate([a, b]))
    assert LossSums.of(a) + LossSums.of(b) == whole
    assert whole - LossSums.of(b) == LossSums.of(a)
    assert total([LossSums.of(a), LossSums.of(b)]) == whole


@settings(max_examples=50)
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


def test_a_loss_that_is_not_a_number_is_not_passed_over():
    """Nothing can be told of a mean that it belongs to."""
    assert math.isnan(LossSums.of(np.array([1.0, math.nan])).mean)


def test_families_are_added_key_by_key():
    """A key that only one of them has is kept."""
    one, two = LossSums(1, 2.0, 4.0), LossSums(1, 1.0, 1.0)
    assert merge_sums({"a": one, "b": one}, {"b": two}) == {"a": one, "b": LossSums(2, 3.0, 5.0)}
