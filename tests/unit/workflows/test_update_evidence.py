"""Evidence that is added to is the evidence that would be made in one go, however the rows came and whoever died."""

import math
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from evidence_lake import Lake, predictions, served
from hypothesis import given, settings
from hypothesis import strategies as st
from workflow_fakes import DAY, START, make_model
from workflow_world import World

from keepfit.monitoring.adding import unsettled
from keepfit.monitoring.policy import Monitor
from keepfit.predictions.batches import Batches
from keepfit.predictions.ledger import DrainPosition
from keepfit.workflows.update_evidence import settle, update_evidence


@pytest.fixture(scope="module")
def firm():
    """Version 1 and 2, with slices and estimators."""
    world = World(make_model(monitor=Monitor(min_rows=50, slices=["miles"])))
    world.train()
    world.town.rates[1] = 4.5
    world.register(world.end_of(7))
    assert world.registry.estimator(world.registry.version("taxi", 2)) is not None
    return world


@pytest.fixture
def lake(firm):
    """Without a row in it."""
    return Lake(firm)


ROLES = [(1, "champion"), (2, "canary"), (2, "shadow"), (1, "failed")]
ROWS = st.lists(st.tuples(st.integers(0, 11), st.sampled_from(ROLES)), max_size=6)
SAID = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from([5.5, 9.25, math.nan]), st.integers(1, 2)), max_size=4
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["log-1", "log-2"]),
        ROWS,
        SAID,
        st.booleans(),
        st.sampled_from(["drainer", "tick", "dies", "late", ""]),
    ),
    min_size=1,
    max_size=7,
)


class Dying:
    """An evidence store whose process dies after the first window that it put."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def put_all(self, evidence):
        """The first is put."""
        for one in evidence:
            self._store.put(one)
            raise KeyboardInterrupt


class Late(Dying):
    """An evidence store whose process falls asleep before it puts."""

    def __init__(self, store):
        super().__init__(store)
        self._held = []

    def put_all(self, evidence):
        """Nothing is put yet."""
        self._held = list(evidence)

    def awake(self):
        """Now it is."""
        self._store.put_all(self._held)


def look(lake, who, late):
    """One of the processes updates; what the tick put late, it puts before it does anything else."""
    if who == "drainer":
        lake.update()
    elif who == "dies":
        with suppress(KeyboardInterrupt):
            lake.update(ports=replace(lake.ports, evidence=Dying(lake.ports.evidence)))
    elif who:
        late.awake()
        late = Late(lake.ports.evidence)
        lake.update("tick", ports=replace(lake.ports, evidence=late))
        if who == "tick":
            late.awake()
    return late


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_split_of_the_rows_gives_the_evidence_of_all_of_them(firm, steps):
    """Labels before, with and long after their predictions, corrections, drains and updates that die, two that race."""
    lake = Lake(firm)
    late = Late(lake.ports.evidence)
    for log, rows, said, dies, who in steps:
        lake.drain(log, [(number, *role) for number, role in rows], said, dies=dies)
        late = look(lake, who, late)
    late.awake()
    lake.update()
    lake.assert_right()
    before = dict(lake.ports.evidence.kept)
    assert lake.update().windows == 0
    assert lake.update("tick").windows == 0
    assert lake.ports.evidence.kept == before


class Asked:
    """A prediction store that remembers which windows it was asked for in whole."""

    def __init__(self, store):
        self._store, self.whole, self.news_rows = store, [], 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    def labelled(self, model, window=None, **which):
        """All rows of a window."""
        self.whole.append((window.start - START) // DAY)
        return self._store.labelled(model, window, **which)

    def news(self, *about, **which):
        """What is new of some."""
        rows = self._store.news(*about, **which)
        self.news_rows += rows.height
        return rows


@pytest.fixture
def asked(lake):
    """What the lake's predictions are asked for."""
    found = Asked(lake.ports.predictions)
    lake.ports = replace(lake.ports, predictions=found)
    return found


def test_a_late_label_costs_its_own_row(lake, asked):
    """No other row of its window is read, nor of any other; a window is read in whole when it is new."""
    lake.drain("log-1", served(0, 1, 2, 3, 4, 5))
    assert lake.update().windows == 3
    assert sorted(asked.whole) == [0, 1, 2]
    asked.whole.clear()
    lake.drain("log-1", served(6), said=[(0, 5.0, 4), (3, 6.0, 4)])
    assert lake.update().windows == 1
    assert (asked.whole, asked.news_rows) == ([], 3)
    lake.assert_right()
    assert (lake.evidence()[0].performance.labelled.n, lake.evidence()[0].performance.late) == (2, 2)


def test_a_correction_makes_anew_the_version_that_it_is_about(lake, asked):
    """What is no sum, a smallest value say, cannot be taken back; the other version's losses are as they were."""
    lake.drain("log-1", [*served(0, 3), *served(6, version=2, role="canary")], said=[(0, 5.0, 1)])
    lake.update()
    asked.whole.clear()
    lake.drain("log-1", said=[(0, 7.0, 2)])
    assert lake.update().windows == 1
    assert asked.whole == [0]
    lake.assert_right()


