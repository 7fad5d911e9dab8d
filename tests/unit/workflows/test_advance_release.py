"""A release from stage to stage, and the ways in which it ends."""

import math

import polars as pl
import pytest

from keepfit.release.policy import Release
from keepfit.release.record import ReleaseState
from keepfit.workflows.advance_release import advance_release, compare_versions
from keepfit.workflows.drain_capture import drain_capture
from keepfit.workflows.start_release import start_release


@pytest.fixture
def rolling(changed):
    """Version 2 is in the shadow of version 1 since the end of day 7."""
    version = changed.registry.version("taxi", 2)
    start_release(changed.ports, changed.model, version, now=changed.end_of(7), actor="ann")
    return changed


@pytest.fixture
def watched(rolling):
    """Version 2 is champion since the end of day 9, and watched."""
    assert pass_by(rolling, 8).stage == 1
    assert pass_by(rolling, 9).state is ReleaseState.WATCHED
    return rolling


def pass_by(world, *days):
    """Days go by, and at the end of each the release is looked at."""
    for day in days:
        world.live(day)
        drain_capture(world.ports, now=world.end_of(day))
        release = advance_release(world.ports, world.model, now=world.end_of(day))
    return release


def steps(world, kind="rollout"):
    """The decisions so far."""
    return [one.action for one in world.ports.decisions.decisions("taxi", kind=kind)]


def test_nothing_is_done_when_nothing_is_under_way(world, released):
    """Neither before the first release nor after the last."""
    assert advance_release(world.ports, world.model, now=world.end_of(0)) is None
    assert advance_release(released.ports, released.model, now=released.end_of(0)) is None


def test_a_stage_lasts_as_long_as_it_was_declared(rolling):
    """However often it is looked at; that it waits is recorded once."""
    rolling.live(8)
    for hours in (1, 2, 23):
        now = rolling.end_of(7) + hours / 24 * (rolling.end_of(8) - rolling.end_of(7))
        drain_capture(rolling.ports, now=now)
        assert advance_release(rolling.ports, rolling.model, now=now).stage == 0
    assert steps(rolling) == ["wait"]


def test_a_candidate_goes_from_shadow_to_canary_to_champion_to_done(rolling):
    """Each step changes the route; the former champion stays in its shadow while it is watched."""
    route = rolling.ports.releases.route
    assert pass_by(rolling, 8).stage == 1
    assert (route("taxi").champion, route("taxi").canary, route("taxi").percent) == (1, 2, 20)
    assert pass_by(rolling, 9).state is ReleaseState.WATCHED
    assert (route("taxi").champion, route("taxi").canary, route("taxi").shadows) == (2, None, (1, 2))
    assert pass_by(rolling, *range(10, 20)).state is ReleaseState.DONE
    assert (route("taxi").champion, route("taxi").shadows) == (2, ())
    assert rolling.registry.aliases == {("taxi", "champion"): 2}
    assert (steps(rolling), steps(rolling, "rollback")) == (["advance", "advance"], ["wait", "finish"])
    assert advance_release(rolling.ports, rolling.model, now=rolling.end_of(20)) is None


def test_a_stage_in_which_nothing_was_asked_is_not_over(rolling):
    """Without traffic nothing was tried."""
    release = advance_release(rolling.ports, rolling.model, now=rolling.end_of(12))
    assert (release.state, release.stage) == (ReleaseState.ROLLING_OUT, 0)
    assert "asked nothing" in rolling.ports.decisions.decisions("taxi", kind="rollout")[-1].why


def test_a_candidate_that_fails_on_a_request_is_aborted(rolling):
    """In the shadow nobody was hurt: the champion answers as before."""
    rolling.failing.add(2)
    release = pass_by(rolling, 8)
    assert (release.state, steps(rolling)) == (ReleaseState.ABORTED, ["abort"])
    assert "failed on 150 of 150 predictions" in release.why
    assert rolling.ports.releases.route("taxi").versions == (1,)
    assert rolling.registry.aliases == {("taxi", "champion"): 1}
    assert rolling.ports.release_log.events("taxi")[-1].kind == "aborted"


def test_a_candidate_that_is_worse_on_the_same_rows_is_aborted(rolling):
    """Labels that come while it is a canary judge what it answered in the shadow, whatever its trial promised."""
    rolling.spoil(2, 9.0)
    assert pass_by(rolling, 8).stage == 1
    release = pass_by(rolling, 9)
    assert (release.state, release.stage) == (ReleaseState.ABORTED, 1)
    assert "is above version 1's" in release.why
    assert "on the same 150 labelled rows" in release.why
    assert rolling.ports.releases.route("taxi").versions == (1,)


def test_a_champion_that_is_worse_than_the_former_one_is_rolled_back(watched):
    """Both answered the same requests; the former one takes over again, by itself."""
    watched.town.rates[10] = 3.0
    assert pass_by(watched, 10).state is ReleaseState.WATCHED
    release = pass_by(watched, 11)
    assert (release.state, release.candidate, release.incumbent) == (ReleaseState.ROLLED_BACK, 2, 1)
    assert "is above version 1's" in release.why
    assert "on the same 150 labelled rows" in release.why
    assert watched.ports.releases.route("taxi").versions == (1,)
    event = watched.ports.release_log.events("taxi")[-1]
    assert (event.kind, event.version, event.actor) == ("rolled back", 2, "keepfit")
    assert (event.champion_before, event.champion_after) == (2, 1)


def test_a_forced_release_is_rolled_back_by_keepfit_not_by_who_forced_it(changed):
    """The event names who did it."""
    changed.spoil(2, 9.0)
    version = changed.registry.version("taxi", 2)
    start_release(changed.ports, changed.model, version, now=changed.end_of(7), actor="ann", forced_by="ann")
    assert pass_by(changed, 8, 9).state is ReleaseState.ROLLED_BACK
    assert [event.actor for event in changed.ports.release_log.events("taxi")][-2:] == ["ann", "keepfit"]


def test_a_stage_that_was_taken_out_of_the_policy_is_over(rolling):
    """The model file may change while a version is on its way."""
    rolling.model.release = Release(watch="10d")
    assert pass_by(rolling, 8).state is ReleaseState.WATCHED
    assert rolling.ports.releases.route("taxi").champion == 2


def test_versions_are_compared_on_the_rows_that_both_answered_and_that_have_a_label():
    """One row was answered by one of them only, one has no label, one was not answered."""
    rows = pl.DataFrame(
        {
            "prediction_id": ["a", "a", "b", "c", "c", "d", "d"],
            "version": [1, 2, 1, 1, 2, 1, 2],
            "prediction": [1.0, 2.0, 9.0, 9.0, 9.0, 9.0, None],
            "label": [3.0, 3.0, 3.0, None, None, 3.0, 3.0],
        }
    )
    found = compare_versions(rows, 2, 1, "mae")
    assert (found.n, found.challenger.mean, found.incumbent.mean) == (1, 1.0, 2.0)
    assert math.isnan(compare_versions(rows.filter(pl.col("version") == 1), 2, 1, "mae").difference.mean)
