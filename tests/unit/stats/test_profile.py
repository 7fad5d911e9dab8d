"""The profile of a table."""

import polars as pl
import pytest

from keepfit.stats.profile import CategoricalProfile, NumericProfile, Profile, cells_of, profile_frame

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
