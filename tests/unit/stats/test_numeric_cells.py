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
