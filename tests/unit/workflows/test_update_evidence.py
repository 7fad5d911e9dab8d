"""Evidence that is added to is the evidence that would be made in one go, however the rows came and whoever died."""

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workflow_fakes import DAY, START, make_model
from workflow_world import World, empty_database

from keepfit.adapters.memory import MemoryEvidence, MemoryPredictions
from keepfit.clock import Window
from keepfit.monitoring.adding import made_of, unsettled
from keepfit.monitoring.policy import Monitor
from keepfit.predictions.batches import Batches
from keepfit.predictions.ledger import DrainPosition, Ledger
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS
from keepfit.workflows.update_evidence import _yardstick, settle, update_evidence

#: Of a profile: told by values that repeat within a part; `settle` is there for them.
NOT_ADDED = {"named", "loose"}


def alike(one, two, *, without=frozenset(), where="evidence"):
    """Counts the same, sums the same up to rounding."""
    assert type(one) is type(two), where
    if is_dataclass(one):
        for each in fields(one):
            if each.name not in without:
                alike(
                    getattr(one, each.name),
                    getattr(two, each.name),
                    without=without,
                    where=f"{where}.{each.name}",
                )
    elif isinstance(one, Mapping):
        assert one.keys() == two.keys(), where
        for name in one:
            alike(one[name], two[name], without=without, where=f"{where}[{name}]")
    elif isinstance(one, np.ndarray) and one.dtype.kind == "f":
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9, err_msg=where)
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, two, err_msg=where)
    elif isinstance(one, float):
        assert math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9), where
    else:
        assert one == two, where


class Lake:
    """A model whose rows are drained by hand, and its evidence."""

    def __init__(self, world):
        world.predictions, world.evidence = MemoryPredictions(), MemoryEvidence()
        world.engine.dispose()
        world.engine = empty_database()
        world.ports = world.open()
        self.world, self.ports = world, world.ports
        self.waiting = {}
        self.marks = {"drainer": 0, "tick": 0}

    def drain(self, log, rows=(), said=(), *, dies=False):
        """Append, and record; of what died before it recorded, everything is appended again."""
        before = self.waiting.pop(log, ((), ()))
        rows, said = (*before[0], *rows), (*before[1], *said)
        batch = self.ports.ledger.next_batch(log, "taxi")
        self.ports.predictions.append_predictions("taxi", predictions(rows), batch=batch)
        self.ports.predictions.append_labels("taxi", labels(said), batch=batch)
        if dies:
            self.waiting[log] = rows, said
        else:
            position = DrainPosition(log=log, segment="0", offset=batch)
            self.ports.ledger.record(position, {"taxi": Ledger()}, at=START)

    def update(self, who="drainer", *, ports=None):
        """As one of two processes that know how far they came themselves."""
        found = update_evidence(ports or self.ports, self.world.model, 1, since=self.marks[who])
        self.marks[who] = found.seen.through
        return found

    def evidence(self, version=1):
        """By the number of its day."""
        return {
            (one.window.start - START) // DAY: one for one in self.ports.evidence.evidence("taxi", version)
        }

    def in_one_go(self, version, day):
        """What the evidence of a window would be if it were made now."""
        window, seen = Window(START + day * DAY, START + (day + 1) * DAY), self.ports.ledger.closed("taxi")
        rows = self.world.predictions.labelled("taxi", window, batches=seen)
        by = _yardstick(self.ports, self.world.model, version)
        return made_of(rows, by, model="taxi", version=version, window=window, seen=seen)

    def assert_right(self):
        """Every version that has to do with a window has evidence there, and it is that made in one go."""
        seen = self.ports.ledger.closed("taxi")
        rows = self.world.predictions.labelled("taxi", batches=seen)
        answered = rows.filter(pl.col("role").is_in(["champion", "canary"]))
        days = {((at - START) // DAY, number) for at in rows["event_time"] for number in [1]} | {
            ((at - START) // DAY, number)
            for at, number in answered.select("event_time", "version").iter_rows()
        }
        found = {(day, number): one for number in (1, 2) for day, one in self.evidence(number).items()}
        assert days <= found.keys()
        for (day, number), one in found.items():
            expected = self.in_one_go(number, day)
            # What brought nothing to the window need not be said of it.
            alike(
                replace(one, batch=0, beyond=None),
                replace(expected, batch=0, beyond=None),
                without=NOT_ADDED,
            )


def predictions(rows):
    """Each of (number, version, role): its day and its miles go by its number."""
    found = [
        {
            "prediction_id": str(number),
            "version": version,
            "role": role,
            "event_time": START + (number % 3) * DAY + timedelta(minutes=number),
            "received_at": START,
            "prediction": None if role == "failed" else 3.1 * (1 + number % 7),
            "error": "it raised" if role == "failed" else None,
        }
        for number, version, role in rows
    ]
    miles = [None if number % 5 == 4 else 1.0 + number % 7 / 3 for number, *_ in rows]
    return pl.DataFrame(found, schema=PREDICTION_COLUMNS).with_columns(
        pl.Series("x_miles", miles, dtype=pl.Float64)
    )


def labels(said):
    """Each of (number, minutes, day on which it became known)."""
    found = [
        {
            "prediction_id": str(number),
            "label": minutes,
            "label_time": START + day * DAY,
            "received_at": START,
        }
        for number, minutes, day in said
    ]
    return pl.DataFrame(found, schema=LABEL_COLUMNS)


def served(*numbers, version=1, role="champion"):
    """Rows of one version."""
    return [(number, version, role) for number in numbers]


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
