"""How long labels take: a histogram that adds up, and what it says of labels that have not come yet."""

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.delays import CELLS, EDGES, DelayCurve, LabelDelays

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Whole seconds: their sums are exact, so that laws hold to the last bit.
delays = st.lists(st.integers(0, 40_000_000), max_size=8).map(
    lambda seconds: LabelDelays.of(np.array(seconds, np.float64))
)
windows = st.tuples(st.integers(0, 5), delays, st.integers(0, 400).map(lambda days: days * DAY))
curves = windows.map(lambda one: DelayCurve.of(one[0] + one[1].n, one[1], one[2]))


@settings(max_examples=40, deadline=None)
@given(delays, delays, delays)
def test_delays_are_a_commutative_monoid(a, b, c):
    """The delays of a week are those of its days."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert hash(a + b) == hash(b + a)
    assert a + LabelDelays.empty() == a
    assert (a + b).n == a.n + b.n


@settings(max_examples=40, deadline=None)
@given(curves, curves, curves)
def test_curves_are_a_commutative_monoid_of_shares(a, b, c):
    """What windows say together does not depend on their order; shares grow with age, between 0 and 1."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert hash(a + b) == hash(b + a)
    assert a + DelayCurve.empty() == a
    shares = (a + b + c).shares
    assert shares.shape == (CELLS,)
    assert (np.diff(shares) >= 0).all()
    assert ((shares >= 0) & (shares <= 1)).all()


def test_the_edges_reach_from_a_minute_to_a_year():
    """Nine per cent apart; what is shorter or longer has a cell too, and a label before its event took no time."""
    assert EDGES[0] == 60
    assert EDGES[-1] >= 365 * 86_400
    assert np.allclose(EDGES[1:] / EDGES[:-1], 2 ** (1 / 8))
    found = LabelDelays.of(np.array([-5.0, 0.0, 59.0, 60.0, 1e9]))
    assert found.counts[[0, 1, -1]].tolist() == [3, 1, 1]
    assert found.seconds[0] == 59.0


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_quantiles_are_the_exact_ones_within_the_width_of_a_cell(share):
    """Of 10,000 delays around a day; exactly, where all took the same."""
    seconds = np.random.default_rng(1).lognormal(math.log(86_400), 0.7, 10_000)
    found = LabelDelays.of(seconds).quantile(share)
    assert found.total_seconds() == pytest.approx(np.quantile(seconds, share), rel=0.09)
    assert LabelDelays.of(np.full(9, 86_400.0)).quantile(share) == DAY
    assert LabelDelays.empty().quantile(share) is None


def world(age, rng, n=2000, comes=0.9, mean_days=3.0):
    """A window of that age: one label in ten never comes, the others after some days; only those of its age are known."""
    took = rng.exponential(mean_days * 86_400, n)[: round(comes * n)]
    return n, LabelDelays.of(took[took < age.total_seconds()]), age


def test_windows_that_are_still_young_do_not_make_labels_look_lost():
    """Of thirty daily windows most wait for labels: the curve is still the truth, where the plain share is far below."""
    rng = np.random.default_rng(2)
    seen = [world(days * DAY, rng) for days in range(1, 31)]
    curve = DelayCurve.learned(seen)
    for days in (0.5, 1, 3, 7, 20):
        truth = 0.9 * (1 - math.exp(-days / 3))
        assert curve.expected_maturity(days * DAY) == pytest.approx(truth, abs=0.015)
    assert curve.quantile(0.5) / DAY == pytest.approx(-3 * math.log(1 - 0.5 / 0.9), rel=0.09)
    young = seen[:7]
    plain = sum(one.n for _, one, _ in young) / sum(n for n, _, _ in young)
    assert plain < 0.7
    assert DelayCurve.learned(young).expected_maturity(7 * DAY) == pytest.approx(
        0.9 * (1 - math.exp(-7 / 3)), abs=0.02
    )


def test_what_was_never_reached_is_not_made_up():
    """A tenth of the labels never comes, so that 95 % are never there; what is reached is told."""
    rng = np.random.default_rng(3)
    curve = DelayCurve.learned([world(days * DAY, rng) for days in (28, 29, 30)])
    assert curve.quantile(0.95) is None
    assert curve.most == pytest.approx(0.9, abs=0.02)
    assert curve.expected_maturity(300 * DAY) == pytest.approx(curve.most)


def test_nothing_is_known_before_a_window_is_old_enough():
    """A window that is not a minute old says nothing."""
    for curve in (DelayCurve.empty(), DelayCurve.of(10, LabelDelays.empty(), timedelta(seconds=5))):
        assert not curve.known
        assert math.isnan(curve.most)
        assert math.isnan(curve.expected_maturity(DAY))
        assert math.isnan(curve.expected_between(DAY, 2 * DAY))
        assert curve.quantile(0.5) is None
    waiting = DelayCurve.of(10, LabelDelays.empty(), 5 * DAY)
    assert (waiting.known, waiting.most, waiting.expected_maturity(2 * DAY)) == (True, 0.0, 0.0)


def test_a_window_should_be_as_mature_as_the_mean_of_its_rows():
    """Labels take a day: of a daily window that ended half a day ago, half of the rows are a day old."""
    curve = DelayCurve.of(1000, LabelDelays.of(np.full(1000, 86_400.0)), 9 * DAY)
    assert curve.expected_between(DAY / 2, 1.5 * DAY) == pytest.approx(0.5, abs=0.05)
    assert curve.expected_between(-DAY, timedelta(0)) == pytest.approx(0.0, abs=0.01)
    assert curve.expected_between(2 * DAY, 3 * DAY) == pytest.approx(1.0)
    assert curve.quantile(1.0) == DAY


def test_more_labels_than_predictions_are_no_error():
    """Old evidence may have been counted otherwise: nobody is left at risk, and the share stays one."""
    curve = DelayCurve.of(2, LabelDelays.of(np.array([60.0, 3600.0, 3700.0])), DAY)
    assert curve.most <= 1.0
