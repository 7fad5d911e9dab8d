"""What a release's record says is made known, also when the process died before it was."""

from dataclasses import replace

import pytest

from keepfit.release.fallback import Serving
from keepfit.release.policy import Release, shadow
from keepfit.release.record import ReleaseState
from keepfit.workflows.publish_release import reconcile, save_and_publish
from keepfit.workflows.start_release import start_release


@pytest.fixture
def rolling(changed):
    """Version 2 is in the shadow of version 1."""
    version = changed.registry.version("taxi", 2)
    start_release(changed.ports, changed.model, version, now=changed.end_of(7), actor="ann")
    return changed


def kinds(world):
    """The release events so far."""
    return [event.kind.value for event in world.ports.release_log.events("taxi")]


def test_nothing_is_published_when_nothing_is_missing(world, rolling):
    """The route keeps its generation, so that servers do not look again."""
    before = rolling.ports.releases.route("taxi")
    assert reconcile(world.ports, world.model) == reconcile(rolling.ports, rolling.model) == []
    assert rolling.ports.releases.route("taxi") == before


def test_a_record_without_its_route_is_published(rolling):
    """The process died after it had saved the record: alias, event and route follow, once."""
    promoted = replace(
        rolling.ports.releases.active("taxi"),
        state=ReleaseState.WATCHED,
        stage=-1,
        stage_since=rolling.end_of(9),
    )
    rolling.ports.releases.save(promoted)
    assert reconcile(rolling.ports, rolling.model) == [promoted]
    assert rolling.ports.releases.route("taxi").champion == 2
    assert rolling.registry.aliases == {("taxi", "champion"): 2}
    assert kinds(rolling)[-1] == "promoted"
    assert rolling.ports.release_log.events("taxi")[-1].at == rolling.end_of(9)
    assert reconcile(rolling.ports, rolling.model) == []
    assert kinds(rolling).count("promoted") == 2


def test_an_event_is_made_up_for_where_the_route_stays_the_same(rolling):
    """Two stages in the shadow ask for the same route: only the event tells that the second began."""
    rolling.model.release = Release(rollout=[shadow("1d"), shadow("1d")])
    second = replace(rolling.ports.releases.active("taxi"), stage=1, stage_since=rolling.end_of(8))
    rolling.ports.releases.save(second)
    assert reconcile(rolling.ports, rolling.model) == [second]
    assert kinds(rolling)[-2:] == ["shadow", "shadow"]


def test_a_refusal_that_was_not_told_is_told(rolling):
    """It changes nothing else, though it is the newest."""
    route = rolling.ports.releases.route("taxi")
    active = rolling.ports.releases.active("taxi")
    refused = replace(
        active, id="taxi@3/x", candidate=3, state=ReleaseState.REFUSED, started_at=rolling.end_of(8)
    )
    rolling.ports.releases.save(refused)
    assert reconcile(rolling.ports, rolling.model, actor="ann") == [refused]
    event = rolling.ports.release_log.events("taxi")[-1]
    assert (event.kind, event.version, event.champion_after) == ("refused", 3, 1)
    assert rolling.ports.releases.route("taxi") == route


def test_whoever_asked_again_is_the_actor_of_what_is_made_up_for(rolling):
    """A command that is run again finishes what it began, under the same name."""
    ended = replace(
        rolling.ports.releases.active("taxi"), state=ReleaseState.ABORTED, stage_since=rolling.end_of(8)
    )
    rolling.ports.releases.save(ended)
    reconcile(rolling.ports, rolling.model, actor="bob")
    assert rolling.ports.release_log.events("taxi")[-1].actor == "bob"


def test_the_end_of_a_watch_is_no_event(rolling):
    """The version was champion before and is champion after; only its shadow goes."""
    watched = replace(rolling.ports.releases.active("taxi"), state=ReleaseState.WATCHED, stage=-1)
    save_and_publish(rolling.ports, rolling.model, watched, actor="keepfit")
    before = kinds(rolling)
    done = replace(watched, state=ReleaseState.DONE)
    save_and_publish(rolling.ports, rolling.model, done, actor="keepfit")
    assert kinds(rolling) == before
    assert rolling.ports.releases.route("taxi").versions == (2,)


def test_the_fallback_is_published_with_the_route(rolling):
    """The champion before; a change of the policy alone is published too, once."""
    rolling.model.serving = Serving(fallback="previous")
    active = rolling.ports.releases.active("taxi")
    promoted = replace(active, state=ReleaseState.WATCHED, stage=-1, stage_since=rolling.end_of(9))
    save_and_publish(rolling.ports, rolling.model, promoted, actor="ann")
    route = rolling.ports.releases.route("taxi")
    assert (route.champion, route.previous) == (2, 1)
    rolling.model.serving = Serving(fallback=3.5)
    assert reconcile(rolling.ports, rolling.model) == [promoted]
    changed = rolling.ports.releases.route("taxi")
    assert (changed.previous, changed.constant, changed.generation) == (None, 3.5, route.generation + 1)
    assert reconcile(rolling.ports, rolling.model) == []


def test_what_a_canary_is_split_by_is_published(rolling):
    """With the route, at any stage; a policy that changed is made known by the next look."""
    assert rolling.ports.releases.route("taxi").split_by is None
    rolling.model.release = replace(rolling.model.release, split_by="zone")
    (published,) = reconcile(rolling.ports, rolling.model)
    assert published == rolling.ports.releases.active("taxi")
    assert rolling.ports.releases.route("taxi").split_by == "zone"
    assert reconcile(rolling.ports, rolling.model) == []
