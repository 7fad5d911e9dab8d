"""Triggers, spans and the retrain policy, as they are written."""

from datetime import timedelta

import pytest

from keepfit.retraining.policy import Decay, Drift, Every, Last, Retrain, decay, drift, every, last

DAY = timedelta(days=1)


def test_the_words_make_the_records():
    """Each function and its record have the same defaults."""
    assert decay() == Decay()
    assert decay(tolerance=0.2, over="14d", expected=3.5, min_rows=10) == Decay(
        tolerance=0.2, over=14 * DAY, expected=3.5, min_rows=10
    )
    assert drift() == Drift()
    assert drift("36h") == Drift(lasting=1.5 * DAY)
    assert every("30d") == Every(period=30 * DAY)
    assert last("21d", test="3d") == Last(spans=(21 * DAY,), test=3 * DAY)


def test_a_fifth_of_the_shortest_span_is_held_out():
    """Unless it is said how much."""
    assert last("20d", "10d").test_span == 2 * DAY
    assert last("20d", test="3d").test_span == 3 * DAY
    assert Retrain().train_on.test_span == 6 * DAY


def test_the_rows_are_said_in_words():
    """One span or several."""
    assert last("21d").says == "the last 3 weeks of labelled rows"
    assert last("2w", "28d", test="1d").says == "the last 2 weeks or 4 weeks of labelled rows"


@pytest.mark.parametrize(
    ("spans", "test"),
    [((), None), ((), "1d"), (("7d",), "7d"), (("7d", "30d"), "10d"), (("7d",), "0s"), (("0d",), None)],
)
def test_there_must_be_rows_to_learn_from_and_rows_to_judge_by(spans, test):
    """The message shows how it is written."""
    with pytest.raises(ValueError, match=r"kf\.last\('21d', test='3d'\)"):
        last(*spans, test=test)


def test_a_policy_reads_its_durations():
    """Two that say the same are the same."""
    policy = Retrain(on=[every("30d")], cooldown="1w", timeout="90m")
    assert policy == Retrain(on=(every("30d"),), cooldown=7 * DAY, timeout=timedelta(minutes=90))
    assert (policy.pause, policy.timeout) == (7 * DAY, timedelta(minutes=90))
    with pytest.raises(ValueError, match="'soon' is not a duration"):
        Retrain(cooldown="soon")


def test_the_decay_trigger_is_found_among_the_others():
    """It says what the model must hold, whether or not it is first."""
    policy = Retrain(on=[every("30d"), decay(tolerance=0.3)])
    assert policy.decay == Decay(tolerance=0.3)
    assert Retrain(on=[every("30d")]).decay is None
