"""Infer requests, to the letter."""

import json

import numpy as np
import pytest

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind
from keepfit.serving import oip
from keepfit.serving.request import Accepts


@pytest.mark.parametrize(
    ("data", "shape"),
    [([1.0, 2.0], [2]), ([1.0, 2.0], [2, 1]), ([[1.0], [2.0]], [2, 1]), ([[1.0], [2.0]], [2])],
)
def test_a_column_is_flat_or_nested(signature, read, tensor, data, shape):
    """Of shape [n] or [n, 1]."""
    assert read(signature, tensor("miles", data, shape=shape)) == {"miles": [1.0, 2.0]}


def test_each_datatype_takes_its_values_and_null(signature, read, tensor):
    """JSON has no NaN: null is a missing value."""
    assert read(
        signature,
        tensor("miles", [1, 2.5, None], "FP32"),
        tensor("hour", [1, None, 3], "INT64"),
        tensor("zone", ["a", None, "b"], "BYTES"),
        tensor("flag", [True, None, False], "BOOL"),
    ) == {
        "miles": [1, 2.5, None],
        "hour": [1, None, 3],
        "zone": ["a", None, "b"],
        "flag": [True, None, False],
    }


@pytest.mark.parametrize("rows", [1, 500])
@pytest.mark.parametrize("datatype", ["FP64", "FP16", "INT32", "UINT8"])
def test_a_matrix_of_all_features_in_order(numeric, read, tensor, datatype, rows):
    """For models that take numbers only, whatever the tensor's name and number type, flat or nested."""
    nested = [[1, 8], [2, 9]] * rows
    flat = [value for row in nested for value in row]
    shape = [2 * rows, 2]
    assert read(numeric, tensor("input-0", nested, datatype, shape)) == nested
    assert read(numeric, tensor("input-0", flat, datatype, shape)) == nested


def test_null_in_a_matrix_is_missing(numeric, read, tensor):
    """As NaN, in every number type."""
    for datatype in ("FP32", "INT8"):
        assert read(numeric, tensor("x", [[1, None], [None, 2]], datatype, [2, 2])) == [[1, None], [None, 2]]
        assert read(numeric, tensor("x", [1, None], datatype, [1, 2])) == [[1, None]]


def test_a_matrix_needs_numbers_only_and_the_right_width(signature, numeric, read, tensor):
    """The error names the category, or the features."""
    with pytest.raises(RequestError, match="'zone' is a category"):
        read(signature, tensor("input-0", [[1.0, 2.0, 3.0]], shape=[1, 3]))
    with pytest.raises(RequestError, match="has 3 columns; the model takes 2: miles, hour"):
        read(numeric, tensor("input-0", [[1.0, 2.0, 3.0]], shape=[1, 3]))


def test_a_column_of_numbers_is_no_matrix(numeric, read, tensor):
    """A matrix has a name that no column has, an optional one included."""
    with pytest.raises(RequestError, match=r"a column has \[n\] or \[n, 1\]"):
        read(numeric, tensor("miles", [[1.0, 2.0]], shape=[1, 2]))
    accepts = Accepts(signature=numeric, optional={"speed": Feature("speed", Kind.NUMBER)})
    body = json.dumps({"inputs": [tensor("speed", [[1.0, 2.0]], shape=[1, 2])]}).encode()
    with pytest.raises(RequestError, match="input 'speed' has shape"):
        oip.decode(body).payload(accepts)


