"""The profile of a table."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.profile import (
    CategoricalProfile,
    NumericProfile,
    Profile,
    cells_of,
    numeric_cells,
    numeric_profile,
    profile_frame,
)

FRAME = pl.DataFrame({"miles": [1.0, 2.0, 3.0, None], "zone": ["a", "b", "b", None]})
CELLS = cells_of(FRAME, ["miles"], ["zone"])


def test_each_column_is_profiled_by_its_kind():
    """Numbers in numeric cells, categories in theirs; nulls counted in both."""
    profile = profile_frame(FRAME, CELLS)
    assert profile.rows == 4
    assert isinstance(profile.features["miles"], NumericProfile)
    assert isinstance(profile.features["zone"], CategoricalProfile)
    assert [one.nulls for one in profile.features.values()] == [1, 1]


def test_a_table_is_the_sum_of_its_parts():
    """Two halves and the empty profile add up to the whole."""
    halves = profile_frame(FRAME[:2], CELLS) + profile_frame(FRAME[2:], CELLS)
    assert halves == profile_frame(FRAME, CELLS)
    assert halves + Profile.empty(CELLS) == halves


def test_integers_and_nan_are_numbers_and_nulls():
    """Any numeric type is taken as float64; NaN is a null."""
    assert profile_frame(FRAME.with_columns(miles=pl.Series([1, 2, 3, 3])), CELLS).features["miles"].n == 4
    assert profile_frame(FRAME.with_columns(miles=float("nan")), CELLS).features["miles"].nulls == 4


def test_a_column_that_is_gone_or_turned_to_text_is_null():
    """A broken schema shows as nulls, not as a crash."""
    assert profile_frame(FRAME.drop("miles"), CELLS).features["miles"].nulls == 4
    assert profile_frame(FRAME.with_columns(miles=pl.lit("far")), CELLS).features["miles"].nulls == 4
    assert profile_frame(FRAME.drop("zone"), CELLS).features["zone"].nulls == 4


def test_profiles_of_different_tables_do_not_add_up():
    """Neither different columns nor different kinds of one column."""
    with pytest.raises(ValueError, match="different columns"):
        profile_frame(FRAME, CELLS) + profile_frame(FRAME, {"miles": CELLS["miles"]})
    other = cells_of(FRAME, [], ["miles"])
    with pytest.raises(ValueError, match="'miles' is a number in one profile and a category"):
        profile_frame(FRAME, {"miles": CELLS["miles"]}) + profile_frame(FRAME, other)


def test_a_changed_type_is_told_from_nulls():
    """Every type is profiled, never a crash; what could not be read is counted beside the nulls."""
    rows = 3
    odd = [
        pl.Series(["far"] * rows),
        pl.Series([[1.0]] * rows),
        pl.Series([{"a": 1}] * rows),
        pl.Series([b"x"] * rows),
        pl.Series([datetime(2024, 3, 31, tzinfo=UTC)] * rows),
        pl.Series([object()] * rows, dtype=pl.Object),
        pl.Series([None] * rows),
    ]
    for series in odd:
        frame = pl.DataFrame({"miles": series, "zone": series})
        found = profile_frame(frame, CELLS).features
        assert found["miles"].nulls == rows
        assert found["miles"].unreadable == (0 if series.dtype == pl.Null else rows)
        assert found["zone"].rows == rows


def test_times_are_numbers_in_seconds():
    """Cells of a time know it; a window in another zone is counted in the same cells."""
    times = pl.datetime_range(pl.datetime(2024, 3, 1), pl.datetime(2024, 4, 1), "1h", eager=True)
    cells = numeric_cells(times)
    assert cells.temporal
    assert cells.written(cells.low) == "2024-03-01 00:00:00"
    zoned = times.dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York")
    assert numeric_profile(zoned, cells) == numeric_profile(times, cells)
    assert numeric_profile(times.dt.date(), cells).n == len(times)
    assert numeric_profile(times.dt.epoch("s"), cells).unreadable == len(times)


def test_truth_values_are_numbers_or_categories():
    """As the caller wants them."""
    frame = pl.DataFrame({"paid": [True, False, True, None]})
    assert profile_frame(frame, cells_of(frame, ["paid"], [])).features["paid"].mean == pytest.approx(2 / 3)
    assert profile_frame(frame, cells_of(frame, [], ["paid"])).features["paid"].counts.tolist() == [2, 1]


NUMBERS = pl.DataFrame({"a": np.arange(50.0), "b": np.arange(50.0)[::-1].copy(), "c": ["x"] * 50})
PAIRED = cells_of(NUMBERS, ["a", "b"], ["c"])


def test_moments_need_two_numbers():
    """Times are no part of them, for they go with everything that grows."""
    assert profile_frame(FRAME, CELLS).moments is None
    assert profile_frame(NUMBERS, PAIRED, moments=False).moments is None
    assert profile_frame(NUMBERS, PAIRED).moments.names == ("a", "b")
    assert profile_frame(NUMBERS, PAIRED).moments.correlations()[0, 1] == pytest.approx(-1)
    timed = NUMBERS.with_columns(
        c=pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 19), "1d", eager=True)
    )
    assert profile_frame(timed, cells_of(timed, ["a", "b", "c"], [])).moments.names == ("a", "b")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=3, max_size=3))
def test_profiles_with_and_without_moments_add_up(parts):
    """The sum has moments when all parts with rows have; it does not matter how they are grouped."""
    a, b, c = (profile_frame(NUMBERS[:rows], PAIRED, moments=moments) for rows, moments in parts)
    whole, other = (a + b) + c, a + (b + c)
    assert (whole.rows, whole.features) == (other.rows, other.features)
    assert a + b == b + a
    assert a + Profile.empty(PAIRED) == a
    with_rows = [moments for rows, moments in parts if rows]
    for one in (whole, other):
        assert (one.moments is not None) == (bool(with_rows) and all(with_rows))
    if with_rows and all(with_rows):
        np.testing.assert_allclose(whole.moments.products, other.moments.products)


def test_the_sum_of_moments_is_that_of_all_rows():
    """Halves add up to the whole."""
    halves = profile_frame(NUMBERS[:20], PAIRED) + profile_frame(NUMBERS[20:], PAIRED)
    whole = profile_frame(NUMBERS, PAIRED)
    np.testing.assert_allclose(halves.moments.products, whole.moments.products)
    assert replace(halves, moments=None).rows == whole.rows


@pytest.mark.parametrize("rows", [0, 1])
def test_none_and_one_row(rows):
    """A window may be empty, or hold a single row."""
    found = profile_frame(NUMBERS[:rows], PAIRED)
    assert found.rows == rows
    assert [one.rows for one in found.features.values()] == [rows] * 3
    assert found + Profile.empty(PAIRED) == found


def test_a_reference_without_values_and_infinities():
    """Cells of nothing count everything; infinities are values."""
    nothing = pl.DataFrame(
        {"a": [None] * 3, "b": [np.inf, -np.inf, np.nan]}, schema={"a": pl.Float64, "b": pl.Float64}
    )
    cells = cells_of(nothing, ["a", "b"], [])
    found = profile_frame(NUMBERS, cells)
    assert [one.n for one in found.features.values()] == [50, 50]
    assert profile_frame(nothing, cells).features["b"].n == 2


def test_five_hundred_columns():
    """All are profiled; the first 64 are paired."""
    wide = pl.DataFrame(np.random.default_rng(0).normal(size=(20, 500)), schema=[f"c{i}" for i in range(500)])
    found = profile_frame(wide, cells_of(wide, wide.columns, []))
    assert len(found.features) == 500
    assert found.moments.products.shape == (64, 64)
