"""The four JSON forms of MLflow's scoring server, and CSV."""

import json

import pytest

from keepfit.errors import RequestError
from keepfit.serving import mlflow
from keepfit.serving.dataplane import InferenceResult
from keepfit.serving.request import Accepts

ROWS = {"miles": [1.5, 2], "zone": ["bronx", None], "hour": [8, 9]}


@pytest.fixture
def read(signature):
    """Decode a JSON value by the signature."""
    return lambda value: mlflow.decode(json.dumps(value).encode())(Accepts(signature=signature))


@pytest.mark.parametrize(
    "body",
    [
        {
            "dataframe_split": {
                "columns": ["miles", "zone", "hour"],
                "data": [[1.5, "bronx", 8], [2, None, 9]],
            }
        },
        {
            "dataframe_split": {
                "index": [0, 1],
                "columns": ["miles", "zone", "hour"],
                "data": [[1.5, "bronx", 8], [2, None, 9]],
            }
        },
        {"dataframe_records": [{"miles": 1.5, "zone": "bronx", "hour": 8}, {"miles": 2, "hour": 9}]},
        {"instances": [{"miles": 1.5, "zone": "bronx", "hour": 8}, {"miles": 2, "zone": None, "hour": 9}]},
        {"instances": [[1.5, "bronx", 8], [2, None, 9]]},
        {"inputs": ROWS},
        {"inputs": {name: [[value] for value in values] for name, values in ROWS.items()}},
        {"inputs": [[1.5, "bronx", 8], [2, None, 9]]},
        {"inputs": ROWS, "params": {"anything": 1}},
    ],
)
def test_every_form_gives_the_same_columns(read, body):
    """Objects, lists in the features' order, and columns."""
    assert read(body) == ROWS


def test_csv_has_a_header(signature):
    """Numbers are read as the model takes them, and an empty field is null."""
    body = b"zone,miles,hour\r\nbronx,1.5,8\r\n,2,9\r\n"
    assert mlflow.decode(body, csv=True)(Accepts(signature=signature)) == ROWS


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            [[1.5, "bronx", 8]],
            "exactly one of dataframe_split, dataframe_records, instances, inputs; it has none",
        ),
        ({"rows": []}, "it has none"),
        ({"inputs": ROWS, "instances": []}, "it has instances and inputs"),
        ({"inputs": ROWS, "param": {}}, "unknown key 'param' beside 'inputs'"),
        ({"instances": 3}, "'instances' is not a list of objects"),
        ({"instances": [[1.5, "bronx"]]}, "'instances', row 0: 2 values for 3 columns"),
        ({"dataframe_records": {"miles": [1]}}, "'dataframe_records' is not a list of objects"),
        ({"dataframe_split": [[1]]}, "'dataframe_split' is not"),
        ({"dataframe_split": {"data": [[1]]}}, "'dataframe_split' names no columns"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}, "names a column twice"),
    ],
)
def test_what_is_none_of_them_is_refused(read, body, said):
    """A bare list is an error, as it is there."""
    with pytest.raises(RequestError) as caught:
        read(body)
    assert said in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"{", b'{"inputs": NaN}', b"\xff"])
def test_what_is_no_json_is_refused(body):
    """NaN is no JSON."""
    with pytest.raises(RequestError, match="cannot be read"):
        mlflow.decode(body)


def test_the_reply_is_a_list_of_predictions():
    """And nothing beside it."""
    result = InferenceResult(
        model="taxi", request_id="r", output="minutes", predictions=[1.5], ids=["r"], versions=[1], champion=1
    )
    assert mlflow.encode(result) == b'{"predictions":[1.5]}'
