"""Models, answers and requests of the protocol."""

import json
from dataclasses import replace

import numpy as np
import pytest

from keepfit.registry.signature import Feature, Kind
from keepfit.serving import oip
from keepfit.serving.payload import Block
from keepfit.serving.request import Accepts
from keepfit.serving.result import InferenceResult


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
        predictions=np.array([1.5, 2.0, 3.0]),
        ids=["a", "b", "ç"],
        versions=[3, 4, 3],
        champion=3,
    )


@pytest.fixture
def tensor():
    """A tensor as JSON."""

    def make(name, data, datatype="FP64", shape=None):
        return {
            "name": name,
            "shape": [len(data)] if shape is None else shape,
            "datatype": datatype,
            "data": data,
        }

    return make


@pytest.fixture
def raw():
    """A tensor whose bytes follow the JSON, and the bytes."""

    def make(name, part, datatype="FP64", shape=(1,)):
        parameters = {"binary_data_size": len(part)}
        return {"name": name, "shape": list(shape), "datatype": datatype, "parameters": parameters}, part

    return make


@pytest.fixture
def ask():
    """Decode tensors, some of them with their bytes, and further keys."""

    def make(*tensors, **more):
        inputs = [one[0] if isinstance(one, tuple) else one for one in tensors]
        tail = b"".join(one[1] for one in tensors if isinstance(one, tuple))
        head = json.dumps({"inputs": inputs, **more}).encode()
        binary = any(isinstance(one, tuple) for one in tensors)
        return oip.decode(head + tail, str(len(head)) if binary else None)

    return make


@pytest.fixture
def read(ask):
    """What a model is given: columns as lists, or a block as a list of lists; NaN as None."""

    def make(signature, *tensors, **more):
        payload = ask(*tensors, **more).payload(Accepts(signature=signature))
        if isinstance(payload, Block):
            assert payload.values.dtype == np.float64
            assert payload.values.flags.c_contiguous
            assert payload.values.flags.aligned
            return [[_null(value) for value in row] for row in payload.values.tolist()]
        return {
            name: [_null(value) for value in np.asarray(values, dtype=object).tolist()]
            for name, values in zip(payload.names, payload.values, strict=True)
        }

    return make


def _null(value):
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - NaN
