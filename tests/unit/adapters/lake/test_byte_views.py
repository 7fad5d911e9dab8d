"""Values of bytes: not copied, and no more stays in memory for them than is worth it."""

import numpy as np
import pyarrow as pa
import pytest

from keepfit.adapters.lake.byte_views import bytes_of

LONG = [bytes([i]) * 5000 for i in range(4)]


def _column(values, buffers=None):
    """Views as Arrow makes them: one buffer a value, or all values in as many as given."""
    if buffers is None:
        return pa.array(values, pa.binary_view())
    views = np.zeros(len(values), [("length", "<i4"), ("prefix", "<i4"), ("buffer", "<i4"), ("begin", "<i4")])
    data = [b""] * buffers
    for i, value in enumerate(values):
        views[i] = len(value), 0, i % buffers, len(data[i % buffers])
        data[i % buffers] += value
    arrays = [None, pa.py_buffer(views.tobytes()), *(pa.py_buffer(one) for one in data)]
    return pa.Array.from_buffers(pa.binary_view(), len(values), arrays)


def test_values_are_views_of_what_was_read():
    """Nothing is copied when all of a buffer is asked for, or most of it."""
    found = bytes_of(_column(LONG, buffers=2), [0, 1, 2])
    assert [bytes(one) for one in found] == LONG[:3]
    assert all(isinstance(one, memoryview) and one.readonly for one in found)


def test_one_value_of_many_does_not_keep_the_others_in_memory():
    """It is copied: a window that is held would otherwise hold its whole row group."""
    found = bytes_of(_column(LONG, buffers=1), [2])
    assert found == [LONG[2]]
    assert isinstance(found[0], bytes)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_values_of_every_kind_and_length_come_back(kind):
    """Short ones stand in the view itself; older files have no views."""
    values = [b"", b"twelve bytes", b"thirteen byte", LONG[1]]
    found = bytes_of(pa.array(values, kind), [0, 1, 2, 3])
    assert [bytes(one) for one in found] == values
    part = pa.array([b"before", *values], kind).slice(1)
    assert [bytes(one) for one in bytes_of(part, [3, 1])] == [values[3], values[1]]
