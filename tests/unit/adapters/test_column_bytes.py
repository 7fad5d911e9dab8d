"""Columns as bytes: arrays come back as they were, and are not copied."""

import msgspec
import numpy as np
import pytest

from keepfit.adapters.column_bytes import narrowed, read_column, unpack_array, write_column


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([0, 255], "|u1"), ([-1, 127], "|i1"), ([0, 256], "<u2"), ([-129, 0], "<i2"), ([2**32], "<i8")],
)
def test_whole_numbers_take_no_more_room_than_they_need(values, dtype):
    """The narrowest dtype that holds them all."""
    packed = narrowed(np.array(values))
    assert packed.dtype.str == dtype
    assert read_column(write_column(packed)).tolist() == values


def test_arrays_are_views_of_what_was_read():
    """A day of evidence is megabytes, which need not be copied."""
    data = write_column(np.arange(100.0))
    assert np.shares_memory(read_column(data), np.frombuffer(data, np.uint8))


def test_an_array_of_an_unknown_kind_is_refused():
    """A later keepfit may know more of them."""
    data = msgspec.msgpack.encode(msgspec.msgpack.Ext(99, b"12345678"))
    with pytest.raises(KeyError):
        read_column(data)


@pytest.mark.parametrize("dtype", ["u1", "i8", "f8", "f4", "?", "<U3", "<M8[us]", ">i4"])
def test_arrays_of_any_plain_type_come_back(dtype):
    """Those without a code of their own as their type's name and bytes."""
    array = np.arange(3).astype(dtype)
    found = unpack_array(read_column(write_column(array)))
    assert (found.dtype, found.tolist()) == (array.dtype, array.tolist())
    assert not found.flags.writeable


def test_what_is_no_array_is_refused():
    """Before it is on disk."""
    with pytest.raises(NotImplementedError, match="complex"):
        write_column(1j)
