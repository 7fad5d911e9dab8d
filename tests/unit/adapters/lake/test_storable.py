"""Every plain type goes into a Delta table and comes back."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from keepfit.adapters.lake.storable import check_names, from_stored, parse_dtype, to_stored
from keepfit.data.digest import frame_digest
from keepfit.data.schema import Schema
from keepfit.errors import DataError

TYPES = [pl.Boolean, pl.Int8, pl.Int64, pl.UInt8, pl.UInt32, pl.UInt64, pl.Float32, pl.Float64, pl.String, pl.Binary,
         pl.Date, pl.Time, pl.Datetime("us", "UTC"), pl.Datetime("ms"), pl.Datetime("ns", "Europe/Berlin"),
         pl.Duration("us"), pl.Null]  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(
    frame=dataframes(max_cols=4, max_size=6, allowed_dtypes=TYPES), shuffle=st.randoms(use_true_random=False)
)
def test_what_goes_in_comes_out(frame, shuffle):
    """Values, types and order survive, even when the table gives its rows back in another order."""
    stored = to_stored(frame)
    order = shuffle.sample(range(frame.height), frame.height)
    back = from_stored(stored[order], Schema.of(frame))
    assert_frame_equal(back, frame)
    assert frame_digest(back) == frame_digest(frame)


def test_a_delta_table_takes_every_type(tmp_path):
    """Each type is written by the Delta library itself, and read back the same."""
    moment = datetime(2020, 1, 31, 8, 30, 0, 123456, tzinfo=UTC)
    values = [True, -1, 2**63 - 1, 255, 2**32 - 1, 2**64 - 1, 1.5, -0.0, "é", b"\x00", date(2020, 1, 31), time(8),
              moment, moment.replace(tzinfo=None), moment, timedelta(microseconds=5), None]  # fmt: skip
    series = [pl.Series(f"column {i}", [value, None], dtype=dtype, strict=False)
              for i, (value, dtype) in enumerate(zip(values, TYPES, strict=True))]  # fmt: skip
    frame = pl.DataFrame(series)
    write_deltalake(tmp_path / "t", to_stored(frame))
    back = from_stored(pl.read_parquet(DeltaTable(tmp_path / "t").file_uris(), glob=False), Schema.of(frame))
    assert_frame_equal(back, frame)


@pytest.mark.parametrize(
    "dtype", [*[dtype() if isinstance(dtype, type) else dtype for dtype in TYPES], pl.Decimal(10, 2)], ids=str
)
def test_a_written_type_is_read_again(dtype):
    """The schema that a version records is enough to know its types."""
    assert parse_dtype(str(dtype)) == dtype


def test_names_that_differ_in_case_only_are_refused():
    """A Delta table would take one for the other; the error names both."""
    with pytest.raises(DataError, match="the columns 'Miles' and 'miles' differ in case only"):
        check_names(["Miles", "zone", "miles"])


def test_the_row_number_is_the_stores_own():
    """A column of that name cannot be stored beside it."""
    with pytest.raises(DataError, match="'__row' is the store's own column"):
        to_stored(pl.DataFrame({"__row": [1]}))
