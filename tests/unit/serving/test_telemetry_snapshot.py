"""Snapshots of workers: a commutative monoid that survives a file."""

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.clock import EPOCH
from keepfit.errors import DataError
from keepfit.serving.telemetry_cells import ROW_EDGES, TIME_EDGES_NS
from keepfit.serving.telemetry_snapshot import Count, Gauges, Loaded, Snapshot, packed, unpacked

models = st.sampled_from(["taxi", "bus"])
versions = st.integers(0, 2)


def cells(length):
    return st.tuples(*[st.integers(0, 3)] * length)


times = cells(len(TIME_EDGES_NS) + 2)
loaded = st.builds(Loaded, model=models, version=versions, role=st.just("champion"), runtime=st.just("onnx"))
gauges = st.builds(
    Gauges,
    at=st.integers(0, 3),
    queue_rows=st.integers(0, 2),
    generations=st.lists(st.tuples(models, versions), max_size=1).map(tuple),
    loaded=st.lists(loaded, max_size=1).map(tuple),
)
snapshots = st.builds(
    Snapshot,
    requests=st.dictionaries(st.tuples(models, versions, st.just("v2"), st.just("2xx")), times, max_size=2),
    stages=st.dictionaries(st.tuples(models, versions, st.just("queue")), times, max_size=2),
    batches=st.dictionaries(st.tuples(models, versions), cells(len(ROW_EDGES) + 2), max_size=2),
    loads=st.dictionaries(models, times, max_size=1),
    counts=st.dictionaries(models, cells(len(Count)), max_size=2),
    fallbacks=st.dictionaries(st.tuples(models, versions), cells(1), max_size=2),
    gauges=st.dictionaries(st.sampled_from(["web-0", "web-1"]), gauges, max_size=2),
)


@settings(max_examples=40)
@given(snapshots, snapshots, snapshots)
def test_snapshots_add_up(one, other, third):
    """In any order and any grouping, and nothing added changes nothing."""
    assert one + other == other + one
    assert (one + other) + third == one + (other + third)
    assert one + Snapshot() == one


@settings(max_examples=40)
@given(snapshots)
def test_what_is_packed_is_unpacked(one):
    """Every field of it."""
    assert unpacked(packed(one)) == one


def test_of_two_pictures_of_one_worker_the_later_counts():
    """A gauge is what is, not what was."""
    early, late = Gauges(at=1, queue_rows=9), Gauges(at=2, queue_rows=0)
    assert (Snapshot(gauges={"w": late}) + Snapshot(gauges={"w": early})).gauges == {"w": late}


def test_who_has_fallen_silent_keeps_its_counts_and_loses_its_gauges():
    """What was answered was answered."""
    counts = {"taxi": (1,) * len(Count)}
    both = Snapshot(counts=counts, gauges={"dead": Gauges(at=1), "live": Gauges(at=9_000_000)})
    after = both.living(EPOCH + timedelta(seconds=10), max_age=timedelta(seconds=5))
    assert (after.counts, list(after.gauges)) == (counts, ["live"])
    assert after.counted("taxi", Count.SWAPS) == 1
    assert after.counted("bus", Count.SWAPS) == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "cannot be read"),
        (b"\xc1 nothing", "cannot be read"),
        (msgspec.msgpack.encode({"requests": 3}), "cannot be read"),
        (packed(Snapshot(counts={"taxi": (1, 2)})), f"2 cells where {len(Count)} were expected"),
        (packed(Snapshot(loads={"taxi": (1, 2)})), "2 cells where"),
        (packed(Snapshot(batches={("taxi", 1): (1,)})), "1 cells where"),
    ],
)
def test_what_another_version_wrote_is_refused(data, said):
    """Rather than added to the wrong buckets."""
    with pytest.raises(DataError, match=said):
        unpacked(data)
