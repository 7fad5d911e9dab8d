"""Every decision of a rollout and of the watch after it, and the route that each state asks for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from keepfit.evaluation.comparison import Comparison
from keepfit.release.policy import Release, canary, shadow
from keepfit.release.record import ReleaseRecord, ReleaseState
from keepfit.release.rollout import (
    MIN_ROWS,
    RolloutDecision,
    StageEvidence,
    Step,
    decide_stage,
    decide_watch,
    route_for,
)
from keepfit.release.routing import Route

START = datetime(2020, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Release(rollout=[shadow("1d"), canary(10, "2d")], watch="7d")
RELEASE = ReleaseRecord(
    id="m@2",
    model="m",
    candidate=2,
    incumbent=1,
    state=ReleaseState.ROLLING_OUT,
    stage=0,
    stage_since=START,
    started_at=START,
    forced_by="",
    why="gates passed",
)
WATCHED = replace(RELEASE, state=ReleaseState.WATCHED, stage=-1)


def pair(factor, n=1000, seed=3):
    rng = np.random.default_rng(seed)
    incumbent = rng.exponential(2.0, n)
    return Comparison.of(incumbent * factor * rng.lognormal(0, 0.1, n), incumbent)


def stage(evidence, *, after=DAY, release=RELEASE, policy=POLICY):
    return decide_stage(policy, release, evidence, now=START + after)


def watch(evidence, *, after=7 * DAY):
    return decide_watch(POLICY, WATCHED, evidence, now=START + after)


GOOD = StageEvidence(answered=1000, comparison=pair(0.9))
WORSE = StageEvidence(answered=1000, comparison=pair(1.3))


def test_a_stage_lasts_its_time():
    """A minute before its end it waits, and says until when."""
    assert stage(GOOD, after=DAY - timedelta(minutes=1)) == RolloutDecision(
        step=Step.WAIT, why="shadow for 1 day lasts until 2020-02-02 00:00 UTC"
    )
    assert stage(GOOD).step is Step.ADVANCE


def test_each_stage_has_a_time_of_its_own():
    """The canary's two days count from when it began."""
    second = replace(RELEASE, stage=1)
    assert stage(GOOD, release=second).step is Step.WAIT
    decided = stage(GOOD, release=second, after=2 * DAY)
    assert decided.step is Step.ADVANCE
    assert decided.why.startswith("canary of 10 % for 2 days: 1,000 predictions, none failed; loss ")


def test_a_candidate_that_was_asked_nothing_waits():
    """Time alone proves nothing."""
    decided = stage(StageEvidence(), after=30 * DAY)
    assert decided == RolloutDecision(
        step=Step.WAIT, why="shadow for 1 day is over, but the version was asked nothing yet"
    )


def test_without_labels_a_stage_shows_that_it_answers():
    """Labels that come late do not hold a release for ever; the watch goes on looking."""
    decided = stage(StageEvidence(answered=5))
    assert decided == RolloutDecision(
        step=Step.ADVANCE, why="shadow for 1 day: 5 predictions, none failed; no label has come yet"
    )


@pytest.mark.parametrize("after", [timedelta(hours=1), DAY, 9 * DAY])
def test_a_failure_aborts_at_once(after):
    """Whatever the time; it says how many of how many."""
    decided = stage(StageEvidence(answered=999, failed=1), after=after)
    assert decided == RolloutDecision(step=Step.ABORT, why="version 2 failed on 1 of 1,000 predictions")


@pytest.mark.parametrize("after", [timedelta(hours=1), DAY])
def test_a_clearly_worse_candidate_is_aborted_at_once(after):
    """Before its time is up as well; both losses are told."""
    decided = stage(WORSE, after=after)
    assert decided.step is Step.ABORT
    assert "version 2's loss" in decided.why
    assert "above version 1's" in decided.why
    assert decided.why.endswith("on the same 1,000 labelled rows")


def test_worse_within_what_is_allowed_is_no_reason():
    """Three per cent worse where five are allowed; the policy's margin decides."""
    little = StageEvidence(answered=1000, comparison=pair(1.03))
    assert stage(little).step is Step.ADVANCE
    assert stage(little, policy=replace(POLICY, worse_by=0.0)).step is Step.ABORT


