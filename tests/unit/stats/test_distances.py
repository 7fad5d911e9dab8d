"""Distances between counts in the same cells."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import distance as scipy_distance
from scipy.stats import chi2_contingency, ks_2samp, norm, wasserstein_distance

from keepfit.stats import distances as between
from keepfit.stats.distances import (
    cell_distances,
    chi_square,
    cramers_v,
    hellinger,
    jensen_shannon,
    ks,
    l_infinity,
    psi,
    shares,
    total_variation,
    wasserstein,
)
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile

counts = st.lists(st.integers(0, 500), min_size=6, max_size=6).filter(any).map(np.array)
BOUNDED = [ks, total_variation, l_infinity, hellinger, jensen_shannon, cramers_v]
ALL = [psi, *BOUNDED]
ROWS = 20_000


def _families():
    """What columns look like: a reference and a window that differs from it, 20,000 rows each."""
    rng = np.random.default_rng(7)
    normal, moved = rng.normal(size=ROWS), rng.normal(0.2, 1.1, size=ROWS)
    far, others = normal.copy(), moved.copy()
    far[:3], others[:5] = [1e6, 1e6, -1e6], [1e6, 1.1e6, 9e5, -1e6, 2e6]
    times = 1.75e9 + rng.uniform(0, 30 * 86_400, ROWS)
    some, more = rng.random(ROWS) < 0.3, rng.random(ROWS) < 0.35
    return {
        "continuous": (normal, moved),
        "rounded": (normal.round(1), moved.round(1)),
        "discrete": (rng.poisson(4, ROWS).astype(float), rng.poisson(4.5, ROWS).astype(float)),
        "many integers": (rng.integers(0, 1000, ROWS) * 1.0, rng.integers(0, 1100, ROWS) * 1.0),
        "zero-inflated": (
            some * rng.exponential(size=ROWS).round(9),
            more * rng.exponential(1.2, size=ROWS).round(9),
        ),
        "t with 2 degrees": (rng.standard_t(2, ROWS), 0.1 + 1.2 * rng.standard_t(2, ROWS)),
        "lognormal": (rng.lognormal(0, 1, ROWS), rng.lognormal(0.1, 1, ROWS)),
        "timestamps": (times, times + 7 * 86_400),
        "outliers in the reference": (far, moved),
        "outliers in the window": (normal, others),
        "outliers in both": (far, others),
    }


FAMILIES = _families()


def _profiles(family):
    reference, window = FAMILIES[family]
    cells = NumericCells.of(reference)
    return NumericProfile.of(cells, reference), NumericProfile.of(cells, window)


@pytest.mark.parametrize("distance", ALL)
@settings(max_examples=40)
@given(a=counts, b=counts)
def test_distances_are_symmetric_nonnegative_and_zero_for_equal_shares(distance, a, b):
    """The same shares are at distance 0, whatever the number of rows; order of the sides does not matter."""
    assert distance(a, b) >= 0
    assert float(distance(a, b)) == pytest.approx(float(distance(b, a)))
    assert float(distance(a, 3 * a)) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("distance", BOUNDED)
@settings(max_examples=40)
@given(a=counts, b=counts)
def test_bounded_distances_reach_at_most_one(distance, a, b):
    """Their unit is a share of the rows."""
    assert distance(a, b) <= 1 + 1e-12


@settings(max_examples=40)
@given(counts, counts, st.permutations(range(6)))
def test_categories_have_no_order(a, b, order):
    """All but KS are the same however the cells are arranged."""
    for distance in (one for one in ALL if one is not ks):
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


@settings(max_examples=40)
@given(counts, counts)
def test_the_distances_bound_each_other(a, b):
    """H² <= TV <= √2 H, TV <= V, V² <= TV, L∞ <= TV, JS² <= TV; psi stays under 2 ln 1000."""
    tv, h = float(total_variation(a, b)), float(hellinger(a, b))
    assert h**2 <= tv + 1e-12
    assert tv <= np.sqrt(2) * h + 1e-7
    v = float(cramers_v(a, b))
    assert tv <= v + 1e-12
    assert v**2 <= tv + 1e-12
    assert float(l_infinity(a, b)) <= tv + 1e-12
    assert float(jensen_shannon(a, b)) ** 2 <= tv + 1e-12
    assert float(psi(a, b)) <= 2 * np.log(1000)


@settings(max_examples=40)
@given(counts, counts)
def test_chi_square_is_the_contingency_tables(a, b):
    """Statistic and degrees of freedom are those of Pearson's test on the table without its empty columns."""
    held = (a + b) > 0
    found = chi_square(a, b)
    if held.sum() < 2:
        assert (float(found.statistic), int(found.degrees)) == (0.0, 0)
        return
    exact = chi2_contingency(np.stack([a, b])[:, held], correction=False)
    assert float(found.statistic) == pytest.approx(exact.statistic, abs=1e-9)
    assert int(found.degrees) == exact.dof
    assert float(found.statistic) <= a.sum() + b.sum() + 1e-9


