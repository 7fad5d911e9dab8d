"""Whatever bytes come: every decoder reads them or refuses them, and nothing else."""

import contextlib
import io
import json
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfit.errors import RequestError
from keepfit.serving import kserve_v1, mlflow, oip, sagemaker
from keepfit.serving.payload import Block
from keepfit.serving.request import Accepts

EXAMPLES = int(os.environ.get("KEEPFIT_FUZZ_EXAMPLES", "40"))
FUZZ = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, *HealthCheck],
)
FRAME = pd.DataFrame({"miles": [1.5, 2.0], "hour": [8, 9]})
TEXTS = FRAME.assign(zone=["a", None])
NUMBERS = st.integers(-(2**70), 2**70) | st.floats() | st.just(10**400)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text(max_size=3)
    | st.sampled_from(["miles", "zone", "FP64", "BYTES"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "inputs",
        "instances",
        "dataframe_split",
        "dataframe_records",
        "params",
        "columns",
        "index",
        "data",
        "miles",
    ]
)
TENSORS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["miles", "zone", "hour", "x"]) | VALUES,
        "shape": st.lists(st.integers(-1, 3), max_size=3) | VALUES,
        "datatype": st.sampled_from(["FP64", "FP16", "INT8", "UINT64", "BOOL", "BYTES"]) | VALUES,
    },
    optional={
        "data": st.lists(VALUES, max_size=4) | st.lists(st.lists(NUMBERS, max_size=3), max_size=3) | VALUES,
        "parameters": st.dictionaries(st.sampled_from(["binary_data_size", "shared_memory_region"]), VALUES)
        | VALUES,
    },
)
REQUESTS = st.fixed_dictionaries(
    {"inputs": st.lists(TENSORS, max_size=3)},
    optional={
        "id": VALUES,
        "parameters": st.dictionaries(st.sampled_from(["binary_data_output", "timeout"]), VALUES) | VALUES,
        "outputs": st.lists(
            st.fixed_dictionaries({"name": st.just("minutes") | VALUES}, optional={"parameters": VALUES})
        ),
    },
)
TABLES = st.dictionaries(
    KEYS, st.dictionaries(KEYS, VALUES, max_size=3) | st.lists(VALUES, max_size=3) | VALUES, max_size=2
)


def _npy():
    file = io.BytesIO()
    np.save(file, FRAME.to_numpy())
    return file.getvalue()


def _binary_head(names=("miles", "hour")):
    inputs = [
        {"name": name, "shape": [2], "datatype": "FP64", "parameters": {"binary_data_size": 16}}
        for name in names
    ]
    return json.dumps({"inputs": inputs}).encode()


GOOD = {
    "oip": json.dumps(
        {
            "id": "r",
            "inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [[1.5, 8], [2, None]]}],
        }
    ).encode(),
    "binary": _binary_head() + bytes(32),
    "json": json.dumps(
        {"dataframe_split": TEXTS.astype(object).where(TEXTS.notna(), None).to_dict("split")}
    ).encode(),
    "csv": TEXTS.to_csv(index=False).encode(),
    "parquet": TEXTS.to_parquet(),
    "npy": _npy(),
}
TYPES = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "npy": "application/x-npy",
}


@pytest.fixture
def tried(signature):
    """Decode a body for a model with a category and for one without; what came of it, where it was read."""
    kinds = (
        Accepts(signature=signature),
        Accepts(signature=replace(signature, features=signature.features[::2])),
    )

    def make(decode, *args):
        payloads = []
        with contextlib.suppress(RequestError):
            request = decode(*args)
            for accepts in kinds:
                with contextlib.suppress(RequestError):
                    payloads.append(request.payload(accepts))
        for payload in payloads:
            if isinstance(payload, Block):
                assert payload.values.dtype == np.float64  # noqa: PD011 - a payload
                assert payload.values.ndim == 2  # noqa: PD011 - a payload
            else:
                assert len(payload.names) == len(payload.values)
        return payloads

    return make


@st.composite
def altered(draw, good):
    """A good body with some bytes replaced, left out, put in or cut off; or bytes of no kind."""
    body = bytearray(good)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        stop = min(len(body), start + draw(st.integers(0, 4)))
        body[start:stop] = draw(
            st.binary(max_size=4) | st.sampled_from([b"null", b"NaN", b"1e999", b'"', b"[[", b"}"])
        )
    return bytes(body[: draw(st.integers(0, len(body)))]) if draw(st.booleans()) else bytes(body)


# NumPy reads headers that Python 2 wrote, and says that it took longer.
@pytest.mark.filterwarnings("ignore:Reading `.npy` or `.npz` file:UserWarning")
@pytest.mark.parametrize("kind", sorted(TYPES))
@FUZZ
@given(data=st.data())
def test_any_table_is_read_or_refused(tried, kind, data):
    """In each form, altered or not at all alike."""
    body = data.draw(altered(GOOD[kind]) | st.binary(max_size=60))
    tried(sagemaker.decode, body, TYPES[kind])
    tried(mlflow.decode, body, TYPES[kind])


@FUZZ
@given(data=st.data())
def test_any_tensors_are_read_or_refused(tried, data):
    """As JSON and with bytes after it, wherever they are said to begin."""
    body = data.draw(altered(GOOD["oip"]) | altered(GOOD["binary"]) | st.binary(max_size=60))
    length = data.draw(
        st.none() | st.integers(0, 200).map(str) | st.just(str(len(_binary_head()))) | st.text(max_size=3)
    )
    tried(oip.decode, body, length)


@FUZZ
@given(value=REQUESTS | VALUES, tail=st.binary(max_size=20), large=st.booleans())
def test_any_json_of_tensors_is_read_or_refused(tried, value, tail, large):
    """Small and large: they are parsed in two ways."""
    head = json.dumps(value).encode() + b" " * (5000 if large else 0)
    tried(oip.decode, head)
    tried(oip.decode, head + tail, str(len(head)))


@FUZZ
@given(value=TABLES | VALUES)
def test_any_json_of_rows_is_read_or_refused(tried, value):
    """By MLflow's forms and by KServe's."""
    body = json.dumps(value).encode()
    tried(mlflow.decode, body)
    tried(kserve_v1.decode, body)


def test_what_is_good_is_read(tried):
    """Or the others would show nothing."""
    for kind, media_type in TYPES.items():
        assert tried(sagemaker.decode, GOOD[kind], media_type)
    assert tried(oip.decode, GOOD["oip"])
    assert tried(oip.decode, GOOD["binary"], str(len(_binary_head())))
