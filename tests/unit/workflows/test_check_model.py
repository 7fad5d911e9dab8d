"""What a check sees: the feed, the losses, what it cannot know; and the incidents that it keeps."""

from datetime import timedelta

import pytest

from keepfit.alerting.incident import IncidentState, TransitionKind
from keepfit.diagnosis.cause import Cause
from keepfit.errors import TrainingFailedError
from keepfit.monitoring.detector import Signal
from keepfit.monitoring.finding import Check, Verdict
from keepfit.monitoring.policy import Monitor
from keepfit.workflows.check_model import check_model
from keepfit.workflows.drain_capture import drain_capture
from keepfit.workflows.train_candidate import train_candidate
from keepfit.workflows.update_evidence import update_evidence


def third_is_null(miles):
    """The feed leaves out every third value."""
    return [None if i % 3 == 0 else value for i, value in enumerate(miles)]


def days(world, *numbers, labels=True, feed=list, rows=150):
    """Days go by, with a check at the end of each; the last one's."""
    for day in numbers:
        world.serve(day, feed=feed, rows=rows)
        if labels and day > 0:
            world.label(day - 1, rows=rows)
        health = world.check(day)
    return health


def gone_wrong(reference, window):
    """A detector of the user's own, that always alarms."""
    return [Signal(subject="miles", value=1.0, threshold=0.0, says="it went wrong")]


def states(world):
    """The incidents so far: key and state."""
    return {one.key: one.state for one in world.ports.incidents.incidents("taxi")}


def test_before_a_release_there_is_nothing_to_check(world):
    """No findings, and nothing on record."""
    health = world.check(0)
    assert health.diagnosis.says == "nothing is released yet"
    assert not world.ports.decisions.decisions("taxi")


def test_a_healthy_model_is_healthy(released):
    """Too few labels at first; then the loss, with its numbers. No incident, no message."""
    assert days(released, 0).diagnosis.says == "nothing is wrong so far; too few labels to tell the loss"
    health = days(released, 1, 2)
    assert (health.diagnosis.cause, health.labelled) == (Cause.HEALTHY, True)
    assert health.performance.n == 300
    assert released.ports.decisions.decisions("taxi", kind="diagnosis")[-1].action == "healthy"
    assert not states(released)
    record = released.ports.checks.records("taxi")[-1]
    assert (record.version, record.window.end) == (1, released.end_of(2))
    assert {finding.check for finding in record.findings} >= {Check.NULLS, Check.DRIFT, Check.PERFORMANCE}


def test_a_late_label_restates_the_window_of_its_prediction(released):
    """However late it is, and although another window is the newest."""
    days(released, 0, 1, 2, labels=False)
    before = released.ports.evidence.evidence("taxi", 1)
    assert [one.performance.labelled.n for one in before] == [0, 0, 0]
    released.label(0)
    released.check(9)
    after = released.ports.evidence.evidence("taxi", 1)
    assert [one.performance.labelled.n for one in after] == [150, 0, 0]
    assert [one.traffic.rows for one in after] == [150, 150, 150]


def test_every_version_that_answered_is_restated(changed):
    """Also one that is champion no longer: its window is its own."""
    days(changed, 8, labels=False)
    route = changed.ports.releases.route
    changed.ports.releases.set_route(type(route("taxi"))(model="taxi", generation=0, champion=2))
    changed.serve(9)
    changed.label(8)
    changed.check(9)
    old, new = (changed.ports.evidence.evidence("taxi", number) for number in (1, 2))
    assert [one.performance.labelled.n for one in old] == [150]
    assert [(one.window.start, one.served) for one in new] == [
        (changed.end_of(7), 0),
        (changed.end_of(8), 150),
    ]


def test_a_broken_feed_is_a_data_incident_that_names_the_column(released):
    """Where the clean rows are fine the model is: no decay, though the loss of all rows is far above."""
    days(released, 0, 1, 2)
    health = days(released, 3, 4, 5, feed=third_is_null)
    assert health.diagnosis.cause is Cause.BROKEN_FEED
    assert not health.diagnosis.of(Cause.DECAY)
    assert health.diagnosis.symptoms[0].subject == "miles"
    assert "miles is null in 33.3 %" in health.diagnosis.says
    assert health.performance.alarms
    assert states(released) == {"broken feed:miles:nulls": IncidentState.OPEN}
    assert "broken feed (miles)" in released.ports.incidents.unsent()[0].title


