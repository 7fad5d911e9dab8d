"""Any column as numbers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.stats.numeric_values import numeric_values

NOON = datetime(2024, 3, 31, 12, tzinfo=UTC).replace(tzinfo=None)
NOON_S = 1711886400.0


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        (pl.Series([1, None, 3], dtype=pl.Int8), [1, None, 3]),
        (pl.Series([1.5, None]), [1.5, None]),
        (pl.Series([True, False, None]), [1, 0, None]),
        (pl.Series(["1.5", " 2 ", "-3e2", None]), [1.5, 2, -300, None]),
        (pl.Series(["7", None], dtype=pl.Categorical), [7, None]),
        (pl.Series([Decimal("1.25"), None]), [1.25, None]),
        (pl.Series([timedelta(minutes=2), None]), [120, None]),
        (pl.Series([2**70], dtype=pl.Int128), [2.0**70]),
        (pl.Series([None, None]), [None, None]),
    ],
)
def test_what_is_a_number_is_read_as_one(series, expected):
    """Whatever type it is stored in, and nothing of it is unreadable."""
    found = numeric_values(series)
    assert found.series.to_list() == expected
    assert found.nulls == expected.count(None)
    assert found.unreadable == 0


@pytest.mark.parametrize(
    "series",
    [
        pl.Series(["far", None]),
        pl.Series([NOON, None]),
        pl.Series([NOON.date(), None]),
        pl.Series([NOON.time(), None]),
        pl.Series([[1.0], None]),
        pl.Series([{"a": 1}, None]),
        pl.Series([b"\xff", None]),
        pl.Series([object(), None], dtype=pl.Object),
    ],
)
def test_what_is_no_number_is_null_and_unreadable(series):
    """A changed type is told from a null: one of the two rows holds something."""
    found = numeric_values(series)
    assert (found.nulls, found.unreadable) == (2, 1)
    assert np.isnan(found.array).all()
    assert found.present().size == 0


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([NOON, None]),
        pl.Series([NOON, None], dtype=pl.Datetime("ns")),
        pl.Series([NOON, None], dtype=pl.Datetime("ms")),
        pl.Series([NOON, None]).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Kathmandu"),
        pl.Series(["2024-03-31T12:00:00", None]),
        pl.Series(["2024-03-31 12:00", None]),
        pl.Series(["2024-03-31T14:00:00.000+02:00", None]),
        pl.Series(["2024-03-31T12:00:00Z", None], dtype=pl.Categorical),
    ],
)
def test_times_are_seconds_since_1970_in_utc(series):
    """Naive ones are taken as UTC, others are converted, text is read as ISO 8601."""
    found = numeric_values(series, temporal=True)
    assert found.series.to_list() == [NOON_S, None]
    assert found.unreadable == 0


def test_a_date_is_its_midnight():
    """In UTC."""
    assert numeric_values(pl.Series([date(1970, 1, 2)]), temporal=True).array.tolist() == [86400.0]


def test_the_hour_that_comes_twice_is_two_hours():
    """At the end of daylight saving the clock shows 2:30 twice: an hour lies between."""
    local = pl.Series(["2024-10-27T02:30:00+02:00", "2024-10-27T02:30:00+01:00"])
    stored = pl.Series(["2024-10-27T00:30:00", "2024-10-27T01:30:00"]).str.to_datetime(time_unit="us")
    zoned = stored.dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    for series in (local, zoned):
        assert np.diff(numeric_values(series, temporal=True).array).tolist() == [3600.0]


@pytest.mark.parametrize(
    "series", [pl.Series([1.5, None]), pl.Series(["soon", None]), pl.Series([[NOON], None])]
)
def test_what_is_no_time_is_unreadable_where_times_are_due(series):
    """A number is none: nobody knows its unit."""
    found = numeric_values(series, temporal=True)
    assert (found.nulls, found.unreadable) == (2, 1)


def test_numbers_without_nulls_are_not_copied():
    """The array is the column's own memory; nulls make a copy, with NaN in their place."""
    values = np.arange(4.0)
    assert np.shares_memory(numeric_values(pl.Series(values)).array, values)
    assert np.shares_memory(numeric_values(pl.Series(values)).present(), values)
    assert numeric_values(pl.Series([1, None])).array.tolist()[0] == 1.0


@given(
    st.lists(st.one_of(st.none(), st.integers(-9, 9)), min_size=1), st.sampled_from([pl.Int64, pl.Float64])
)
def test_some_rows_are_those_of_the_array(values, dtype):
    """NaN where there is no value; without a choice, all of them."""
    found = numeric_values(pl.Series(values, dtype=dtype))
    rows = np.arange(0, len(values), 2)
    np.testing.assert_array_equal(found.at(rows), found.array[rows])
    np.testing.assert_array_equal(found.at(None), found.array)
