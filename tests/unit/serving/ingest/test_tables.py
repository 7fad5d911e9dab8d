"""Whatever people keep rows in, they are the same rows."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from keepfit.errors import DataError
from keepfit.serving.ingest.tables import plain, table_columns, values

AT = datetime(2020, 1, 31, tzinfo=UTC)
AT_US = 1_580_428_800_000_000
COLUMNS = {"miles": [1.5, None], "zone": ["A", None], "hour": [8, 9], "at": [AT, AT]}


@pytest.mark.parametrize(
    "make",
    [
        dict,
        lambda columns: [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
        pl.DataFrame,
        lambda columns: pl.DataFrame(columns).lazy(),
        pd.DataFrame,
        pa.table,
    ],
)
def test_every_kind_of_table_is_read(make):
    """With nulls, texts and times; the values are those of Python."""
    read = {name: list(column) for name, column in table_columns(make(COLUMNS), where="features").items()}
    assert read == {"miles": [1.5, None], "zone": ["A", None], "hour": [8, 9], "at": [AT_US, AT_US]}


def test_one_row_may_be_given_by_itself():
    """Without lists around its values."""
    assert table_columns({"miles": np.float32(1.5), "at": AT}, where="f") == {"miles": [1.5], "at": [AT_US]}


@pytest.mark.parametrize(
    ("column", "read"),
    [
        (3, [3]),
        ("a", ["a"]),
        (np.array(3), [3]),
        (np.array([[1], [2]]), [1, 2]),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.array(["2020-01-31"], "datetime64[D]"), [AT_US]),
        (np.array([1, None], object), [1, None]),
        ((np.int64(1), np.bool_(True)), [1, True]),
        (pd.Series([1.5, 2.5]), [1.5, 2.5]),
        (pd.Series([pd.Timestamp(AT), pd.NaT]), [AT_US, None]),
        (pl.Series([date(2020, 1, 31), None]), [AT_US, None]),
        (pl.Series([True, None]), [True, None]),
        (pl.Series([1, None]), [1, None]),
    ],
)
def test_a_column_may_be_anything_of_one_value_a_row(column, read):
    """Of any library."""
    assert list(values(column, where="prediction")) == read


def test_numbers_stay_an_array():
    """Nothing is made of each of a million of them."""
    given = np.arange(4.0)
    assert values(given, where="x") is not None
    assert isinstance(values(given, where="x"), np.ndarray)
    assert isinstance(table_columns(pl.DataFrame({"x": [1.0]}), where="f")["x"], np.ndarray)


@pytest.mark.parametrize(
    ("column", "said"),
    [(np.zeros((2, 2)), r"shape \(2, 2\)"), (object(), "is a object"), ({1, 2}, "is a set")],
)
def test_what_is_no_column_is_refused(column, said):
    """With where it was."""
    with pytest.raises(DataError, match=f"prediction .*{said}|prediction {said}"):
        values(column, where="prediction")


def test_what_is_no_table_is_refused():
    """In the words of every other door for frames."""
    with pytest.raises(DataError, match="features gave a int, not a frame"):
        table_columns(3, where="features")


def test_a_time_that_is_none_is_null():
    """And a naive one is UTC."""
    assert plain(np.datetime64("NaT")) is None
    assert plain(datetime(2020, 1, 31)) == plain(date(2020, 1, 31)) == AT_US  # noqa: DTZ001
