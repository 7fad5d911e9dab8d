"""A decision is on record once, for as long as it holds."""

import pytest

from keepfit.workflows.record_decision import record_decision


@pytest.fixture
def record(world):
    """Record a decision of a day, and say how many are on record."""

    def call(day, action, why, kind="retrain", **more):
        record_decision(world.ports, "taxi", kind=kind, action=action, why=why, now=world.end_of(day), **more)
        return len(world.ports.decisions.decisions("taxi"))

    return call


def test_the_same_decision_is_recorded_once(record):
    """Until another one came in between."""
    assert record(0, "wait", "it lasts", kind="rollout") == 1
    assert record(1, "wait", "it lasts", kind="rollout") == 1
    assert record(2, "advance", "it is over", kind="rollout") == 2
    assert record(3, "wait", "it lasts", kind="rollout") == 3


def test_a_hold_is_the_same_whatever_its_numbers(record):
    """Numbers by themselves; the digits of a column's name are part of the name."""
    assert record(0, "hold", "mae 2.31 on 1,200 rows of zone_2; held until 2020-02-01 10:00 UTC") == 1
    assert record(1, "hold", "mae 3.1 on 12 rows of zone_2; held until 2020-02-02 11:30 UTC") == 1
    assert record(2, "hold", "mae 3.1 on 12 rows of zone_3; held until 2020-02-02 11:30 UTC") == 2


def test_of_other_decisions_the_numbers_count(record):
    """Two retrainings are two."""
    assert record(0, "retrain", "mae 2.31") == 1
    assert record(1, "retrain", "mae 2.32") == 2


def test_other_numbers_behind_the_same_words_are_another_decision(record):
    """The gates of two candidates may be worded alike."""
    assert record(0, "block", "no trial", kind="gates", detail={"version": 2}) == 1
    assert record(0, "block", "no trial", kind="gates", detail={"version": 3}, about="version 3") == 2
    assert record(1, "block", "no trial", kind="gates", detail={"version": 3}, about="version 3") == 2


def test_one_moment_has_one_decision_of_a_kind(record):
    """A try that follows a crash does not decide again what was decided."""
    assert record(0, "retrain", "mae 2.31") == 1
    assert record(0, "hold", "a training is under way") == 1
