"""Rows as objects, lists and columns."""

from dataclasses import replace

import numpy as np
import pytest

from keepfit.errors import RequestError
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.payload import Block, Columns
from keepfit.serving.request import Accepts
from keepfit.serving.table_rows import from_columns, from_lists, from_objects


@pytest.fixture
def numeric(signature):
    """A model that takes two numbers."""
    return Accepts(
        signature=replace(signature, features=(Feature("a", Kind.NUMBER), Feature("b", Kind.NUMBER)))
    )


def test_objects_may_differ(numeric):
    """The columns are all that some row names, in the order in which they come."""
    assert from_objects([{"a": 1}, {"b": 2, "a": 3}]) == Columns(("a", "b"), ([1, 3], [None, 2]))
    assert from_objects([]) == Columns((), ())


def test_numbers_of_all_features_are_one_block(numeric):
    """Null is NaN; other orders and other columns stay columns."""
    block = from_lists(None, [[1, 2.5], [None, 4]], numeric, "rows")
    assert isinstance(block, Block)
    assert np.array_equal(block.values, [[1, 2.5], [np.nan, 4]], equal_nan=True)
    assert from_lists(["b", "a"], [[1, 2]], numeric, "rows") == Columns(("b", "a"), ([1], [2]))
    assert from_lists(["a", "b"], [], numeric, "rows").values.shape == (0, 2)


@pytest.mark.parametrize("value", ["1", True, [1], 10**400])
def test_what_is_no_number_is_left_for_the_check_of_its_column(numeric, value):
    """That one names the row."""
    assert from_lists(None, [[1, value]], numeric, "rows") == Columns(("a", "b"), ([1], [value]))


def test_rows_of_another_width_are_refused(numeric):
    """With the features, where the rows do not name their columns."""
    with pytest.raises(RequestError, match="rows, row 1: 1 values for 2 columns") as caught:
        from_lists(None, [[1, 2], [1]], numeric, "rows")
    assert caught.value.hint == "they are: a, b"
    with pytest.raises(RequestError, match="names a column twice"):
        from_lists(["a", "a"], [[1, 2]], numeric, "rows")


def test_columns_are_flat_or_of_one_or_one_row():
    """As tensors of shape [n], [n, 1] or []."""
    assert from_columns({"a": [1, 2], "b": [[3], [4]]}) == Columns(("a", "b"), ([1, 2], [3, 4]))
    assert from_columns({"a": 1, "b": "x"}) == Columns(("a", "b"), ([1], ["x"]))
    with pytest.raises(RequestError, match="column 'b' is not a list of values"):
        from_columns({"a": [1], "b": 2})
