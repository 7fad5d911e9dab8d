"""Binary tensors: raw bytes after the JSON."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, from_dtype

from keepfit.errors import RequestError
from keepfit.serving import oip
from keepfit.serving.oip.binary_data import packed
from keepfit.serving.oip.datatypes import DATATYPES, NUMBERS
from keepfit.serving.request import Accepts

ALL = sorted(set(DATATYPES) - {"BYTES"})
FIXTURES = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)


def arrays_of(datatype, shape):
    dtype = DATATYPES[datatype].stored
    finite = {"allow_nan": True, "allow_infinity": False} if dtype.kind == "f" else {}
    return arrays(dtype, shape, elements=from_dtype(dtype, **finite))


@FIXTURES
@given(data=st.data(), datatype=st.sampled_from(ALL), n=st.integers(0, 5))
def test_a_column_is_the_same_in_json_and_in_bytes(signature, read, tensor, raw, data, datatype, n):
    """Of every datatype; the missing value is NaN in bytes and null in JSON."""
    values = data.draw(arrays_of(datatype, n))
    listed = [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN
    assert read(signature, raw("miles", values.tobytes(), datatype, [n, 1])) == read(
        signature, tensor("miles", listed, datatype, [n, 1])
    )


@FIXTURES
@given(data=st.data(), datatype=st.sampled_from(sorted(NUMBERS)), n=st.integers(0, 5))
def test_a_matrix_is_the_same_in_json_and_in_bytes(numeric, read, tensor, raw, data, datatype, n):
    """Flat, nested and raw, wherever in the body the bytes begin."""
    values = data.draw(arrays_of(datatype, (n, 2)))
    nested = [[None if one != one else one for one in row] for row in values.tolist()]  # noqa: PLR0124 - NaN
    flat = [one for row in nested for one in row]
    name = "x" * data.draw(st.integers(1, 9))
    found = read(numeric, raw(name, values.tobytes(), datatype, [n, 2]))
    assert found == read(numeric, tensor(name, flat, datatype, [n, 2]))
    assert found == read(numeric, tensor(name, nested, datatype, [n, 2]))


@FIXTURES
@given(texts=st.lists(st.text(), max_size=5))
def test_texts_are_the_same_in_json_and_in_bytes(signature, read, tensor, raw, texts):
    """Each with its length in four bytes in front."""
    assert read(signature, raw("zone", packed(texts), "BYTES", [len(texts)])) == read(
        signature, tensor("zone", texts, "BYTES")
    )


def test_json_and_binary_tensors_in_one_request(signature, read, tensor, raw):
    """The bytes are those of the binary ones, in their order."""
    assert read(
        signature,
        raw("miles", np.array([1.5, 2.5]).tobytes(), shape=[2]),
        tensor("zone", ["a", "b"], "BYTES"),
        raw("hour", np.array([8, 9], "<i4").tobytes(), "INT32", [2, 1]),
    ) == {"miles": [1.5, 2.5], "zone": ["a", "b"], "hour": [8, 9]}


def test_numbers_are_a_view_of_the_body(numeric, raw, ask):
    """Nothing is copied."""
    column = (
        ask(raw("miles", np.arange(1000.0).tobytes(), shape=[1000]))
        .payload(Accepts(signature=numeric))
        .values[0]
    )
    assert not column.flags.owndata
    assert not column.flags.writeable


@pytest.mark.parametrize(
    ("part", "datatype", "shape", "said"),
    [
        (b"1234567", "FP64", [1], "input 'miles' has 7 bytes; FP64 of shape [1] takes 8"),
        (b"1" * 16, "FP64", [1], "has 16 bytes; FP64 of shape [1] takes 8"),
        (b"", "INT8", [10**30], "has 0 bytes"),
        (b"\x02", "BOOL", [1], "value 0: the byte 2 is not BOOL"),
        (b"\x01\x00", "BYTES", [1], "value 0: its bytes are cut off"),
        (b"\x05\x00\x00\x00ab", "BYTES", [1], "value 0: its bytes are cut off"),
        (b"\x01\x00\x00\x00\xff", "BYTES", [1], "value 0: it is not UTF-8"),
        (packed(["a", "b"]), "BYTES", [1], "has 2 values for shape [1]"),
        (b"12", "BF16", [1], "unknown datatype 'BF16'"),
    ],
)
def test_bytes_that_do_not_fit_are_refused(signature, read, raw, part, datatype, shape, said):
    """Saying how many there are, and how many there should be."""
    with pytest.raises(RequestError) as caught:
        read(signature, raw("miles", part, datatype, shape))
    assert said in str(caught.value)


def test_sizes_must_add_up_to_the_body(signature, read, raw):
    """Nothing is left, and nothing is read twice."""
    given_, part = raw("miles", b"12345678")
    with pytest.raises(RequestError, match=r"the body has 9 bytes after its JSON; .* add up to 8"):
        read(signature, (given_, part + b"!"))
    with pytest.raises(RequestError, match="binary_data_size 8; 7 bytes are left"):
        read(signature, (given_, part[:7]))
    with pytest.raises(RequestError, match="has binary_data_size -1"):
        read(signature, ({**given_, "parameters": {"binary_data_size": -1}}, b""))


def test_data_is_given_in_one_way(signature, read, raw):
    """As JSON or as bytes, and never in shared memory."""
    given_, part = raw("miles", b"12345678")
    with pytest.raises(RequestError, match="both data and binary_data_size"):
        read(signature, ({**given_, "data": [1.0]}, part))
    with pytest.raises(RequestError, match="shared memory"):
        read(signature, ({**given_, "parameters": {"shared_memory_region": "a"}}, b""))
    assert read(signature, ({**given_, "data": None}, np.array([1.5]).tobytes())) == {"miles": [1.5]}


def test_bytes_without_the_header_are_refused(signature, read, raw):
    """With what to do; an empty tensor needs none, and some clients send none for it."""
    given_, _ = raw("miles", b"12345678")
    with pytest.raises(RequestError, match="0 bytes are left") as caught:
        read(signature, given_)
    assert "Inference-Header-Content-Length" in caught.value.hint
    assert read(signature, raw("miles", b"", shape=[0])[0]) == {"miles": []}


@pytest.mark.parametrize("length", ["", "x", "-1", "1e3", "²", "9" * 5000, "3"])
def test_a_header_that_is_no_length_of_the_body_is_refused(length):
    """Nor one beyond its end."""
    with pytest.raises(RequestError, match="Inference-Header-Content-Length"):
        oip.decode(b"{}", length)
