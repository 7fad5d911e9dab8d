"""NumPy arrays."""

import io
from dataclasses import replace

import numpy as np
import pytest

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.request import Accepts
from keepfit.serving.table_npy import read_npy


def saved(array, **kwargs):
    file = io.BytesIO()
    np.save(file, np.asarray(array), **kwargs)
    return file.getvalue()


@pytest.fixture
def numeric(signature):
    """A model that takes two numbers."""
    return Accepts(
        signature=replace(signature, features=(Feature("a", Kind.NUMBER), Feature("b", Kind.NUMBER)))
    )


@pytest.mark.parametrize("dtype", ["f8", ">f4", "f2", "i8", "u1", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_of_all_features(numeric, dtype, order):
    """Of any number type, and in either order."""
    values = np.array([[1, 0], [0, 1], [1, 1]], dtype=dtype, order=order)
    block = read_npy(saved(values), numeric).values
    assert block.tolist() == values.astype(float).tolist()
    assert (block.dtype, block.flags.c_contiguous, block.flags.aligned) == (np.float64, True, True)


def test_one_row_may_be_flat(numeric):
    """As one would write it."""
    assert read_npy(saved([1.0, 2.0]), numeric).values.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "cannot be read"),
        (b"\x93NUMPY\x01\x00\x04\x00{'a:", "cannot be read"),
        (saved([[1.0, 2.0]])[:-1], "has 15 bytes; float64 of shape"),
        (saved([[1.0, 2.0]]).replace(b"(1, 2), ", b"(-1,-2),"), "has 16 bytes|cannot be read"),
        (saved([["a", "b"]]), "holds <U1, which are no numbers"),
        (saved(np.array([[None, 1]]), allow_pickle=True), "holds object"),
        (saved([[1.0]]), r"has shape \[1, 1\]; the model takes \[n, 2\]: a, b"),
        (saved(np.zeros((1, 2, 1))), r"has shape \[1, 2, 1\]"),
    ],
)
def test_what_does_not_fit_is_refused(numeric, body, said):
    """Nothing is unpickled, and no room is made for what a header tells."""
    with pytest.raises(RequestError, match=said):
        read_npy(body, numeric)


def test_categories_are_no_numbers(signature):
    """By name."""
    with pytest.raises(RequestError, match="'zone' is a category"):
        read_npy(saved([[1.0, 2.0, 3.0]]), Accepts(signature=signature))
