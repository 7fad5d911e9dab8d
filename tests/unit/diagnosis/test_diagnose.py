"""From findings to causes: each sign has its cause, and the remedies differ."""

from dataclasses import replace

import pytest

from keepfit.diagnosis.cause import Cause
from keepfit.diagnosis.diagnose import Signs, diagnose
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict

FAULTY = frozenset({Check.NULLS, Check.NEW_VALUE, Check.UNIT})


def finding(check, subject="miles", verdict=Verdict.ALARM, value=0.4, fault=None):
    if fault is None and check in FAULTY and verdict is Verdict.ALARM:
        fault = Fault(column=subject, kind="null")
    return Finding(
        check=check,
        subject=subject,
        statistic="s",
        value=value,
        expected=0.0,
        threshold=0.1,
        n=500,
        verdict=verdict,
        says=f"{check.value} of {subject} is {value}",
        fault=fault,
    )


LOSS = finding(Check.PERFORMANCE, "mae", value=3.1)
NO_LOSS = finding(Check.PERFORMANCE, "mae", Verdict.OK, value=2.0)
UNKNOWN_LOSS = finding(Check.PERFORMANCE, "mae", Verdict.INSUFFICIENT_DATA)


def causes(**signs):
    return [symptom.cause for symptom in diagnose(Signs(**signs)).symptoms]


def test_no_signs_are_healthy_so_far():
    """With or without labels, and it says which."""
    unlabelled = diagnose(Signs())
    assert unlabelled.cause is Cause.HEALTHY
    assert unlabelled.says == diagnose(Signs(performance=UNKNOWN_LOSS)).says
    assert unlabelled.says == "nothing is wrong so far; too few labels to tell the loss"
    assert diagnose(Signs(performance=NO_LOSS)).says == NO_LOSS.says


def test_findings_that_do_not_alarm_are_no_symptoms():
    """Neither ok nor too few rows."""
    quiet = [
        finding(check, verdict=verdict)
        for check in Check
        for verdict in Verdict
        if verdict is not Verdict.ALARM
    ]
    assert causes(findings=quiet, performance=NO_LOSS) == []


@pytest.mark.parametrize("check", [Check.NULLS, Check.NEW_VALUE, Check.UNIT])
def test_an_alarm_on_quality_is_a_broken_feed(check):
    """With the rows at fault, so that they can be left out."""
    fault = Fault(column="miles", kind="null")
    found = diagnose(Signs(findings=[finding(check, fault=fault)]))
    assert found.cause is Cause.BROKEN_FEED
    assert found.faults == (fault,)
    assert found.symptoms[0].check == check.value


@pytest.mark.parametrize(
    "check", [Check.DRIFT, Check.PREDICTION_DRIFT, Check.CORRELATION, Check.RANGE, Check.VOLUME]
)
def test_an_alarm_on_drift_alone_is_drift_without_harm(check):
    """Watched, not repaired."""
    assert causes(findings=[finding(check)], performance=NO_LOSS) == [Cause.DRIFT]


def test_many_drifts_are_one_symptom():
    """It tells the first, which is the worst, and how many more there are."""
    found = diagnose(
        Signs(
            findings=[finding(Check.DRIFT, name, value=v) for name, v in [("b", 0.9), ("a", 0.3), ("c", 0.5)]]
        )
    )
    assert found.says == "drift of b is 0.9 (and 2 more)"
    assert found.symptoms[0].subject == "inputs"


def test_a_column_whose_feed_is_broken_has_not_drifted():
    """Its distribution changed because of the fault; another column's drift is still told."""
    broken = finding(Check.NULLS, "miles")
    assert causes(findings=[broken, finding(Check.DRIFT, "miles")]) == [Cause.BROKEN_FEED]
    assert causes(findings=[broken, finding(Check.DRIFT, "zone")]) == [Cause.BROKEN_FEED, Cause.DRIFT]


def test_loss_without_a_broken_feed_is_decay():
    """On all rows."""
    found = diagnose(Signs(performance=LOSS))
    assert (found.cause, found.says) == (Cause.DECAY, LOSS.says)


@pytest.mark.parametrize("clean", [NO_LOSS, UNKNOWN_LOSS])
def test_loss_that_lies_in_the_rows_at_fault_is_the_feeds(clean):
    """The rows without the fault are no worse, or too few: the model is not to blame."""
    nulls = finding(Check.NULLS)
    assert causes(findings=[nulls], performance=LOSS, clean_performance=clean) == [Cause.BROKEN_FEED]


def test_loss_in_the_clean_rows_too_is_decay_beside_the_broken_feed():
    """Two things are wrong; what the clean rows show is what is said."""
    clean = finding(Check.PERFORMANCE, "mae", value=2.9)
    found = diagnose(Signs(findings=[finding(Check.NULLS)], performance=LOSS, clean_performance=clean))
    assert [symptom.cause for symptom in found.symptoms] == [Cause.DECAY, Cause.BROKEN_FEED]
    assert found.symptoms[0].says == clean.says


def test_a_regression_is_a_bad_release_and_blindness_is_blind():
    """Both come with their own words."""
    assert diagnose(Signs(regression="version 3 was rolled back")).cause is Cause.BAD_RELEASE
    found = diagnose(Signs(blind="no label has come"))
    assert (found.cause, found.says) == (Cause.BLIND, "no label has come")


def test_everything_at_once_is_told_worst_first():
    """Nothing hides anything else."""
    found = diagnose(
        Signs(
            findings=[
                finding(Check.DRIFT, "zone"),
                finding(Check.NULLS, "miles"),
                finding(Check.UNIT, "fare"),
            ],
            performance=LOSS,
            clean_performance=LOSS,
            regression="it was rolled back",
            blind="no label",
        )
    )
    assert [symptom.cause for symptom in found.symptoms] == [
        Cause.BAD_RELEASE,
        Cause.DECAY,
        Cause.BROKEN_FEED,
        Cause.BROKEN_FEED,
        Cause.BLIND,
        Cause.DRIFT,
    ]
    assert found.says.count(";") == 5


def test_a_few_nulls_more_are_a_change_and_no_broken_feed():
    """What alarms without marking rows as faulty is watched."""
    few = replace(finding(Check.NULLS), fault=None)
    assert causes(findings=[few], performance=NO_LOSS) == [Cause.DRIFT]
