"""A change cut up by slices: what each adds, and how well it is known."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.cell_losses import CellLosses, CellSums
from keepfit.evaluation.cell_slices import searched
from keepfit.evaluation.loss_sums import LossSums
from keepfit.evaluation.slice_change import SliceChange, error_of, fieller
from keepfit.stats.coarse import coarse_cells
from keepfit.stats.profile import CategoricalCells

CELLS = {"zone": CategoricalCells(values=("a", "b", "c"))}
ZONES = np.array(["a", "b", "c"])


def _draw(rng, n, shares, means):
    """Rows of three zones; losses scatter by 1 about the mean of their zone."""
    places = rng.choice(3, n, p=shares)
    losses = rng.normal(np.array(means)[places], 1)
    zone = CellSums.empty(coarse_cells(CELLS["zone"]))
    held = [np.bincount(places, weights, 6) for weights in (None, losses, losses**2)]
    return CellLosses(features={"zone": replace(zone, counts=held[0], totals=held[1], squares=held[2])})


def _cut(now, old):
    return SliceChange.of(searched(now, old), now, old)


NOW, OLD = ((0.3, 0.5, 0.2), (5.0, 3.0, 4.0)), ((0.2, 0.5, 0.3), (4.0, 3.0, 4.0))


def _simulated(read, n=400, m=600, draws=800):
    """What is read off many pairs of samples."""
    rng = np.random.default_rng(0)
    return np.array([read(_cut(_draw(rng, n, *NOW), _draw(rng, m, *OLD))) for _ in range(draws)])


def test_what_a_slice_adds_is_its_losses_beyond_the_old_mean():
    """W (l' - m) - r (l - m), from the rows themselves; all slices that cut up the rows add up to the change."""
    rng = np.random.default_rng(1)
    now, old = _draw(rng, 300, *NOW), _draw(rng, 200, *OLD)
    cut = _cut(now, old)
    new, past, mean = now.features["zone"], old.features["zone"], old.whole.mean
    expected = (new.totals[:3] - mean * new.counts[:3]) / 300 - (
        past.totals[:3] - mean * past.counts[:3]
    ) / 200
    np.testing.assert_allclose(cut.change, expected)
    assert cut.change.sum() == pytest.approx(now.whole.mean - old.whole.mean)


@pytest.mark.parametrize("which", ["excess", "burden"])
def test_errors_are_those_of_many_samples(which):
    """The delta method's standard errors are what 500 pairs of samples scatter by, or by caution up to a fifth more."""
    found = _simulated(lambda cut: getattr(cut, which), draws=500)
    ratio = found[:, 1].mean(axis=0) / found[:, 0].std(axis=0)
    assert (ratio > 0.92).all()
    assert (ratio < 1.2).all()


def test_rows_that_look_alike_by_chance_are_not_taken_for_sure():
    """Sixty rows without one error among rows that err: the caution gives them the scatter of the others."""
    rng = np.random.default_rng(4)
    zones = pl.Series(["a"] * 60 + ["b"] * 1940)
    losses = np.append(np.zeros(60), rng.random(1940) < 0.05)
    found = CellLosses.of(CELLS, {"zone": zones}, losses)
    now, ones = _cut(found, found).now, np.ones(2)
    plain, cautious = (
        getattr(now, name)(ones, 0 * ones, 0 * ones) for name in ("variance", "cautious_variance")
    )
    assert plain[0] == 0
    assert cautious[0] == pytest.approx(60 * losses[60:].var(ddof=1) / 2000**2)
    assert cautious[1] == pytest.approx(plain[1])


def test_excess_and_burden_are_nothing_where_all_is_alike():
    """A loss that rose everywhere by as much has no excess, one that rose by a factor no burden."""
    rng = np.random.default_rng(2)
    rows, losses = pl.Series(ZONES[rng.choice(3, 500)]), rng.exponential(size=500)
    old = CellLosses.of(CELLS, {"zone": rows}, losses)
    shifted = _cut(CellLosses.of(CELLS, {"zone": rows}, losses + 1), old)
    scaled = _cut(CellLosses.of(CELLS, {"zone": rows}, losses * 2), old)
    np.testing.assert_allclose(shifted.excess[0], 0, atol=1e-12)
    np.testing.assert_allclose(scaled.burden[0], 0, atol=1e-12)
    assert (np.abs(shifted.burden[0]) > 1e-3).any()


def test_the_interval_of_a_share_holds_as_often_as_it_says():
    """The true share of each zone lies in its 95 % interval in 95 % of 800 pairs of samples."""
    (w, after), (r, before) = (tuple(np.array(one) for one in side) for side in (NOW, OLD))
    mean = (r * before).sum()
    truth = (w * (after - mean) - r * (before - mean)) / ((w * after).sum() - mean)
    intervals = _simulated(lambda cut: cut.share_intervals(1.96), n=1000, m=1000)
    held = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
    np.testing.assert_allclose(held.mean(axis=0), 0.95, atol=0.02)


@settings(max_examples=50)
@given(st.floats(0.1, 5), st.floats(0.5, 3), st.floats(0.001, 0.02), st.floats(0.001, 0.02))
def test_fiellers_ends_are_where_the_test_of_the_share_turns(value, total, apart, whole):
    """At both ends |value - share * total| is exactly z of its own standard errors."""
    one = np.ones(1)
    low, high = fieller(one * value, total, one * apart, one * whole, one * 0.0005, 1.96)
    for end in (float(low[0]), float(high[0])):
        error = np.sqrt(apart - 2 * end * 0.0005 + end**2 * whole)
        assert abs(value - end * total) == pytest.approx(1.96 * error, rel=1e-6)
    assert low[0] <= value / total <= high[0]


def test_a_total_that_may_be_nothing_has_no_share():
    """The interval is everything."""
    one = np.ones(1)
    low, high = fieller(one, 0.1, one, one, 0 * one, 1.96)
    assert (low[0], high[0]) == (-np.inf, np.inf)


def test_errors_of_two_means_add_in_quadrature():
    """As independent samples do."""
    left, right = LossSums.of(np.arange(10.0)), LossSums.of(np.arange(30.0))
    assert error_of(left, right) ** 2 == pytest.approx(left.standard_error**2 + right.standard_error**2)
