"""Coarse cells: which rows lie in which, and what they are called."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.categorical_profile import CategoricalCells, CategoricalProfile
from keepfit.stats.coarse import CoarseCategories, cell_label, coarse_cells, coarse_index, run_label
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.profile import numeric_profile

RNG = np.random.default_rng(3)
NUMBERS = NumericCells.of(np.append(RNG.lognormal(size=900).round(2), np.zeros(200)))
ZONES = CategoricalCells.of(pl.Series([f"zone {i}" for i in range(40) for _ in range(60 - i)]))
WHOLE = CategoricalCells.of(pl.Series([3, 1, 1, 2, 2, 2]))
SOME = CategoricalCells(values=("a", "b"), complete=False)


def _counts(cells, column):
    return np.bincount(coarse_index(cells, column), minlength=coarse_cells(cells).valued + 1).tolist()


@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.floats(-5, 20),
            st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, *NUMBERS.edges[::20]]),
        ),
        max_size=50,
    )
)
def test_numbers_lie_in_the_cells_that_their_profile_counts(values):
    """Row by row what `NumericProfile.coarse` has in sum, edges, infinities and nulls among them."""
    column = pl.Series(values, dtype=pl.Float64)
    assert _counts(NUMBERS, column) == numeric_profile(column, NUMBERS).coarse().tolist()


COLUMNS = {
    "text": pl.Series(["zone 1", "zone 39", "new", None, "zone 0", "zone 1"]),
    "enum": pl.Series(["zone 1", "zone 30", None], dtype=pl.Categorical),
    "nothing": pl.Series([], dtype=pl.String),
    "nulls": pl.Series([None, None], dtype=pl.Null),
    "integers": pl.Series([1, 2, 3, 4, None, 1], dtype=pl.Int32),
    "large integers": pl.Series([1, 2**60, None]),
    "floats": pl.Series([1.0, 2.0, np.nan, None]),
    "fractions": pl.Series([1.0, 2.5, np.inf, None]),
    "texts of integers": pl.Series(["1", "2", "02", None]),
    "booleans": pl.Series([True, False, None]),
    "decimals": pl.Series([Decimal(1), Decimal("2.5"), None]),
    "dates": pl.Series([date(2026, 1, 1), None]),
    "times": pl.Series([datetime(2026, 1, 1, tzinfo=UTC), None]),
    "spans": pl.Series([timedelta(seconds=5), None]),
    "lists": pl.Series([[1], None]),
    "bytes": pl.Series([b"a", None]),
}


@pytest.mark.parametrize("cells", [ZONES, WHOLE, SOME, CategoricalCells(values=())], ids=str)
@pytest.mark.parametrize("kind", COLUMNS)
def test_categories_lie_in_the_cells_that_their_profile_counts(cells, kind):
    """Whatever the column's type, and however the reference spelt its values."""
    assert _counts(cells, COLUMNS[kind]) == CategoricalProfile.of(cells, COLUMNS[kind]).coarse().tolist()


@pytest.mark.parametrize("kind", [kind for kind in COLUMNS if kind not in {"text", "enum"}])
def test_a_reference_of_any_type_knows_its_own_values(kind):
    """Each row of the reference lies in a cell of its own value, or in that of the nulls."""
    column = COLUMNS[kind]
    cells = CategoricalCells.of(column)
    assert _counts(cells, column) == CategoricalProfile.of(cells, column).coarse().tolist()
    assert _counts(cells, column)[-2] == 0


def test_times_lie_in_cells_of_time_and_are_named_as_times():
    """A column of times is cut as its profile is, in UTC."""
    days = pl.Series([datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=6 * i) for i in range(200)])
    cells = NumericCells.of(days.dt.epoch("us").to_numpy() / 1e6, temporal=True)
    assert _counts(cells, days) == numeric_profile(days, cells).coarse().tolist()
    assert cell_label("at", coarse_cells(cells), 0) == "at under 2026-01-01 00:00:00"


def _labels(values):
    cells = coarse_cells(NumericCells.of(np.array(values)))
    return [cell_label("x", cells, index) for index in range(cells.valued + 1)]


def test_intervals_of_fractions_are_told_by_their_ends():
    """Half-lines outside of the range, deciles inside, and the nulls."""
    labels = _labels(np.arange(100) / 8)
    assert labels[:3] == ["x under 0", "x 0 to 1.25", "x 1.25 to 2.5"]
    assert labels[-3:] == ["x 11.2 to 12.4", "x over 12.4", "x null"]


def test_intervals_of_whole_numbers_are_told_by_what_they_hold():
    """From the first to the last; a single one by itself."""
    labels = _labels(np.arange(24.0))
    assert labels[:4] == ["x under 0", "x 0 to 1", "x 2 to 3", "x 4 to 6"]
    assert _labels(np.repeat([1.0, 2.0, 5.0], 9)) == [
        "x under 1",
        "x 1",
        "x 1 to 2",
        "x 2",
        "x 3 to 4",
        "x 5",
        "x over 5",
        "x null",
    ]


def test_bold_values_are_told_by_themselves():
    """A value that carries a tenth of the rows is a slice of its own, and an end that belongs to the run before it."""
    cells = coarse_cells(NumericCells.of(np.append(np.zeros(50), np.arange(1, 51) / 7)))
    labels = [cell_label("tip", cells, index) for index in range(cells.valued)]
    assert labels[1] == "tip 0"
    assert run_label("tip", cells, 0, 1) == "tip up to 0"
    assert run_label("tip", cells, 2, cells.valued - 1) == "tip over 0"
    assert run_label("tip", cells, 0, cells.valued - 1) == "tip of any value"


def test_edges_that_lie_close_are_told_apart():
    """In as many digits as it takes, and in no more; large ones in whole thousands."""
    assert _labels(1_000_000 + np.arange(100) / 10)[1:3] == [
        "x 1,000,000 to 1,000,001",
        "x 1,000,001 to 1,000,002",
    ]
    assert _labels(np.arange(1, 101) * 12_345.5)[1] == "x 12,300 to 136,000"
    assert _labels((1 + np.arange(100)) * 1e-9)[1] == "x 1e-09 to 1.1e-08"


def test_categories_are_told_by_their_values():
    """Text in quotes, integers and truth values plain, and the cells that hold no value of their own."""
    zones = coarse_cells(CategoricalCells(values=("JFK",)))
    assert [cell_label("zone", zones, index) for index in range(zones.valued + 1)] == [
        "zone 'JFK'",
        "zone of any rarer value",
        "zone never seen before",
        "zone null",
    ]
    assert coarse_cells(CategoricalCells.of(pl.Series([7, 7, 3]))) == CoarseCategories(names=("7", "3"))
    truth = coarse_cells(CategoricalCells.of(pl.Series([True, True, False])))
    assert cell_label("paid", truth, 0) == "paid true"


def test_a_reference_without_values_has_one_cell_of_values():
    """Whatever comes lies in it, or is null."""
    cells = NumericCells.of(np.array([]))
    assert coarse_index(cells, pl.Series([1.0, None])).tolist() == [0, 1]
    assert cell_label("x", coarse_cells(cells), 0) == "x of any value"
