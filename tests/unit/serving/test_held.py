"""Following routes: what is loaded, what is kept, and what is told when loading fails."""

from dataclasses import replace

import pytest

from keepfit.clock import EPOCH
from keepfit.errors import ArtifactError, NotFoundError
from keepfit.registry.signature import Feature, Kind
from keepfit.release.routing import Route
from keepfit.serving.following import Change, Problem
from keepfit.serving.held import AsleepError, Holding
from keepfit.serving.refusals import NotReadyError
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_cells import TIME_EDGES_NS, distribution
from keepfit.serving.telemetry_snapshot import Count

BROKEN = ArtifactError("the artifact was altered")


@pytest.fixture
def holding(world):
    """Follows the world's routes."""
    made = Holding(world, world)
    made.refresh()
    yield made
    made.close()


def served(holding):
    route = holding.find("taxi").route
    return route.champion, route.canary, route.shadows


def test_nothing_is_loaded_while_no_generation_changes(world, holding):
    """A refresh twice a second costs one look at the routes."""
    assert not holding.refresh()
    assert world.loads == [("taxi", 1)]


def test_a_new_generation_loads_only_what_is_new(world, holding):
    """The champion goes on as it is while a canary comes."""
    before = holding.find("taxi").versions[1]
    world.release(1, canary=2, percent=10.0)
    assert holding.refresh()
    assert world.loads == [("taxi", 1), ("taxi", 2)]
    assert holding.find("taxi").versions[1] is before
    assert served(holding) == (1, 2, ())


def test_a_picture_that_was_taken_does_not_change(world, holding):
    """A request under way finishes on the versions that it began with."""
    before = holding.find("taxi")
    world.release(2)
    holding.refresh()
    assert (before.route.champion, sorted(before.versions)) == (1, [1])
    assert sorted(holding.find("taxi").versions) == [2]


def test_a_champion_that_fails_to_load_leaves_the_old_route(world, holding):
    """And the reason is there to be seen."""
    world.artifacts[2] = BROKEN
    world.release(2)
    assert not holding.refresh()
    assert served(holding) == (1, None, ())
    (problem,) = holding.problems()
    assert (problem.model, problem.version) == ("taxi", 2)
    assert problem.reason == "version 2 of 'taxi' cannot be loaded: the artifact was altered"


def test_a_version_that_failed_is_tried_again(world, holding):
    """It takes traffic as soon as it loads, and is no problem then."""
    good, world.artifacts[2] = world.artifacts[2], BROKEN
    world.release(2)
    holding.refresh()
    world.artifacts[2] = good
    assert holding.refresh()
    assert served(holding) == (2, None, ())
    assert holding.problems() == ()


def test_a_version_that_keeps_failing_is_tried_less_and_less(world, holding):
    """A broken artifact is not fetched twice a second for ever."""
    world.artifacts[2] = BROKEN
    world.release(2)
    for _ in range(64):
        holding.refresh()
    assert world.loads.count(("taxi", 2)) == 7


def test_a_new_generation_is_a_new_chance(world, holding):
    """Whoever releases again need not wait."""
    world.artifacts[2] = BROKEN
    world.release(2)
    for _ in range(5):
        holding.refresh()
    world.version(2)
    world.release(2)
    assert holding.refresh()
    assert served(holding) == (2, None, ())


@pytest.mark.parametrize("candidate", [{"canary": 2, "percent": 50.0}, {"shadows": (2,)}])
def test_a_candidate_that_fails_to_load_is_left_out(world, holding, candidate):
    """The champion takes all of the traffic."""
    world.artifacts[2] = BROKEN
    world.release(1, **candidate)
    holding.refresh()
    assert served(holding) == (1, None, ())
    assert holding.find("taxi").route.percent == 0.0
    assert holding.problems()[0].version == 2
    assert holding.is_ready()


def test_a_version_that_is_no_longer_wanted_is_no_problem(world, holding):
    """Withdrawing the broken candidate clears it."""
    world.artifacts[2] = BROKEN
    world.release(1, shadows=(2,))
    holding.refresh()
    world.release(1)
    holding.refresh()
    assert holding.problems() == ()


def test_a_first_champion_that_fails_to_load_is_not_ready(world):
    """There is no old route to keep: the caller is told why."""
    world.artifacts[1] = BROKEN
    holding = Holding(world, world)
    holding.refresh()
    with pytest.raises(NotReadyError, match="version 1 of 'taxi' cannot be loaded: the artifact was altered"):
        holding.ready("taxi")
    assert not holding.is_ready()


def test_a_model_without_a_release_is_not_ready_and_no_reason_to_worry(world):
    """It is known, and the server as a whole is ready."""
    world.release(None)
    holding = Holding(world, world)
    assert not holding.is_ready()
    holding.refresh()
    with pytest.raises(NotReadyError, match="model 'taxi' has no released version yet"):
        holding.ready("taxi")
    assert holding.is_ready()


def test_an_unknown_model_is_named_with_the_one_that_was_meant(holding):
    """As everywhere."""
    with pytest.raises(NotFoundError, match="unknown model 'tax'") as caught:
        holding.find("tax")
    assert caught.value.hint == "did you mean 'taxi'?"


