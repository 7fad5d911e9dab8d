"""A profile's columns as they lie in stored evidence: read stacked where they stack, and checked when they are read."""

import numpy as np
import polars as pl
import pytest

from keepfit.adapters.column_form import Apart, column_form
from keepfit.adapters.profile_form import FEATURES, read_features
from keepfit.stats.profile import CategoricalCells, NumericCells, cells_of, profile_frame
from keepfit.stats.profile_stack import ColumnStack

KINDS = frozenset({NumericCells, CategoricalCells})
REFERENCE = pl.DataFrame({"miles": np.arange(400.0), "zone": ["a", "b"] * 200, "tip": np.arange(400) % 3})
WINDOW = pl.DataFrame({"miles": [1.0, -999.0, None], "zone": ["a", "new", None], "tip": [None, None, None]})
CELLS = cells_of(REFERENCE, ["miles", "tip"], ["zone"])


def _columns(window=WINDOW, cells=CELLS):
    features = profile_frame(window, cells).features
    apart = Apart(kinds=KINDS)
    column = column_form(FEATURES).encode([features], apart)
    return features, column, Apart(kinds=KINDS, values=apart.values, readers={FEATURES: read_features})


def _part(column, arm):
    return column["values"]["columns"][column["values"]["arms"].index(arm)]


@pytest.mark.parametrize("names", [["miles", "zone", "tip"], ["miles", "tip"], ["zone"]])
def test_columns_are_read_stacked(names):
    """Numbers and categories, or one kind alone; a column without a value has no smallest one."""
    features, column, apart = _columns(WINDOW.select(names), {name: CELLS[name] for name in names})
    (found,) = column_form(FEATURES).decode(column, 1, apart)
    assert isinstance(found, ColumnStack)
    assert found == features


def test_windows_of_one_reader_share_the_tuple_of_their_cells():
    """Their sum does not compare the cells one by one."""
    _, column, apart = _columns()
    one, other = (column_form(FEATURES).decode(column, 1, apart)[0] for _ in range(2))
    assert one.numbers.cells is other.numbers.cells
    assert one.numbers.cells[0] is apart.values[column["values"]["columns"][1]["cells"][0]]


def test_a_field_that_was_not_stored_takes_its_default():
    """Evidence of a version that did not count what is unreadable."""
    features, column, apart = _columns()
    for part in column["values"]["columns"]:
        del part["unreadable"]
    assert column_form(FEATURES).decode(column, 1, apart)[0] == features


def test_several_profiles_are_read_as_they_are_declared():
    """Only a window's one profile is stacked."""
    features, _, apart = _columns()
    column = column_form(FEATURES).encode([features, features], apart)
    assert column_form(FEATURES).decode(column, 2, apart) == [features, features]


def test_no_column_at_all_is_read_too():
    """A version without features."""
    _, column, apart = _columns(WINDOW, {})
    assert column_form(FEATURES).decode(column, 1, apart) == [{}]


@pytest.mark.parametrize("name", ["counts", "sums"])
def test_arrays_that_are_cut_short_are_no_profile(name):
    """It is told when the evidence is read, and not in the middle of a check."""
    _, column, apart = _columns()
    array = _part(column, "NumericProfile")[name]
    array["flat"] = [array["flat"][0], array["flat"][1][:-8]]
    with pytest.raises(ValueError, match="do not have"):
        column_form(FEATURES).decode(column, 1, apart)


def test_sizes_that_are_not_those_of_the_cells_are_no_profile():
    """A row of one column would count for another."""
    _, column, apart = _columns()
    _part(column, "NumericProfile")["counts"]["sizes"][0] += 1
    with pytest.raises(ValueError, match="as long as their cells"):
        column_form(FEATURES).decode(column, 1, apart)


def test_too_few_numbers_are_no_profile():
    """One number would be taken for all columns."""
    _, column, apart = _columns()
    _part(column, "NumericProfile")["nulls"] = [1]
    with pytest.raises(ValueError, match="2 columns have 1 numbers"):
        column_form(FEATURES).decode(column, 1, apart)
