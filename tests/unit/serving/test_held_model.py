"""A model as it is served."""

import pytest

from keepfit.release.routing import Route
from keepfit.serving.held import Holding
from keepfit.serving.held_model import HeldModel, next_held, put_to_sleep
from keepfit.serving.preparing import Prepared


@pytest.fixture
def taxi(world):
    """The world's model, with its first version."""
    holding = Holding(world, world)
    holding.refresh()
    yield holding.find("taxi")
    holding.close()


def route(champion=1, **more):
    """Of the same model."""
    return Route(model="taxi", generation=2, champion=champion, **more)


def test_the_fallback_is_a_former_champion_or_a_constant(taxi):
    """As the route says, as far as it is in memory."""
    versions = {1: taxi.versions[1], 2: taxi.versions[1]}
    assert taxi.fallback is None
    assert HeldModel(route=route(2, previous=1), versions=versions).fallback is versions[1]
    assert HeldModel(route=route(2, previous=1)).fallback is None
    assert HeldModel(route=route(2, constant=12.5), versions=versions).fallback == 12.5


def test_a_model_of_which_nothing_changed_is_the_very_same(taxi):
    """Plans that were compiled for its requests are not compiled again."""
    assert next_held(taxi.route, taxi, Prepared()) is taxi
    assert next_held(route(split_by="zone"), taxi, Prepared()) is not taxi


def test_a_model_without_its_versions_sleeps(taxi):
    """It counts its uses on, and takes no request."""
    for asleep in (put_to_sleep(taxi), next_held(route(2), taxi, Prepared())):
        assert (asleep.asleep, asleep.accepts, dict(asleep.versions)) == (True, None, {})
        assert asleep.use is taxi.use


def test_the_column_of_a_split_may_be_brought_to_any_version(taxi):
    """Whatever their signatures say, by number too."""
    held = next_held(route(split_by="customer"), taxi, Prepared())
    assert "customer" in held.accepts.known
    assert "customer" in held.pinned[1].known
    assert "customer" not in taxi.accepts.known