def test_cramers_v_is_the_root_of_chi_square_over_the_rows_and_does_not_grow_with_them():
    """With as many rows on both sides it is the textbook's; ten times the window's rows change nothing."""
    a, b = np.array([30, 50, 20]), np.array([10, 60, 30])
    statistic, _ = chi_square(a, b)
    assert float(cramers_v(a, b)) == pytest.approx(np.sqrt(statistic / 200))
    assert float(cramers_v(a, 10 * b)) == pytest.approx(float(cramers_v(a, b)))


def test_many_chi_squares_at_once_and_one_without_rows():
    """Along the last axis; NaN where a side has no rows."""
    statistic, degrees = chi_square([[1, 2, 0], [3, 0, 0], [1, 1, 1]], [[2, 1, 0], [1, 4, 0], [0, 0, 0]])
    assert degrees.tolist() == [1, 1, 2]
    assert np.isnan(statistic).tolist() == [False, False, True]


@settings(max_examples=40)
@given(counts, counts)
def test_jensen_shannon_is_scipys(a, b):
    """In bits."""
    exact = scipy_distance.jensenshannon(a, b, base=2)
    assert float(jensen_shannon(a, b)) == pytest.approx(float(np.nan_to_num(exact)), abs=1e-7)


@pytest.mark.parametrize("values", [[1, 2, 3, 4, 6], [0.1, 0.2, 0.30000000000000004], [-1e6, 0.0, 1e6]])
def test_distances_of_values_with_cells_of_their_own_are_those_of_the_values(values):
    """Few different values, each with a cell to itself: what is read off the profile is exact on the raw data."""
    rng = np.random.default_rng(5)
    reference, window = (rng.choice(values, 500, p=rng.dirichlet(np.full(len(values), 9))) for _ in range(2))
    cells = NumericCells.of(reference)
    assert set(cells.atoms) == set(values)
    raw = [(one[:, None] == np.array(values)).sum(axis=0) for one in (reference, window)]
    a, b = (NumericProfile.of(cells, one) for one in (reference, window))
    for distance in ALL:
        assert float(distance(a.counts, b.counts)) == pytest.approx(float(distance(*raw)), abs=1e-12)
    assert wasserstein(a, b) == pytest.approx(wasserstein_distance(reference, window), rel=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_binned_distances_are_exact_for_their_bins(family):
    """Nothing is lost on the way from raw values to coarse counts, outliers of 1e6 among them: numpy's histogram agrees."""
    (reference, window), (a, b) = FAMILIES[family], _profiles(family)
    edges = [-np.inf, *(a.cells.edges[first - 1] for first in a.cells.coarse[1:]), np.inf]
    raw = [np.histogram(one, edges)[0] for one in (reference, window)]
    for distance in (*ALL, lambda r, w: chi_square(r, w).statistic):
        assert float(distance(a.coarse()[:-1], b.coarse()[:-1])) == float(distance(*raw))


@pytest.mark.parametrize(
    ("distance", "exact", "lost"),
    [
        (total_variation, 2 * norm.cdf(0.25) - 1, 0.03),
        (hellinger, np.sqrt(1 - np.exp(-1 / 32)), 0.06),
        (psi, 0.25, 0.12),
    ],
)
def test_deciles_lose_little_of_the_distance_between_two_laws(distance, exact, lost):
    """A normal law that moves by half a standard deviation, whose distances are known: deciles show them up to this part."""
    rng = np.random.default_rng(4)
    reference, window = rng.normal(size=100_000), rng.normal(0.5, 1, size=100_000)
    cells = NumericCells.of(reference)
    found = float(
        distance(NumericProfile.of(cells, reference).coarse(), NumericProfile.of(cells, window).coarse())
    )
    assert (1 - lost) * exact <= found <= 1.01 * exact


@pytest.mark.parametrize("family", FAMILIES)
def test_ks_on_cells_is_the_exact_one_to_a_thousandth(family):
    """Against scipy's on the raw values; never above it."""
    a, b = _profiles(family)
    exact = ks_2samp(*FAMILIES[family]).statistic
    assert exact - 0.001 <= float(ks(a.counts, b.counts)) <= exact + 1e-12


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0, 1, 3]), st.floats(-2, 2))
def test_ks_is_short_by_at_most_its_largest_cell(seed, decimals, shift):
    """The largest smaller share of a cell that holds more than one value bounds the error, for any values."""
    rng = np.random.default_rng(seed)
    reference, window = (rng.normal(size=400).round(decimals), (shift + rng.normal(size=300)).round(decimals))
    cells = NumericCells.of(reference)
    a, b = NumericProfile.of(cells, reference).counts, NumericProfile.of(cells, window).counts
    index = np.searchsorted(cells.edges, np.concatenate([reference, window]), side="right")
    values = {i: set() for i in range(cells.size)}
    for cell, value in zip(index.tolist(), np.concatenate([reference, window]).tolist(), strict=True):
        values[cell].add(value)
    wide = np.array([len(values[i]) > 1 for i in range(cells.size)])
    bound = float(np.minimum(shares(a), shares(b))[wide].max(initial=0.0))
    exact = ks_2samp(reference, window).statistic
    assert exact - bound - 1e-12 <= float(ks(a, b)) <= exact + 1e-12


