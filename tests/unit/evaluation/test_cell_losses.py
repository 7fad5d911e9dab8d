"""Losses by feature and coarse cell: they add up, and lose no row."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.adapters.codec import from_json, pack, to_json, unpack
from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.loss_sums import LossSums
from keepfit.stats.profile import CategoricalCells, NumericCells, profile_frame

CELLS = {
    "miles": NumericCells.of(np.random.default_rng(0).lognormal(size=500)),
    "zone": CategoricalCells.of(pl.Series(["JFK", "Soho", "Soho", "Bronx"])),
}
FRAME = pl.DataFrame(
    {"miles": [0.1, 1.0, 1.0, None, 99.0, 2.0], "zone": ["JFK", "Soho", None, "Bronx", "JFK", "new"]}
)
# Quarters of small whole numbers: their sums are exact, so that laws hold to the last bit.
rows = st.lists(
    st.tuples(
        st.integers(0, 400).map(lambda n: n / 4),
        st.one_of(st.none(), st.floats(0, 20)),
        st.sampled_from(["JFK", "Soho", "new", None]),
    ),
    max_size=12,
)


def _of(found):
    columns = {"miles": pl.Series([one[1] for one in found], dtype=pl.Float64)}
    columns |= {"zone": pl.Series([one[2] for one in found], dtype=pl.String)}
    return CellLosses.of(CELLS, columns, np.array([one[0] for one in found]))


@settings(max_examples=40)
@given(rows, rows, rows)
def test_cell_losses_are_a_commutative_monoid(x, y, z):
    """A week is the sum of its days, in any order, and the empty one changes nothing."""
    a, b, c = _of(x), _of(y), _of(z)
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + CellLosses.empty(CELLS) == a
    assert a + CellLosses() == CellLosses() + a == a


@settings(max_examples=40)
@given(rows, rows, st.randoms())
def test_the_losses_of_a_whole_are_those_of_its_parts_in_any_order(x, y, random):
    """Whoever summed which rows."""
    together = x + y
    random.shuffle(together)
    assert _of(together) == _of(x) + _of(y)


@settings(max_examples=40)
@given(rows)
def test_every_row_is_in_one_cell_of_every_feature(x):
    """So that each feature's cells have the sums of all rows."""
    found = _of(x)
    expected = LossSums.of(np.array([one[0] for one in x], np.float64))
    assert [one.whole for one in found.features.values()] == [expected, expected]
    assert found.whole == expected


def test_rows_lie_where_the_profile_counts_them():
    """The counts are those of the profile of the same rows."""
    found = CellLosses.of(CELLS, FRAME.to_dict(), np.ones(6))
    profile = profile_frame(FRAME, CELLS)
    for name, one in found.features.items():
        assert one.counts.tolist() == profile.features[name].coarse().tolist()


def test_sums_are_of_the_rows_in_the_cell():
    """Count, sum and squares, and each cell's name."""
    zone = CellLosses.of(CELLS, FRAME.to_dict(), np.arange(6.0)).features["zone"]
    found = zip(zone.labels("zone"), zone.counts, zone.totals, zone.squares, strict=True)
    assert {label: (int(n), total, squares) for label, n, total, squares in found} == {
        "zone 'Soho'": (1, 1.0, 1.0),
        "zone 'Bronx'": (1, 3.0, 9.0),
        "zone 'JFK'": (2, 4.0, 16.0),
        "zone of any rarer value": (0, 0.0, 0.0),
        "zone never seen before": (1, 5.0, 25.0),
        "zone null": (1, 2.0, 4.0),
    }


def test_a_row_without_a_loss_is_not_counted():
    """As in `LossSums`: the metric is not defined for it."""
    found = CellLosses.of(CELLS, FRAME.to_dict(), np.array([1.0, np.nan, 2.0, np.nan, 3.0, 4.0]))
    assert found.whole == LossSums(4, 10.0, 30.0)
    assert found == CellLosses.of(CELLS, FRAME[[0, 2, 4, 5]].to_dict(), np.arange(1.0, 5.0))


def test_a_column_that_is_not_there_is_null_throughout():
    """And one of the wrong length is an error."""
    found = CellLosses.of(CELLS, {"zone": FRAME["zone"]}, np.ones(6))
    assert found.features["miles"].counts[-1] == 6
    with pytest.raises(ValueError, match="'zone' has 6 values and there are 2 losses"):
        CellLosses.of(CELLS, {"zone": FRAME["zone"]}, np.ones(2))


def test_what_was_counted_otherwise_does_not_add_up():
    """Different features, and different cells of one, are errors."""
    found = CellLosses.empty(CELLS)
    with pytest.raises(ValueError, match="different features"):
        found + CellLosses.empty({"zone": CELLS["zone"]})
    other = CELLS | {"miles": NumericCells.of(np.arange(9.0))}
    with pytest.raises(ValueError, match="different cells"):
        found + CellLosses.empty(other)


def test_they_are_stored_and_read_back():
    """As JSON and as MessagePack, arrays and both kinds of cells."""
    found = CellLosses.of(CELLS, FRAME.to_dict(), np.arange(6.0))
    assert unpack(pack(found), CellLosses) == found
    assert from_json(to_json(found), CellLosses) == found
    assert hash(found.features["zone"]) == hash(unpack(pack(found), CellLosses).features["zone"])


def test_stored_they_are_small():
    """Forty features' losses of a window, in bytes: the cells' names and three numbers a cell, not the reference."""
    zones = CategoricalCells.of(pl.Series([f"zone {i}" for i in range(15_000)]))
    cells = {f"n{i}": CELLS["miles"] for i in range(30)} | {f"c{i}": zones for i in range(10)}
    assert len(pack(CellLosses.empty(cells))) < 50_000