def test_a_drain_that_died_holds_up_no_other(lake):
    """Its batch is left out; the batches after it are in, and its own when it is done again, however much later."""
    lake.drain("log-1", served(0), dies=True)
    lake.drain("log-2", served(3))
    assert lake.update().windows == 1
    known = lake.evidence()[0]
    assert (known.served, known.batch, known.seen) == (1, 0, Batches(newest=2, open=(1,)))
    lake.drain("log-2", served(6), said=[(0, 5.0, 1)])
    lake.update()
    assert (lake.evidence()[0].served, lake.evidence()[0].performance.labelled.n) == (2, 0)
    lake.drain("log-1")
    lake.update()
    assert (lake.evidence()[0].served, lake.evidence()[0].performance.labelled.n) == (3, 1)
    assert lake.evidence()[0].beyond is None
    lake.assert_right()


def test_a_new_champion_has_evidence_where_the_one_before_had_it(lake):
    """Of the windows that gain something, and of what was there: traffic is everybody's."""
    lake.drain("log-1", served(0, 3))
    lake.update()
    lake.drain("log-1", served(6))
    update_evidence(lake.ports, lake.world.model, 2, since=lake.marks["drainer"])
    one, two = lake.evidence(1)[0], lake.evidence(2)[0]
    assert (one.traffic.rows, two.traffic.rows, one.served, two.served) == (3, 3, 3, 0)
    lake.assert_right()


def test_windows_of_another_length_are_made_anew(lake):
    """The model's file says hours now, and its first hour begins when its day did."""
    lake.drain("log-1", served(0, 60))
    lake.update()
    lake.drain("log-1", served(3))
    model = make_model(monitor=Monitor(window="1h", slices=["miles"]))
    update_evidence(lake.ports, model, 1, since=lake.marks["drainer"])
    hour = lake.evidence()[0]
    assert (hour.window.length, hour.served) == (timedelta(hours=1), 2)


def test_other_slices_make_the_window_anew(lake):
    """Sums of some of its rows would pass for those of all."""
    lake.drain("log-1", served(0, 3), said=[(0, 5.0, 1)])
    lake.update()
    lake.drain("log-1", said=[(3, 5.0, 1)])
    update_evidence(lake.ports, make_model(), 1, since=lake.marks["drainer"])
    performance = lake.evidence()[0].performance
    assert (performance.labelled.n, performance.slices) == (2, {})


def test_evidence_in_other_cells_is_made_anew(lake):
    """It cannot be added to."""
    lake.drain("log-1", served(0, 3))
    lake.update()
    known, other = lake.evidence()[0], lake.in_one_go(2, 0)
    lake.ports.evidence.put(replace(known, traffic=other.traffic, predictions=other.predictions))
    lake.drain("log-1", served(6))
    lake.update()
    lake.assert_right()


def test_a_value_that_never_repeats_in_a_drain_is_told_before_anything_is_judged(lake):
    """A sentinel in a tenth of the rows, one a drain: no part tells it, the window as a whole does, once."""
    for turn in range(12):
        numbers = range(30 * turn, 30 * (turn + 1), 3)
        rows = predictions(served(*numbers)).with_columns(
            x_miles=pl.Series([-999.0, *(one / 1000 for one in numbers[1:])])
        )
        batch = lake.ports.ledger.next_batch("log-1", "taxi")
        lake.ports.predictions.append_predictions("taxi", rows, batch=batch)
        lake.ports.ledger.record(DrainPosition(log="log-1", segment="0", offset=turn), {}, at=START)
        lake.update()
    added = lake.evidence()[0]
    assert unsettled(added)
    assert -999.0 not in dict(added.traffic.features["miles"].named)
    (settled,) = settle(lake.ports, lake.world.model, [added])
    assert dict(settled.traffic.features["miles"].named)[-999.0] == 12
    assert not unsettled(settled)
    assert lake.evidence()[0] is settled
    assert settle(lake.ports, lake.world.model, [settled]) == [settled]
    lake.assert_right()


def test_more_windows_than_are_read_together(lake, monkeypatch):
    """What is new is read a few windows at a time."""
    monkeypatch.setattr("keepfit.workflows.update_evidence._WINDOWS", 2)
    lake.drain("log-1", served(*range(12)))
    lake.update()
    lake.drain("log-1", served(*range(12, 24)), said=[(number, 5.0, 1) for number in range(20)])
    assert lake.update().windows == 3
    lake.assert_right()


def test_what_another_process_added_meanwhile_is_not_added_again(lake):
    """Neither rows nor labels, where one window has some of what is new already, and the other none."""
    lake.drain("log-1", served(0, 1))
    lake.update("tick")
    lake.drain("log-1", served(3), said=[(0, 5.0, 1)])
    lake.update("drainer")
    lake.drain("log-1", served(6, 4), said=[(3, 5.0, 1)])
    assert lake.update("tick").windows == 2
    lake.assert_right()
    assert lake.update("drainer").windows == 0


def test_who_comes_late_with_less_is_passed_over(lake):
    """What it made is of rows that are in; what it lacks is not lost."""
    late = Late(lake.ports.evidence)
    lake.drain("log-1", served(0))
    lake.update("tick", ports=replace(lake.ports, evidence=late))
    lake.drain("log-1", served(3), said=[(0, 5.0, 1)])
    lake.update("drainer")
    late.awake()
    assert lake.evidence()[0].served == 2
    lake.assert_right()
