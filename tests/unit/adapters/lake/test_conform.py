"""Rows are checked at the door, and their types settle with the table's."""

from datetime import UTC, datetime, time

import polars as pl
import pytest

from keepfit.adapters.lake.conform import label_rows, prediction_rows, settle
from keepfit.errors import DataError
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS

AT = datetime(2020, 1, 31, tzinfo=UTC)


def predicted(**columns: object) -> pl.DataFrame:
    known = {"prediction_id": "a", "version": 1, "role": "champion", "event_time": AT, "received_at": AT,
             "prediction": 1.0, "error": None}  # fmt: skip
    return pl.DataFrame([known], schema=PREDICTION_COLUMNS).with_columns(**columns)


def test_types_become_plain():
    """Whole numbers are Int64, others Float64, categories text; a column without a type is left out."""
    given = predicted(
        x_n=pl.lit(1, dtype=pl.UInt8),
        x_f=pl.lit(1.5, dtype=pl.Float32),
        x_u=pl.lit(2**64 - 1, dtype=pl.UInt64),
        x_z=pl.lit("A", dtype=pl.Categorical),
        x_t=pl.lit(time(8)),
        x_none=pl.lit(None),
        c_at=pl.lit(datetime(2020, 1, 31, tzinfo=UTC)).dt.replace_time_zone(None),
    )
    got = prediction_rows(given, model="taxi", batch=7)
    assert dict(got.schema) == {
        **PREDICTION_COLUMNS, "batch": pl.Int64, "x_n": pl.Int64, "x_f": pl.Float64, "x_u": pl.Float64,
        "x_z": pl.String, "x_t": pl.String, "c_at": pl.Datetime("us", "UTC"),
    }  # fmt: skip
    assert got["batch"].to_list() == [7]


def test_a_batch_number_that_came_along_is_replaced():
    """The number of the append counts."""
    assert prediction_rows(predicted(batch=1), model="taxi", batch=7)["batch"].to_list() == [7]


def test_a_prediction_that_failed_is_a_row():
    """It has no value, and says why."""
    got = prediction_rows(predicted(prediction=None, error=pl.lit("no such zone")), model="taxi", batch=1)
    assert got["prediction"].to_list() == [None]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (predicted().drop("version"), "the predictions of 'taxi' has no column 'version'"),
        (predicted(miles=1.0), "hold a column 'miles'"),
        (predicted(role=pl.lit("king")), "hold the role 'king'"),
        (predicted(event_time=None), "'event_time' is null in 1 rows"),
        (predicted(version=pl.lit("one")), "hold values of another type"),
        (predicted(x_list=pl.lit([[1]])), "column 'x_list' has type"),
        (predicted(x_a=1, x_A=2), "differ in case only"),
    ],
)
def test_what_is_no_prediction_is_refused(rows, message):
    """The error names the model and the column."""
    with pytest.raises(DataError, match=message):
        prediction_rows(rows, model="taxi", batch=1)


def test_labels_hold_their_columns_only():
    """Other columns are left out; a label without a value is refused."""
    rows = pl.DataFrame(
        [{"prediction_id": "a", "label": 1.0, "label_time": AT, "received_at": AT}], schema=LABEL_COLUMNS
    )
    got = label_rows(rows.with_columns(note=pl.lit("x")), model="taxi", batch=7)
    assert got.columns == [*LABEL_COLUMNS, "batch"]
    with pytest.raises(DataError, match="the labels of 'taxi': 'label' is null in 1 rows"):
        label_rows(rows.with_columns(label=None), model="taxi", batch=7)


INTS, FLOATS, TEXTS = pl.Schema({"x": pl.Int64}), pl.Schema({"x": pl.Float64}), pl.Schema({"x": pl.String})


@pytest.mark.parametrize(
    ("values", "table", "settled", "widened"),
    [
        ([1, 2], INTS, [1, 2], {}),
        ([1.0, None], INTS, [1, None], {}),
        ([1.5, 2.0], INTS, [1.5, 2.0], FLOATS),
        ([float("nan")], INTS, [float("nan")], FLOATS),
        ([1e300], INTS, [1e300], FLOATS),
        ([1, None], FLOATS, [1.0, None], {}),
        ([1, None], TEXTS, ["1", None], {}),
        (["A"], INTS, ["A"], TEXTS),
        (["A"], pl.Schema({"x": pl.Date}), ["A"], TEXTS),
        (["A"], pl.Schema({"y": pl.Date}), ["A"], {}),
    ],
)
def test_types_settle_without_losing_a_value(values, table, settled, widened):
    """Rows take the type of the table where it holds them; where it does not, the table is to be widened."""
    rows, wider = settle(pl.DataFrame({"x": values}), table)
    assert (str(rows["x"].to_list()), dict(wider)) == (str(settled), dict(widened))


def test_a_feature_that_differs_in_case_from_the_tables_is_refused():
    """Two versions of a model may not call a feature `Miles` and `miles`."""
    with pytest.raises(DataError, match="'x_Miles' and 'x_miles' differ in case only"):
        settle(pl.DataFrame({"x_miles": [1]}), pl.Schema({"x_Miles": pl.Int64}))