def test_the_losses_of_a_broken_day_are_the_feeds_also_when_it_is_back(released):
    """Their labels come a day later, when nothing is wrong any more."""
    days(released, 0, 1)
    days(released, 2, feed=third_is_null)
    for day in (3, 4, 5):
        health = days(released, day)
        assert not health.diagnosis.of(Cause.DECAY)
        assert not health.diagnosis.of(Cause.BROKEN_FEED)
    assert set(states(released)) == {"broken feed:miles:nulls"}


def test_a_change_of_unit_takes_out_the_days_on_which_it_was_seen(released):
    """Every row of them is wrong, and none of the days around them."""
    days(released, 0, 1, 2)
    health = days(released, 3, feed=lambda miles: list(miles * 1.609))
    assert health.diagnosis.symptoms[0].check == "unit"
    for day in (4, 5, 6):
        health = days(released, day)
        assert not health.diagnosis.of(Cause.DECAY)
    released.town.rates[5] = 4.5
    health = days(released, 7, 8)
    assert health.diagnosis.cause is Cause.DECAY


def test_decay_is_seen_on_the_rows_that_a_broken_feed_did_not_touch(released):
    """Both are wrong, and both are named; decay's numbers are those of the clean rows."""
    released.town.rates[3] = 4.5
    health = days(released, 0, 1, 2)
    health = days(released, 3, 4, 5, 6, feed=third_is_null)
    assert [one.cause for one in health.diagnosis.symptoms[:2]] == [Cause.DECAY, Cause.BROKEN_FEED]
    assert "200 labelled rows that the feed of miles did not touch" in health.diagnosis.symptoms[0].says
    assert set(states(released)) == {"decay:mae", "broken feed:miles:nulls"}


def test_decay_is_an_incident_with_the_numbers(released):
    """Loss against what the first champion showed on the rows held out from it."""
    released.town.rates[2] = 4.5
    health = days(released, *range(5))
    assert health.diagnosis.cause is Cause.DECAY
    assert health.performance.verdict is Verdict.ALARM
    assert health.performance.value > 2 * health.performance.expected
    assert states(released) == {"decay:mae": IncidentState.OPEN}


def test_without_traffic_nothing_is_known(released):
    """After three silent days; the incident says so, and is told once."""
    days(released, 0, 1, 2)
    assert released.check(4).diagnosis.cause is Cause.HEALTHY
    health = released.check(6)
    assert health.diagnosis.cause is Cause.BLIND
    assert "no prediction was asked for in the last 3 days" in health.diagnosis.says
    released.check(7)
    assert states(released) == {"blind:health": IncidentState.OPEN}
    assert len(released.ports.incidents.unsent()) == 1


def test_without_labels_the_loss_is_unknown(released):
    """Predictions go on; the labels that were due do not come."""
    health = days(released, *range(8), labels=False)
    assert health.diagnosis.cause is Cause.BLIND
    assert "no label has come in the last 3 days" in health.diagnosis.says
    assert not health.labelled


def test_not_knowing_resolves_nothing(released):
    """Decay stays open while no labels come, a broken feed while no rows come."""
    released.town.rates[1] = 4.5
    days(released, 0, 1, 2)
    days(released, 3, feed=third_is_null)
    assert set(states(released)) == {"decay:mae", "broken feed:miles:nulls"}
    days(released, *range(4, 12), labels=False, rows=3)
    assert released.ports.checks.records("taxi")[-1].findings[0].verdict is Verdict.INSUFFICIENT_DATA
    assert states(released)["decay:mae"] is IncidentState.OPEN
    assert states(released)["broken feed:miles:nulls"] is IncidentState.OPEN


def test_an_incident_that_is_over_is_resolved_once(released):
    """Not at the first good check; its end is told once, with the numbers as they are now."""
    days(released, 0, 1)
    days(released, 2, feed=third_is_null)
    days(released, 3)
    assert states(released) == {"broken feed:miles:nulls": IncidentState.OPEN}
    days(released, *range(4, 12))
    assert states(released) == {"broken feed:miles:nulls": IncidentState.RESOLVED}
    incident = released.ports.incidents.incidents("taxi")[0]
    assert incident.says.startswith("the feed is back: miles is null in 0 %")
    opened, resolved = released.ports.incidents.unsent()
    assert "resolved" not in opened.title
    assert "resolved" in resolved.title


def test_a_check_that_is_made_twice_at_one_moment_counts_once(released):
    """The process died before the end of the first: nothing is opened, told, or counted again."""
    days(released, 0, 1)
    days(released, 2, feed=third_is_null)
    seen = released.ports.checks.seen_batch("taxi")
    before = released.ports.incidents.incidents("taxi")
    released.ports.checks.set_seen_batch("taxi", seen - 1)
    assert released.check(2).transitions == ()
    assert released.ports.incidents.incidents("taxi") == before
    assert released.ports.checks.seen_batch("taxi") == seen
    assert len(released.ports.incidents.unsent()) == 1


