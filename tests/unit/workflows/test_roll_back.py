"""Going back by hand: to the former champion, or to any."""

import pytest

from keepfit.errors import NotFoundError, ReleaseError
from keepfit.registry.lineage import tenures
from keepfit.release.record import ReleaseState
from keepfit.workflows.roll_back import roll_back
from keepfit.workflows.start_release import start_release


@pytest.fixture
def third(changed):
    """Versions 1, 2 and 3 were champion one after the other, a day each; version 3 is watched."""
    changed.register(changed.end_of(8))
    for number, day in ((2, 8), (3, 9)):
        force(changed, number, day)
    return changed


def force(world, number, day):
    """Make a version champion at the end of a day."""
    version = world.registry.version("taxi", number)
    start_release(world.ports, world.model, version, now=world.end_of(day), actor="ann", forced_by="ann")


def back(world, day, **how):
    """Roll back at the end of a day."""
    return roll_back(world.ports, world.model, now=world.end_of(day), actor="bob", why="it is bad", **how)


def champions(world):
    """Who was champion so far."""
    return [tenure.version for tenure in tenures(world.ports.release_log.events("taxi"))]


def test_the_former_champion_takes_over_at_once(third):
    """Who asked for it and why is on record; the release that was watched is over."""
    release = back(third, 10)
    assert (release.state, release.candidate, release.incumbent) == (ReleaseState.ROLLED_BACK, 3, 2)
    assert third.ports.releases.route("taxi").versions == (2,)
    assert third.registry.aliases == {("taxi", "champion"): 2}
    event = third.ports.release_log.events("taxi")[-1]
    assert (event.actor, event.why, event.at) == ("bob", "it is bad", third.end_of(10))
    assert third.ports.releases.active("taxi") is None
    assert len(third.ports.releases.releases("taxi")) == 3


def test_a_version_that_was_left_is_nothing_to_go_back_to(third):
    """A second rollback goes further back, not to the version that the first one left."""
    back(third, 10)
    assert back(third, 11).incumbent == 1
    assert champions(third) == [1, 2, 3, 2, 1]
    with pytest.raises(ReleaseError, match="no other champion before version 1"):
        back(third, 12)


def test_a_version_that_was_named_takes_over(third):
    """Any registered version may be named, also one that was left before."""
    assert back(third, 10, to=1).incumbent == 1
    assert back(third, 11, to=3).incumbent == 3
    assert champions(third) == [1, 2, 3, 1, 3]
    assert back(third, 12, to=2).incumbent == 2


def test_a_candidate_on_its_way_is_aborted(third):
    """What is held against a champion that is left has nothing to be held against."""
    third.town.rates[9] = 6.0
    third.register(third.end_of(15))
    version = third.registry.version("taxi", 4)
    start_release(third.ports, third.model, version, now=third.end_of(15), actor="ann")
    release = back(third, 16)
    assert (release.candidate, release.incumbent) == (3, 2)
    states = {one.candidate: one.state for one in third.ports.releases.releases("taxi")}
    assert states[4] is ReleaseState.ABORTED
    assert third.ports.releases.route("taxi").versions == (2,)


def test_without_a_champion_there_is_nothing_to_roll_back(world):
    """The hint says how to get one."""
    with pytest.raises(ReleaseError, match="no champion to roll back from") as error:
        back(world, 0)
    assert error.value.hint == "run: keepfit train taxi"


def test_the_first_champion_has_none_before_it(released):
    """The hint names the way out."""
    with pytest.raises(ReleaseError, match="no other champion before version 1") as error:
        back(released, 0)
    assert error.value.hint == "name one with --to N"


def test_a_version_must_exist_and_not_be_champion(released):
    """Nothing is changed then."""
    with pytest.raises(NotFoundError, match="no version 7"):
        back(released, 0, to=7)
    with pytest.raises(ReleaseError, match="version 1 of 'taxi' is champion already"):
        back(released, 0, to=1)
    assert champions(released) == [1]
