"""Categories on both sides: the frequent ones, the new ones, and all others."""

import polars as pl

from keepfit.report.bars import FREQUENT, NEW, bars
from keepfit.stats.categorical_profile import CategoricalCells, CategoricalProfile


def drawn(reference, current):
    """The bars of two columns."""
    cells = CategoricalCells.of(pl.Series(reference))
    return bars(*(CategoricalProfile.of(cells, pl.Series(side)) for side in (reference, current)))


def test_each_value_has_its_rows_on_both_sides():
    """The most frequent of the reference come first, then what is new."""
    found = drawn(["a", "b", "b", None], ["b", "new", "new", "a"])
    assert found.values == ("b", "a", "new")
    assert (found.reference, found.current) == ((2, 1, 0), (1, 1, 2))


def test_what_has_no_bar_is_counted_together():
    """Rare values of the reference are others; no row that holds a value is lost."""
    reference = [f"v{i:02}" for i in range(20) for _ in range(20 - i)]
    current = [*reference, *(f"n{i}" for i in range(12))]
    found = drawn(reference, current)
    assert len(found.values) == 12 + NEW
    assert sum(found.reference) + found.other.reference + found.unseen.reference == len(reference)
    assert sum(found.current) + found.other.current + found.unseen.current == len(current)
    assert found.unseen.current == 12 - NEW


def test_a_rare_value_that_changed_has_a_bar():
    """Beside the frequent ones, in the order of the reference."""
    reference = [f"v{i:02}" for i in range(20) for _ in range(40 - i)]
    found = drawn(reference, [*reference, *["v15"] * 100])
    assert found.values[:FREQUENT] == tuple(f"v{i:02}" for i in range(FREQUENT))
    assert "v15" in found.values
