"""All prepare, then all commit."""

import pytest

from keepfit.release.routing import Route
from keepfit.serving.following import Change, Problem
from keepfit.web.change_round import ChangeRound

CHANGE = Change(routes=(Route(model="eta", generation=2, champion=2),))
BROKEN = Problem(model="eta", version=2, reason="broken")


@pytest.fixture
def three():
    """A change in three workers."""
    return ChangeRound(1, CHANGE, {0, 1, 2})


def test_nobody_commits_before_all_are_prepared(three):
    """The slowest decides."""
    three.asked = {0, 1, 2}
    three.prepared(0, ())
    three.prepared(2, ())
    assert not three.is_prepared
    three.prepared(1, ())
    assert three.is_prepared
    assert not three.is_committed


def test_it_is_over_when_all_have_committed(three):
    """And not before they were told to."""
    for slot in range(3):
        three.committed(slot)
    assert not three.is_committed
    three.has_begun_to_commit = True
    assert three.is_committed


def test_one_failure_is_everybodys(three):
    """What one could not load, nobody is to serve."""
    three.prepared(0, ())
    three.prepared(1, (BROKEN,))
    assert three.failed == {("eta", 2): "broken"}
    assert three.failed_in == {1}


def test_one_goes_ahead_of_the_others(three):
    """They follow once it has loaded everything, and nobody is asked twice."""
    assert three.next_to_ask(one_ahead=True) == {0}
    assert three.next_to_ask(one_ahead=True) == set()
    three.prepared(0, ())
    assert three.next_to_ask(one_ahead=True) == {1, 2}
    assert three.next_to_ask(one_ahead=True) == set()


def test_at_the_first_start_nobody_waits_for_another(three):
    """Nothing is served that could be harmed."""
    assert three.next_to_ask(one_ahead=False) == {0, 1, 2}


def test_who_dies_while_it_loads_has_died_of_that(three):
    """The others are not given what killed it, and go on without it."""
    three.next_to_ask(one_ahead=True)
    three.leave(0, loading=[("eta", 2)])
    assert three.failed == {
        ("eta", 2): "version 2 of 'eta' cannot be loaded: the process that loaded it died"
    }
    assert three.next_to_ask(one_ahead=True) == {1, 2}


def test_who_dies_after_it_has_loaded_is_only_missing(three):
    """Nothing is held against the versions."""
    three.next_to_ask(one_ahead=True)
    three.prepared(0, ())
    three.leave(0, loading=[("eta", 2)])
    assert three.failed == {}
    assert three.members == {1, 2}


def test_nobody_waits_for_the_dead(three):
    """The last one of those who live completes it."""
    three.asked = {0, 1, 2}
    three.prepared(0, ())
    three.prepared(1, ())
    three.leave(2)
    assert three.is_prepared
