"""The beginning of a release: gates, rollout, force, and what becomes of the release before it."""

import pytest

from keepfit.errors import ReleaseError
from keepfit.registry.lineage import ReleaseEventKind
from keepfit.release.policy import Release, beats_champion, latency
from keepfit.release.record import ReleaseState
from keepfit.workflows.start_release import start_release


def begin(world, number, day, **how):
    """Ask for a version's release at the end of a day."""
    version = world.registry.version("taxi", number)
    return start_release(world.ports, world.model, version, now=world.end_of(day), actor="ann", **how)


def kinds(world):
    """The release events so far: what happened to which version."""
    return [(event.kind.value, event.version) for event in world.ports.release_log.events("taxi")]


def test_a_first_release_is_promoted_at_once(world):
    """There is no champion to stand beside: no shadow, no watch."""
    world.register()
    release = begin(world, 1, 0)
    route = world.ports.releases.route("taxi")
    assert (release.state, release.incumbent) == (ReleaseState.DONE, None)
    assert (route.champion, route.shadows) == (1, ())
    assert world.registry.aliases == {("taxi", "champion"): 1}
    assert kinds(world) == [("promoted", 1)]


def test_a_candidate_begins_with_the_first_stage(changed):
    """In the shadow of the champion, who goes on to answer."""
    release = begin(changed, 2, 7)
    route = changed.ports.releases.route("taxi")
    assert (release.state, release.stage, release.incumbent) == (ReleaseState.ROLLING_OUT, 0, 1)
    assert (route.champion, route.canary, route.shadows) == (1, None, (1, 2))
    assert changed.registry.aliases == {("taxi", "champion"): 1, ("taxi", "challenger"): 2}
    assert kinds(changed)[-1] == ("shadow", 2)


def test_a_gate_that_blocks_refuses_and_every_gate_is_on_record(make_world):
    """Also those that passed; the release and its event name those that blocked."""
    world = make_world({"release": Release(gates=[beats_champion(), latency(p99_ms=1e-9)])})
    world.train()
    assert world.ports.releases.route("taxi").champion is None
    release = world.ports.releases.releases("taxi")[0]
    decision = world.ports.decisions.decisions("taxi", kind="gates")[0]
    assert (release.state, decision.action) == (ReleaseState.REFUSED, "block")
    assert decision.detail["version"] == 1
    assert [(one["gate"], one["passed"]) for one in decision.detail["gates"]] == [
        ("beats_champion", True),
        ("latency", False),
    ]
    assert "held-out rows: better with confidence" in decision.detail["gates"][0]["says"]
    assert decision.detail["gates"][1]["says"] == release.why == decision.why
    assert world.ports.release_log.events("taxi")[-1].kind is ReleaseEventKind.REFUSED
    assert not world.registry.aliases


def test_two_refusals_for_the_same_reason_are_two_decisions(released):
    """Each candidate's gates are on record, whatever the words of the one before."""
    for day in (0, 1):
        released.register(released.end_of(day))
    for number in (2, 3):
        released.try_again(number, None)
        assert begin(released, number, 2).state is ReleaseState.REFUSED
    decisions = released.ports.decisions.decisions("taxi", kind="gates")
    assert [one.detail["version"] for one in decisions] == [1, 2, 3]
    assert decisions[1].why == decisions[2].why


def test_a_version_without_a_trial_is_refused(changed):
    """A gate that cannot be judged blocks, and says why."""
    changed.try_again(2, None)
    release = begin(changed, 2, 7)
    assert release.state is ReleaseState.REFUSED
    assert "no trial" in release.why


def test_a_forced_release_passes_by_gates_and_rollout_but_is_watched(released):
    """Who forced it and why is on record, with what the gates said."""
    released.register(released.end_of(0))
    released.try_again(2, None)
    release = begin(released, 2, 1, forced_by="ann", why="the old one is dangerous")
    route = released.ports.releases.route("taxi")
    assert (release.state, release.forced_by) == (ReleaseState.WATCHED, "ann")
    assert (route.champion, route.shadows) == (2, (1, 2))
    decision = released.ports.decisions.decisions("taxi", kind="gates")[-1]
    assert (decision.action, decision.why) == ("force", "forced by ann: the old one is dangerous")
    assert decision.detail["gates"][0]["passed"] is False
    event = released.ports.release_log.events("taxi")[-1]
    assert (event.kind, event.actor) == (ReleaseEventKind.PROMOTED, "ann")


def test_what_was_refused_may_be_forced_at_the_same_moment(released):
    """It is another ask, not the same one again."""
    released.register(released.end_of(0))
    released.try_again(2, None)
    assert begin(released, 2, 1).state is ReleaseState.REFUSED
    assert begin(released, 2, 1, forced_by="ann").state is ReleaseState.WATCHED
    assert kinds(released)[-2:] == [("refused", 2), ("promoted", 2)]


def test_a_newer_candidate_takes_the_place_of_one_on_its_way(changed):
    """The older one is aborted now, not when its stage began; the champion stays what it is."""
    begin(changed, 2, 7)
    changed.register(changed.end_of(8))
    release = begin(changed, 3, 8)
    before = changed.ports.releases.releases("taxi")[-2]
    assert (before.candidate, before.state) == (2, ReleaseState.ABORTED)
    assert before.why == "superseded by version 3"
    assert changed.ports.releases.active("taxi") == release
    assert changed.ports.releases.route("taxi").shadows == (1, 3)
    aborted = next(one for one in changed.ports.release_log.events("taxi") if one.kind == "aborted")
    assert (aborted.version, aborted.at) == (2, changed.end_of(8))
    assert kinds(changed)[-2:] == [("aborted", 2), ("shadow", 3)]


def test_a_candidate_ends_the_watch_of_the_champion_before_it(changed):
    """A watched version has become the champion that the next is held against."""
    begin(changed, 2, 7, forced_by="ann")
    changed.register(changed.end_of(8))
    changed.try_again(3, changed.registry.trial(changed.registry.version("taxi", 2)))
    release = begin(changed, 3, 8)
    assert (release.candidate, release.incumbent) == (3, 2)
    assert [one.state for one in changed.ports.releases.releases("taxi")] == [
        ReleaseState.DONE,
        ReleaseState.DONE,
        ReleaseState.ROLLING_OUT,
    ]
    assert changed.ports.releases.route("taxi").champion == 2


def test_a_refused_candidate_leaves_the_one_on_its_way_alone(changed):
    """Only what passes takes another's place."""
    first = begin(changed, 2, 7)
    changed.register(changed.end_of(8))
    changed.try_again(3, None)
    assert begin(changed, 3, 8).state is ReleaseState.REFUSED
    assert changed.ports.releases.active("taxi") == first


def test_asking_again_goes_on_with_the_release_under_way(changed):
    """At the same moment or later: one version is on its way once."""
    first = begin(changed, 2, 7)
    assert begin(changed, 2, 7) == begin(changed, 2, 8) == first
    assert len(changed.ports.releases.releases("taxi")) == 2


def test_the_champion_cannot_be_released_again(released):
    """It would be held against itself."""
    with pytest.raises(ReleaseError, match="version 1 of 'taxi' is champion already"):
        begin(released, 1, 1)
