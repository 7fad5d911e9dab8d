"""The four JSON forms of MLflow's scoring server, CSV and Parquet."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from keepfit.errors import RequestError
from keepfit.serving import mlflow
from keepfit.serving.request import Accepts
from keepfit.serving.result import InferenceResult

ROWS = {"miles": [1.5, 2], "zone": ["bronx", None], "hour": [8, 9]}
LISTS = [[1.5, "bronx", 8], [2, None, 9]]


@pytest.fixture
def read(signature):
    """The columns of a JSON value, or of a body."""

    def make(value, media_type="application/json"):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        payload = mlflow.decode(body, media_type).payload(Accepts(signature=signature))
        return {
            name: np.asarray(values, object).tolist()
            for name, values in zip(payload.names, payload.values, strict=True)
        }

    return make


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["miles", "zone", "hour"], "data": LISTS}},
        {"dataframe_split": {"index": [0, 1], "columns": ["miles", "zone", "hour"], "data": LISTS}},
        {"dataframe_split": {"columns": [0, 1, 2], "data": LISTS}},
        {"dataframe_split": {"data": LISTS}},
        {"dataframe_records": [{"miles": 1.5, "zone": "bronx", "hour": 8}, {"miles": 2, "hour": 9}]},
        {"instances": [{"miles": 1.5, "zone": "bronx", "hour": 8}, {"miles": 2, "zone": None, "hour": 9}]},
        {"instances": LISTS},
        {"inputs": ROWS},
        {"inputs": {name: [[value] for value in values] for name, values in ROWS.items()}},
        {"inputs": LISTS},
        {"inputs": [{"miles": 1.5, "zone": "bronx", "hour": 8}, {"miles": 2, "hour": 9}]},
        {"inputs": ROWS, "params": {"anything": 1}},
    ],
)
def test_every_form_gives_the_same_columns(read, body):
    """Objects, lists in the features' order, and columns."""
    assert read(body) == ROWS


def test_one_row_may_be_an_object_of_values(read):
    """As MLflow takes it."""
    assert read({"inputs": {"miles": 1.5, "zone": "bronx"}}) == {"miles": [1.5], "zone": ["bronx"]}


def test_numbers_of_all_features_are_one_block(signature):
    """Also those that name their columns."""
    numeric = Accepts(signature=replace(signature, features=signature.features[::2]))
    for body in (
        b'{"dataframe_split": {"columns": ["miles", "hour"], "data": [[1.5, 8]]}}',
        b'{"instances": [[1.5, 8]]}',
    ):
        assert mlflow.decode(body).payload(numeric).values.tolist() == [[1.5, 8.0]]  # noqa: PD011 - a payload


def test_csv_has_a_header(read):
    """Numbers are read as the model takes them, and an empty field is null."""
    assert read(b"zone,miles,hour\r\nbronx,1.5,8\r\n,2,9\r\n", "text/csv") == ROWS


def test_parquet_is_what_pandas_writes(read):
    """Its index is left out."""
    assert read(pd.DataFrame(ROWS, index=[7, 9]).to_parquet(), "application/vnd.apache.parquet") == ROWS


def test_a_bare_nan_is_missing(read):
    """MLflow's own client writes one for a missing number."""
    assert read(b'{"inputs": {"miles": [1.5, NaN], "zone": ["NaN", "a"]}}') == {
        "miles": [1.5, None],
        "zone": ["NaN", "a"],
    }


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (LISTS, "exactly one of dataframe_split, dataframe_records, instances, inputs; it has none"),
        ({"rows": []}, "it has none"),
        ({"inputs": ROWS, "instances": []}, "it has instances and inputs"),
        ({"inputs": ROWS, "param": {}}, "unknown key 'param' beside 'inputs'"),
        ({"inputs": 3}, "'inputs' is not a list of objects"),
        ({"inputs": {"miles": [1], "hour": 2}}, "column 'hour' is not a list of values"),
        ({"instances": 3}, "'instances' is not a list of objects"),
        ({"instances": [1, 2, 3]}, "'instances' is not a list of objects"),
        ({"instances": [[1.5, "bronx"]]}, "'instances', row 0: 2 values for 3 columns"),
        ({"dataframe_records": {"miles": [1]}}, "'dataframe_records' is not a list of objects"),
        ({"dataframe_split": [[1]]}, "'dataframe_split' is not"),
        ({"dataframe_split": {"columns": ["a"]}}, "'dataframe_split' is not"),
        ({"dataframe_split": {"data": [[1]]}}, "'dataframe_split', row 0: 1 values for 3 columns"),
        ({"dataframe_split": {"data": LISTS, "dtype": "a"}}, "unknown key 'dtype' in 'dataframe_split'"),
        ({"dataframe_split": {"columns": [1, "a"], "data": [[1, 2]]}}, "are not a list of names"),
        ({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}, "names a column twice"),
    ],
)
def test_what_is_none_of_them_is_refused(read, body, said):
    """A bare list is an error, as it is there."""
    with pytest.raises(RequestError) as caught:
        read(body)
    assert said in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"{", b'{"inputs": Infinity}', b"\xff"])
def test_what_is_no_json_is_refused(body):
    """Infinity is no JSON."""
    with pytest.raises(RequestError, match="cannot be read"):
        mlflow.decode(body)


def test_the_reply_is_a_list_of_predictions():
    """And nothing beside it."""
    result = InferenceResult(
        model="taxi",
        request_id="r",
        output="minutes",
        predictions=np.array([1.5]),
        ids=["r"],
        versions=[1],
        champion=1,
    )
    assert mlflow.encode(result) == b'{"predictions":[1.5]}'
