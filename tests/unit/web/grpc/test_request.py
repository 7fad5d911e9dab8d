"""Requests, which are read as their JSON forms are."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.serving import oip
from keepfit.serving.payload import Block
from keepfit.serving.request import Accepts
from keepfit.web.grpc.request import ModelInferRequest, parsed, read

ACCEPTS = Accepts(
    signature=Signature(
        features=(Feature("miles", Kind.NUMBER), Feature("hour", Kind.NUMBER, integral=True)),
        id="trip_id",
        time="pickup_at",
        context=("zone",),
        output="minutes",
    )
)


def tensor(name, datatype, shape, **contents):
    """An input."""
    return {
        "name": name,
        "datatype": datatype,
        "shape": shape,
        **({"contents": contents} if contents else {}),
    }


def refusal(**told):
    """Why a request is refused."""
    with pytest.raises(RequestError) as caught:
        read(ModelInferRequest(**told)).payload(ACCEPTS)
    return str(caught.value)


WHOLE = {"INT8": "int", "INT16": "int", "INT32": "int", "INT64": "int64"} | {
    "UINT8": "uint",
    "UINT16": "uint",
    "UINT32": "uint",
    "UINT64": "uint64",
}
NUMBERS = WHOLE | {"FP32": "fp32", "FP64": "fp64"}


@given(
    datatype=st.sampled_from(sorted(NUMBERS)), values=st.lists(st.integers(0, 127), min_size=2, max_size=8)
)
def test_typed_raw_and_json_are_one_payload(datatype, values):
    """As a matrix of all features, whatever the numbers' type."""
    values = values[: len(values) // 2 * 2]
    shape = [len(values) // 2, 2]
    typed = read(
        ModelInferRequest(inputs=[tensor("x", datatype, shape, **{f"{NUMBERS[datatype]}_contents": values})])
    )
    stored = np.array(values, oip.request.DATATYPES[datatype].stored)
    raw = read(
        ModelInferRequest(inputs=[tensor("x", datatype, shape)], raw_input_contents=[stored.tobytes()])
    )
    told = {"inputs": [{"name": "x", "datatype": datatype, "shape": shape, "data": values}]}
    expected = oip.decode(json.dumps(told).encode()).payload(ACCEPTS)
    for one in (typed, raw):
        block = one.payload(ACCEPTS)
        assert isinstance(block, Block)
        assert block.values.tolist() == expected.values.tolist()


def test_columns_come_by_name():
    """Texts as bytes; missing numbers as NaN; truths as such."""
    inputs = [
        tensor("zone", "BYTES", [2], bytes_contents=["Süd".encode(), b""]),
        tensor("miles", "FP32", [2, 1], fp32_contents=[float("nan"), 1.5]),
        tensor("hour", "BOOL", [2], bool_contents=[True, False]),
    ]
    payload = read(ModelInferRequest(inputs=inputs)).payload(ACCEPTS)
    assert payload.names == ("zone", "miles", "hour")
    zone, miles, hour = payload.values
    assert (zone, hour) == (["Süd", ""], [True, False])
    assert np.isnan(miles[0])
    assert miles[1] == 1.5


def test_several_raw_columns_keep_their_order():
    """Each has its own bytes."""
    inputs = [tensor("hour", "INT32", [2]), tensor("zone", "BYTES", [2]), tensor("miles", "FP16", [2])]
    raw = [np.array([8, 9], "<i4").tobytes(), b"\1\0\0\0A\0\0\0\0", np.array([1.5, 2], "<f2").tobytes()]
    payload = read(ModelInferRequest(inputs=inputs, raw_input_contents=raw)).payload(ACCEPTS)
    assert [list(one) for one in payload.values] == [[8, 9], ["A", ""], [1.5, 2.0]]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "the request has no inputs"),
        (
            {"inputs": [tensor("miles", "FP64", [2], fp64_contents=[1.0])]},
            "input 'miles' has 1 values for shape [2]",
        ),
        (
            {"inputs": [tensor("miles", "FP64", [1], fp32_contents=[1.0])]},
            "input 'miles' is FP64: its values belong in fp64_contents, not fp32_contents",
        ),
        (
            {"inputs": [tensor("miles", "FP16", [1], fp32_contents=[1.0])]},
            "input 'miles' is FP16, which comes in raw_input_contents only",
        ),
        (
            {"inputs": [tensor("miles", "FLOAT", [1], fp32_contents=[1.0])]},
            "input 'miles' has the unknown datatype 'FLOAT'",
        ),
        (
            {"inputs": [tensor("hour", "INT8", [1], int_contents=[300])]},
            "input 'hour', value 0: 300 is beyond INT8",
        ),
        (
            {"inputs": [tensor("zone", "BYTES", [2], bytes_contents=[b"a", b"\xff"])]},
            "input 'zone', value 1: it is not UTF-8",
        ),
        (
            {"inputs": [tensor("miles", "FP64", [1], fp64_contents=[1.0])], "raw_input_contents": [b""]},
            "input 'miles' has contents beside raw_input_contents: give one",
        ),
        (
            {"inputs": [tensor("miles", "FP64", [1])], "raw_input_contents": [b"", b""]},
            "the request has 1 inputs and 2 raw_input_contents",
        ),
        (
            {"inputs": [tensor("miles", "FP64", [1])], "raw_input_contents": [b"1234"]},
            "input 'miles' has 4 bytes; FP64 of shape [1] takes 8",
        ),
        (
            {"inputs": [tensor("miles", "FP64", [-1], fp64_contents=[1.0])]},
            "input 'miles' has shape [-1]",
        ),
        (
            {"inputs": [tensor("miles", "FP64", [1], fp64_contents=[1.0])] * 2},
            "input 'miles' is given twice",
        ),
    ],
)
def test_what_is_wrong_is_said(told, said):
    """With the tensor's name."""
    assert refusal(**told) == said


