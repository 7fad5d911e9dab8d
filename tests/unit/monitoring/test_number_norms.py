"""Numbers of a reference side by side: rows of each, as if it stood alone."""

import numpy as np
import polars as pl
import pytest

from keepfit.monitoring.norm_column import NormColumn
from keepfit.monitoring.number_norms import number_norms
from keepfit.stats.profile import CategoricalCells, CategoricalProfile, NumericCells, NumericProfile

RNG = np.random.default_rng(8)
VALUES = {
    "normal": RNG.normal(size=2000),
    "few": RNG.integers(0, 3, 2000).astype(float),
    "one": np.full(2000, 7.0),
    "none": np.array([]),
}
CELLS = {name: NumericCells.of(values) for name, values in VALUES.items()}


def _columns(names):
    totals = {name: NumericProfile.of(CELLS[name], VALUES[name]) for name in names}
    return tuple(NormColumn.of(name, total, []) for name, total in totals.items())


@pytest.mark.parametrize(
    "names", [["normal"], ["none", "normal", "one"], ["few", "one", "none", "normal"], []]
)
def test_counts_and_coarse_counts_are_those_of_each_column(names):
    """Of the reference and of a window; behind the cells of a column there are zeros."""
    columns = _columns(names)
    norms = number_norms(columns)
    windows = [NumericProfile.of(CELLS[name], RNG.normal(size=50)) for name in names]
    counts = norms.padded([one.counts for one in windows])
    sides = [([column.total for column in columns], norms.counts, norms.coarse)]
    sides.append((windows, counts, norms.coarsened(counts)))
    for profiles, fine, coarse in sides:
        assert fine.shape[0] == coarse.shape[0] == len(names)
        for i, profile in enumerate(profiles):
            size, groups = profile.cells.size, len(profile.cells.coarse)
            assert fine[i, :size].tolist() == profile.counts.tolist()
            assert coarse[i, :groups].tolist() == profile.coarse()[:-1].tolist()
            assert not fine[i, size:].any()
            assert not coarse[i, groups:].any()


def test_they_are_worked_out_once():
    """For the columns of a reference, which outlives thousands of windows."""
    columns = _columns(["normal", "few"])
    assert number_norms(columns) is number_norms(tuple(columns))


def test_a_category_is_no_number():
    """It says which column it is."""
    cells = CategoricalCells.of(pl.Series(["a", "b"]))
    column = NormColumn.of("zone", CategoricalProfile.empty(cells), [])
    with pytest.raises(TypeError, match="'zone' is no number"):
        number_norms((column,))
