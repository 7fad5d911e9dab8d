"""The checks of drift, on a simulated world: calibration and power."""

import numpy as np
import polars as pl
import pytest

from keepfit.monitoring.drift import check_drift, check_prediction_drift
from keepfit.monitoring.finding import Check, Verdict
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.quality import check_quality

MONITOR = Monitor()


def _drift(world, reference, day, monitor=MONITOR):
    return check_drift(reference, world.evidence(reference, day), monitor, seed=1)


def _alarms(findings):
    return [one.subject for one in findings if one.alarms]


def test_healthy_windows_seldom_alarm(world, reference):
    """Of a hundred healthy days of 300 rows, at most the promised share has any alarm of drift or quality."""
    alarmed = 0
    for number in range(30, 130):
        evidence = world.evidence(reference, world.day(number))
        findings = [
            *check_quality(reference, evidence, MONITOR),
            *check_drift(reference, evidence, MONITOR, seed=1),
            *check_prediction_drift(reference, evidence, MONITOR, seed=1),
        ]
        alarmed += any(one.alarms for one in findings)
    assert alarmed <= 100 * MONITOR.false_alarms


def test_noise_alone_is_held_to_the_rate(world, reference):
    """With no floor of size to help, the test against noise keeps the share of healthy windows that alarm."""
    monitor = Monitor(drift=0.0)
    alarmed = [
        bool(_alarms(_drift(world, reference, world.day(number), monitor))) for number in range(30, 90)
    ]
    assert np.mean(alarmed) <= 0.10


def test_a_weekday_in_daily_windows_is_no_drift(world, reference):
    """One day always differs from a month in it; so do the month's own days, and that is the measure."""
    for number in range(30, 37):
        found = next(one for one in _drift(world, reference, world.day(number)) if one.subject == "weekday")
        assert found.verdict is Verdict.OK
        assert found.value > 1


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("zone", pl.when(pl.int_range(pl.len()) % 10 == 0).then(pl.lit("new")).otherwise(pl.col("zone"))),
        (
            "payment",
            pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("cash")).otherwise(pl.col("payment")),
        ),
        ("miles", pl.col("miles") * 2),
        ("fare", pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise(pl.col("fare"))),
        ("passengers", pl.when(pl.int_range(pl.len()) % 7 == 0).then(0.0).otherwise(pl.col("passengers"))),
    ],
)
def test_a_change_that_a_person_would_name_alarms(world, reference, column, change):
    """Ten points to a new category, cash for cards, twice the miles, nulls, a sentinel: on that feature alone."""
    for _ in range(5):
        day = world.day(31).with_columns(change.alias(column))
        assert _alarms(_drift(world, reference, day)) == [column]


def test_a_significant_change_that_is_small_does_not_alarm(world, reference):
    """With very many rows everything is significant; the floor of size decides."""
    day = world.day(31, n=20_000).with_columns(pl.col("miles") * 1.1)
    found = next(one for one in _drift(world, reference, day) if one.subject == "miles")
    assert found.verdict is Verdict.OK
    assert 0 < found.value < MONITOR.drift


def test_small_windows_are_not_inflated(world, reference):
    """The noise of a hundred rows is taken off: the index of healthy windows stays near nothing."""
    found = [_drift(world, reference, world.day(number, n=100))[0].value for number in range(30, 50)]
    assert np.median(found) < 0.03


def test_the_same_evidence_and_seed_give_the_same_findings(world, reference):
    """Nothing else enters."""
    day = world.day(31)
    assert _drift(world, reference, day) == _drift(world, reference, day)


def test_a_sentence_tells_the_numbers(world, reference):
    """The index, the rows, the thresholds, and what moved."""
    day = world.day(31).with_columns(pl.col("miles") * 3, zone=pl.lit("z00"))
    says = {one.subject: one.says for one in _drift(world, reference, day) if one.alarms}
    assert "miles moved: PSI" in says["miles"]
    assert "median" in says["miles"]
    assert "'z00': 100.0 %, was" in says["zone"]


def test_predictions_drift_with_what_moves_them(world, reference):
    """Healthy predictions do not alarm, those of doubled inputs do."""
    day = world.day(31)
    for frame, alarms in ((day, []), (day.with_columns(pl.col("miles") * 2), ["prediction"])):
        found = check_prediction_drift(reference, world.evidence(reference, frame), MONITOR, seed=1)
        assert _alarms(found) == alarms
        assert found[0].check is Check.PREDICTION_DRIFT


def test_too_few_rows_are_insufficient_data(world, reference):
    """A finding a feature, and none of them is a verdict."""
    evidence = world.evidence(reference, world.day(31, n=99))
    found = check_drift(reference, evidence, MONITOR, seed=1)
    assert [one.subject for one in found] == list(reference.cells)
    found += check_prediction_drift(reference, evidence, MONITOR, seed=1)
    assert {one.verdict for one in found} == {Verdict.INSUFFICIENT_DATA}
    assert all(np.isnan(one.value) for one in found)