def test_routes_that_cannot_be_read_stop_nothing(world, holding):
    """A database that is away for a while is a problem to be seen, not an outage."""
    world.down = True
    assert not holding.refresh()
    assert served(holding) == (1, None, ())
    assert "the database is locked" in holding.problems()[0].reason
    world.down = False
    holding.refresh()
    assert holding.problems() == ()


def test_a_model_that_has_no_route_any_more_is_let_go(world, holding):
    """Its versions are forgotten."""
    world.routing.clear()
    assert holding.refresh()
    assert holding.names() == ()


def test_features_that_only_a_candidate_takes_are_optional(world, holding, signature):
    """The champion's are required, in its own kinds."""
    fare = Feature("fare", Kind.NUMBER)
    world.version(2, signature=replace(signature, features=(*signature.features, fare)))
    world.release(1, canary=2, percent=10.0)
    holding.refresh()
    _, accepts = holding.ready("taxi")
    assert dict(accepts.optional) == {"fare": fare}
    assert accepts.signature is signature


def test_what_is_prepared_takes_no_traffic_before_it_is_committed(world, holding):
    """Several processes commit together."""
    world.release(2)
    prepared = holding.prepare(Change(routes=tuple(world.routes())))
    assert served(holding) == (1, None, ())
    assert holding.commit(prepared, world.routes())
    assert served(holding) == (2, None, ())


def test_a_commit_may_leave_out_what_failed_elsewhere(world, holding):
    """A canary that another process could not load takes no traffic here either."""
    world.release(1, canary=2, percent=10.0)
    prepared = holding.prepare(Change(routes=tuple(world.routes())))
    assert prepared.failed == {}
    left = Route(model="taxi", generation=2, champion=1)
    problem = Problem(model="taxi", version=2, reason="no room in the other process")
    holding.commit(prepared, [left], (problem,))
    assert served(holding) == (1, None, ())
    assert holding.problems() == (problem,)
    assert sorted(holding.find("taxi").versions) == [1]


def test_a_change_of_another_model_leaves_what_was_learned(world, holding):
    """The very same picture: plans that were compiled for its requests are not compiled again."""
    before = holding.find("taxi")
    world.routing["bus"] = Route(model="bus", generation=1, champion=2)
    holding.refresh()
    assert holding.find("taxi") is before


@pytest.fixture
def crowded(world):
    """Three models, of which two may be in memory."""
    for name in ("bus", "tram"):
        world.routing[name] = Route(model=name, generation=1, champion=1)
    made = Holding(world, world, loaded_models=2)
    made.refresh()
    yield made
    made.close()


def awake(holding):
    return [name for name in holding.names() if not holding.find(name).asleep]


def test_no_more_models_are_loaded_than_may_be(world, crowded):
    """The server is ready: the others are loaded when somebody asks."""
    assert world.loads == [("taxi", 1), ("bus", 1)]
    assert awake(crowded) == ["bus", "taxi"]
    assert crowded.is_ready()


def test_a_sleeping_model_is_loaded_on_demand_and_another_one_goes(crowded):
    """The one that was not asked for longest."""
    crowded.ready("taxi")
    crowded.tidy()
    with pytest.raises(AsleepError, match="model 'tram' is being loaded") as caught:
        crowded.ready("tram")
    held = caught.value.loading.result(10)
    assert held is crowded.find("tram")
    assert crowded.ready("tram")[0] is held
    assert awake(crowded) == ["taxi", "tram"]


def test_what_leaves_the_memory_is_counted(world):
    """A version whose route went on, a model that made room, and one that is no more."""
    telemetry = Telemetry("web-0")
    world.routing["bus"] = Route(model="bus", generation=1, champion=1)
    holding = Holding(world, world, loaded_models=2, telemetry=telemetry)
    holding.refresh()
    world.release(2)
    holding.refresh()
    world.routing["tram"] = Route(model="tram", generation=1, champion=1)
    holding.refresh()
    holding.ready("taxi")
    holding.tidy()
    holding.wake("tram").result(10)
    del world.routing["taxi"]
    holding.refresh()
    holding.close()
    taken = telemetry.snapshot(EPOCH)
    assert {name: taken.counted(name, Count.UNLOADS) for name in ("taxi", "bus", "tram")} == {
        "taxi": 2,
        "bus": 1,
        "tram": 0,
    }
    loads = {name: distribution(cells, TIME_EDGES_NS).count for name, cells in taken.loads.items()}
    assert loads == {"taxi": 2, "bus": 1, "tram": 1}


def test_what_is_unloaded_on_request_is_counted_once(world):
    """It has left the memory already when it is asked for again."""
    telemetry = Telemetry("web-0")
    holding = Holding(world, world, telemetry=telemetry)
    holding.refresh()
    holding.unload("taxi")
    holding.unload("taxi")
    holding.close()
    assert telemetry.snapshot(EPOCH).counted("taxi", Count.UNLOADS) == 1


