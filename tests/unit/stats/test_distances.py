"""Distances between counts in the same cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp, wasserstein_distance

from keepfit.stats.distances import jensen_shannon, ks, psi, shares, total_variation, wasserstein
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile

counts = st.lists(st.integers(0, 500), min_size=6, max_size=6).filter(any).map(np.array)
ALL = [psi, ks, total_variation, jensen_shannon]


@pytest.mark.parametrize("distance", ALL)
@settings(max_examples=40)
@given(a=counts, b=counts)
def test_distances_are_symmetric_nonnegative_and_zero_for_equal_shares(distance, a, b):
    """The same shares are at distance 0, whatever the number of rows; order of the sides does not matter."""
    assert distance(a, b) >= 0
    assert float(distance(a, b)) == pytest.approx(float(distance(b, a)))
    assert float(distance(a, 3 * a)) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("distance", [ks, total_variation, jensen_shannon])
@settings(max_examples=40)
@given(a=counts, b=counts)
def test_bounded_distances_reach_at_most_one(distance, a, b):
    """Their unit is a share of the rows."""
    assert distance(a, b) <= 1 + 1e-12


@settings(max_examples=40)
@given(counts, counts, st.permutations(range(6)))
def test_categories_have_no_order(a, b, order):
    """All but KS are the same however the cells are arranged."""
    for distance in (psi, total_variation, jensen_shannon):
        assert float(distance(a[order], b[order])) == pytest.approx(float(distance(a, b)))


@pytest.mark.parametrize("distance", ALL)
def test_many_pairs_at_once(distance):
    """Along the last axis, each row by itself."""
    many = np.random.default_rng(0).integers(0, 9, size=(5, 4)) + 1
    one = np.array([4, 3, 2, 1])
    np.testing.assert_allclose(distance(one, many), [float(distance(one, row)) for row in many])


@pytest.mark.parametrize("distance", ALL)
def test_a_side_without_rows_has_no_distance(distance):
    """NaN, not 0."""
    assert np.isnan(distance([1, 2], [0, 0]))


def test_psi_of_an_empty_cell_is_finite_and_of_a_rare_one_is_nothing():
    """Shares under a thousandth are taken as a thousandth."""
    assert float(psi([100, 0], [90, 10])) == pytest.approx(
        0.099 * np.log(100) + 0.1 * np.log(1 / 0.9), abs=1e-9
    )
    assert psi([999_999, 1], [999_500, 500]) == pytest.approx(0, abs=1e-6)


def test_ks_on_cells_is_the_exact_one_to_half_a_percent():
    """Against scipy's on the raw values."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=20_000), rng.normal(0.2, 1.1, size=20_000)
    cells = NumericCells.of(x)
    found = float(ks(NumericProfile.of(cells, x).counts, NumericProfile.of(cells, y).counts))
    assert found == pytest.approx(ks_2samp(x, y).statistic, abs=0.005)


def test_ks_sees_an_integer_column_scaled_by_a_tenth():
    """Isolated atoms make 1 → 1.1 a full move."""
    x = np.repeat([1.0, 2.0, 3.0], 100)
    cells = NumericCells.of(x)
    assert float(
        ks(NumericProfile.of(cells, x).counts, NumericProfile.of(cells, 1.1 * x).counts)
    ) == pytest.approx(1 / 3)


def test_wasserstein_is_the_exact_one_to_half_a_percent_of_the_spread():
    """Against scipy's on the raw values; a shift within a cell is seen by the cells' means."""
    rng = np.random.default_rng(2)
    x, y = rng.lognormal(size=20_000), rng.lognormal(0.1, 1.0, size=20_000)
    cells = NumericCells.of(x)
    found = wasserstein(NumericProfile.of(cells, x), NumericProfile.of(cells, y))
    assert found == pytest.approx(wasserstein_distance(x, y), abs=0.005 * x.std())
    assert np.isnan(wasserstein(NumericProfile.of(cells, x), NumericProfile.empty(cells)))


def test_shares_sum_to_one():
    """And are NaN where there is nothing."""
    assert shares([[1, 1], [0, 0]]).tolist()[0] == [0.5, 0.5]
    assert np.isnan(shares([0, 0])).all()