@pytest.mark.parametrize(
    ("data", "datatype", "shape", "said"),
    [
        (["a"], "FP64", None, "input 'miles', value 0: 'a' is not FP64"),
        ([True], "FP64", None, "input 'miles', value 0: True is not FP64"),
        ([10**400], "FP64", None, "is beyond FP64"),
        ([1, 1.5], "INT64", None, "input 'miles', value 1: 1.5 is not INT64"),
        ([200], "INT8", None, "input 'miles', value 0: 200 is beyond INT8"),
        ([None, -1], "UINT64", None, "input 'miles', value 1: -1 is beyond UINT64"),
        ([2**64], "UINT64", None, "is beyond UINT64"),
        ([2**63], "INT64", None, "is beyond INT64"),
        ([1], "BYTES", None, "input 'miles', value 0: 1 is not BYTES"),
        ([1], "BOOL", None, "input 'miles', value 0: 1 is not BOOL"),
        ([[[1.0]]], "FP64", [1], "input 'miles', value 0: [1.0] is not FP64"),
        ([1.0], "FP128", None, "input 'miles' has the unknown datatype 'FP128'"),
        ([1.0], "FP64", [2], "input 'miles' has 1 values for shape [2]"),
        ([1.0], "FP64", [-1], "input 'miles' has shape [-1]"),
        ([1.0], "FP64", [], "input 'miles' has shape []; a column has [n] or [n, 1]"),
        ([1.0, 2.0], "FP64", [1, 2], "a column has [n] or [n, 1]"),
        ([[1.0], 2.0], "FP64", [2, 1], "input 'miles', row 1: not a list of 1"),
        ([2.0, [1.0]], "FP64", [2, 1], "input 'miles', value 1: [1.0] is not FP64"),
    ],
)
def test_a_wrong_column_is_named(signature, read, tensor, data, datatype, shape, said):
    """With the value that is wrong."""
    with pytest.raises(RequestError) as caught:
        read(signature, tensor("miles", data, datatype, shape))
    assert said in str(caught.value)


@pytest.mark.parametrize("rows", [1, 500])
@pytest.mark.parametrize(
    ("last", "datatype", "said"),
    [
        (["1", 2.0], "FP64", "'1' is not FP64"),
        ([1.0, False], "FP32", "False is not FP32"),
        ([1, 2.5], "INT8", "2.5 is not INT8"),
        ([1, 128], "INT8", "128 is beyond INT8"),
        ([1.0], "FP64", "not a list of 2 for shape"),
        ([1.0, 2.0, 3.0], "FP64", "not a list of 2 for shape"),
        (7.0, "FP64", "not a list of 2 for shape"),
        ([1.0, [2.0]], "FP64", "[2.0] is not FP64"),
    ],
)
def test_a_wrong_matrix_is_named(numeric, read, tensor, rows, last, datatype, said):
    """Also in bodies that are read in another way for their size; no text and no truth is taken for a number."""
    with pytest.raises(RequestError) as caught:
        read(numeric, tensor("x", [[1, 2]] * rows + [last], datatype, [rows + 1, 2]))
    assert said in str(caught.value)


def test_whole_numbers_up_to_the_largest_float_are_floats(signature, numeric, read, tensor):
    """The first that rounds to none is refused."""
    largest = int(np.finfo(np.float64).max)
    assert read(signature, tensor("miles", [largest, -largest])) == {"miles": [largest, -largest]}
    assert read(numeric, tensor("x", [largest, 1], shape=[1, 2])) == [[float(largest), 1.0]]
    for flat in ([2**1024, 1], [1, -(2**1024)]):
        with pytest.raises(RequestError, match="is beyond FP64"):
            read(numeric, tensor("x", flat, shape=[1, 2]))


def test_a_number_beyond_floats_is_refused_in_a_matrix(numeric, read, tensor):
    """By name; in a large body it is called no number at all."""
    huge = [[1.0, 10**400]]
    with pytest.raises(RequestError, match=r"input 'x', value 1: 1000.* is beyond FP64"):
        read(numeric, tensor("x", huge, shape=[1, 2]))
    with pytest.raises(RequestError, match="cannot be read"):
        read(numeric, tensor("x", huge * 500, shape=[500, 2]))


@pytest.mark.parametrize("shape", [[3, 2], [1, 2], [0, 2], [-2, 2], [10**30, 2]])
def test_a_matrix_has_as_many_rows_as_it_tells(numeric, read, tensor, shape):
    """No fewer and no more."""
    with pytest.raises(RequestError, match="input 'x' has "):
        read(numeric, tensor("x", [[1.0, 2.0], [3.0, 4.0]], shape=shape))


def test_no_rows_are_left_for_the_check_of_rows(numeric, read, tensor):
    """An empty tensor is a good tensor."""
    assert read(numeric, tensor("x", [], shape=[0, 2])) == []
    assert read(numeric, tensor("x[[", [], shape=[0, 2])) == []
    assert read(numeric, tensor("miles", [], shape=[0])) == {"miles": []}


