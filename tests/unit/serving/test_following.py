"""Which change is due, and what is served when versions fail."""

import pytest

from keepfit.release.routing import Route
from keepfit.serving.following import Change, Follower, Problem, without


def route(generation=1, champion=1, model="eta", **rest):
    return Route(model=model, generation=generation, champion=champion, **rest)


def carried_out(follower, *routes, failed=None):
    """Look at routes, and carry out what is due; the routes that are served then."""
    change = follower.due(routes)
    return None if change is None else follower.settle(change, failed or {})


def test_the_first_look_is_always_due():
    """Also when there is no model yet: that is known then."""
    follower = Follower()
    assert not follower.has_settled
    assert carried_out(follower) == ()
    assert follower.has_settled
    assert follower.due([]) is None


def test_a_generation_is_carried_out_once():
    """Nothing is due until it changes."""
    follower = Follower()
    assert carried_out(follower, route()) == (route(),)
    assert follower.due([route()]) is None
    assert carried_out(follower, route(2, 2)) == (route(2, 2),)


def test_a_model_that_has_no_route_any_more_is_a_change():
    """It is let go."""
    follower = Follower()
    carried_out(follower, route(), route(model="fare"))
    assert carried_out(follower, route()) == (route(),)


def test_a_champion_that_fails_leaves_the_route():
    """Whatever else the new one asked for."""
    follower = Follower()
    carried_out(follower, route())
    served = carried_out(follower, route(2, 2, shadows=(1,)), failed={("eta", 2): "broken"})
    assert served == (route(),)
    assert follower.problems() == (Problem(model="eta", version=2, reason="broken"),)


def test_a_version_that_failed_is_due_again_later_each_time():
    """After 1, 2, 4 … looks."""
    follower, failed = Follower(), {("eta", 2): "broken"}
    looks = [carried_out(follower, route(shadows=(2,)), failed=failed) for _ in range(16)]
    assert [look for look, tried in enumerate(looks) if tried is not None] == [0, 1, 3, 7, 15]


def test_a_version_that_kills_is_not_tried_again():
    """Before it is released anew."""
    follower, key = Follower(), ("eta", 2)
    change = follower.due([route(shadows=(2,))])
    follower.settle(change, {key: "the process died"}, deadly={key})
    assert not any(follower.due([route(shadows=(2,))]) for _ in range(1000))
    assert follower.problems()[0].reason == "the process died"
    assert follower.due([route(2, shadows=(2,))]).paused == frozenset()


def test_what_is_paused_is_not_tried_with_another_change():
    """Another model's release does not wake it."""
    follower = Follower()
    for _ in range(2):
        carried_out(follower, route(shadows=(2,)), failed={("eta", 2): "broken"})
    change = follower.due([route(shadows=(2,)), route(model="fare")])
    assert change == Change(routes=(route(shadows=(2,)), route(model="fare")), paused=frozenset({("eta", 2)}))
    assert follower.settle(change, {}) == (route(), route(model="fare"))
    assert len(follower.problems()) == 1


def test_a_version_that_loads_at_last_is_no_problem():
    """And takes its place."""
    follower = Follower()
    carried_out(follower, route(shadows=(2,)), failed={("eta", 2): "broken"})
    assert carried_out(follower, route(shadows=(2,))) == (route(shadows=(2,)),)
    assert follower.problems() == ()


@pytest.mark.parametrize("generation", [2, 3])
def test_a_new_generation_is_a_new_chance(generation):
    """Its failures are forgotten."""
    follower = Follower()
    carried_out(follower, route(1, 1, shadows=(2,)), failed={("eta", 2): "broken"})
    assert follower.due([route(generation, 1, shadows=(2,))]).paused == frozenset()
    assert follower.problems() == ()


def test_a_former_champion_that_fails_is_only_no_fallback():
    """The champion answers all the same."""
    assert without(route(previous=2, champion=3), [("eta", 2)], None) == route(champion=3)


def test_versions_of_other_models_are_not_missing():
    """Numbers are each model's own."""
    assert without(route(), [("fare", 1)], None) == route()


def test_without_anything_before_nothing_is_served():
    """A first champion that fails leaves a model that is known and cannot answer; a constant stays, and helps nobody."""
    assert without(route(constant=1.0), [("eta", 1)], None) == route(champion=None, constant=1.0)


def test_what_failed_is_tried_again_when_somebody_asks():
    """At the next look, of this model alone; not what somebody died of."""
    follower = Follower()
    routes = [
        Route(model=name, generation=1, champion=1, canary=2, percent=1.0) for name in ("bus", "taxi", "tram")
    ]
    change = follower.due(routes)
    failed = {(name, 2): "broken" for name in ("bus", "taxi", "tram")}
    follower.settle(change, failed, deadly=[("tram", 2)])
    follower.settle(follower.due(routes), failed, deadly=[("tram", 2)])
    assert follower.due(routes) is None
    follower.settle(follower.due(routes), failed, deadly=[("tram", 2)])
    for name in ("taxi", "tram"):
        follower.again(name)
    assert follower.due(routes).paused == {("bus", 2), ("tram", 2)}
