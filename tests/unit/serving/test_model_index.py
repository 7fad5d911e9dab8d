"""Each version that the routes name, and its state."""

import pytest

from keepfit.errors import ArtifactError
from keepfit.release.routing import Route
from keepfit.serving.held import Holding
from keepfit.serving.model_index import model_index


@pytest.fixture
def index(world):
    """Of what a world serves, as (name, version, state, reason); it may be changed before."""
    made = []

    def look(change=lambda _holding: None):
        holding = Holding(world, world)
        made.append(holding)
        holding.refresh()
        change(holding)
        return [(one.name, one.version, one.state.value, one.reason) for one in model_index(holding)]

    yield look
    for holding in made:
        holding.close()


def test_versions_that_can_answer_are_ready(world, index):
    """Also those that only answer for the record; a model without a release has no version."""
    world.release(1, shadows=(1, 2))
    world.routing["bus"] = Route(model="bus", generation=1, champion=None)
    assert index() == [
        ("bus", None, "UNAVAILABLE", "no released version yet"),
        ("taxi", 1, "READY", ""),
        ("taxi", 2, "READY", ""),
    ]


def test_a_version_that_cannot_be_loaded_is_there_with_the_reason(world, index):
    """Whether it was left out, or the model stays with another version."""
    world.artifacts[2] = ArtifactError("the artifact was altered")
    world.release(1, canary=2, percent=10.0)
    broken = ("taxi", 2, "UNAVAILABLE", "version 2 of 'taxi' cannot be loaded: the artifact was altered")
    assert index() == [("taxi", 1, "READY", ""), broken]
    world.release(2)
    assert index() == [broken]


def test_a_sleeping_version_says_how_it_comes_back(index):
    """And that it does, once somebody asks."""
    asleep = ("taxi", 1, "UNAVAILABLE", "unloaded; it is loaded when somebody asks for it")
    assert index(lambda holding: holding.unload("taxi")) == [asleep]


def test_a_version_that_is_being_loaded_says_so(world, index):
    """Until it serves."""
    from threading import Event

    going, go = Event(), Event()
    load = world.load

    def slow(model, number):
        if world.loads:
            going.set()
            go.wait(10)
        return load(model, number)

    world.load = slow
    seen = []

    def wake(holding):
        holding.unload("taxi")
        loading = holding.wake("taxi")
        going.wait(10)
        seen.extend(model_index(holding))
        go.set()
        loading.result(10)

    assert index(wake) == [("taxi", 1, "READY", "")]
    assert [(one.version, one.state.value) for one in seen] == [(1, "LOADING")]
