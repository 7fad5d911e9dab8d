"""The profile of a category: known values, rarer ones, unseen ones, nulls."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.stats.categorical_profile import LISTED, TOP, CategoricalCells, CategoricalProfile

CELLS = CategoricalCells.of(pl.Series(["a"] * 5 + ["b"] * 3 + ["c"]))

letters = st.lists(st.one_of(st.none(), st.sampled_from("abcdefg")), max_size=40)


def _profile(values):
    return CategoricalProfile.of(CELLS, pl.Series(values, dtype=pl.String))


@settings(max_examples=40)
@given(letters)
def test_every_row_is_counted_once(values):
    """Known, unseen and null rows make up all rows."""
    profile = _profile(values)
    assert profile.rows == len(values)
    assert profile.counts.tolist() == [values.count(one) for one in "abc"]
    assert profile.unseen == sum(one is not None and one in "defg" for one in values)
    assert dict(profile.named) == {one: values.count(one) for one in "defg" if one in values}
    assert profile.coarse().sum() == len(values)


@settings(max_examples=40)
@given(letters, letters, letters)
def test_addition_is_associative_commutative_and_has_an_identity(x, y, z):
    """A whole is the sum of its parts, however they are grouped."""
    a, b, c = _profile(x), _profile(y), _profile(z)
    assert (a + b) + c == a + (b + c) == _profile(x + y + z)
    assert a + b == b + a
    assert a + CategoricalProfile.empty(CELLS) == a


def test_profiles_in_different_cells_do_not_add_up():
    """That is an error, not a wrong number."""
    other = CategoricalCells.of(pl.Series(["x"]))
    with pytest.raises(ValueError, match="different cells"):
        CategoricalProfile.empty(CELLS) + CategoricalProfile.empty(other)


def test_values_beyond_the_top_are_other_and_not_unseen():
    """The rarer values of the reference are known, though not counted one by one."""
    values = [f"v{i:04}" for i in range(TOP + 50)]
    cells = CategoricalCells.of(pl.Series(values + values[:TOP]))
    assert len(cells.values) == TOP
    assert len(cells.tail) == 50
    profile = CategoricalProfile.of(cells, pl.Series([values[0], values[-1], "new"]))
    assert (int(profile.counts.sum()), profile.other, profile.unseen) == (1, 1, 1)


def test_a_reference_with_too_many_values_to_list_calls_nothing_unseen():
    """What is not listed may have been there."""
    cells = CategoricalCells.of(pl.Series(range(TOP + LISTED + 1)))
    assert not cells.complete
    profile = CategoricalProfile.of(cells, pl.Series([-1]))
    assert (profile.other, profile.unseen, profile.named) == (1, 0, ())


def test_unseen_is_exact_where_names_are_not():
    """Of twenty unseen values eight keep their names; all are counted."""
    days = [_profile([f"new{i}"] * (i + 1)) for i in range(20)]
    week = CategoricalProfile.merge(days)
    assert week.unseen == 210
    assert len(week.named) == 8
    assert week.named[0] == ("new19", 20)


def test_singletons_are_counted_for_the_good_turing_estimate():
    """Values that the reference held once."""
    assert CELLS.singletons == 1


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([1, 2, 2], dtype=pl.Int16),
        pl.Series([1.0, 2.0, 2.0, None]),
        pl.Series([True, True, False]).cast(pl.UInt8) + 1,
    ],
)
def test_whole_numbers_are_integers_however_they_are_stored(series):
    """An integer column that turned to floats for the sake of a null keeps its categories."""
    cells = CategoricalCells.of(pl.Series([1, 2, 2]))
    profile = CategoricalProfile.of(cells, series)
    assert cells.values == (2, 1)
    assert profile.unseen == 0
    assert profile.n == 3


def test_booleans_dates_and_enums_are_categories_too():
    """Truth values count as 0 and 1; every other type by its text."""
    assert CategoricalCells.of(pl.Series([True, True, False])).values == (1, 0)
    assert CategoricalCells.of(pl.Series(["x", "y", "y"], dtype=pl.Enum(["x", "y"]))).values == ("y", "x")
    assert CategoricalCells.of(pl.Series([0.5, 0.5, 1.0])).values == ("0.5", "1.0")


def test_coarse_cells_are_at_most_twenty_three():
    """Twenty values, other, unseen and null."""
    cells = CategoricalCells.of(pl.Series([i for i in range(30) for _ in range(i + 1)]))
    profile = CategoricalProfile.of(cells, pl.Series([29, 0, 99, None]))
    assert profile.coarse().tolist() == [1, *[0] * 19, 1, 1, 1]


@settings(max_examples=40)
@given(st.lists(st.one_of(st.none(), st.sampled_from([1, 2, 2.5, 7])), max_size=30), st.integers(0, 30))
def test_a_column_of_floats_may_be_cut_anywhere(values, at):
    """A fraction among whole numbers changes the names of no others, in whichever part it is."""
    cells = CategoricalCells.of(pl.Series([1, 2, 2]))
    series = pl.Series(values, dtype=pl.Float64)
    parts = [CategoricalProfile.of(cells, one) for one in (series[:at], series[at:])]
    assert parts[0] + parts[1] == CategoricalProfile.of(cells, series)


def test_lists_are_unreadable_nulls():
    """They add up, and are told from rows without a value."""
    profile = CategoricalProfile.of(CELLS, pl.Series([["a"], None]))
    both = profile + profile
    assert (both.rows, both.nulls, both.unreadable) == (4, 4, 2)


def test_ten_thousand_categories():
    """The 200 most frequent are counted one by one, the rest together, and a new one is seen among them."""
    values = [f"v{i % 10_000:05}" for i in range(30_000)] + [f"v{i:05}" for i in range(200)]
    cells = CategoricalCells.of(pl.Series(values))
    profile = CategoricalProfile.of(cells, pl.Series([*values, "new", "new"]))
    assert profile.counts.tolist() == [4] * 200
    assert (profile.other, profile.unseen, profile.named) == (29_400, 2, (("new", 2),))
