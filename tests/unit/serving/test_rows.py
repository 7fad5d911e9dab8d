"""Rows of several requests side by side, and some of them."""

import numpy as np
import pytest

from keepfit.serving.request import Accepts, of_mapping, read_rows
from keepfit.serving.rows import joined


@pytest.fixture
def read(signature, batch):
    """Rows of n, named after the request."""
    accepts = Accepts(signature=signature)

    def make(request_id, n):
        columns = of_mapping(batch(n, borough=[request_id] * n))
        return read_rows(columns, accepts, request_id=request_id, received_at=n)

    return make


def test_joined_rows_lie_in_the_order_of_their_requests(read):
    """All that came with them too."""
    rows = joined([read("a", 2), read("b", 1)])
    assert (rows.n, rows.ids) == (3, ["a:0", "a:1", "b"])
    assert rows.numbers.tolist() == [[0.0, 8.0], [1.0, 8.0], [0.0, 8.0]]
    assert rows.categories == (["bronx"] * 3,)
    assert rows.context == (["a", "a", "b"],)
    assert rows.received_at == [2, 2, 1]


def test_one_request_is_itself(read):
    """Nothing is copied."""
    rows = read("a", 2)
    assert joined([rows]) is rows
    assert rows.take(range(2)) is rows


def test_rows_are_taken_in_the_order_that_is_asked_for(read):
    """Also when it is all of them, and also twice."""
    rows = read("a", 3).take([2, 0, 1])
    assert rows.ids == ["a:2", "a:0", "a:1"]
    assert np.array_equal(rows.numbers[:, 0], [2.0, 0.0, 1.0])
    assert read("a", 2).take([1, 1, 0]).ids == ["a:1", "a:1", "a:0"]
    assert read("a", 2).take([]).numbers.shape == (0, 2)
