"""Replies of all kinds of servers: one number a row."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.serving.ingest.replies import csv_predictions, json_length, json_predictions


def tensor(name="minutes", **changed):
    return {"name": name, "shape": [2], "datatype": "FP64", "data": [1.5, 2], **changed}


@pytest.mark.parametrize(
    ("reply", "numbers"),
    [
        ({"predictions": [1, 2.5]}, [1.0, 2.5]),
        ({"predictions": [[1], [2.5]]}, [1.0, 2.5]),
        ({"predictions": [{"score": 1, "predicted_label": 0}, {"score": 2}]}, [1.0, 2.0]),
        ([1, 2], [1.0, 2.0]),
        ({"outputs": [tensor()]}, [1.5, 2.0]),
        ({"outputs": [tensor("predict-1", shape=[2, 1], data=[[1], [2]])]}, [1.0, 2.0]),
        ({"outputs": [tensor("other"), tensor(data=[3, 4])]}, [3.0, 4.0]),
        ({"outputs": [tensor("prediction_id", datatype="BYTES", data=["a", "b"]), tensor("x")]}, [1.5, 2.0]),
    ],
)
def test_every_protocol_is_read(taxi, reply, numbers):
    """KServe v1, MLflow and SageMaker alike; of several outputs the one that is named, or the only one of numbers."""
    assert json_predictions(json.dumps(reply).encode(), taxi) == numbers


def test_of_two_probabilities_the_second_counts(taxi, churn):
    """It is the positive class's; a regression has no two."""
    body = json.dumps({"predictions": [[0.9, 0.1], [0.2, 0.8]]}).encode()
    assert json_predictions(body, churn) == [0.1, 0.8]
    with pytest.raises(RequestError, match=r"shape \[2, 2\]"):
        json_predictions(body, taxi)


def test_binary_tensors_are_read_though_no_header_tells_where_they_begin(taxi):
    """The JSON tells by itself where it ends; tensors that are not wanted are passed over."""
    ids, numbers = b"\x01\0\0\0a\x01\0\0\0b", np.array([1.5, 2.5], "<f4").tobytes()
    head = {
        "outputs": [
            tensor("prediction_id", datatype="BYTES", data=None, parameters={"binary_data_size": len(ids)}),
            tensor(datatype="FP32", data=None, parameters={"binary_data_size": len(numbers)}),
        ]
    }
    assert json_predictions(json.dumps(head).encode() + ids + numbers, taxi) == [1.5, 2.5]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "cannot be read"),
        (b"oops", "cannot be read"),
        (b"{}", "neither 'predictions' nor 'outputs'"),
        (b'{"predictions": 3}', "neither"),
        (b'{"predictions": ["a"]}', "one number a row"),
        (b'{"predictions": [[1, 2], [3]]}', "one number a row"),
        (b'{"predictions": [[1, 2]]}', "shape"),
        (b'{"outputs": 3}', "list of tensors"),
        (b'{"outputs": []}', "no output 'minutes'"),
        (b'{"outputs": [{"name": "minutes"}]}', "no tensor of numbers"),
        (
            b'{"outputs": [{"name": "minutes", "datatype": "FP64", "shape": [3], "data": [1]}]}',
            "cannot be read",
        ),
        (
            b'{"outputs": [{"name": "minutes", "datatype": "FP64", "shape": [1], "data": ["x"]}]}',
            "cannot be read",
        ),
    ],
)
def test_what_holds_no_number_a_row_is_refused(taxi, body, said):
    """In words."""
    with pytest.raises(RequestError, match=said):
        json_predictions(body, taxi)


@pytest.mark.parametrize(
    ("text", "rows", "numbers"),
    [
        ("12.5\n", 1, [12.5]),
        ("1\n2\n\n", 2, [1.0, 2.0]),
        ("1, 2,3", 3, [1.0, 2.0, 3.0]),
        ("1\r\n2", 2, [1.0, 2.0]),
    ],
)
def test_csv_is_one_a_line_or_all_in_one(taxi, text, rows, numbers):
    """SageMaker's XGBoost writes the latter."""
    assert csv_predictions(text, rows, taxi) == numbers


def test_csv_that_is_no_number_a_row_is_refused(taxi, churn):
    """A line of two is two probabilities, for a classifier only."""
    assert csv_predictions("0.9,0.1\n0.3,0.7", 2, churn) == [0.1, 0.7]
    for text in ("a", "1,2\n3,4", "1\n2,3"):
        with pytest.raises(RequestError):
            csv_predictions(text, 2, taxi)


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
    ),
    st.binary(),
)
def test_json_ends_where_it_ends(value, tail):
    """Whatever follows; a list or an object says by itself that it is over."""
    text = json.dumps([value], ensure_ascii=False).encode("utf-8", "replace")
    assert json_length(text + b"\x00" + tail) == len(text)


@given(st.binary(max_size=60))
def test_no_reply_is_an_error_of_ours(body):
    """Whatever came, it is read or refused."""
    own = Signature(features=(Feature("m", Kind.NUMBER),), id="i", time="t", context=(), output="o")
    with contextlib.suppress(RequestError):
        assert json_predictions(body, own) is not None
