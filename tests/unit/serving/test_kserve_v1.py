"""KServe's first protocol."""

import json
from dataclasses import replace

import numpy as np
import pytest

from keepfit.errors import RequestError
from keepfit.serving import kserve_v1
from keepfit.serving.request import Accepts
from keepfit.serving.result import InferenceResult


@pytest.fixture
def read(signature):
    """The columns of a JSON value."""

    def make(value, signature=signature):
        payload = kserve_v1.decode(json.dumps(value).encode()).payload(Accepts(signature=signature))
        return dict(zip(payload.names, payload.values, strict=True))

    return make


@pytest.mark.parametrize(
    "instances",
    [
        [{"miles": 1.5, "zone": "bronx", "hour": 8}, {"miles": 2, "hour": 9}],
        [[1.5, "bronx", 8], [2, None, 9]],
    ],
)
def test_instances_are_objects_or_lists_of_the_features(read, instances):
    """Keys beside them are read over, as KServe does."""
    columns = {"miles": [1.5, 2], "zone": ["bronx", None], "hour": [8, 9]}
    assert read({"instances": instances, "signature_name": "x"}) == columns


def test_instances_of_numbers_are_one_block(signature):
    """For a model that takes numbers only; a number a row when it takes one."""
    numeric = Accepts(signature=replace(signature, features=signature.features[::2]))
    assert kserve_v1.decode(b'{"instances": [[1.5, 8], [2, 9]]}').payload(numeric).values.tolist() == [
        [1.5, 8.0],
        [2.0, 9.0],
    ]


def test_instances_may_be_the_values_of_the_only_feature(signature, read):
    """And only then."""
    assert read({"instances": [1.5, None]}, replace(signature, features=signature.features[:1])) == {
        "miles": [1.5, None]
    }
    with pytest.raises(RequestError, match="nor a list of lists of the features"):
        read({"instances": [1.5, None, 8]})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "cannot be read"),
        (b"[]", "the body is not"),
        (b'{"inputs": []}', "the body is not"),
        (b'{"instances": {"miles": 1}}', "is not a list of objects"),
        (b'{"instances": "abc"}', "is not a list of objects"),
        (b'{"instances": [{"miles": 1}, [1]]}', "is not a list of objects"),
        (b'{"instances": [[1.5]]}', "'instances', row 0: 1 values for 3 columns"),
    ],
)
def test_what_is_none_of_them_is_refused(signature, body, said):
    """Saying what it should be."""
    with pytest.raises(RequestError, match=said):
        kserve_v1.decode(body).payload(Accepts(signature=signature))


def test_the_reply_is_a_list_of_predictions():
    """And nothing beside it."""
    result = InferenceResult(
        model="taxi",
        request_id="r",
        output="minutes",
        predictions=np.array([1.5, 2.0]),
        ids=["r:0", "r:1"],
        versions=[1, 1],
        champion=1,
    )
    assert kserve_v1.encode(result) == b'{"predictions":[1.5,2.0]}'


def test_the_server_is_alive():
    """As KServe's client asks for it at the root."""
    assert json.loads(kserve_v1.alive()) == {"status": "alive"}