def test_all_who_ask_meanwhile_wait_for_one_load(world, crowded):
    """It is loaded once."""
    futures = {crowded.wake("tram") for _ in range(3)}
    assert {future.result(10).name for future in futures} == {"tram"}
    assert world.loads.count(("tram", 1)) == 1


def test_a_request_under_way_keeps_the_model_that_is_unloaded(crowded):
    """It answers with what it found."""
    held, _ = crowded.ready("bus")
    crowded.ready("taxi")
    crowded.tidy()
    crowded.ready("taxi")
    crowded.wake("tram").result(10)
    assert crowded.find("bus").asleep
    assert held.versions[1].loaded.version == 1


def test_a_sleeping_model_that_cannot_be_loaded_is_told_and_not_tried_at_once_again(world, crowded):
    """Callers hear why; the artifact is not read for every request."""
    good, world.artifacts[1] = world.artifacts[1], BROKEN
    for _ in range(3):
        with pytest.raises(NotReadyError, match="version 1 of 'tram' cannot be loaded: the artifact"):
            crowded.wake("tram").result(10)
    assert world.loads.count(("tram", 1)) == 1
    assert not crowded.find("tram").accepts
    world.artifacts[1] = good
    for _ in range(16):
        crowded.tidy()
    assert crowded.wake("tram").result(10).accepts is not None


def test_a_sleeping_model_follows_its_route(world, crowded):
    """A release while it sleeps is what it wakes up with."""
    world.routing["tram"] = Route(model="tram", generation=2, champion=2)
    crowded.refresh()
    assert crowded.find("tram").asleep
    assert crowded.wake("tram").result(10).route.champion == 2


def test_problems_can_be_told_from_outside(holding):
    """A worker hears them from its supervisor."""
    problem = Problem(model="", version=None, reason="routes cannot be read: locked")
    holding.tell((problem,))
    assert holding.problems() == (problem,)


def test_a_model_is_unloaded_on_request_and_loaded_on_demand(world, holding):
    """Also where all are kept in memory; a request under way keeps what it found."""
    before, _ = holding.ready("taxi")
    holding.unload("taxi")
    assert (holding.find("taxi").asleep, holding.is_put_away("taxi"), holding.is_ready()) == (
        True,
        True,
        True,
    )
    assert before.versions[1].loaded.version == 1
    holding.unload("taxi")
    with pytest.raises(AsleepError) as caught:
        holding.ready("taxi")
    assert caught.value.loading.result(10).accepts is not None
    assert not holding.is_put_away("taxi")
    assert world.loads == [("taxi", 1), ("taxi", 1)]


def test_no_release_brings_back_what_was_unloaded_on_request(world, holding):
    """It sleeps until somebody asks, and wakes up with what is released then."""
    holding.unload("taxi")
    world.routing["bus"] = Route(model="bus", generation=1, champion=1)
    world.release(2)
    holding.refresh()
    assert awake(holding) == ["bus"]
    holding.load("taxi")
    assert (sorted(holding.find("taxi").versions), world.loads[-1]) == ([2], ("taxi", 2))


def test_a_model_is_loaded_on_request(world, crowded):
    """It serves when that returns, and another one goes; one that serves is left as it is."""
    crowded.load("tram")
    assert "tram" in awake(crowded)
    assert len(awake(crowded)) == 2
    loads = list(world.loads)
    crowded.load("tram")
    assert world.loads == loads


def test_a_request_to_load_tries_again_at_once(world, holding):
    """Whatever the pauses are at; the reason comes back when it fails once more."""
    world.artifacts[2] = BROKEN
    world.release(1, canary=2, percent=10.0)
    holding.refresh()
    holding.refresh()
    holding.load("taxi")
    assert world.loads.count(("taxi", 2)) == 3
    assert served(holding) == (1, None, ())
    world.version(2)
    holding.load("taxi")
    assert served(holding) == (1, 2, ())


def test_what_cannot_be_loaded_is_said(world, crowded):
    """Each request to load tries it, and none waits for the pause."""
    good, world.artifacts[1] = world.artifacts[1], BROKEN
    for tries in (1, 2):
        with pytest.raises(NotReadyError, match="version 1 of 'tram' cannot be loaded: the artifact"):
            crowded.load("tram")
        assert world.loads.count(("tram", 1)) == tries
    world.artifacts[1] = good
    crowded.load("tram")
    with pytest.raises(NotFoundError, match="unknown model 'train'"):
        crowded.load("train")
    with pytest.raises(NotFoundError, match="unknown model 'train'"):
        crowded.unload("train")


def test_a_first_champion_that_failed_is_loaded_on_request(world):
    """Nothing serves before, and the reason is told."""
    good, world.artifacts[1] = world.artifacts[1], BROKEN
    holding = Holding(world, world)
    holding.refresh()
    with pytest.raises(NotReadyError, match="version 1 of 'taxi' cannot be loaded"):
        holding.load("taxi")
    world.artifacts[1] = good
    holding.load("taxi")
    assert served(holding) == (1, None, ())


def test_who_is_told_what_to_serve_does_not_look_at_routes(world, holding):
    """A worker's supervisor does."""
    world.release(2)
    holding.load("taxi", follow=False)
    assert served(holding) == (1, None, ())
