"""Labels that are asked for: until they are complete, and each counted once."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from workflow_fakes import DAY, START

from keepfit.clock import Window
from keepfit.errors import DataError
from keepfit.predictions.capture_policy import Capture
from keepfit.workflows.log_rows import log_prediction_rows
from keepfit.workflows.pull_labels import GIVEN_UP, OLD_EVERY, Due, Gap, due, pull_labels, unheard

HOUR = timedelta(hours=1)


def window(day):
    return Window(START + day * DAY, START + (day + 1) * DAY)


def gap(day, labelled=0):
    return Gap(window=window(day), predicted=10, labelled=labelled)


def asked(gaps, day, **more):
    return due(gaps, **{"now": START + day * DAY, "delay": DAY, "asked_for_old": None, **more})


def test_neighbours_are_asked_for_together():
    """In any order; a complete window between them parts them."""
    found = asked([gap(2), gap(0), gap(1)], 4, delay=2 * DAY)
    assert found == Due(recent=(Window(window(0).start, window(2).end),))
    parted = asked([gap(0), gap(1, labelled=10), gap(2)], 4, delay=2 * DAY)
    assert parted.recent == (window(0), window(2))


def test_a_window_is_asked_for_from_its_first_labels_on():
    """Not before the first of them can have come."""
    assert asked([gap(0)], 0.99) == Due()
    assert asked([gap(0)], 1).recent == (window(0),)


def test_an_overdue_window_is_asked_for_now_and_then_and_given_up_in_the_end():
    """A label that never comes must not cost a query at every tick for ever."""
    now = START + 3 * DAY
    assert asked([gap(0)], 3) == Due(old=(window(0),))
    assert asked([gap(0)], 3, asked_for_old=now - OLD_EVERY) == Due(old=(window(0),))
    assert asked([gap(0)], 3, asked_for_old=now - OLD_EVERY / 2) == Due()
    assert asked([gap(0)], 1 + GIVEN_UP / DAY) == Due()


def test_without_a_source_nothing_is_asked(released):
    """Whoever has the labels brings them."""
    assert pull_labels(released.ports, released.model, now=released.end_of(3)).stretches == ()


class Source:
    """Labels of the town's trips, a day after each; it remembers what it was asked for.

    Attributes:
        known_at: of labels that became known later, nothing is said.
    """

    def __init__(self, world, known_at, *, timed=True):
        self.world, self.known_at, self.timed, self.asked = world, known_at, timed, []

    def __call__(self, start, end):
        """Ask for the labels of the events in [start, end)."""
        self.asked.append(Window(start, end))
        rows = self.world.town.rows(start, end).select("trip", "minutes", label_time=pl.col("at") + DAY)
        rows = rows.filter(pl.col("label_time") <= self.known_at)
        return rows if self.timed else rows.drop("label_time")


def lived(world, source, *days):
    """Days go by; trips are served, and nobody brings labels."""
    world.model.labels(source)
    for day in days:
        world.serve(day)
        source.known_at = world.end_of(day)
        done = world.tick(day)
    return done


@pytest.mark.parametrize("timed", [True, False])
def test_the_tick_pulls_what_is_due_until_it_is_complete(released, timed):
    """Every prediction of the past has its label, once; complete windows are not asked for again."""
    source = Source(released, released.end_of(0), timed=timed)
    done = lived(released, source, 0, 1, 2, 3)
    assert done.problems == {}
    rows = released.predictions.labelled("taxi")
    by_day = {day: rows.filter(pl.col("prediction_id").str.starts_with(f"{day}-")) for day in range(4)}
    assert [by_day[day]["label"].null_count() for day in range(4)] == [0, 0, 0, 150]
    assert released.ports.ledger.ledger("taxi").labels == 450
    before = len(source.asked)
    released.tick(3)
    assert all(one.start >= window(3).start for one in source.asked[before:])


@pytest.mark.parametrize("timed", [True, False])
def test_what_is_given_again_counts_once_and_another_value_is_a_correction(released, timed):
    """Half of the labels have come; then all do, and those that came before have changed."""
    source = Source(released, released.end_of(0), timed=timed)
    lived(released, source, 0)
    source.known_at = now = released.end_of(0) + DAY / 2
    known = source(window(0).start, window(0).end).height
    assert pull_labels(released.ports, released.model, now=now).labels == known
    assert pull_labels(released.ports, released.model, now=now + HOUR).labels == 0

    def corrected(start, end):
        return released.town.rows(start, end).select("trip", minutes=pl.col("minutes") + 1)

    released.model.labels(corrected)
    assert 0 < known < 150
    assert pull_labels(released.ports, released.model, now=now + 2 * HOUR).labels == 150
    assert pull_labels(released.ports, released.model, now=now + 3 * HOUR).labels == 0
    rows = released.predictions.labelled("taxi", window(0)).sort("prediction_id")
    truth = released.town.trips(0).sort("trip")
    assert (rows["label"] - truth["minutes"]).round(9).unique().to_list() == [1.0]


def test_a_source_that_fails_is_told_and_asked_again(released):
    """The model is looked at all the same."""

    def broken(_start, _end):
        raise ConnectionError("the warehouse sleeps")

    source = Source(released, released.end_of(0))
    lived(released, source, 0)
    released.model.labels(broken)
    released.serve(1)
    released.tick(1)
    done = released.tick(1)
    assert done.problems == {"labels of taxi": "ConnectionError: the warehouse sleeps"}
    assert "taxi" in done.health
    released.model.labels(source)
    source.known_at = released.end_of(1)
    assert released.tick(1).problems == {}
    assert released.predictions.labelled("taxi", window(0))["label"].null_count() == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (3, "the source of labels of 'taxi' gave a int, not a frame"),
        (pl.DataFrame({"trip": ["a"]}), "the source of labels of 'taxi' has no column 'minutes'"),
    ],
)
def test_what_is_no_table_of_labels_is_said(released, given, said):
    """With whose source it was."""
    lived(released, Source(released, released.end_of(0)), 0)
    released.model.labels(lambda _start, _end: given)
    with pytest.raises(DataError, match=said):
        pull_labels(released.ports, released.model, now=released.end_of(1))


KNOWN = pl.DataFrame({"prediction_id": ["a", "b", "c"], "label": [1.0, None, 3.0]})


def test_only_what_says_something_new_is_kept():
    """The label of a prediction without one, or with another one."""
    rows = pl.DataFrame({"prediction_id": ["a", "b", "c", "d"], "label": [1, 2, 4, 5]})
    new, unknown = unheard(rows, KNOWN, known_as=rows["prediction_id"])
    assert new.rows() == [("b", 2.0), ("c", 4.0)]
    assert unknown == 1


def test_a_label_with_a_time_may_wait_for_its_prediction():
    """The lake tells it from its repeats."""
    rows = pl.DataFrame({"prediction_id": ["a", "d"], "label": [1.0, 5.0], "label_time": [START, START]})
    new, unknown = unheard(rows, KNOWN, known_as=rows["prediction_id"])
    assert (new["prediction_id"].to_list(), unknown) == (["d"], 0)


def test_ids_that_are_hashed_in_the_record_find_their_predictions(make_world):
    """The source knows the true ids, the lake their hashes; a label that is not known yet is none."""
    world = make_world({"capture": Capture(hash=["trip"])})
    world.ports = replace(world.ports, capture_key=lambda: b"a key")
    world.train()
    trips = world.town.trips(0).with_columns(prediction=pl.col("miles"))
    version = world.registry.version("taxi", 1)
    log_prediction_rows(world.ports, world.model, version, trips, log="a.csv", now=world.end_of(0))
    world.tick(0)
    rows = world.predictions.predictions("taxi")
    assert rows["prediction_id"].str.len_chars().unique().to_list() == [32]
    labels = trips.select("trip", minutes=pl.when(pl.col("miles") > 2).then("minutes"))
    world.model.labels(lambda _start, _end: labels)
    come = labels["minutes"].count()
    for expected in (come, 0):
        assert pull_labels(world.ports, world.model, now=world.end_of(0) + HOUR).labels == expected
    assert 0 < come < 150
    assert world.predictions.labelled("taxi")["label"].count() == come
    assert world.predictions.waiting_labels("taxi") == 0