def test_few_labelled_rows_abort_nobody():
    """Just below the least number it goes on, at it it is aborted."""
    few = StageEvidence(answered=1000, comparison=pair(2.0, n=MIN_ROWS - 1))
    enough = StageEvidence(answered=1000, comparison=pair(2.0, n=MIN_ROWS))
    assert (stage(few).step, stage(enough).step) == (Step.ADVANCE, Step.ABORT)


def test_against_a_perfect_incumbent_there_is_no_percentage():
    """The losses themselves are told."""
    errors = Comparison.of(np.full(200, 0.5), np.zeros(200))
    assert stage(StageEvidence(answered=200, comparison=errors)).why == (
        "version 2's loss 0.5 is above version 1's 0 on the same 200 labelled rows"
    )


def test_a_stage_that_was_taken_out_of_the_policy_is_over():
    """Whoever edits the model file while a release is under way does not stop it for ever."""
    decided = stage(GOOD, release=replace(RELEASE, stage=1), policy=replace(POLICY, rollout=(shadow("1d"),)))
    assert decided.step is Step.ADVANCE
    gone = replace(RELEASE, stage=2)
    assert stage(WORSE, release=gone).step is Step.ABORT


def test_a_good_version_is_rarely_taken_back():
    """A twin with noise of its own, looked at seven times: about one watch in a hundred at a margin of none."""
    policy = replace(POLICY, worse_by=0.0)
    rng = np.random.default_rng(6)
    back = 0
    for _ in range(400):
        total = Comparison()
        for day in range(7):
            hard = rng.exponential(2.0, (200, 1))
            losses = hard * rng.lognormal(0, 0.3, (200, 2))
            total = total + Comparison.of(losses[:, 0], losses[:, 1])
            evidence = StageEvidence(answered=1, comparison=total)
            if decide_watch(policy, WATCHED, evidence, now=START + day * DAY).step is Step.ROLL_BACK:
                back += 1
                break
    assert back / 400 < 0.02


def test_a_watch_waits_finishes_or_rolls_back():
    """The three answers of the watch, each with its reason."""
    assert watch(GOOD, after=DAY) == RolloutDecision(step=Step.WAIT, why="watched until 2020-02-08 00:00 UTC")
    finished = watch(GOOD)
    assert finished.step is Step.FINISH
    assert finished.why.startswith("kept its place for 7 days: 1,000 predictions, none failed")
    for after in (timedelta(hours=1), 7 * DAY):
        assert watch(WORSE, after=after).step is Step.ROLL_BACK
        assert watch(StageEvidence(answered=1, failed=1), after=after).step is Step.ROLL_BACK


def test_a_watch_without_traffic_ends_with_its_time():
    """Nothing speaks against it; that nothing was seen is said."""
    decided = watch(StageEvidence())
    assert (decided.step, decided.why) == (
        Step.FINISH,
        "kept its place for 7 days: 0 predictions, none failed; no label has come yet",
    )


BEFORE = Route(model="m", generation=4, champion=1, canary=9, percent=50.0, shadows=(9,))


@pytest.mark.parametrize(
    ("release", "champion", "canary_", "percent", "shadows"),
    [
        (RELEASE, 1, None, 0.0, (1, 2)),
        (replace(RELEASE, stage=1), 1, 2, 10, (1, 2)),
        (WATCHED, 2, None, 0.0, (1, 2)),
        (replace(WATCHED, incumbent=None), 2, None, 0.0, (2,)),
        (replace(WATCHED, state=ReleaseState.DONE), 2, None, 0.0, ()),
        (replace(WATCHED, state=ReleaseState.ROLLED_BACK), 1, None, 0.0, ()),
        (replace(RELEASE, state=ReleaseState.ABORTED), 1, None, 0.0, ()),
        (replace(RELEASE, state=ReleaseState.REFUSED), 1, None, 0.0, ()),
    ],
)
def test_each_state_asks_for_its_route(release, champion, canary_, percent, shadows):
    """What was in force before leaves nothing behind but the model and the generation."""
    assert route_for(release, POLICY.rollout, BEFORE) == Route(
        model="m", generation=4, champion=champion, canary=canary_, percent=percent, shadows=shadows
    )


def test_a_stage_that_is_gone_leaves_the_route_as_it_is():
    """Until the next decision promotes or aborts."""
    assert route_for(replace(RELEASE, stage=2), POLICY.rollout, BEFORE) == BEFORE
