"""Values that the reference never held, or hardly."""

import numpy as np
import polars as pl

from keepfit.monitoring.new_values import new_categories, new_numbers
from keepfit.monitoring.norm_column import NormColumn
from keepfit.stats.profile import CategoricalCells, CategoricalProfile, NumericCells, NumericProfile

HOURS = np.repeat(np.arange(24.0), [4] + [400] * 23)


def _numbers(values, days=None, **options):
    days = [HOURS] if days is None else days
    cells = NumericCells.of(np.concatenate(days))
    blocks = [NumericProfile.of(cells, day) for day in days]
    column = _column(NumericProfile.merge(blocks), blocks)
    return new_numbers(NumericProfile.of(cells, np.asarray(values)), column, **options)


def _column(total, blocks):
    return NormColumn.of("x", total, [(None, block) for block in blocks])


def _categories(values, days):
    cells = CategoricalCells.of(pl.Series([value for day in days for value in day]))
    blocks = [CategoricalProfile.of(cells, pl.Series(day)) for day in days]
    window = CategoricalProfile.of(cells, pl.Series(values))
    return new_categories(window, _column(CategoricalProfile.merge(blocks), blocks))


def test_a_sentinel_out_of_range_was_never_held():
    """It is named, with no row in the reference."""
    (found,) = _numbers([-999.0] * 50 + [12.0] * 250)
    assert (found.what, found.hits, found.reference_hits, found.fault.value) == ("-999", 50, 0, -999.0)
    assert found.breaks(0.05)
    assert found.says("x") == "x is -999 in 16.7 % of 300 rows; the reference (9,204 rows) never holds -999"


def test_a_sentinel_within_the_range_is_found_too():
    """A number between those that occur, of which the reference has at most what its cell holds."""
    (found,) = _numbers([7.5] * 30 + [12.0] * 270)
    assert found.reference_hits == 0
    assert found.breaks(0.05)


def test_a_rare_value_must_be_ten_times_as_frequent():
    """An hour of the night that the reference knows is new at ten times its share only."""
    common = np.tile(np.append(np.arange(1.0, 24.0), 0.0), 400)
    days = [np.concatenate([common, np.repeat(0.5, 90)])]
    cells_share = 90 / days[0].size
    (seldom,) = _numbers([0.5] * 25 + [12.0] * 275, days)
    (often,) = _numbers([0.5] * 60 + [12.0] * 240, days)
    assert 0.05 < 25 / 300 < 10 * cells_share < 60 / 300
    assert not seldom.breaks(0.05)
    assert often.breaks(0.05)
    assert "in at most 0.9" in often.says("x")


def test_values_that_every_day_brings_are_not_new():
    """The day of the month: each block has one that no other has, and so may the next."""
    days = [np.full(100, float(day)) for day in range(28)]
    (found,) = _numbers(np.full(300, 28.0), days)
    assert not found.breaks(0.05)


def test_rises_that_are_too_small_to_be_told_are_left_out():
    """But for the largest, which is told when nothing has changed."""
    values = [-999.0] * 60 + [-77.0] * 20 + [-5.0] * 20 + [12.0] * 200
    assert [one.what for one in _numbers(values)] == ["-999", "-77", "-5"]
    assert [one.what for one in _numbers(values, least=0.1)] == ["-999"]
    assert [one.what for one in _numbers(values, least=0.5)] == ["-999"]


def test_an_unseen_category_is_named():
    """With its value as text, as rows are told by."""
    (found,) = _categories(["new"] * 30 + ["a"] * 270, [["a"] * 500 + ["b"] * 500] * 2)
    assert (found.what, found.fault.value, found.reference_hits) == ("'new'", "new", 0)
    assert found.breaks(0.05)


def test_a_column_that_is_coded_anew_is_a_fault():
    """Most values are unknown, none of them stands out: together they alarm."""
    found = _categories([f"id{i}" for i in range(200)] + ["a"] * 100, [["a"] * 500 + ["b"] * 500] * 2)
    alarming = [one for one in found if one.breaks(0.05)]
    assert [one.fault.kind for one in alarming] == ["all"]
    assert alarming[0].hits == 200


def test_new_categories_beside_the_old_ones_are_no_fault():
    """That is the world changing: drift, not a broken feed."""
    found = _categories([f"id{i}" for i in range(60)] + ["a"] * 240, [["a"] * 500 + ["b"] * 500] * 2)
    assert not [one for one in found if one.breaks(0.05)]


def test_unseen_categories_are_expected_where_values_are_seldom_repeated():
    """A column of identifiers: most values come once, and so do those of the window."""
    days = [[f"{day}-{i}" for i in range(300)] for day in range(10)]
    found = _categories([f"new-{i}" for i in range(300)], days)
    assert not any(one.breaks(0.05) for one in found)


def test_a_rare_new_category_is_told_though_it_is_no_fault():
    """One row in two hundred: too few to break the data, enough to mean a new world."""
    (found,) = _categories(["new"] * 10 + ["a"] * 1990, [["a"] * 5000 + ["b"] * 5000] * 2)
    assert found.changes(0.05)
    assert found.p < 1e-6
    assert not found.breaks(0.05)


def test_a_new_category_that_comes_twice_is_no_news_where_new_ones_always_come():
    """One in ten of the reference's values came once only: so may one of the window come twice."""
    days = [[f"{day}-{i}" for i in range(100)] + ["a"] * 900 for day in range(3)]
    found = _categories(["new", "new"] + ["a"] * 298, days)
    assert found[0].p > 0.01
