"""Values with intervals."""

import math

import pytest

from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.measure import Measure, logit_of, mean_of, normal_of, share_of, unknown
from keepfit.stats.intervals import Interval, wilson

UNIT = Interval(0.0, 1.0)


def test_without_rows_nothing_is_known():
    """The value is not a number, the interval everything that it could be."""
    for found in (mean_of(LossSums(), 0.95), unknown()):
        assert math.isnan(found.value)
        assert (found.low, found.high, found.n) == (-math.inf, math.inf, 0)
    share = share_of(0, 0, 0.95)
    assert math.isnan(share.value)
    assert (share.low, share.high) == UNIT


def test_a_mean_has_the_interval_of_its_sums():
    """As `LossSums` gives it."""
    sums = LossSums(4, 8.0, 20.0)
    assert mean_of(sums, 0.9) == Measure(
        value=2.0, low=sums.interval(0.9).low, high=sums.interval(0.9).high, n=4
    )


def test_a_share_has_wilsons_interval():
    """Which stays open where all rows agree."""
    assert share_of(10, 10, 0.95).low == pytest.approx(wilson(10, 10).low)
    assert share_of(10, 10, 0.95).low < 0.8


def test_a_normal_interval_ends_at_the_metrics_bounds():
    """An unknown error makes it as wide as these."""
    found = normal_of(0.9, 0.1, 20, 0.95, UNIT)
    assert (found.low, found.high) == (pytest.approx(0.9 - 1.96 * 0.1, abs=1e-4), 1.0)
    unsure = normal_of(0.9, math.nan, 20, 0.95, UNIT)
    assert (unsure.low, unsure.high) == UNIT
    assert math.isnan(normal_of(math.nan, 0.1, 20, 0.95, UNIT).value)


@pytest.mark.parametrize("value", [1e-9, 0.2, 0.999999])
def test_an_interval_in_log_odds_stays_between_0_and_1(value):
    """However large the error is, and it holds the value."""
    for error in (0.0, 0.05, 0.5, 50.0):
        found = logit_of(value, error, 10, 0.95)
        assert 0 <= found.low <= value * (1 + 1e-9)
        assert value * (1 - 1e-9) <= found.high <= 1
