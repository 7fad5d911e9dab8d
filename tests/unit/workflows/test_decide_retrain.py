"""Retrain or hold: each with its reason on record, and the job asked for once."""

from datetime import timedelta

import pytest

from keepfit.clock import Window
from keepfit.diagnosis.cause import Diagnosis
from keepfit.jobs.job import JobState
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.record import CheckRecord
from keepfit.retraining.decision import Action
from keepfit.retraining.policy import Retrain, decay, every, last
from keepfit.workflows.check_model import Health
from keepfit.workflows.decide_retrain import decide_retrain, drifting_for
from keepfit.workflows.start_release import start_release


def third_is_null(miles):
    """The feed leaves out every third value."""
    return [None if i % 3 == 0 else value for i, value in enumerate(miles)]


def decide(world, *days, feed=list):
    """Days go by; at the end of each the model is checked and a decision taken. The last one."""
    for day in days:
        world.live(day, feed=feed)
        decision = decide_retrain(world.ports, world.model, world.check(day), now=world.end_of(day))
    return decision


def decisions(world):
    """What was decided so far, and why."""
    return [(one.action, one.why) for one in world.ports.decisions.decisions("taxi", kind="retrain")]


@pytest.fixture
def world_of(make_world):
    """A world with its first champion, and this policy."""

    def make(**policy):
        world = make_world({"retrain": Retrain(**policy)})
        world.train()
        return world

    return make


def test_without_a_champion_nothing_is_retrained(world):
    """The first training is for people to ask for."""
    health = Health(diagnosis=Diagnosis(symptoms=(), says=""))
    decide_retrain(world.ports, world.model, health, now=world.end_of(0))
    assert decisions(world) == [("hold", "nothing is released yet")]
    assert not world.ports.jobs.jobs("taxi")


def test_a_hold_that_goes_on_is_recorded_once(released):
    """Doing nothing is a decision too; the same one on four days is one."""
    decide(released, 0, 1, 2, 3)
    assert decisions(released) == [("hold", "nothing calls for it")]


def test_a_hold_whose_numbers_change_goes_on(world_of):
    """The loss that a hold names changes with every label; the hold does not."""
    world = world_of(on=[decay(over="2d", min_rows=50)], train_on=last("4d", test="1d"), cooldown="30d")
    world.town.rates[2] = 4.5
    decision = decide(world, *range(8))
    assert decision.action is Action.HOLD
    assert [action for action, _ in decisions(world)] == ["hold", "hold"]
    assert "held: the cooldown lasts until 2020-03-01 00:00 UTC" in decisions(world)[1][1]
    assert decision.why != decisions(world)[1][1]


def test_decay_is_retrained_and_the_job_asked_for_once(released):
    """On the newest labelled rows; deciding again at the same moment asks for the same job."""
    released.town.rates[3] = 4.5
    decision = decide(released, *range(7))
    assert (decision.action, decisions(released)[-1][0]) == (Action.RETRAIN, "retrain")
    again = decide_retrain(released.ports, released.model, released.check(6), now=released.end_of(6))
    assert again.why.endswith("held: a training is under way")
    queued = [job for job in released.ports.jobs.jobs("taxi") if job.state is JobState.QUEUED]
    assert len(queued) == 1
    assert queued[0].payload["why"] == decision.why
    assert queued[0].payload["end"] == released.end_of(5).isoformat()


def test_the_cooldown_holds_and_says_until_when(world_of):
    """Whatever came of the last training."""
    world = world_of(on=[every("1d")], cooldown="3d")
    assert decide(world, 0, 1).why == (
        "the last training is 1 day old; held: the cooldown lasts until 2020-02-03 00:00 UTC"
    )
    assert decide(world, 2).action is Action.RETRAIN


def test_a_model_is_never_retrained_on_a_broken_feed(world_of):
    """Though it is time for it; the reason names the column."""
    world = world_of(on=[every("2d")], cooldown="0s")
    assert decide(world, 0).action is Action.HOLD
    decision = decide(world, 1, 2, feed=third_is_null)
    assert decision.action is Action.HOLD
    assert "held: a model is never retrained on a broken feed: miles is null in 33.3 %" in decision.why
    assert [job.state for job in world.ports.jobs.jobs("taxi")] == [JobState.DONE]


def test_decay_on_clean_rows_is_retrained_without_the_broken_ones(released):
    """The rows that the feed marks are left out of the training."""
    released.town.rates[2] = 4.5
    decide(released, 0, 1, 2)
    decision = decide(released, 3, 4, 5, 6, feed=third_is_null)
    assert (decision.action, decision.exclude) == (Action.RETRAIN, (Fault(column="miles", kind="null"),))
    job = released.ports.jobs.jobs("taxi")[-1]
    assert job.payload["exclude"] == [{"column": "miles", "kind": "null", "value": None}]


def test_a_version_on_its_way_holds_the_next_training(changed):
    """One candidate at a time."""
    changed.model.retrain = Retrain(on=[every("1d")], cooldown="0s")
    start_release(
        changed.ports,
        changed.model,
        changed.registry.version("taxi", 2),
        now=changed.end_of(7),
        actor="ann",
    )
    decision = decide(changed, 8)
    assert decision.why == "the last training is 1 day old; held: version 2 is on its way to champion"


def test_drift_lasts_while_every_window_drifts(world):
    """One quiet window ends it."""

    def record(day, *, drifts):
        finding = Finding(
            check=Check.DRIFT,
            subject="miles",
            statistic="psi",
            value=1.0,
            expected=0.0,
            threshold=0.2,
            n=100,
            verdict=Verdict.ALARM if drifts else Verdict.OK,
            says="",
        )
        window = Window(world.end_of(day - 1), world.end_of(day))
        return CheckRecord(model="taxi", version=1, window=window, at=window.end, findings=(finding,))

    records = [record(day, drifts=drifts) for day, drifts in enumerate((True, False, True, True))]
    assert drifting_for(records) == timedelta(days=2)
    assert drifting_for(records[:2]) == drifting_for([]) == timedelta(0)