def test_an_input_given_twice_is_refused(signature, read, tensor):
    """Which of the two was meant is not guessed."""
    with pytest.raises(RequestError, match="input 'miles' is given twice"):
        read(signature, tensor("hour", [1.0]), tensor("miles", [1.0]), tensor("miles", [2.0]))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"[]", "Expected `object`"),
        (b"{}", "`inputs`"),
        (b"[" * 100_000, "cannot be read"),
        (b'{"inputs": []}', "has no inputs"),
        (b'{"inputs": [{"name": 1, "shape": [1], "datatype": "FP64", "data": [1]}]}', "$.inputs[0].name"),
        (b'{"inputs": [{"name": "a", "shape": [1.5], "datatype": "FP64", "data": [1]}]}', "inputs[0].shape"),
        (
            b'{"inputs": [{"name": "a", "shape": [1], "datatype": "FP64", "data": [Infinity]}]}',
            "cannot be read",
        ),
        (
            b'{"inputs": [{"name": "a", "shape": [1], "datatype": "FP64", "data": [' + b"1" * 5000 + b"]}]}",
            "cannot be read",
        ),
    ],
)
def test_what_is_no_request_is_refused(body, said):
    """With the place, where there is one."""
    with pytest.raises(RequestError) as caught:
        oip.decode(body)
    assert said in str(caught.value)


@pytest.mark.parametrize("rest", ["", ', "data": null', ', "data": 1', ', "data": {"a": [1]}'])
def test_a_tensor_without_data_is_refused(signature, rest):
    """By name."""
    body = f'{{"inputs": [{{"name": "miles", "shape": [1], "datatype": "FP64"{rest}}}]}}'.encode()
    with pytest.raises(RequestError, match=r"input 'miles'.* data"):
        oip.decode(body).payload(Accepts(signature=signature))


@pytest.mark.parametrize("rows", [1, 500])
def test_a_bare_nan_is_missing(numeric, read, tensor, rows):
    """Triton's client writes one in its JSON mode, which Python's parser takes and others do not."""
    data = [[float("nan"), 1.0]] * rows
    assert read(numeric, tensor('a "NaN"\\', data, shape=[rows, 2])) == [[None, 1.0]] * rows


def test_an_id_is_read_and_an_empty_one_is_none(ask, tensor):
    """Clients send an empty one for none."""
    assert ask(tensor("miles", [1.0]), id="r").id == "r"
    assert ask(tensor("miles", [1.0]), id="").id is None
    assert ask(tensor("miles", [1.0])).id is None


def test_parameters_that_are_not_known_are_read_over(signature, ask, tensor):
    """Of the request, of tensors and of outputs; so are keys that are not known."""
    more = {"sequence_id": 7, "priority": 1.5, "flag": True, "text": "a", "timeout": 250_000}
    given = {**tensor("miles", [1.0]), "parameters": {"content_type": "np", "scale": 2}}
    request = ask(
        given, parameters=more, model_name="m", outputs=[{"name": "minutes", "parameters": {"a": 1}}]
    )
    assert request.timeout_us == 250_000
    assert request.outputs == ("minutes",)
    assert request.payload(Accepts(signature=signature)).names == ("miles",)


@pytest.mark.parametrize("parameters", [{}, {"timeout": 0}, {"timeout": -5}, {"timeout": None}])
def test_a_timeout_of_nothing_is_none(ask, tensor, parameters):
    """Triton takes 0 for its default."""
    assert ask(tensor("miles", [1.0]), parameters=parameters).timeout_us is None


def test_unknown_outputs_are_refused(signature, numeric, read, tensor):
    """Also when the input is a matrix."""
    with pytest.raises(RequestError, match="unknown output 'minute'") as caught:
        read(signature, tensor("miles", [1.0]), outputs=[{"name": "minute"}])
    assert caught.value.hint == "did you mean 'minutes'?"
    with pytest.raises(RequestError, match="unknown output 'x'"):
        read(numeric, tensor("input-0", [[1.0, 2.0]], shape=[1, 2]), outputs=[{"name": "x"}])


def test_outputs_are_given_once_and_in_the_body(signature, read, tensor):
    """Shared memory is not at hand; and a thousand copies of a reply are not made."""
    twice = [{"name": "minutes"}, {"name": "minutes"}]
    with pytest.raises(RequestError, match="'minutes' is asked for twice"):
        read(signature, tensor("miles", [1.0]), outputs=twice)
    shared = [{"name": "minutes", "parameters": {"shared_memory_region": "r", "shared_memory_byte_size": 8}}]
    with pytest.raises(RequestError, match="shared memory"):
        read(signature, tensor("miles", [1.0]), outputs=shared)
