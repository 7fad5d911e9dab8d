"""Every evidence store keeps what its port promises: the newest evidence of each version and window."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepfit.adapters.codec import pack
from keepfit.adapters.lake.evidence import DeltaEvidence
from keepfit.adapters.memory import MemoryEvidence
from keepfit.clock import Window
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.monitoring.evidence import EvidenceStore, WindowEvidence
from keepfit.predictions.batches import Batches
from keepfit.stats.profile import NumericProfile, Profile, cells_of, profile_frame

sys.path.append(str(Path(__file__).parents[1] / "unit" / "workflows"))

from workflow_world import World

NOW = datetime(2020, 1, 31, 8, 30, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
CELLS = cells_of(pl.DataFrame({"miles": [1.0, 2.0, 3.0, 4.0], "zone": [*"aabc"]}), ["miles"], ["zone"])


@pytest.fixture(params=["delta", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> EvidenceStore:
    """A store without evidence in it."""
    return DeltaEvidence(tmp_path / "evidence") if request.param == "delta" else MemoryEvidence()


def evidence_of(
    day: float, *values: float, version: int = 1, model: str = "taxi-eta", batch: int = 1
) -> WindowEvidence:
    """A day of rides of so many miles."""
    traffic = profile_frame(pl.DataFrame({"miles": values, "zone": ["a"] * len(values)}), CELLS)
    predictions = traffic.features["miles"]
    assert isinstance(predictions, NumericProfile)
    return WindowEvidence(
        model=model,
        version=version,
        window=Window(NOW + day * DAY, NOW + (day + 1) * DAY),
        traffic=traffic,
        predictions=predictions,
        performance=Performance(
            predicted=len(values),
            labelled=LossSums(len(values), sum(values), 0.1),
            slices={"zone=a": LossSums()},
        ),
        failed=0,
        served=len(values),
        batch=batch,
    )


def test_there_is_none_at_first(store):
    """A model that nobody ever asked has no evidence."""
    assert store.evidence("taxi-eta", 1) == []
    store.put_all([])
    assert store.evidence("taxi-eta", 1) == []


def test_the_evidence_of_a_window_is_replaced(store):
    """Evidence comes back equal to the last bit, by window; a restated window replaces the one before."""
    restated = evidence_of(1, 1.0, 2.5, 3.0)
    for one in (evidence_of(1, 1.0), evidence_of(0, 2.0), restated, evidence_of(0, 4.0, model="other")):
        store.put(one)
    first, second = store.evidence("taxi-eta", 1)
    assert [pack(first), pack(second)] == [pack(evidence_of(0, 2.0)), pack(restated)]
    assert [first, second] == [evidence_of(0, 2.0), restated]
    assert second.performance.labelled.n == 3
    assert store.evidence("taxi-eta", 2) == []
    assert store.evidence("other", 1) == [evidence_of(0, 4.0, model="other")]


def test_many_are_put_at_once(store):
    """Of several models and versions, out of a generator; of one window the last."""
    many = [evidence_of(day, 1.0 + day, version=version) for day in range(70) for version in (1, 2)]
    again = evidence_of(3, 9.0)
    store.put_all(one for one in [*many, again, evidence_of(0, 1.0, model="other")])
    assert [one.traffic.features["miles"].mean for one in store.evidence("taxi-eta", 1)] == [
        9.0 if day == 3 else 1.0 + day for day in range(70)
    ]
    assert len(store.evidence("taxi-eta", 2)) == 70
    assert len(store.evidence("other", 1)) == 1


def test_evidence_is_found_by_the_start_of_its_window(store):
    """The stretch asked for is half-open, to the microsecond; None leaves an end open."""
    tick = timedelta(microseconds=1) / DAY
    store.put_all(evidence_of(day, 1.0) for day in (0, 1 - tick, 1, 2, 3 - tick, 3))

    def days(since: float | None, until: float | None) -> list[float]:
        ends = [None if day is None else NOW + day * DAY for day in (since, until)]
        return [(one.window.start - NOW) / DAY for one in store.evidence("taxi-eta", 1, *ends)]

    assert days(1, 3) == [1, 2, 3 - tick]
    assert days(3, None) == [3]
    assert days(None, 1) == [0, 1 - tick]
    assert days(None, None) == [0, 1 - tick, 1, 2, 3 - tick, 3]
    assert days(4, None) == []


def test_who_saw_less_of_the_lake_is_late(store):
    """Evidence of an older batch does not replace that of a newer one, put alone or together; of the same batch it does."""
    newer, later = evidence_of(0, 1.0, 2.0, batch=7), evidence_of(0, 1.0, 2.0, 3.0, batch=7)
    store.put(newer)
    store.put(evidence_of(0, 1.0, batch=6))
    assert store.evidence("taxi-eta", 1) == [newer]
    store.put_all([later, evidence_of(0, 9.0, batch=6), evidence_of(1, 1.0, batch=6)])
    assert store.evidence("taxi-eta", 1) == [later, evidence_of(1, 1.0, batch=6)]


def test_a_window_may_be_longer_than_it_was(store):
    """A model that is watched in other windows: of two with one start the later one stands."""
    day = evidence_of(0, 1.0)
    week = replace(day, window=Window(NOW, NOW + 7 * DAY))
    for one in (day, week):
        store.put(one)
    assert store.evidence("taxi-eta", 1) == [week]


def test_a_window_is_found_with_every_version(store):
    """Those that were asked for, and no others."""
    days = {(day, number): evidence_of(day, 1.0, version=number) for day in range(3) for number in (1, 2)}
    store.put_all(days.values())
    starts = [NOW, NOW + 2 * DAY, NOW + 9 * DAY]
    found = {
        ((one.window.start - NOW) // DAY, one.version): one for one in store.of_windows("taxi-eta", starts)
    }
    assert found == {key: one for key, one in days.items() if key[0] != 1}
    assert not store.of_windows("bikes", starts)


def test_what_is_in_evidence_of_a_lake_with_gaps_is_kept(store):
    """Which batches were open, and how many rows were added a few at a time."""
    one = replace(evidence_of(0, 1.0, batch=2), beyond=Batches(newest=7, open=(3, 5)), loose=4)
    store.put(one)
    assert store.evidence("taxi-eta", 1) == [one]


def test_windows_add_up_as_before_they_were_stored(store):
    """The sum of what was stored is what was summed, stored."""
    days = [evidence_of(day, 1.0 + day, 7.5) for day in range(5)]
    store.put_all(days)
    read = store.evidence("taxi-eta", 1)
    assert Profile.merge([one.traffic for one in read]) == Profile.merge([one.traffic for one in days])


PUTS = st.lists(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 2), st.integers(1, 3), st.integers(0, 9)), max_size=4
    ),
    max_size=6,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(puts=PUTS)
def test_both_stores_agree_whatever_comes(tmp_path_factory, puts):
    """Any sequence of puts, late ones among them, gives the same evidence, to a process that begins afterwards too."""
    root = tmp_path_factory.mktemp("lake")
    delta, memory = DeltaEvidence(root), MemoryEvidence()
    for put in puts:
        windows = [
            evidence_of(day, float(miles), version=version, batch=batch) for day, version, batch, miles in put
        ]
        for store in (delta, memory):
            store.put_all(windows)
    for version in (1, 2):
        expected = memory.evidence("taxi-eta", version)
        assert delta.evidence("taxi-eta", version) == expected
        assert DeltaEvidence(root).evidence("taxi-eta", version) == expected


def test_evidence_that_was_lost_is_made_again(tmp_path):
    """A check that has seen nothing of the lake, as after the migration, makes the evidence that there was."""
    world = World()
    world.train()
    world.run(0, 1, 2)
    before = world.evidence.evidence("taxi", 1)
    assert len(before) == 3
    world.ports.checks.set_seen_batch("taxi", 0)
    world.ports = replace(world.ports, evidence=DeltaEvidence(tmp_path))
    world.check(2)
    made = world.ports.evidence.evidence("taxi", 1)
    assert [replace(one, batch=0) for one in made] == [replace(one, batch=0) for one in before]
