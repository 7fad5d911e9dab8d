"""From frames to the lake's tables."""

from datetime import UTC, datetime

import msgspec
import numpy as np
import polars as pl

from keepfit.predictions.capture_codec import LabelsFrame, PredictionsFrame
from keepfit.predictions.frames import labels_table, predictions_table
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS

NOON = datetime(2020, 1, 31, 12, tzinfo=UTC)
NOON_US = 1_580_472_000_000_000


def frame(*ids, features, kinds, context=None, prediction=1.0, error=None):
    n = len(ids)
    return PredictionsFrame(
        model="taxi",
        prediction_id=list(ids),
        version=[2] * n,
        role=["canary"] * n,
        event_time=[NOON_US] * n,
        received_at=[NOON_US + 1] * n,
        prediction=[prediction] * n,
        error=[error] * n,
        features=features,
        kinds=kinds,
        context=context or {},
    )


def test_the_columns_are_those_of_the_record():
    """Names, types and values, features and context prefixed."""
    table = predictions_table(
        [
            frame(
                "a",
                features={"miles": [2], "zone": ["bronx"], "seats": [4]},
                kinds={"miles": "number", "zone": "text", "seats": "integer"},
                context={"borough": ["queens"]},
            )
        ]
    )
    assert dict(table.schema) == {
        **PREDICTION_COLUMNS,
        "x_miles": pl.Float64,
        "x_zone": pl.String,
        "x_seats": pl.Int64,
        "c_borough": pl.String,
    }
    row = table.row(0, named=True)
    assert (row["event_time"], row["x_miles"], row["x_seats"], row["c_borough"]) == (NOON, 2.0, 4, "queens")


def test_a_column_of_nulls_has_its_type():
    """The first batch of a day decides nothing."""
    table = predictions_table(
        [frame("a", features={"zone": [None], "miles": [None]}, kinds={"zone": "text", "miles": "number"})]
    )
    assert table["x_zone"].dtype == pl.String
    assert table["x_miles"].dtype == pl.Float64


def test_frames_with_other_columns_are_put_together_with_nulls():
    """A new version may take a feature that the old one did not."""
    old = frame("a", features={"miles": [1.0]}, kinds={"miles": "number"})
    new = frame(
        "b", "c", features={"miles": [2.0, 3.0], "hour": [7, 8]}, kinds={"miles": "number", "hour": "number"}
    )
    table = predictions_table([old, new]).sort("prediction_id")
    assert table["x_miles"].to_list() == [1.0, 2.0, 3.0]
    assert table["x_hour"].to_list() == [None, 7.0, 8.0]


def test_a_failure_has_a_null_prediction_and_its_error():
    """As the record says."""
    table = predictions_table([frame("a", features={}, kinds={}, prediction=None, error="ValueError: no")])
    assert table.select("prediction", "error").row(0) == (None, "ValueError: no")


def test_nan_is_recorded_as_null():
    """There is one way to say that nothing is there."""
    table = predictions_table([frame("a", features={"miles": [float("nan")]}, kinds={"miles": "number"})])
    assert table["x_miles"].to_list() == [None]


def test_labels_have_the_columns_of_the_record():
    """Whole numbers are read as floats."""
    table = labels_table(
        [LabelsFrame(model="taxi", prediction_id=["a"], label=[7], label_time=[NOON_US], received_at=[0])]
    )
    assert dict(table.schema) == LABEL_COLUMNS
    assert table.row(0)[:3] == ("a", 7.0, NOON)


def test_no_frames_give_empty_tables():
    """With their columns all the same."""
    assert dict(predictions_table([]).schema) == PREDICTION_COLUMNS
    assert dict(labels_table([]).schema) == LABEL_COLUMNS


def numbered(*ids, names, values, **more):
    """A frame whose numbers are a block."""
    plain = frame(*ids, features={}, kinds={})
    return msgspec.structs.replace(
        plain, number_names=names, numbers=np.array(values, dtype="<f8").tobytes(), **more
    )


def test_a_block_of_numbers_becomes_its_columns():
    """Row by row, over frames, and NaN is null."""
    table = predictions_table(
        [
            numbered("a", "b", names=["miles", "hour"], values=[[1, 8], [2, float("nan")]]),
            numbered("c", names=["miles", "hour"], values=[[3, 9]]),
        ]
    )
    assert table["x_miles"].to_list() == [1.0, 2.0, 3.0]
    assert table["x_hour"].to_list() == [8.0, None, 9.0]


def test_both_ways_of_writing_numbers_are_one_column():
    """A block here, a list there."""
    listed = frame("a", features={"miles": [1.0]}, kinds={"miles": "number"})
    table = predictions_table([listed, numbered("b", names=["miles"], values=[[2]])])
    assert table.sort("prediction_id")["x_miles"].to_list() == [1.0, 2.0]


def test_how_rows_were_served_is_kept_where_it_is_known():
    """Latency and batch by row, share and source by frame."""
    table = predictions_table(
        [
            numbered("a", "b", names=[], values=[], latency_us=[7, 9], batch_rows=[2, 2], share=0.25),
            numbered("c", names=[], values=[], source="kserve"),
        ]
    )
    assert table.select("latency_us", "batch_rows", "share", "source").rows() == [
        (7, 2, 0.25, ""),
        (9, 2, 0.25, ""),
        (None, None, 1.0, "kserve"),
    ]
