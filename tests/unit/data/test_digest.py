"""The digest of a frame: nothing but its values counts, and every value does."""

import io
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing.parametric import dataframes

from keepfit.data.digest import frame_digest
from keepfit.errors import DataError

PLAIN = [pl.Boolean, pl.Int8, pl.Int64, pl.UInt64, pl.Float32, pl.Float64, pl.String, pl.Binary, pl.Date, pl.Time,
         pl.Datetime("us"), pl.Datetime("ms", "UTC"), pl.Duration("us")]  # fmt: skip

FRAME = pl.DataFrame(
    {
        "id": [1, 2, 3],
        "miles": [1.5, None, 0.0],
        "zone": ["A", None, "é"],
        "at": [datetime(2020, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
        "day": [date(2020, 1, 1), None, date(2020, 1, 3)],
        "cash": [True, False, None],
        "raw": [b"\x00", b"", None],
        "wait": [timedelta(seconds=1), None, timedelta(0)],
        "fare": pl.Series(["1.50", None, "2.00"]).cast(pl.Decimal(10, 2)),
        "empty": [None, None, None],
    }
)


@settings(max_examples=60, deadline=None)
@given(frame=dataframes(min_cols=1, max_cols=4, max_size=8, allowed_dtypes=PLAIN), cut=st.integers(0, 8))
def test_chunks_and_slices_do_not_count(frame, cut):
    """The same rows in two chunks, and out of a larger frame, have the digest of the whole."""
    chunked = pl.concat([frame[:cut], frame[cut:]], rechunk=False)
    larger = pl.concat([frame, frame, frame])[frame.height : 2 * frame.height]
    assert frame_digest(chunked) == frame_digest(larger) == frame_digest(frame)


@settings(max_examples=60, deadline=None)
@given(
    frame=dataframes(cols=3, min_size=1, max_size=6, allowed_dtypes=[pl.Int64, pl.String, pl.Float64]),
    data=st.data(),
)
def test_any_changed_value_changes_the_digest(frame, data):
    """Another value in any one cell, null included, is another digest."""
    column = frame.columns[data.draw(st.integers(0, 2))]
    row = data.draw(st.integers(0, frame.height - 1))
    values = frame[column].to_list()
    other = {pl.Int64: 7, pl.String: "seven", pl.Float64: 7.5}[frame.schema[column]]
    values[row] = other if values[row] is None else None
    changed = frame.with_columns(pl.Series(column, values, dtype=frame.schema[column]))
    assert frame_digest(changed) != frame_digest(frame)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda frame: frame.reverse(), id="order of rows"),
        pytest.param(lambda frame: frame.select(reversed(frame.columns)), id="order of columns"),
        pytest.param(lambda frame: frame.rename({"id": "ID"}), id="name"),
        pytest.param(lambda frame: frame.cast({"id": pl.Int32}), id="type"),
        pytest.param(lambda frame: frame.cast({"at": pl.Datetime("ms", "UTC")}), id="unit of time"),
        pytest.param(
            lambda frame: frame.with_columns(pl.col("at").dt.replace_time_zone(None)), id="time zone"
        ),
        pytest.param(lambda frame: frame.cast({"fare": pl.Decimal(10, 3)}), id="scale"),
        pytest.param(lambda frame: frame.head(2), id="rows"),
        pytest.param(lambda frame: frame.drop("empty"), id="columns"),
        pytest.param(
            lambda frame: frame.with_columns(pl.col("zone").fill_null("")), id="null and empty text"
        ),
        pytest.param(
            lambda frame: frame.with_columns(pl.col("raw").fill_null(b"")), id="null and empty bytes"
        ),
        pytest.param(
            lambda frame: frame.with_columns(pl.col("miles").fill_null(float("nan"))), id="null and NaN"
        ),
        pytest.param(lambda frame: frame.with_columns(pl.col("miles").replace(0.0, -0.0)), id="-0.0"),
    ],
)
def test_everything_that_a_model_could_notice_counts(change: Callable[[pl.DataFrame], pl.DataFrame]):
    """Order, names, types and the difference of null, NaN, zero and nothing are part of the digest."""
    assert frame_digest(change(FRAME)) != frame_digest(FRAME)


def test_text_cannot_slip_from_one_row_into_the_next():
    """The same letters divided otherwise are other values."""
    assert frame_digest(pl.DataFrame({"a": ["ab", "c"]})) != frame_digest(pl.DataFrame({"a": ["a", "bc"]}))


def test_every_nan_is_the_same():
    """NaNs with other bits inside give the same digest."""
    odd = np.array([0x7FF8000000000001, 0xFFF8000000000000], dtype=np.uint64).view(np.float64)
    assert frame_digest(pl.DataFrame({"a": odd})) == frame_digest(pl.DataFrame({"a": [float("nan")] * 2}))


def test_what_lies_under_a_null_does_not_count():
    """A null that was a value a moment ago is a null like any other."""
    masked = pl.DataFrame({"a": [1, 99]}).with_columns(pl.when(pl.col("a") < 99).then(pl.col("a")))
    assert frame_digest(masked) == frame_digest(pl.DataFrame({"a": [1, None]}))


def test_a_file_in_between_does_not_count():
    """Parquet and Arrow files give back the digest that was written."""
    for write, read in (("write_parquet", pl.read_parquet), ("write_ipc", pl.read_ipc)):
        buffer = io.BytesIO()
        getattr(FRAME.drop("empty"), write)(buffer)
        buffer.seek(0)
        assert frame_digest(read(buffer)) == frame_digest(FRAME.drop("empty"))


def test_the_encoding_is_pinned():
    """A digest that was recorded long ago must still verify: this one may never change."""
    frame = pl.DataFrame({"id": [1, 2], "zone": ["A", None], "miles": [1.5, float("nan")]})
    assert frame_digest(frame) == "sha256:94c4d7e34c53e85a50b5c9878d9d04c70b4b97113969b0778fb7fdca3a7062ce"


@pytest.mark.parametrize(
    "column",
    [pl.Series("odd", [[1]]), pl.Series("odd", [{"a": 1}]), pl.Series("odd", [object()]),
     pl.Series("odd", ["a"], dtype=pl.Categorical)],
    ids=["list", "struct", "object", "category"],
)  # fmt: skip
def test_a_type_without_an_encoding_is_refused(column):
    """Nested values, objects and categories raise an error that names the column."""
    with pytest.raises(DataError, match="column 'odd' has type"):
        frame_digest(column.to_frame())


def test_a_million_rows_take_a_moment():
    """A million rows of ten columns, text included, are digested in less than two seconds of processor time."""
    numbers = np.random.default_rng(0).normal(size=1_000_000)
    frame = pl.DataFrame({f"x{i}": numbers for i in range(8)}).with_columns(
        a=pl.int_range(pl.len()).cast(pl.String), b=pl.int_range(pl.len())
    )
    started = time.process_time()
    frame_digest(frame)
    assert time.process_time() - started < 2
