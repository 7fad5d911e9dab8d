"""The tests of drift, on a simulated world: calibration and power."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from keepfit.clock import Window
from keepfit.monitoring.drift import drift_tests
from keepfit.monitoring.finding import Check, Verdict
from keepfit.monitoring.measured import judged
from keepfit.monitoring.norm_column import norms_of
from keepfit.monitoring.policy import Monitor
from keepfit.stats.profile import CategoricalProfile, NumericProfile, profile_frame

MONITOR = Monitor()


def _drift(reference, day, monitor=MONITOR, at=None):
    window = profile_frame(day, reference.cells).features
    tests = drift_tests(Check.DRIFT, window, norms_of(reference).columns, monitor, at=at)
    return {one.subject: one for one in judged(tests, monitor.false_alarms)}


def _alarms(found):
    return [name for name, one in found.items() if one.alarms]


@pytest.mark.parametrize("days", [1, 7])
def test_healthy_windows_seldom_alarm(world, reference, days):
    """Of a hundred healthy windows, no more than the promised share, within two standard errors, has any alarm.

    There is no floor of size to help.
    """
    monitor = Monitor(drift=1e-9)
    alarmed = [bool(_alarms(_drift(reference, world.day(n, 300 * days), monitor))) for n in range(30, 130)]
    assert np.mean(alarmed) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)


def test_a_weekday_in_daily_windows_is_no_drift(world, reference):
    """One day always differs from a month in it; so do the month's own days, and that is the measure."""
    for number in range(30, 37):
        found = _drift(reference, world.day(number))["weekday"]
        assert found.verdict is Verdict.OK
        assert found.value > 0.1


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("zone", pl.when(pl.int_range(pl.len()) % 7 == 0).then(pl.lit("z30")).otherwise(pl.col("zone"))),
        (
            "payment",
            pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.lit("cash")).otherwise(pl.col("payment")),
        ),
        ("miles", pl.col("miles") * 2),
        ("passengers", pl.when(pl.int_range(pl.len()) % 5 == 0).then(6.0).otherwise(pl.col("passengers"))),
    ],
)
def test_a_change_that_a_person_would_name_alarms(world, reference, column, change):
    """A zone that takes over, cash for cards, twice the miles, full cabs: on that feature alone."""
    for _ in range(5):
        assert _alarms(_drift(reference, world.day(31).with_columns(change.alias(column)))) == [column]


def test_a_shift_of_a_tenth_of_a_deviation_shows_in_five_thousand_rows(world):
    """Though no single value looks odd, and the reference's own days are of three hundred rows."""
    reference = type(world)(np.random.default_rng(9)).reference()
    spread = reference.total.features["fare"]
    shift = 0.1 * float(np.sqrt(spread.m2 / spread.summed))
    for _ in range(5):
        day = world.day(31, n=5000).with_columns(pl.col("fare") + shift)
        assert "fare" in _alarms(_drift(reference, day))


def test_a_significant_change_that_is_small_does_not_alarm(world):
    """With very many rows everything is significant; the floor of size decides."""
    reference = type(world)(np.random.default_rng(9)).reference()
    day = world.day(31, n=100_000).with_columns(pl.col("fare") * 1.045)
    found = _drift(reference, day)["fare"]
    assert found.p < 0.05
    assert found.verdict is Verdict.OK
    assert 0 < found.value < MONITOR.drift


def test_nulls_are_not_drift(world, reference):
    """They have a test of their own: the values that are there lie where they lay."""
    day = world.day(31).with_columns(
        pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise(pl.col("fare")).alias("fare")
    )
    assert _alarms(_drift(reference, day)) == []


def test_one_outlier_changes_no_verdict(world, reference):
    """Neither the outlier's own column nor another."""
    day = world.day(31)
    wild = day.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(1e6).otherwise(pl.col("miles")).alias("miles")
    )
    one, other = _drift(reference, day), _drift(reference, wild)
    assert {name: found.verdict for name, found in one.items()} == {
        name: found.verdict for name, found in other.items()
    }


def test_the_sentence_says_what_moved(world, reference):
    """The share of rows, the p-value, the rows on both sides, the medians or the category, and what is usual."""
    day = world.day(31).with_columns(pl.col("miles") * 2, payment=pl.lit("cash"))
    found = _drift(reference, day)
    assert "of its rows moved (p " in found["miles"].says
    assert "in 300 rows against 9,000 of the reference; median" in found["miles"].says
    assert "'card': 0 %, was 69.5 %" in found["payment"].says


def test_too_few_values_are_insufficient_data(world, reference):
    """Nulls are no values."""
    day = world.day(31).with_columns(fare=pl.lit(None, pl.Float64))
    found = _drift(reference, day)
    assert found["fare"].verdict is Verdict.INSUFFICIENT_DATA
    assert found["miles"].verdict is Verdict.OK


def test_the_order_of_time_does_not_matter_to_the_verdict(world, reference):
    """A window may be one of the calendar or a sum of several."""
    start = reference.blocks[-1][0].end
    at = Window(start, start + timedelta(days=1))
    day = world.day(30)
    assert _alarms(_drift(reference, day, at=at)) == _alarms(_drift(reference, day)) == []


def test_every_column_has_a_test(reference):
    """Also one without any value, on either side."""
    empty = {
        name: (
            NumericProfile.empty(one.cells)
            if isinstance(one, NumericProfile)
            else CategoricalProfile.empty(one.cells)
        )
        for name, one in reference.total.features.items()
    }
    tests = drift_tests(Check.DRIFT, empty, norms_of(reference).columns, MONITOR, at=None)
    assert {one.finding.verdict for one in tests} == {Verdict.INSUFFICIENT_DATA}
