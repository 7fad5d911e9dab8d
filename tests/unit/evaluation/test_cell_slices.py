"""The slices that coarse cells make."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.cell_slices import inside, outside, searched
from keepfit.stats.coarse import coarse_index
from keepfit.stats.profile import CategoricalCells, NumericCells

NUMBERS = {"x": NumericCells.of(np.arange(100.0))}
BOTH = NUMBERS | {"zone": CategoricalCells(values=("a", "b"))}


def _numbers(values):
    return CellLosses.of(NUMBERS, {"x": pl.Series(values, dtype=pl.Float64)}, np.ones(len(values)))


def _labels(*evidence):
    slices = searched(*evidence)
    return [slices[index].label for index in range(len(slices))]


def test_runs_of_cells_half_lines_and_nulls_are_searched():
    """Of three cells that hold rows: each alone, both pairs, and the nulls; never all values together."""
    assert _labels(_numbers([5.0, 15.0, 25.0, None])) == [
        "x under 10",
        "x under 20",
        "x 10 to 19",
        "x 10 or more",
        "x 20 or more",
        "x null",
    ]


def test_categories_are_searched_one_at_a_time():
    """They have no neighbours; rarer, unseen and null rows are slices too."""
    columns = {"x": pl.Series([1.0] * 4), "zone": pl.Series(["a", "b", "new", None])}
    found = CellLosses.of(BOTH, columns, np.ones(4))
    assert _labels(found) == ["zone 'a'", "zone 'b'", "zone never seen before", "zone null"]


def test_cells_without_rows_make_no_slice():
    """A gap is passed over: of runs with the same rows there is one, whichever side holds the rows."""
    now, old = _numbers([5.0, 95.0]), _numbers([5.0, 45.0])
    assert _labels(now) == ["x under 10", "x 90 or more"]
    assert len(_labels(now, old)) == 5


def test_a_few_rows_out_of_range_end_no_run_before_them():
    """One row in a thousand above the range: a slice of its own, and a part of the half-line."""
    labels = _labels(_numbers([*(5.0,) * 500, *(95.0,) * 499, 1000.0]))
    assert labels == ["x under 10", "x 90 or more", "x over 99"]
    many = _labels(_numbers([*(5.0,) * 500, *(95.0,) * 400, *(1000.0,) * 100]))
    assert "x 90 to 99" in many


def test_nothing_to_search():
    """Without features, and without rows."""
    assert len(searched(CellLosses())) == 0
    assert len(searched(CellLosses.empty(BOTH))) == 0
    assert inside(searched(CellLosses()), CellLosses()).n.size == 0


@settings(max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 60))
def test_sums_inside_and_outside_are_those_of_the_rows(seed, n):
    """Mean and variance of each slice, and of the other rows, as numpy has them from the rows themselves."""
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(n) < 0.1, np.nan, rng.uniform(-10, 110, n))
    zone, losses = rng.choice(["a", "b", "new"], n), rng.exponential(size=n)
    columns = {"x": pl.Series(x), "zone": pl.Series(zone)}
    found = CellLosses.of(BOTH, columns, losses)
    slices = searched(found)
    within = inside(slices, found)
    others = outside(found.whole, within)
    index = {name: coarse_index(BOTH[name], column) for name, column in columns.items()}
    for place in range(len(slices)):
        one = slices[place]
        rows = (index[one.feature] >= one.first) & (index[one.feature] <= one.last)
        for sums, chosen in ((within, rows), (others, ~rows)):
            assert sums.n[place] == chosen.sum()
            if chosen.sum() > 1:
                np.testing.assert_allclose(sums.mean[place], losses[chosen].mean())
                np.testing.assert_allclose(sums.variance[place], losses[chosen].var(ddof=1), atol=1e-9)


def test_a_huge_loss_does_not_blur_the_cells_beside_it():
    """Sums are added up cell by cell: 1e12 in one cell leaves those of the others exact."""
    values = [5.0] * 3 + [15.0] * 3 + [25.0] * 3
    losses = np.array([1e12] * 3 + [0.1, 0.2, 0.3] * 2)
    found = CellLosses.of(NUMBERS, {"x": pl.Series(values)}, losses)
    slices = searched(found)
    sums = inside(slices, found)
    place = [slices[index].label for index in range(len(slices))].index("x 20 or more")
    assert sums.squares[place] == 0.1**2 + 0.2**2 + 0.3**2
