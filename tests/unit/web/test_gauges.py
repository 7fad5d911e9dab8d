"""What is measured once a second says what is so at that moment."""

from types import SimpleNamespace

import pytest

from keepfit.clock import EPOCH
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Count, Loaded
from keepfit.web.gauges import Gauges


@pytest.fixture
def live():
    """A worker's numbers."""
    return Telemetry("web-0")


def test_queue_room_and_versions_are_told(world, live):
    """Only the first worker tells of the room, which all of them share."""
    plane = world.plane()
    plane.lanes.add(SimpleNamespace(waiting_rows=7))
    Gauges(plane=plane, spool=lambda: 4_096).measure(live)
    found = live.snapshot(EPOCH).gauges["web-0"]
    assert (found.queue_rows, found.spool_bytes) == (7, 4_096)
    assert found.loaded == (Loaded(model="taxi", version=3, role="champion", runtime="scikit-learn"),)
    Gauges(plane=plane).measure(other := Telemetry("web-1"))
    assert other.snapshot(EPOCH).gauges["web-1"].spool_bytes == 0


def test_a_change_of_route_is_a_swap_once(world, live):
    """However often it is looked at."""
    gauges = Gauges(plane=world.plane())
    gauges.measure(live)
    gauges.measure(live)
    assert live.snapshot(EPOCH).counts["taxi"][Count.SWAPS] == 1
