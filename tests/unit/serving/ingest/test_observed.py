"""What another server answered, as a frame that the drain takes like any other."""

import numpy as np
import pytest

from keepfit.errors import RequestError
from keepfit.predictions.capture_codec import decode_frames, encode
from keepfit.predictions.frames import predictions_table
from keepfit.serving.ingest.observed import Observed, frame_of
from keepfit.serving.payload import Block, Columns

COLUMNS = {"miles": [1.5, None], "zone": ["A", None], "hour": [8, 9]}


def frame(signature, columns, predictions=(10, 20), **changed):
    payload = columns if isinstance(columns, Block) else Columns(tuple(columns), tuple(columns.values()))
    given = {
        "payload": payload,
        "predictions": predictions,
        "request_id": "r",
        "event_time": 7,
        "source": "kserve",
    }
    return frame_of("taxi", signature, Observed(**{**given, **changed}), version=3, received_at=9)


def test_rows_are_the_champions_and_named_by_their_request(taxi):
    """Numbers lie in the frame's block, categories beside it; what the model does not know is left out."""
    made = frame(taxi, {**COLUMNS, "more": [1, 2]})
    assert (made.prediction_id, made.version, made.role) == (["r:0", "r:1"], [3, 3], ["champion"] * 2)
    assert (made.event_time, made.received_at, made.prediction) == ([7, 7], [9, 9], [10.0, 20.0])
    assert (made.received, made.source, made.error) == (2, "kserve", [None, None])
    assert (made.features, made.kinds, made.number_names) == (
        {"zone": ["A", None]},
        {"zone": "text"},
        ["miles", "hour"],
    )
    numbers = np.frombuffer(made.numbers, "<f8").reshape(2, 2)
    assert np.array_equal(numbers, [[1.5, 8], [np.nan, 9]], equal_nan=True)


def test_the_frame_becomes_rows_of_the_lake(taxi):
    """Through the log's bytes, with every column."""
    made = frame(taxi, {**COLUMNS, "borough": ["queens", None]})
    (located,) = decode_frames(encode(made)).frames
    table = predictions_table([located.frame])
    assert table.select("prediction_id", "x_miles", "x_zone", "x_hour", "c_borough").rows() == [
        ("r:0", 1.5, "A", 8.0, "queens"),
        ("r:1", None, None, 9.0, None),
    ]


def test_rows_with_their_own_id_and_time_keep_them(taxi):
    """A time that is missing is the request's."""
    made = frame(taxi, {**COLUMNS, "trip": ["t1", 2], "at": ["2020-01-31", None]})
    assert (made.prediction_id, made.event_time) == (["t1", "2"], [1_580_428_800_000_000, 7])


def test_one_row_is_named_by_its_request_alone(taxi):
    """As in keepfit's own server."""
    assert frame(taxi, {name: one[:1] for name, one in COLUMNS.items()}, [1]).prediction_id == ["r"]


def test_a_block_is_all_features_in_order(churn):
    """And of no other width."""
    made = frame(churn, Block(np.array([[30.0, np.nan]])), [0.2])
    assert made.number_names == ["age", "spend"]
    with pytest.raises(RequestError, match="3 values; the model takes 2 features"):
        frame(churn, Block(np.zeros((1, 3))), [0.2])


@pytest.mark.parametrize(
    ("columns", "predictions", "said"),
    [
        ({"miles": [1]}, [1], r"column 'zone' \(and 1 more\) is missing"),
        ({**COLUMNS, "hour": [1]}, [1, 2], "'miles' has 2 rows, 'hour' has 1"),
        ({**COLUMNS, "borough": ["x"]}, [1, 2], "'borough' has 1"),
        (COLUMNS, [1], "there are 1 predictions for 2 rows"),
        (COLUMNS, [1, None], "column 'prediction', row 1"),
        ({**COLUMNS, "miles": [1, "far"]}, [1, 2], "column 'miles', row 1: 'far' is not a number"),
        ({**COLUMNS, "trip": ["a", "a"]}, [1, 2], "rows 0 and 1 have the same id"),
    ],
)
def test_what_is_wrong_is_named(taxi, columns, predictions, said):
    """The column and the row."""
    with pytest.raises(RequestError, match=said):
        frame(taxi, columns, predictions)
