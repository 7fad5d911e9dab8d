"""Every trigger, every hold, and the reason of each."""

from datetime import UTC, datetime, timedelta

import pytest

from keepfit.monitoring.finding import Fault
from keepfit.retraining.decision import Action, RetrainDecision, Situation, decide
from keepfit.retraining.policy import Retrain, decay, drift, every

NOW = datetime(2020, 4, 15, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Retrain(on=[decay(), drift("3d"), every("30d")], cooldown="7d")
ZEROS = Fault(column="passengers", kind="value", value=0.0)
UNIT = Fault(column="miles", kind="all")


def decided(policy=POLICY, *, trained=10 * DAY, **changes):
    """The decision about a model that was trained some time ago and is well, unless told otherwise."""
    trained_at = None if trained is None else NOW - trained
    situation = Situation(has_champion=True, last_training=trained_at)
    fields = {name: getattr(situation, name) for name in Situation.__slots__}
    return decide(policy, Situation(**{**fields, **changes}), now=NOW)


def hold(why):
    return RetrainDecision(action=Action.HOLD, why=why)


def test_a_model_that_is_well_is_left_alone():
    """And that is a decision too."""
    assert decided() == hold("nothing calls for it")


def test_nothing_is_retrained_before_it_is_released():
    """The first training is a person's."""
    assert decided(has_champion=False, decay="mae 3.1", trained=90 * DAY) == hold("nothing is released yet")


def test_decay_retrains():
    """With the sentence that says how much, and the faulty rows left out."""
    found = decided(decay="mae 3.10, expected 2.50", faults=(ZEROS,), broken="passengers is 0")
    assert found == RetrainDecision(action=Action.RETRAIN, why="mae 3.10, expected 2.50", exclude=(ZEROS,))


@pytest.mark.parametrize(
    ("lasting", "blind", "action"),
    [
        (3 * DAY, True, Action.RETRAIN),
        (3 * DAY - timedelta(hours=1), True, Action.HOLD),
        (90 * DAY, False, Action.HOLD),
    ],
)
def test_drift_retrains_when_it_lasts_and_no_labels_tell_what_it_costs(lasting, blind, action):
    """With labels it is watched, however long it lasts."""
    found = decided(drifting_for=lasting, blind=blind)
    assert found.action is action
    if action is Action.RETRAIN:
        assert found.why == "inputs have drifted for 3 days and no labels tell what it costs"


@pytest.mark.parametrize(
    ("age", "action"), [(30 * DAY, Action.RETRAIN), (30 * DAY - timedelta(minutes=1), Action.HOLD)]
)
def test_age_retrains(age, action):
    """From the very moment on; counted from the last training, whatever came of it."""
    found = decided(trained=age)
    assert found.action is action
    if action is Action.RETRAIN:
        assert found.why == "the last training is 30 days old"


@pytest.mark.parametrize(
    "signs", [{"decay": "mae 3.1"}, {"drifting_for": 9 * DAY, "blind": True}, {"trained": 90 * DAY}]
)
def test_what_is_not_asked_for_triggers_nothing(signs):
    """A policy without triggers never retrains."""
    assert decided(Retrain(), **signs) == hold("nothing calls for it")


def test_the_first_trigger_that_fires_is_the_reason():
    """In the order in which they were written."""
    signs = {"decay": "mae 3.1", "trained": 40 * DAY}
    assert decided(**signs).why == "mae 3.1"
    assert decided(Retrain(on=[every("30d"), decay()]), **signs).why == "the last training is 30 days old"


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"busy": "a training is under way"}, "a training is under way"),
        (
            {"bad_release": "version 3 was rolled back"},
            "the loss began with a release: version 3 was rolled back",
        ),
        ({"trained": 6 * DAY}, "the cooldown lasts until 2020-04-16 00:00 UTC"),
        (
            {"faults": (ZEROS, UNIT), "broken": "miles is 1.6 times what it was"},
            "every row is touched by a broken feed: miles is 1.6 times what it was",
        ),
    ],
)
def test_each_thing_in_the_way_holds_with_its_reason(changes, because):
    """The trigger and what is in its way are both told; nothing is excluded from a training that is not."""
    assert decided(decay="mae 3.1", **changes) == hold(f"mae 3.1; held: {because}")


def test_a_broken_feed_is_never_trained_on():
    """Without loss in the rows that it does not touch, it is a person's to repair."""
    found = decided(trained=40 * DAY, broken="passengers is 0 in 16 %", faults=(ZEROS,))
    assert found == hold(
        "the last training is 30 days old; held: a model is never retrained on a broken feed: passengers is 0 in 16 %"
    )


def test_the_cooldown_ends_on_its_minute():
    """Seven days after the last training it may go on."""
    assert decided(decay="mae 3.1", trained=7 * DAY).action is Action.RETRAIN
    assert decided(decay="mae 3.1", trained=7 * DAY - timedelta(seconds=1)).action is Action.HOLD


def test_a_champion_that_nobody_trained_here_has_no_cooldown_and_no_age():
    """A version that was registered by hand: decay retrains it, the calendar does not."""
    assert decided(trained=None) == hold("nothing calls for it")
    assert decided(trained=None, decay="mae 3.1").action is Action.RETRAIN
