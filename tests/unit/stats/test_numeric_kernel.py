"""The inner loop of a profile: blocks of sorted values."""

import numpy as np
import pytest

from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_kernel import BLOCK, NumericTally, edges_of


def test_a_clock_keeps_its_seconds():
    """Sums about the centre: of a hundred thousand times since 1970 the spread is exact to nine digits."""
    times = 1.7e9 + np.random.default_rng(0).normal(0, 30, size=100_000)
    tally = NumericTally(NumericCells.of(times))
    tally.add(times)
    mean = tally.m1 / tally.summed
    assert tally.m2 / tally.summed - mean**2 == pytest.approx(times.var(), rel=1e-9)


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, np.float32])
def test_any_number_type_is_gathered(kind):
    """Integers and short floats are converted block by block."""
    values = np.arange(100).astype(kind)
    tally = NumericTally(NumericCells.of(values))
    tally.add(values)
    assert tally.counts.sum() == 100
    assert tally.sums.sum() == pytest.approx(4950)


def test_what_is_gathered_is_left_as_it_was():
    """The values are sorted in a block of the thread's own."""
    values = np.array([3.0, np.nan, 1.0])
    NumericTally(NumericCells.of(values)).add(values)
    np.testing.assert_array_equal(values, [3.0, np.nan, 1.0])


def test_names_are_gathered_over_blocks():
    """A value that repeats in each of three blocks has one name, and the count of all."""
    values = np.random.default_rng(1).normal(size=3 * BLOCK)
    values[:: BLOCK // 600] = -999.0
    tally = NumericTally(NumericCells.of(np.random.default_rng(2).normal(size=1000)))
    tally.add(values)
    assert tally.names(1) == ((-999.0, int((values == -999.0).sum())),)


def test_the_edges_of_cells_are_made_once_and_cannot_be_changed():
    """Every part is counted in them; equal cells have edges of their own."""
    cells, equal = (NumericCells.of(np.arange(100.0)) for _ in range(2))
    assert edges_of(cells) is edges_of(cells)
    assert edges_of(cells).tolist() == edges_of(equal).tolist() == list(cells.edges)
    with pytest.raises(ValueError, match="read-only"):
        edges_of(cells)[0] = 0.0
