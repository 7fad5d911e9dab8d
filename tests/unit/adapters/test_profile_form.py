"""A profile as it lies in stored evidence: in few arrays, which are checked when they are read."""

import typing
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from keepfit.adapters.column_bytes import read_column, write_column
from keepfit.adapters.column_form import column_form
from keepfit.adapters.columns import Apart
from keepfit.adapters.profile_form import PROFILE_FORMS, PairedColumns
from keepfit.stats.moments import Moments
from keepfit.stats.profile import (
    CategoricalCells,
    NumericCells,
    NumericProfile,
    Profile,
    cells_of,
    profile_frame,
)
from keepfit.stats.profile_stack import ColumnLayout, ColumnStack, merge_profiles

FEATURES = typing.get_type_hints(Profile)["features"]
KINDS = frozenset({NumericCells, CategoricalCells, ColumnLayout, PairedColumns})
REFERENCE = pl.DataFrame({"miles": np.arange(400.0), "zone": ["a", "b"] * 200, "tip": np.arange(400) % 3})
WINDOW = pl.DataFrame({"miles": [1.0, -999.0, None], "zone": ["a", "new", None], "tip": [None, None, None]})
CELLS = cells_of(REFERENCE, ["miles", "tip"], ["zone"])


def _column(declared, value):
    """A value as it is stored, and what reads it."""
    apart = Apart(kinds=KINDS, forms=PROFILE_FORMS)
    column = read_column(write_column(column_form(declared).encode([value], apart)))
    return column, Apart(kinds=KINDS, values=apart.values, forms=PROFILE_FORMS)


def _features(names=("miles", "zone", "tip")):
    features = profile_frame(WINDOW.select(names), {name: CELLS[name] for name in names}).features
    return features, *_column(FEATURES, features)


@pytest.mark.parametrize("names", [["miles", "zone", "tip"], ["miles", "tip"], ["zone"], []])
def test_columns_are_read_stacked(names):
    """Numbers and categories, or one kind alone, or none; a column without a value has no smallest one."""
    features, column, apart = _features(names)
    (found,) = column_form(FEATURES).decode(column, 1, apart)
    assert isinstance(found, ColumnStack)
    assert found == features


def test_what_was_read_is_stored_again_as_it_was():
    """Evidence to which new rows are added."""
    _, column, apart = _features()
    (found,) = column_form(FEATURES).decode(column, 1, apart)
    again, other = _column(FEATURES, found)
    assert write_column(again) == write_column(column)
    assert other.values == apart.values


def test_windows_share_what_they_are_counted_in():
    """Their sum compares no cells, and columns are named once for all windows."""
    _, column, apart = _features()
    one, other = column_form(FEATURES).decode_all([column, column], [1, 1], apart)
    assert one.layout is other.layout is apart.values[column["layout"]]


def test_columns_of_the_first_format_are_read_as_every_other():
    """Of a lake to which an older keepfit wrote; windows of one format are read at once."""
    features, _, apart = _features()
    older = Apart(kinds=KINDS, values=apart.values)
    first = column_form(FEATURES).encode([features], older)
    for some in ([first], [first, first]):
        assert column_form(FEATURES).decode_all(some, [1] * len(some), apart) == [features] * len(some)


def test_arrays_of_other_types_are_stored_one_by_one():
    """Nobody makes them; whoever did would get them back."""
    features, _, _ = _features()
    odd = dict(features) | {"miles": replace(features["miles"], sums=features["miles"].sums.astype("f4"))}
    column, apart = _column(FEATURES, odd)
    (found,) = column_form(FEATURES).decode(column, 1, apart)
    assert found["miles"].sums.dtype == np.float32


@pytest.mark.parametrize("part", ["numbers", "categories"])
def test_arrays_that_are_cut_short_are_no_profile(part):
    """It is told when the evidence is read, and not in the middle of a check."""
    names = {"numbers": ("counts", "sums", "rows", "moments"), "categories": ("counts", "rows")}
    for name in names[part]:
        _, column, apart = _features()
        column[part][name] = column[part][name][:-1]
        with pytest.raises(ValueError, match="were stored"):
            column_form(FEATURES).decode(column, 1, apart)


