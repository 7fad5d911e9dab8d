"""Open Inference Protocol v2, to the letter."""

import json
from dataclasses import replace

import pytest

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind
from keepfit.serving import oip
from keepfit.serving.dataplane import InferenceResult
from keepfit.serving.request import Accepts


def tensor(name, data, datatype="FP64", shape=None):
    return {
        "name": name,
        "shape": [len(data)] if shape is None else shape,
        "datatype": datatype,
        "data": data,
    }


def columns(signature, *tensors, **more):
    asked = oip.decode(json.dumps({"inputs": list(tensors), **more}).encode())
    return asked.columns(Accepts(signature=signature))


@pytest.fixture
def numeric(signature):
    """A model that takes two numbers."""
    return replace(
        signature, features=(Feature("miles", Kind.NUMBER), Feature("hour", Kind.NUMBER, integral=True))
    )


@pytest.fixture
def result():
    """An answer of the champion and its canary."""
    return InferenceResult(
        model="taxi",
        request_id="r",
        output="minutes",
        predictions=[1.5, 2.0, 3.0],
        ids=["a", "b", "c"],
        versions=[3, 4, 3],
        champion=3,
    )


@pytest.mark.parametrize(
    ("data", "shape"),
    [([1.0, 2.0], [2]), ([1.0, 2.0], [2, 1]), ([[1.0], [2.0]], [2, 1]), ([[1.0], [2.0]], [2])],
)
def test_a_column_is_flat_or_nested(signature, data, shape):
    """Of shape [n] or [n, 1]."""
    assert columns(signature, tensor("miles", data, shape=shape)) == {"miles": [1.0, 2.0]}


def test_each_datatype_takes_its_values_and_null(signature):
    """JSON has no NaN: null is a missing value."""
    read = columns(
        signature,
        tensor("miles", [1, 2.5, None], "FP32"),
        tensor("hour", [1, None, 3], "INT64"),
        tensor("zone", ["a", None, "b"], "BYTES"),
        tensor("flag", [True, None, False], "BOOL"),
    )
    assert read == {
        "miles": [1, 2.5, None],
        "hour": [1, None, 3],
        "zone": ["a", None, "b"],
        "flag": [True, None, False],
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (tensor("miles", ["a"]), "input 'miles', value 0: 'a' is not FP64"),
        (tensor("miles", [True]), "input 'miles', value 0: True is not FP64"),
        (tensor("hour", [1, 1.5], "INT64"), "input 'hour', value 1: 1.5 is not INT64"),
        (tensor("hour", [200], "INT8"), "input 'hour', value 0: 200 is beyond INT8"),
        (tensor("hour", [-1], "UINT64"), "input 'hour', value 0: -1 is beyond UINT64"),
        (tensor("zone", [1], "BYTES"), "input 'zone', value 0: 1 is not BYTES"),
        (tensor("zone", [1], "BOOL"), "input 'zone', value 0: 1 is not BOOL"),
        (tensor("miles", [1.0], "FP128"), "input 'miles' has the unknown datatype 'FP128'"),
        (tensor("miles", [1.0], shape=[2]), "input 'miles' has 1 values for shape [2]"),
        (tensor("miles", [1.0], shape=[-1]), "input 'miles' has shape [-1]"),
        (tensor("miles", [1.0], shape=[]), "input 'miles' has shape []; a column has [n] or [n, 1]"),
        (tensor("miles", [1.0, 2.0], shape=[1, 2]), "a column has [n] or [n, 1]"),
        (tensor("miles", [[1.0], 2.0], shape=[2, 1]), "input 'miles', row 1: not a list of 1"),
    ],
)
def test_a_wrong_tensor_is_named(signature, given, said):
    """With the value that is wrong."""
    with pytest.raises(RequestError) as caught:
        columns(signature, given)
    assert said in str(caught.value)


@pytest.mark.parametrize("data", [[1.0, 8, 2.0, 9], [[1.0, 8], [2.0, 9]]])
def test_a_matrix_of_all_features_in_order(numeric, data):
    """For models that take numbers only, whatever the tensor's name."""
    assert columns(numeric, tensor("input-0", data, "FP32", [2, 2])) == {"miles": [1.0, 2.0], "hour": [8, 9]}


