"""Evidence kept up with the lake beside the drains: how often, and what happens when it cannot be."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from keepfit.app.evidence_upkeep import EvidenceUpkeep
from keepfit.errors import DefinitionError
from keepfit.workflows.drain_capture import drain_capture

sys.path.append(str(Path(__file__).parents[1] / "workflows"))

from workflow_fakes import make_model
from workflow_world import World


class Clock:
    """Seconds that go by when they are told to.

    Attributes:
        costs: how long each look at it takes.
    """

    def __init__(self):
        self.now, self.costs = 0.0, 0.0

    def __call__(self):
        """The seconds so far."""
        self.now += self.costs
        return self.now


class Space:
    """A workspace of a world, whose models may be impossible to read.

    Attributes:
        clock: of whoever looks.
        wrong: what reading them raises.
        read: how often they were asked for.
    """

    def __init__(self, world):
        self.world, self.ports, self.wrong, self.read = world, world.ports, None, 0
        self.clock = Clock()

    @property
    def models(self):
        """By name."""
        self.read += 1
        if self.wrong is not None:
            raise self.wrong
        return self.world.models

    def drain(self, day):
        """The trips of a day come in."""
        self.world.serve(day)
        return drain_capture(self.ports, now=self.world.end_of(day))


@pytest.fixture
def space():
    """In which version 1 is champion since the first day."""
    world = World()
    world.train()
    return Space(world)


@pytest.fixture
def upkeep(space):
    """That has not looked yet."""
    return EvidenceUpkeep(space, clock=space.clock)


def look(upkeep, space, *, moved=True, after=10.0):
    """One round, so many seconds after the one before."""
    space.clock.now += after
    return upkeep.update(moved=moved, now=space.world.end_of(0))


def test_what_an_earlier_process_left_is_updated_first(space, upkeep):
    """Although nothing was moved by this one; then only what was moved is looked at."""
    space.drain(0)
    assert look(upkeep, space, moved=False) == 1
    space.drain(1)
    assert look(upkeep, space, moved=False) == 0
    assert look(upkeep, space) == 1
    assert len(space.ports.evidence.evidence("taxi", 1)) == 2


def test_an_update_takes_a_tenth_of_the_time_at_most(space, upkeep):
    """However often something is moved; what came in meanwhile is added together, also when nothing more comes."""
    space.clock.costs = 2.0
    space.drain(0)
    assert look(upkeep, space) == 1
    space.clock.costs = 0.0
    for day, seconds in ((1, 1.0), (2, 16.0)):
        space.drain(day)
        assert look(upkeep, space, after=seconds) == 0
    assert look(upkeep, space, moved=False, after=1.5) == 2


def test_an_update_is_made_every_ten_seconds_at_most(space, upkeep):
    """Although it takes no time."""
    space.drain(0)
    assert look(upkeep, space) == 1
    space.drain(1)
    assert look(upkeep, space, after=9.5) == 0
    assert look(upkeep, space, moved=False, after=0.5) == 1


def test_no_model_file_is_run_before_there_is_a_champion():
    """It may import whatever it likes, and there is nothing to make evidence for."""
    space = Space(World())
    space.wrong = DefinitionError("nobody should look")
    assert look(EvidenceUpkeep(space, clock=space.clock), space) == 0
    assert (space.read, space.world.told) == (0, [])


def test_models_that_cannot_be_read_are_told_once_and_tried_again(space, upkeep):
    """Evidence is made when they can be, although nothing else was moved; another mistake is told again."""
    space.drain(0)
    for _ in range(3):
        space.wrong = DefinitionError("taxi.py, line 3: no such thing")
        assert look(upkeep, space, moved=False) == 0
    space.wrong = ZeroDivisionError("division by zero")
    assert look(upkeep, space, moved=False) == 0
    assert [one for one in space.world.told if "evidence" in one] == [
        "evidence cannot be updated, and waits: taxi.py, line 3: no such thing",
        "evidence cannot be updated, and waits: ZeroDivisionError: division by zero",
    ]
    space.wrong = None
    assert look(upkeep, space, moved=False) == 1


def test_one_models_trouble_is_not_anothers():
    """The evidence of the others is updated, and what failed is tried again."""
    world = World(make_model("bikes"), make_model("taxi"))
    world.train()
    route = world.ports.releases.route
    world.registry.registered.append(replace(world.registry.version("bikes", 1), model="taxi"))
    world.registry.artifacts["taxi@1"] = world.registry.artifacts["bikes@1"]
    world.ports.releases.set_route(replace(route("bikes"), model="taxi"))
    space = Space(world)
    upkeep = EvidenceUpkeep(space, clock=space.clock)
    for name in world.models:
        world.serve(0, name=name)
    drain_capture(space.ports, now=world.end_of(0))
    kept = world.registry.artifacts.pop("bikes@1")
    for _ in range(2):
        look(upkeep, space, moved=False)
    assert len(space.ports.evidence.evidence("taxi", 1)) == 1
    assert [one for one in world.told if "evidence" in one] == [
        "the evidence of 'bikes' could not be updated, and waits: KeyError: 'bikes@1'"
    ]
    world.registry.artifacts["bikes@1"] = kept
    assert look(upkeep, space, moved=False) == 1


def test_a_model_that_nobody_declares_any_more_is_passed_over(space, upkeep):
    """Its rows stay in the lake."""
    space.drain(0)
    space.world.models.clear()
    assert look(upkeep, space) == 0
