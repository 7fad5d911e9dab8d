"""Any frame comes in as a Polars frame of plain types."""

from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from keepfit.data.frames import to_polars
from keepfit.errors import DataError

PLAIN = pl.DataFrame({"miles": [1.5, None], "zone": ["A", "B"], "n": [1, 2]})


@pytest.mark.parametrize(
    "frame",
    [PLAIN, PLAIN.lazy(), PLAIN.to_pandas(), PLAIN.to_arrow(), PLAIN.to_arrow().to_reader()],
    ids=["polars", "lazy", "pandas", "table", "reader"],
)
def test_the_same_rows_from_any_library(frame):
    """Polars, pandas and Arrow give the same frame."""
    assert_frame_equal(to_polars(frame, where="a test"), PLAIN)


@pytest.mark.parametrize(
    "moments",
    [
        pl.Series(["2020-01-31T08:00"]).str.to_datetime(),
        pl.Series(["2020-01-31T08:00"]).str.to_datetime().dt.cast_time_unit("ns"),
        pl.Series(["2020-01-31T09:00"])
        .str.to_datetime()
        .dt.replace_time_zone("Europe/Berlin")
        .dt.cast_time_unit("ms"),
        pl.Series([datetime(2020, 1, 31, 10, tzinfo=timezone(timedelta(hours=2)))]),
    ],
    ids=["naive", "nanoseconds", "Berlin", "offset"],
)
def test_times_become_utc_microseconds(moments):
    """Naive times are taken as UTC, others are converted; the unit is always the microsecond."""
    got = to_polars(pl.DataFrame({"at": moments}), where="a test")["at"]
    assert got.dtype == pl.Datetime("us", "UTC")
    assert got.to_list() == [datetime(2020, 1, 31, 8, tzinfo=UTC)]


def test_pandas_missing_values_are_null():
    """NaN and NaT of pandas are nulls, and its index stays behind."""
    frame = pd.DataFrame(
        {"miles": [1.0, float("nan")], "at": pd.to_datetime(["2020-01-31", None])}, index=[7, 9]
    )
    got = to_polars(frame, where="a test")
    assert got.columns == ["miles", "at"]
    assert got.null_count().row(0) == (1, 1)


def test_a_nan_of_polars_stays():
    """In Polars NaN is a number, not a missing value."""
    assert to_polars(pl.DataFrame({"a": [float("nan")]}), where="a test")["a"].is_nan().all()


@pytest.mark.parametrize(
    ("frame", "values"),
    [
        (pl.DataFrame({"z": pl.Series(["b", "a", None], dtype=pl.Categorical)}), ["b", "a", None]),
        (pl.DataFrame({"z": pl.Series(["b", "a", None], dtype=pl.Enum(["b", "a"]))}), ["b", "a", None]),
        (pd.DataFrame({"z": pd.Categorical(["b", "a", None])}), ["b", "a", None]),
        (pd.DataFrame({"z": pd.Categorical([30, 4, None])}), [30, 4, None]),
        (pa.table({"z": pa.array(["b", "a", None]).dictionary_encode()}), ["b", "a", None]),
    ],
    ids=["polars", "enum", "pandas text", "pandas numbers", "arrow"],
)
def test_categories_become_their_values(frame, values):
    """Text stays text and numbers stay numbers; codes never come through."""
    assert to_polars(frame, where="a test")["z"].to_list() == values


@pytest.mark.parametrize(
    "frame", [[{"a": 1}], {"a": [1]}, None, "a"], ids=["records", "dict", "none", "text"]
)
def test_what_is_no_frame_is_refused(frame):
    """The message says who gave what."""
    with pytest.raises(DataError, match=f"the source of 'taxi' gave a {type(frame).__name__}, not a frame"):
        to_polars(frame, where="the source of 'taxi'")


def test_a_column_of_mixed_values_is_refused():
    """A pandas column that holds text and numbers has no type; the error is ours, not a library's."""
    with pytest.raises(DataError, match="the source of 'taxi' gave a DataFrame that cannot be read"):
        to_polars(pd.DataFrame({"a": ["x", 1, {}]}), where="the source of 'taxi'")
