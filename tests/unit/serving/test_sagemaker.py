"""The bodies of `/invocations`, SageMaker's and MLflow's."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from keepfit.errors import RequestError
from keepfit.serving import sagemaker
from keepfit.serving.request import Accepts
from keepfit.serving.result import InferenceResult

ROWS = {"miles": [1.5, 2], "zone": ["bronx", None], "hour": [8, 9]}


@pytest.fixture
def read(signature):
    """The columns of a body."""

    def make(body, media_type):
        payload = sagemaker.decode(body, media_type).payload(Accepts(signature=signature))
        return {
            name: np.asarray(values, object).tolist()
            for name, values in zip(payload.names, payload.values, strict=True)
        }

    return make


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"1.5,bronx,8\n2,,9\n", "text/csv"),
        (b"1.5,bronx,8\n2,,9", "text/csv"),
        (b"hour,miles,zone\n8,1.5,bronx\n9,2,\n", "text/csv"),
        (b'{"instances": [[1.5, "bronx", 8], [2, null, 9]]}', "application/json"),
        (pd.DataFrame(ROWS).to_parquet(), "application/vnd.apache.parquet"),
    ],
)
def test_one_path_reads_them_all(read, body, media_type):
    """CSV without a header is SageMaker's, with one MLflow's."""
    assert read(body, media_type) == ROWS


def test_numpy_arrays(signature):
    """As SageMaker's own containers read them."""
    file = io.BytesIO()
    np.save(file, np.array([[1.5, 8.0]]))
    numeric = Accepts(signature=replace(signature, features=signature.features[::2]))
    payload = sagemaker.decode(file.getvalue(), "application/x-npy").payload(numeric)
    assert payload.values.tolist() == [[1.5, 8.0]]  # noqa: PD011 - a payload


def test_a_label_in_front_is_refused(read):
    """Training files have one, requests none."""
    with pytest.raises(RequestError, match="has 4 fields; the model takes 3: miles, zone, hour"):
        read(b"12,1.5,bronx,8\n", "text/csv")


@pytest.mark.parametrize(
    ("accept", "reply"),
    [
        (None, (b'{"predictions":[1.5,0.1]}', "application/json")),
        ("*/*", (b'{"predictions":[1.5,0.1]}', "application/json")),
        ("application/json", (b'{"predictions":[1.5,0.1]}', "application/json")),
        ("text/csv", (b"1.5\n0.1\n", "text/csv")),
        ("text/csv; charset=utf-8, */*;q=0.1", (b"1.5\n0.1\n", "text/csv")),
        ("text/csv;q=0", (b'{"predictions":[1.5,0.1]}', "application/json")),
    ],
)
def test_the_reply_is_what_is_accepted(accept, reply):
    """A prediction a line in CSV, as batch transform joins them."""
    result = InferenceResult(
        model="taxi",
        request_id="r",
        output="minutes",
        predictions=np.array([1.5, 0.1]),
        ids=["r:0", "r:1"],
        versions=[1, 1],
        champion=1,
    )
    assert sagemaker.encode(result, accept) == reply
