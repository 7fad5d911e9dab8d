"""The checks of the feed, on a simulated world."""

import numpy as np
import polars as pl
import pytest

from keepfit.monitoring.finding import Check, Fault, Verdict
from keepfit.monitoring.inputs import check_inputs
from keepfit.monitoring.norm_column import norms_of
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.quality import quality_tests, traffic_finding
from keepfit.stats.profile import profile_frame

MONITOR = Monitor()


def _faults(reference, day):
    found = check_inputs(reference, profile_frame(day, reference.cells), MONITOR)
    return [(one.check, one.subject, one.fault) for one in found if one.alarms and one.fault]


def _spoiled(frame, column, share, value):
    """A share of the rows of one column set to a value."""
    hit = np.random.default_rng(1).random(frame.height) < share
    return frame.with_columns(
        pl.when(pl.Series(hit)).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    )


def test_each_column_has_its_tests(world, reference):
    """Nulls and new values of each; range, and a unit, of the numbers that have one."""
    window = profile_frame(world.day(31), reference.cells)
    found = {
        name: [
            one.finding.check
            for one in quality_tests({name: window.features[name]}, {name: column}, MONITOR.quality)
            if one.finding.check is not Check.CONSTANT
        ]
        for name, column in norms_of(reference).columns.items()
    }
    number = [Check.NULLS, Check.NEW_VALUE, Check.RANGE]
    assert found["miles"] == found["fare"] == [*number, Check.UNIT]
    assert found["passengers"] == number
    assert found["zone"] == [Check.NULLS, Check.NEW_VALUE]


@pytest.mark.parametrize(
    ("column", "share", "value", "check", "fault"),
    [
        ("fare", 0.10, None, Check.NULLS, Fault(column="fare", kind="null")),
        ("passengers", 0.15, 0.0, Check.NEW_VALUE, Fault(column="passengers", kind="value", value=0.0)),
        ("miles", 0.15, -999.0, Check.NEW_VALUE, Fault(column="miles", kind="value", value=-999.0)),
        ("zone", 0.10, "ZZ", Check.NEW_VALUE, Fault(column="zone", kind="value", value="ZZ")),
    ],
)
def test_a_broken_feed_is_named_to_the_column_and_value(world, reference, column, share, value, check, fault):
    """Every one of ten spoiled days has that fault and no other, which marks the rows."""
    for _ in range(10):
        assert _faults(reference, _spoiled(world.day(31), column, share, value)) == [(check, column, fault)]


def test_another_unit_touches_every_row(world, reference):
    """Kilometres for miles."""
    day = world.day(31, n=600).with_columns(pl.col("miles") * 1.609)
    assert (Check.UNIT, "miles", Fault(column="miles", kind="all")) in _faults(reference, day)


def test_a_column_that_stands_still_is_a_fault(world, reference):
    """Every fare is the same."""
    day = world.day(31).with_columns(fare=pl.lit(12.5))
    assert (Check.CONSTANT, "fare", Fault(column="fare", kind="all")) in _faults(reference, day)


def test_a_sentence_says_what_how_much_against_what_and_how_sure(world, reference):
    """As a person would."""
    day = _spoiled(world.day(31), "passengers", 0.15, 0.0)
    hits = int((day["passengers"] == 0).sum())
    found = check_inputs(reference, profile_frame(day, reference.cells), MONITOR)
    assert found[0].says.startswith(
        f"passengers is 0 in {hits / 3:.1f} % of 300 rows; the reference (9,000 rows) never holds 0 (p "
    )


def test_traffic_says_whether_there_is_enough():
    """Enough; too little; nothing to hold it against."""
    assert traffic_finding(300, 9000, 100).verdict is Verdict.OK
    assert traffic_finding(99, 9000, 100).says == "99 rows came; a verdict needs 100"
    assert "reference holds none" in traffic_finding(300, 0, 100).says


def test_values_of_another_kind_are_a_fault_of_their_own(world, reference):
    """Miles that came as words: told as that, and not as nulls."""
    day = world.day(31).with_columns(
        pl.when(pl.int_range(pl.len()) % 4 == 0)
        .then(pl.lit("far"))
        .otherwise(pl.col("miles").cast(pl.String))
        .alias("miles")
    )
    found = check_inputs(reference, profile_frame(day, reference.cells), MONITOR)
    faults = [(one.check, one.subject) for one in found if one.breaks]
    assert faults == [(Check.TYPE, "miles")]
    assert found[0].says.startswith("miles is something other than a number in 25.0 % of 300 rows")