@pytest.mark.parametrize("raw", [[], [b"12345678"]])
def test_shared_memory_is_not_read(raw):
    """Neither for inputs nor for outputs."""
    region = {"shared_memory_region": {"string_param": "mine"}}
    shared = {**tensor("miles", "FP64", [1]), "parameters": region}
    inputs = [shared, tensor("hour", "INT64", [1])]
    assert refusal(inputs=inputs, raw_input_contents=raw) == (
        "input 'miles' is in shared memory, which is not read here"
    )
    wanted = [{"name": "minutes", "parameters": region}]
    inputs = [tensor("miles", "FP64", [1], fp64_contents=[1.0])]
    assert refusal(inputs=inputs, outputs=wanted) == (
        "output 'minutes' is wanted in shared memory, which is not written here"
    )


@pytest.mark.parametrize(
    ("value", "timeout_us"),
    [({"int64_param": 5}, 5), ({"uint64_param": 5}, 5), ({"int64_param": 0}, None)],
)
def test_the_callers_patience(value, timeout_us):
    """In microseconds, as over HTTP; 0 says nothing."""
    request = ModelInferRequest(inputs=[tensor("miles", "FP64", [1])], parameters={"timeout": value})
    assert read(request).timeout_us == timeout_us


def test_parameters_that_are_not_known_are_read_over():
    """But a timeout must be a number."""
    inputs = [tensor("miles", "FP64", [1])]
    request = ModelInferRequest(inputs=inputs, parameters={"priority": {"uint64_param": 1}}, id="")
    assert (read(request).timeout_us, read(request).id) == (None, None)
    assert refusal(inputs=inputs, parameters={"timeout": {"string_param": "5"}}) == (
        "the parameter 'timeout' is no int64_param: give whole microseconds"
    )


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(body):
    """Nothing else is raised."""
    with contextlib.suppress(RequestError):
        assert read(parsed(ModelInferRequest, body)).payload(ACCEPTS)
