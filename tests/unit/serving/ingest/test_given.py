"""What a caller gave, as frames: every way to say the same is the same."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given as sampled
from hypothesis import strategies as st

from keepfit.errors import DataError, RequestError
from keepfit.predictions.capture_codec import PredictionsFrame
from keepfit.serving.ingest.given import Given, given_labels, given_predictions, split

ROWS = {"miles": [1.5, None], "zone": ["A", "B"], "hour": [8, 9]}


def predictions(taxi, **given):
    return given_predictions(Given(model="taxi", **given), taxi, version=3, request_id="r", now=9)


def test_columns_and_arguments_say_the_same(taxi):
    """An argument comes before the column of that name."""
    by_column = {**ROWS, "trip": ["a", "b"], "at": ["2020-01-31", "2020-02-01"], "prediction": [1, 2]}
    one = predictions(taxi, features=by_column)
    other = predictions(
        taxi,
        features=pl.DataFrame({**ROWS, "prediction": [8, 9]}),
        prediction=np.array([[1], [2]]),
        ids=pl.Series(["a", "b"]),
        times=["2020-01-31", "2020-02-01"],
    )
    assert one == other
    assert (one.prediction_id, one.source, one.received) == (["a", "b"], "python", 2)


def test_rows_without_ids_are_named_after_the_call(taxi):
    """As those of a request are."""
    assert predictions(taxi, features=ROWS, prediction=[1, 2]).prediction_id == ["r:0", "r:1"]


def test_a_model_may_have_a_feature_called_prediction(taxi):
    """It is a feature then, and the predictions are named by the argument."""
    from dataclasses import replace

    from keepfit.registry.signature import Feature, Kind

    odd = replace(taxi, features=(*taxi.features, Feature("prediction", Kind.NUMBER)))
    made = predictions(odd, features={**ROWS, "prediction": [5, 6]}, prediction=[1, 2])
    assert (made.number_names, made.prediction) == (["miles", "hour", "prediction"], [1.0, 2.0])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"features": {**ROWS, "mles": [1, 2]}}, "unknown column 'mles'"),
        ({"features": ROWS, "prediction": None}, "there is no prediction"),
        ({"features": {"miles": [1, 2]}}, r"column 'zone' \(and 1 more\) is missing"),
        ({"features": 3}, "features gave a int, not a frame"),
        ({"features": ROWS, "times": ["noon", "noon"]}, "column 'at', row 0"),
    ],
)
def test_what_is_wrong_is_named(taxi, more, said):
    """With the column and the row."""
    with pytest.raises((RequestError, DataError), match=said):
        predictions(taxi, **{"prediction": [1, 2], **more})


def test_labels_are_one_an_id():
    """One time is for all of them."""
    made = given_labels(Given(model="taxi", labels=[1, True], label_times="2020-01-31"), ["a", "b"], now=9)
    assert (made.label, made.label_time) == ([1.0, 1.0], [1_580_428_800_000_000] * 2)
    with pytest.raises(RequestError, match="2 labels for 1 ids"):
        given_labels(Given(model="taxi", labels=[1, 2]), ["a"], now=9)
    with pytest.raises(RequestError, match="labels without ids"):
        given_labels(Given(model="taxi", labels=[1, 2]), None, now=9)


@sampled(st.integers(1, 12), st.integers(1, 5))
def test_pieces_are_the_rows_in_order(n, most):
    """None is lost, none comes twice, none is longer than asked for."""
    frame = PredictionsFrame(
        model="taxi",
        prediction_id=[str(row) for row in range(n)],
        version=[1] * n,
        role=["champion"] * n,
        event_time=list(range(n)),
        received_at=[0] * n,
        prediction=[float(row) for row in range(n)],
        error=[None] * n,
        features={"zone": [str(row) for row in range(n)]},
        kinds={"zone": "text"},
        context={"borough": [str(row) for row in range(n)]},
        number_names=["a", "b"],
        numbers=np.arange(2.0 * n).tobytes(),
        received=n,
    )
    pieces = list(split(frame, most))
    assert max(len(one.prediction_id) for one in pieces) <= most
    assert sum(one.received for one in pieces) == n
    assert b"".join(one.numbers for one in pieces) == frame.numbers
    for name in ("prediction_id", "event_time", "prediction"):
        assert [each for one in pieces for each in getattr(one, name)] == getattr(frame, name)
    assert [each for one in pieces for each in one.features["zone"]] == frame.features["zone"]
    assert [each for one in pieces for each in one.context["borough"]] == frame.context["borough"]
