"""What waits in all lanes together."""

from time import perf_counter
from types import SimpleNamespace

from keepfit.serving.lanes import Lanes


def test_rows_add_up_and_the_longest_full_lane_counts():
    """Where none is, nothing waits; a lane that has room again is not full, however long it was."""
    lanes = Lanes()
    assert (lanes.waiting_rows, lanes.full_s) == (0, 0.0)
    now = perf_counter()
    for rows, full, since in ((3, True, now - 10), (4, True, now - 2), (5, False, now - 99)):
        lanes.add(SimpleNamespace(waiting_rows=rows, is_full=full, full_since=since))
    assert lanes.waiting_rows == 12
    assert 10 <= lanes.full_s < 60
