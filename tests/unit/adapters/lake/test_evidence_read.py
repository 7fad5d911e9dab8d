"""Windows out of a model's table: what is read is what was asked for, and no more stays in memory for it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from keepfit.adapters.lake.evidence import DeltaEvidence
from keepfit.adapters.lake.evidence_read import _values
from keepfit.clock import Window
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.stats.numeric_cells import NumericCells
from keepfit.stats.numeric_profile import NumericProfile
from keepfit.stats.profile import Profile

START = datetime(2020, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONG = [bytes([i]) * 5000 for i in range(4)]


def _hour(number, cells=1.0):
    """The evidence of an hour, in cells of one of several references."""
    profile = NumericProfile.of(NumericCells.of(np.arange(50) * cells), np.arange(10.0) + number)
    start = START + number * HOUR
    return WindowEvidence(
        model="taxi",
        version=1,
        window=Window(start, start + HOUR),
        traffic=Profile(rows=10, features={"miles": profile}),
        predictions=profile,
        performance=Performance(),
        failed=0,
        served=10,
        batch=number,
    )


def test_windows_of_several_groups_and_files_come_in_their_order(tmp_path):
    """Of thirty in three commits those that are asked for, counted in two kinds of cells; another handle reads."""
    hours = [_hour(number, cells=1.0 + number % 2) for number in range(30)]
    for some in (hours[10:20], hours[:10], hours[20:]):
        DeltaEvidence(tmp_path).put_all(some)
    store = DeltaEvidence(tmp_path)
    assert store.evidence("taxi", 1, START + 3 * HOUR, START + 25 * HOUR) == hours[3:25]
    assert store.of_windows("taxi", [START + 28 * HOUR, START]) == [hours[0], hours[28]]
    assert DeltaEvidence(tmp_path).evidence("taxi", 1) == hours


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
    found = _values(_column(LONG, buffers=2), [0, 1, 2])
    assert [bytes(one) for one in found] == LONG[:3]
    assert all(isinstance(one, memoryview) and one.readonly for one in found)


def test_one_value_of_many_does_not_keep_the_others_in_memory():
    """It is copied: a window that is held would otherwise hold its whole row group."""
    found = _values(_column(LONG, buffers=1), [2])
    assert found == [LONG[2]]
    assert isinstance(found[0], bytes)


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()])
def test_values_of_every_kind_and_length_come_back(kind):
    """Short ones stand in the view itself; older files have no views."""
    values = [b"", b"twelve bytes", b"thirteen byte", LONG[1]]
    found = _values(pa.array(values, kind), [0, 1, 2, 3])
    assert [bytes(one) for one in found] == values
    part = pa.array([b"before", *values], kind).slice(1)
    assert [bytes(one) for one in _values(part, [3, 1])] == [values[3], values[1]]
