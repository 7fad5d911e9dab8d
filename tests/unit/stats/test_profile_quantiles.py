"""Quantiles of many columns at once are those of each."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile_quantiles import cell_ends, extremes, quantiles

RNG = np.random.default_rng(5)
CELLS = [
    NumericCells.of(values)
    for values in (
        RNG.normal(size=3000),
        RNG.integers(0, 4, 500).astype(float),
        np.arange(5.0),
        np.array([7.0]),
        np.array([]),
        RNG.lognormal(2, 2, 1000) * -1,
    )
]
PROBABILITIES = [0.0, 0.05, 0.1, 0.25, 0.5, 0.7, 0.9, 0.99]
VALUES = st.lists(
    st.one_of(
        st.floats(-5, 5),
        st.sampled_from([0.0, 1.0, 3.0, 7.0, 1e6, -1e6, float("inf"), float("-inf"), float("nan"), 1e200]),
    ),
    max_size=40,
)


@given(st.lists(VALUES, min_size=len(CELLS), max_size=len(CELLS)))
@settings(max_examples=100, deadline=None)
def test_they_are_those_of_each_column_to_the_last_bit(columns):
    """Columns of any number of cells side by side: none at all, one value, a gap in the middle, infinities."""
    profiles = [NumericProfile.of(cells, np.array(one)) for cells, one in zip(CELLS, columns, strict=True)]
    counts = np.zeros((len(CELLS), max(one.size for one in CELLS)), np.int64)
    for row, one in zip(counts, profiles, strict=True):
        row[: one.counts.size] = one.counts
    low, high = extremes(profiles)
    found = quantiles(counts, cell_ends(CELLS), low, high, PROBABILITIES)
    np.testing.assert_array_equal(found, [one.quantiles(PROBABILITIES) for one in profiles])


def test_no_column_has_no_quantiles():
    """A table of categories."""
    none = np.zeros(0)
    found = quantiles(np.zeros((0, 0), np.int64), cell_ends([]), none, none, [0.5])
    assert found.shape == (0, 1)