def test_a_value_of_a_column_that_is_not_there_is_no_profile():
    """It would be named in a sentence about another."""
    _, column, apart = _features()
    column["categories"]["named"][0] = [1]
    with pytest.raises(ValueError, match="where there are 1"):
        column_form(FEATURES).decode(column, 1, apart)


def test_what_is_counted_in_must_be_what_it_is_said_to_be():
    """A place of cells where one of columns was stored."""
    _, column, apart = _features()
    apart.values[column["layout"]] = CELLS["zone"]
    with pytest.raises(TypeError, match="CategoricalCells stands where a ColumnLayout"):
        column_form(FEATURES).decode(column, 1, apart)


GAPS = pl.DataFrame(
    {
        "a": [1.0, 2.0, 9.0, 4.0, 3.0],
        "b": [None, 2.0, 1.0, -0.0, None],
        "c": [5.0, 4.0, 3.0, 2.0, 1.0],
        "d": [None, None, None, None, 1.0],
    }
)


@pytest.mark.parametrize("names", [["a", "c"], ["a", "b", "c", "d"], ["b", "d"]])
@pytest.mark.parametrize("rows", [0, 5])
def test_moments_come_back_to_the_last_bit(names, rows):
    """With and without gaps, of no rows too; they cannot be written to."""
    cells = {name: NumericCells.of(np.arange(10.0)) for name in names}
    moments = Moments.of(cells, {name: GAPS[name].head(rows).to_numpy() for name in names})
    column, apart = _column(Moments, moments)
    (found,) = column_form(Moments).decode(column, 1, apart)
    assert found == moments
    assert not any(one.flags.writeable for one in found.arrays)
    assert Moments.merge([found, found]) == moments + moments


def test_of_columns_without_gaps_one_says_what_all_do():
    """Every pair with one of them is of all rows: three of four matrices shrink to a column."""
    cells = {f"x{i}": NumericCells.of(np.arange(10.0)) for i in range(30)}
    moments = Moments.of(cells, {name: np.arange(10.0) + i for i, name in enumerate(cells)})
    column, _ = _column(Moments, moments)
    assert len(write_column(column)) < 1.2 * moments.products.nbytes


@pytest.mark.parametrize("values", [[], [1.0, 2.5, 2.5, 1e9, None, float("inf")], [float("nan")]])
def test_a_number_by_itself_comes_back(values):
    """The predictions of a window: with values, without, and without a smallest one."""
    cells = NumericCells.of(np.arange(10.0))
    profile = NumericProfile.of(cells, np.array(values, np.float64), nulls=2, unreadable=1)
    column, apart = _column(NumericProfile, profile)
    (found,) = column_form(NumericProfile).decode(column, 1, apart)
    assert found == profile
    assert found.n == profile.n
    assert not found.counts.flags.writeable
    with pytest.raises(ValueError, match="were stored"):
        column_form(NumericProfile).decode(column | {"sums": column["sums"][:-1]}, 1, apart)


def test_profiles_that_were_stored_add_up():
    """Gaps in other columns in each of them."""
    frames = [
        pl.DataFrame({"miles": [1.0, None, 3.0], "tip": [1, 2, 1]}),
        pl.DataFrame({"miles": [1.0, 2.0], "tip": [None, 2]}),
    ]
    cells = {name: CELLS[name] for name in ("miles", "tip")}
    profiles = [profile_frame(frame, cells) for frame in frames]
    stored = [column_form(Profile).decode(*_pair(one)) for one in profiles]
    assert merge_profiles([one for some in stored for one in some]) == Profile.merge(profiles)


def _pair(profile):
    column, apart = _column(Profile, profile)
    return column, 1, apart