def test_ks_sees_an_integer_column_scaled_by_a_tenth():
    """Isolated atoms make 1 → 1.1 a full move."""
    x = np.repeat([1.0, 2.0, 3.0], 100)
    cells = NumericCells.of(x)
    assert float(
        ks(NumericProfile.of(cells, x).counts, NumericProfile.of(cells, 1.1 * x).counts)
    ) == pytest.approx(1 / 3)


@pytest.mark.parametrize("family", FAMILIES)
def test_wasserstein_on_cells_is_the_exact_one_to_a_five_hundredth_of_the_quartiles_span(family):
    """Against scipy's on the raw values; in interquartile ranges, or units where half of the values are equal."""
    reference, window = FAMILIES[family]
    exact = wasserstein_distance(reference, window)
    spread = float(np.subtract(*np.quantile(reference, [0.75, 0.25]))) or 1.0
    assert wasserstein(*_profiles(family)) == pytest.approx(exact, abs=0.002 * spread)


def test_wasserstein_of_the_heaviest_tails_is_within_a_hundredth():
    """A lognormal law with sigma 2, whose largest values are thousands of times the median."""
    rng = np.random.default_rng(2)
    x, y = rng.lognormal(0, 2, size=ROWS), rng.lognormal(0.1, 2, size=ROWS)
    cells = NumericCells.of(x)
    found = wasserstein(NumericProfile.of(cells, x), NumericProfile.of(cells, y))
    spread = float(np.subtract(*np.quantile(x, [0.75, 0.25])))
    assert found == pytest.approx(wasserstein_distance(x, y), abs=0.01 * spread)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.2, 3), st.floats(-2, 2))
def test_wasserstein_is_off_by_at_most_the_spread_within_cells(seed, scale, shift):
    """The mean distance from the cells' means, of both sides, bounds the error for any values."""
    rng = np.random.default_rng(seed)
    sides = rng.standard_t(2, 200), shift + scale * rng.standard_t(2, 300)
    cells = NumericCells.of(sides[0])
    bound = 0.0
    for side in sides:
        index = np.searchsorted(cells.edges, side, side="right")
        means = np.bincount(index, side, cells.size) / np.maximum(np.bincount(index, minlength=cells.size), 1)
        bound += float(np.abs(side - means[index]).mean())
    found = wasserstein(*(NumericProfile.of(cells, side) for side in sides))
    assert abs(found - wasserstein_distance(*sides)) <= bound + 1e-9


def test_wasserstein_without_values_and_with_infinities():
    """NaN without values; infinities lie at the outermost edge, so that the distance stays a number."""
    x = np.arange(100.0)
    cells = NumericCells.of(x)
    reference = NumericProfile.of(cells, x)
    assert np.isnan(wasserstein(reference, NumericProfile.empty(cells)))
    assert np.isnan(wasserstein(NumericProfile.empty(cells), reference))
    infinite = NumericProfile.of(cells, np.where(x < 50, x, np.inf))
    at_the_edge = NumericProfile.of(cells, np.where(x < 50, x, cells.edges[-1]))
    assert wasserstein(reference, infinite) == pytest.approx(wasserstein(reference, at_the_edge))


def test_shares_sum_to_one():
    """And are NaN where there is nothing."""
    assert shares([[1, 1], [0, 0]]).tolist()[0] == [0.5, 0.5]
    assert np.isnan(shares([0, 0])).all()


def test_all_distances_at_once_are_those_by_themselves():
    """To the last digit, also where a side or a cell is empty."""
    rng = np.random.default_rng(3)
    was = np.vstack([rng.poisson(3, (6, 12)), np.zeros((1, 12), int)])
    now = np.vstack([rng.poisson(2, (6, 12)), np.ones((1, 12), int)])
    found = cell_distances(was, now)._asdict()
    for name, values in found.items():
        np.testing.assert_array_equal(values, getattr(between, name)(was, now))
