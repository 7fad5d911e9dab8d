"""Parquet, as pandas, Polars and Arrow write it."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from keepfit.errors import RequestError
from keepfit.serving import table_parquet
from keepfit.serving.request import Accepts
from keepfit.serving.table_parquet import read_parquet


def written(columns, **kwargs):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **kwargs)
    return file.getvalue()


@pytest.fixture
def read(signature):
    """The columns of a file as lists."""

    def make(body, **kwargs):
        payload = read_parquet(body, Accepts(signature=signature), **kwargs)
        return {
            name: [None if one != one else one for one in np.asarray(values, dtype=object).tolist()]  # noqa: PLR0124
            for name, values in zip(payload.names, payload.values, strict=True)
        }

    return make


def test_every_kind_of_column(read):
    """Numbers, texts, truths, categories and times, with their nulls."""
    assert read(
        written(
            {
                "miles": pa.array([1.5, None], pa.float32()),
                "hour": pa.array([8, None], pa.int16()),
                "count": pa.array([8, 2**62], pa.int64()),
                "zone": pa.array(["a", None]).dictionary_encode(),
                "name": pa.array(["a", None], pa.large_string()),
                "flag": pa.array([True, None]),
                "fare": pa.array([Decimal("1.25"), None]),
                "nothing": pa.nulls(2),
                "at": pa.array(
                    [datetime(2020, 1, 31, tzinfo=UTC), None], pa.timestamp("ns", "Europe/Madrid")
                ),
                "day": pa.array([date(1970, 1, 2), None]),
            }
        )
    ) == {
        "miles": [1.5, None],
        "hour": [8, None],
        "count": [8, 2**62],
        "zone": ["a", None],
        "name": ["a", None],
        "flag": [True, None],
        "fare": [1.25, None],
        "nothing": [None, None],
        "at": [1_580_428_800_000_000, None],
        "day": [86_400_000_000, None],
    }


def test_the_index_of_a_frame_is_no_column(read):
    """Unless the model takes a column of this name."""
    frame = pd.DataFrame({"miles": [1.5]}, index=pd.Index(["x"], name="row"))
    assert read(frame.to_parquet()) == {"miles": [1.5]}
    assert read(frame.rename_axis("trip_id").to_parquet()) == {"miles": [1.5], "trip_id": ["x"]}


@pytest.mark.parametrize("column", [pa.array([[1]]), pa.array([b"a"]), pa.array([{"a": 1}])])
def test_columns_that_no_feature_has_are_refused(read, column):
    """By name and type."""
    with pytest.raises(RequestError, match="column 'miles' of the Parquet file is of type"):
        read(written({"miles": column}))


@pytest.mark.parametrize("body", [b"", b"PAR1", b"PAR1" + bytes(20) + b"PAR1"])
def test_what_is_no_parquet_file_is_refused(read, body):
    """With what the reader says."""
    with pytest.raises(RequestError, match="the Parquet file cannot be read"):
        read(body)


def test_a_file_that_unpacks_to_too_much_is_refused(read, monkeypatch):
    """Before it is unpacked: a constant column of any length takes a few bytes."""
    body = written({"miles": np.zeros(200_000)})
    assert len(body) < 5000
    with pytest.raises(RequestError, match="has 200,000 rows; at most 100,000"):
        read(body)
    monkeypatch.setattr(table_parquet, "_LARGEST", 100)
    with pytest.raises(RequestError, match="unpacks to more than 100 bytes"):
        read(body, max_rows=1_000_000)


def test_a_column_that_comes_twice_is_refused(read):
    """Which was meant is not guessed."""
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]), file)
    with pytest.raises(RequestError, match="names a column twice"):
        read(file.getvalue())
