"""The cells of a number: quantiles, deciles, atoms, range and ladder."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.numeric_cells import NumericCells

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=100).map(np.array)


@settings(max_examples=40)
@given(numbers)
def test_edges_ascend_and_bracket_the_reference(values):
    """Edges are strictly ascending, begin at or below the minimum, and end above the maximum."""
    cells = NumericCells.of(values)
    assert np.all(np.diff(cells.edges) > 0)
    assert cells.edges[0] <= values.min()
    assert cells.edges[-1] > values.max()
    assert cells.low == values.min()
    assert cells.high == values.max()


@settings(max_examples=40)
@given(numbers)
def test_coarse_cells_are_made_of_whole_fine_cells(values):
    """The coarse cells start at ascending fine cells, the first at the very first."""
    cells = NumericCells.of(values)
    assert cells.coarse[0] == 0
    assert np.all(np.diff(cells.coarse) > 0)
    assert cells.coarse[-1] < cells.size


def test_a_value_that_carries_more_than_a_64th_has_a_cell_to_itself():
    """The next float above an atom, and the one below, lie in other cells."""
    cells = NumericCells.of(np.concatenate([np.full(20, 5.0), np.linspace(0, 10, 980)]))
    assert cells.atoms == (5.0,)
    own = cells.cell_of(5.0)
    assert cells.cell_of(np.nextafter(5.0, 6.0)) == own + 1
    assert cells.cell_of(np.nextafter(5.0, 4.0)) == own - 1


def test_deciles_are_edges():
    """Each decile of the reference begins a cell."""
    values = np.random.default_rng(0).normal(size=1000)
    cells = NumericCells.of(values)
    deciles = np.sort(values)[np.arange(10) * 100]
    assert set(deciles) <= set(cells.edges)
    assert set(deciles) <= {cells.edges[i - 1] for i in cells.coarse[1:]}


def test_values_outside_the_range_have_cells_of_their_own():
    """What is below the minimum or above the maximum shares no coarse cell with the reference."""
    values = np.linspace(1, 2, 100)
    cells = NumericCells.of(values)
    coarse = np.searchsorted(cells.coarse, [cells.cell_of(x) for x in (0.99, 1.0, 2.0, 2.01)], side="right")
    assert len(set(coarse.tolist())) == 4
    assert not cells.holds(0.99)
    assert cells.holds(1.0)
    assert cells.holds(2.0)
    assert not cells.holds(2.01)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("factor", [1000.0, 1 / 1000])
def test_values_in_another_unit_fall_in_narrow_cells(sign, factor):
    """Values a thousand times as large or as small spread over many cells, those with a zero among them too."""
    values = sign * np.append(np.random.default_rng(0).lognormal(size=2000), 0.0)
    cells = NumericCells.of(values)
    hit = {cells.cell_of(one) for one in (values * factor)[:-1]}
    assert len(hit) >= 10


def test_one_outlier_moves_no_other_cell():
    """An absurd value adds cells at the end, and leaves those of the body as they were."""
    values = np.random.default_rng(0).normal(size=1000)
    clean, dirty = NumericCells.of(values), NumericCells.of(np.append(values, 1e12))
    body = [edge for edge in clean.edges if abs(edge) < 2]
    kept = [edge for edge in dirty.edges if abs(edge) < 2]
    assert len(set(body) & set(kept)) > 0.5 * len(body)
    assert len(kept) > 0.95 * len(body)


def test_infinities_and_nan_make_no_edge():
    """Edges come from finite values alone."""
    with_them = NumericCells.of(np.array([1.0, 2.0, np.nan, np.inf, -np.inf, 1e300]))
    assert with_them == NumericCells.of(np.array([1.0, 2.0]))


def test_a_reference_without_values_has_one_cell():
    """Everything lies in it, and nothing in the reference's range."""
    cells = NumericCells.of(np.array([np.nan]))
    assert cells.size == 1
    assert cells.cell_of(3.0) == 0
    assert not cells.holds(3.0)


@pytest.mark.parametrize("n", [40, 1000, 30_000])
@pytest.mark.parametrize("outliers", [[1e6], [-1e6], [1e6, -1e6, 2e6]])
def test_outliers_stretch_no_coarse_cell(n, outliers):
    """The coarse cells end where the body does; only the minimum and the maximum tell of the outliers."""
    values = np.random.default_rng(0).normal(size=n)
    clean, dirty = NumericCells.of(values), NumericCells.of(np.append(values, outliers))
    ends = [[cells.edges[i - 1] for i in cells.coarse[1:]] for cells in (clean, dirty)]
    assert (ends[0][0], ends[0][-1]) == (ends[1][0], ends[1][-1])
    assert dirty.high == max(*outliers, clean.high)
    assert dirty.low == min(*outliers, clean.low)
    assert dirty.scale == pytest.approx(clean.scale, rel=0.2)
    assert np.unique(np.searchsorted(dirty.edges, values * 100)).size >= 10


def test_a_long_tail_is_no_outlier():
    """The extremes of a lognormal law are part of the range."""
    values = np.random.default_rng(0).lognormal(sigma=1.5, size=10_000)
    cells = NumericCells.of(values)
    assert cells.edges[cells.coarse[-1] - 1] > values.max()


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (np.random.default_rng(0).normal(5, 3, size=20_000), 3.0),
        (np.append(np.zeros(700), np.arange(300)), 49 / 1.349),
        (np.append(np.zeros(985), np.full(15, 2.0)), 0.43),
        (np.append(np.zeros(99_999), 7.0), 7.0),
        (np.full(10, 4.0), 1.0),
    ],
)
def test_the_scale_is_a_spread_even_where_most_values_are_equal(values, scale):
    """Of a normal law its standard deviation; never 0."""
    assert NumericCells.of(values).scale == pytest.approx(scale, rel=0.05)


def test_values_are_written_for_people():
    """Numbers with four digits; times as such, as far as a calendar has them."""
    numbers, times = NumericCells.of(np.array([1.0])), NumericCells.of(np.array([0.0]), temporal=True)
    assert numbers.written(1234.5678) == "1235"
    assert times.written(86400.0) == "1970-01-02 00:00:00"
    assert times.written(1e18) == "1e+18 s since 1970"
    assert times.written(float("inf")) == "inf s since 1970"