def test_a_check_counts_also_when_others_made_the_evidence(released):
    """What is new is new to the check, whoever drained it and added it up."""
    days(released, 0, 1)
    released.serve(2, feed=third_is_null)
    drain_capture(released.ports, now=released.end_of(2))
    update_evidence(released.ports, released.model, 1, since=0)
    kept = released.evidence.kept[max(released.evidence.kept)]
    assert [one.kind for one in released.check(2).transitions] == [TransitionKind.OPENED]
    assert released.evidence.kept[max(released.evidence.kept)] is kept


def test_looking_again_when_nothing_came_in_changes_no_incident(released):
    """The controller looks every few seconds; a check counts when there is something new."""
    days(released, 0, 1)
    days(released, 2, feed=third_is_null)
    before = released.ports.incidents.incidents("taxi")
    assert released.check(3).transitions == ()
    assert released.ports.incidents.incidents("taxi") == before


def test_a_training_that_fails_is_an_incident_until_one_succeeds(released):
    """Somebody has to look: nothing will get better by itself."""
    days(released, 0, 1)
    released.runner.fails = "the trainer raised ValueError: no rows"
    job = released.job(released.end_of(1))
    with pytest.raises(TrainingFailedError):
        train_candidate(released.ports, released.model, job, now=released.end_of(1))
    days(released, 2)
    incident = released.ports.incidents.incidents("taxi")[0]
    assert (incident.key, incident.state) == ("training:failed", IncidentState.OPEN)
    assert "no rows" in incident.says
    released.runner.fails = ""
    released.train(released.end_of(2))
    days(released, *range(3, 8))
    assert states(released) == {"training:failed": IncidentState.RESOLVED}


def test_evidence_of_a_drain_that_is_half_done_is_not_taken_for_whole(released):
    """Its batch may still gain rows: it counts as unseen until the drain is on record."""
    released.serve(0)
    released.ports.ledger.next_batch("server-2", "taxi")
    released.check(0)
    assert released.ports.checks.seen_batch("taxi") == 0


def test_an_open_window_is_not_judged_before_it_is_over(released):
    """Half a day says nothing about a day."""
    released.serve(0)
    now = released.end_of(0) - timedelta(hours=6)
    drain_capture(released.ports, now=now)
    check_model(released.ports, released.model, now=now)
    assert not released.ports.checks.records("taxi")
    assert len(released.ports.evidence.evidence("taxi", 1)) == 1


def test_a_column_that_stood_still_and_moves_again_ends_its_incident(released):
    """The check has nothing to say of a column that varies; that it was looked at says that the fault is gone."""
    days(released, 0, 1)
    health = days(released, 2, feed=lambda miles: [2.5] * len(miles))
    assert "constant" in {one.check for one in health.diagnosis.symptoms}
    assert states(released)["broken feed:miles:constant"] is IncidentState.OPEN
    days(released, 3, 4, 5, 6)
    assert states(released)["broken feed:miles:constant"] is IncidentState.RESOLVED


def test_decay_says_where_it_comes_from(released):
    """The incident names the part of the loss that stands out, or that it is spread evenly."""
    released.town.rates[3] = 4.5
    health = days(released, 0, 1, 2, 3, 4, 5, 6)
    (symptom,) = health.diagnosis.of(Cause.DECAY)
    assert "mae rose from" in symptom.explanation
    told = released.ports.incidents.incidents("taxi", active=True)[0].opened_says
    assert symptom.explanation.partition(" rose")[0] in told


def test_a_change_alarms_when_the_policy_has_seen_it_often_enough(make_world):
    """Two windows in a row: pending on the first, an alarm on the second."""
    world = make_world({"monitor": Monitor(persistence=2)})
    world.train()
    days(world, 0, 1)
    first = days(world, 2, feed=third_is_null)
    assert "broken feed" not in {one.cause.value for one in first.diagnosis.symptoms}
    assert Verdict.PENDING in {one.verdict for one in first.findings}
    second = days(world, 3, feed=third_is_null)
    assert second.diagnosis.cause is Cause.BROKEN_FEED


def test_the_models_own_detectors_are_asked_too(released):
    """Their findings stand beside the others."""
    released.model.detector(gone_wrong)
    try:
        health = days(released, 0, 1)
    finally:
        released.model.detectors.clear()
    assert [one.says for one in health.findings if one.statistic == "gone_wrong"] == ["it went wrong"]
    assert health.diagnosis.cause is Cause.DRIFT