def test_a_matrix_needs_numbers_only_and_the_right_width(signature, numeric):
    """The error names the category, or the features."""
    with pytest.raises(RequestError, match="'zone' is a category"):
        columns(signature, tensor("input-0", [[1.0, 2.0, 3.0]], shape=[1, 3]))
    with pytest.raises(RequestError, match="has 3 columns; the model takes 2: miles, hour"):
        columns(numeric, tensor("input-0", [[1.0, 2.0, 3.0]], shape=[1, 3]))


def test_an_input_given_twice_is_refused(signature):
    """Which of the two was meant is not guessed."""
    with pytest.raises(RequestError, match="input 'miles' is given twice"):
        columns(signature, tensor("miles", [1.0]), tensor("miles", [2.0]))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[]", "Expected `object`"),
        (b"{}", "`inputs`"),
        (b'{"inputs": []}', "has no inputs"),
        (b'{"inputs": [{"name": "a", "shape": [1], "datatype": "FP64"}]}', "`data` - at `$.inputs[0]`"),
        (b'{"inputs": [{"name": 1, "shape": [1], "datatype": "FP64", "data": [1]}]}', "$.inputs[0].name"),
    ],
)
def test_what_is_no_request_is_refused(body, said):
    """With the place, where there is one."""
    with pytest.raises(RequestError) as caught:
        oip.decode(body)
    assert said in str(caught.value)


def test_an_id_is_read_and_an_empty_one_is_none():
    """Clients send an empty one for none."""
    body = {"inputs": [tensor("miles", [1.0])]}
    assert oip.decode(json.dumps({"id": "r", **body}).encode()).id == "r"
    assert oip.decode(json.dumps({"id": "", **body}).encode()).id is None


def test_unknown_outputs_are_refused(signature):
    """Also when the input is a matrix."""
    with pytest.raises(RequestError, match="unknown output 'minute'") as caught:
        columns(signature, tensor("miles", [1.0]), outputs=[{"name": "minute"}])
    assert caught.value.hint == "did you mean 'minutes'?"


def test_unknown_outputs_are_refused_with_a_matrix(numeric):
    """The other way in has the same checks."""
    with pytest.raises(RequestError, match="unknown output 'x'"):
        columns(numeric, tensor("input-0", [[1.0, 2.0]], shape=[1, 2]), outputs=[{"name": "x"}])


def encode(result, **more):
    body = {"inputs": [tensor("miles", [1.0])], **more}
    return json.loads(oip.encode(result, oip.decode(json.dumps(body).encode())))


def test_a_reply_has_the_target_and_the_ids(result):
    """With the versions that answered, when there were several."""
    assert encode(result) == {
        "model_name": "taxi",
        "model_version": "3",
        "id": "r",
        "parameters": {"versions": "3:2,4:1"},
        "outputs": [
            {"name": "minutes", "shape": [3], "datatype": "FP64", "data": [1.5, 2.0, 3.0]},
            {"name": "prediction_id", "shape": [3], "datatype": "BYTES", "data": ["a", "b", "c"]},
        ],
    }


def test_the_outputs_that_were_asked_for(result):
    """In the order asked."""
    names = [one["name"] for one in encode(result, outputs=[{"name": "prediction_id"}])["outputs"]]
    assert names == ["prediction_id"]


def test_one_version_that_answered_all_is_the_model_version(result):
    """Also when it was the canary: the reply never names a version that took no part."""
    reply = encode(replace(result, versions=[4, 4, 4]))
    assert reply["model_version"] == "4"
    assert "parameters" not in reply


def test_metadata_announces_the_features(signature):
    """With their datatypes, and what comes back."""
    assert oip.metadata("taxi", signature, [3, 4]) == {
        "name": "taxi",
        "versions": ["3", "4"],
        "platform": "keepfit",
        "inputs": [
            {"name": "miles", "datatype": "FP64", "shape": [-1]},
            {"name": "zone", "datatype": "BYTES", "shape": [-1]},
            {"name": "hour", "datatype": "INT64", "shape": [-1]},
        ],
        "outputs": [
            {"name": "minutes", "datatype": "FP64", "shape": [-1]},
            {"name": "prediction_id", "datatype": "BYTES", "shape": [-1]},
        ],
    }
