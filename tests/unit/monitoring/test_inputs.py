"""All tests of a window together."""

import numpy as np
import polars as pl

from keepfit.monitoring.finding import Check, Verdict
from keepfit.monitoring.inputs import check_inputs
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.reference import Reference
from keepfit.stats.profile import NumericProfile, profile_frame

MONITOR = Monitor()


def _found(reference, day, **more):
    predictions = NumericProfile.of(reference.prediction_cells, (day["miles"] * 3 + 4).to_numpy())
    window = profile_frame(day, reference.cells)
    return check_inputs(reference, window, MONITOR, predictions=predictions, **more)


def test_healthy_windows_seldom_alarm(world, reference):
    """Of a hundred healthy days, at most the promised share has any alarm of any check."""
    alarmed = [any(one.alarms for one in _found(reference, world.day(n))) for n in range(30, 130)]
    assert np.mean(alarmed) <= MONITOR.false_alarms


def test_the_worst_comes_first(world, reference):
    """A fault of the data before a change of the world before what is well."""
    day = world.day(31).with_columns(
        pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise(pl.col("fare")).alias("fare"),
        payment=pl.lit("cash"),
    )
    found = _found(reference, day)
    alarms = [(one.check, one.subject) for one in found if one.alarms]
    assert alarms[0] == (Check.CONSTANT, "payment")
    assert alarms[1] == (Check.NULLS, "fare")
    assert (Check.DRIFT, "payment") in alarms
    assert not any(one.alarms for one in found[len(alarms) :])


def test_predictions_are_watched_like_a_column(world, reference):
    """Twice the miles move them; without them there is no such finding."""
    day = world.day(31).with_columns(pl.col("miles") * 2)
    alarms = [one.check for one in _found(reference, day) if one.alarms]
    assert Check.PREDICTION_DRIFT in alarms
    without = check_inputs(reference, profile_frame(day, reference.cells), MONITOR)
    assert Check.PREDICTION_DRIFT not in {one.check for one in without}


def test_too_few_rows_are_insufficient_data(world, reference):
    """One finding, whatever the rows hold."""
    day = world.day(31, n=99).with_columns(fare=pl.lit(None, pl.Float64))
    assert [(one.check, one.verdict, one.n) for one in _found(reference, day)] == [
        (Check.TRAFFIC, Verdict.INSUFFICIENT_DATA, 99)
    ]


def test_without_a_reference_nothing_can_be_said(world, reference):
    """An empty reference is insufficient data, not health."""
    empty = Reference(
        cells=reference.cells,
        blocks=(),
        prediction_cells=reference.prediction_cells,
        prediction_blocks=(),
        expected=reference.expected,
    )
    (found,) = _found(empty, world.day(31))
    assert found.verdict is Verdict.INSUFFICIENT_DATA


def test_the_same_evidence_gives_the_same_findings(world, reference):
    """There is no chance in a verdict."""
    day = world.day(31)
    assert _found(reference, day) == _found(reference, day)
