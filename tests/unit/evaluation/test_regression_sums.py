"""Regression metrics read off sums, against scikit-learn's on the raw rows."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as judge

from keepfit.evaluation.metrics import measure, measures
from keepfit.evaluation.regression_sums import RegressionSums, cost

# Quarters of small whole numbers: sums of their powers are exact, so that laws hold to the last bit.
quarters = st.integers(-40, 40).map(lambda n: n / 4)
rows = st.lists(st.tuples(quarters, quarters), max_size=8)


def sums_of(pairs, centre=0.5):
    table = np.array(pairs, np.float64).reshape(-1, 2)
    return RegressionSums.of(centre, table[:, 0], table[:, 1])


def exact(sums):
    """Everything but the relative errors, whose sums are rounded."""
    return [getattr(sums, name) for name in RegressionSums.__slots__ if name != "relative"]


@settings(max_examples=40, deadline=None)
@given(rows, rows, rows, st.randoms())
def test_they_are_a_commutative_monoid_whatever_the_order_of_the_rows(a, b, c, random):
    """The sums of parts are those of the whole."""
    one, two, three = (sums_of(part) for part in (a, b, c))
    whole = [*a, *b, *c]
    random.shuffle(whole)
    assert exact((one + two) + three) == exact(one + (two + three)) == exact(sums_of(whole))
    assert one + two == two + one
    assert one + RegressionSums.empty(0.5) == one
    together = (one + two).relative
    assert together.n == one.relative.n + two.relative.n
    assert together.total == pytest.approx(sums_of([*a, *b]).relative.total)


def draw(seed, n, offset=0.0):
    rng = np.random.default_rng(seed)
    y = rng.gamma(2.0, 5.0, n) + offset
    return y, y + rng.normal(0.5, 3.0, n)


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("parts", [1, 7])
def test_each_metric_is_scikit_learns(offset, parts):
    """Whole or added up from parts, near 0 or far from it: labels are summed about a centre."""
    y, p = draw(1, 5000, offset)
    split = zip(np.array_split(y, parts), np.array_split(p, parts), strict=True)
    sums = sum((RegressionSums.of(offset + 8, *one) for one in split), RegressionSums.empty(offset + 8))
    expected = {
        "mae": judge.mean_absolute_error(y, p),
        "mse": judge.mean_squared_error(y, p),
        "rmse": judge.root_mean_squared_error(y, p),
        "mape": judge.mean_absolute_percentage_error(y, p),
        "r2": judge.r2_score(y, p),
        "bias": np.mean(p - y),
        "pinball": judge.mean_pinball_loss(y, p),
    }
    found = measures(sums)
    assert {name: one.value for name, one in found.items()} == pytest.approx(expected, rel=1e-8)
    assert all(one.low < one.value < one.high for one in found.values())
    for quantile in (0.1, 0.9):
        expected_loss = judge.mean_pinball_loss(y, p, alpha=quantile)
        assert measure(sums, f"pinball@{quantile}").value == pytest.approx(expected_loss)


def test_a_cost_a_unit_too_low_and_too_high_is_added_up():
    """The mean over rows, with the interval of a mean."""
    y, p = draw(2, 400)
    each = np.where(p < y, 10 * (y - p), 3 * (p - y))
    found = cost(RegressionSums.of(0.0, y, p), 10, 3)
    assert found.value == pytest.approx(each.mean())
    reach = 1.959964 * each.std(ddof=1) / math.sqrt(400)
    assert (found.low, found.high) == pytest.approx((each.mean() - reach, each.mean() + reach))


def test_labels_of_zero_count_in_everything_but_the_relative_error():
    """Which is the mean over the others, and not defined without any."""
    sums = sums_of([(0.0, 1.0), (2.0, 1.0)])
    assert (measure(sums, "mae").value, measure(sums, "mape").value, measure(sums, "mape").n) == (1.0, 0.5, 1)
    assert math.isnan(measure(sums_of([(0.0, 1.0)]), "mape").value)


def test_values_that_cannot_be_summed_are_counted_apart():
    """An infinite label or prediction, or one whose fourth power would be, makes no other row unknown."""
    y = np.array([1.0, np.inf, 2.0, 3.0, 1e200])
    p = np.array([1.5, 1.0, -np.inf, 3.0, 1.0])
    sums = RegressionSums.of(0.0, y, p)
    assert (sums.n, sums.unsummed, measure(sums, "mae").value) == (2, 3, 0.25)


def test_labels_that_do_not_vary_have_no_r2():
    """Nor have fewer than two; no other metric minds."""
    for pairs in ([], [(3.0, 4.0)], [(3.0, 4.0)] * 5):
        assert math.isnan(measure(sums_of(pairs), "r2").value)
    assert measure(sums_of([(3.0, 4.0)] * 5), "mae").value == 1.0
    assert math.isnan(measure(sums_of([]), "rmse").value)


def test_sums_about_different_centres_are_not_added():
    """Their squares are of different things."""
    with pytest.raises(ValueError, match="different centres"):
        sums_of([], 0.0) + sums_of([], 1.0)


def test_intervals_hold_the_true_value_as_often_as_they_say():
    """In 500 windows of 500 rows: 95 % within three points, for every metric; R² by the delta method too."""
    y, p = draw(3, 250_000, offset=5.0)
    truth = measures(RegressionSums.of(0.0, y, p))
    windows = [
        measures(RegressionSums.of(0.0, y[i : i + 500], p[i : i + 500])) for i in range(0, 250_000, 500)
    ]
    for name, one in truth.items():
        held = [window[name].low <= one.value <= window[name].high for window in windows]
        assert np.mean(held) == pytest.approx(0.95, abs=0.03), name
