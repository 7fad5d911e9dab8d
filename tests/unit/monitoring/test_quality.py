"""The checks of the feed, on a simulated world."""

import numpy as np
import polars as pl
import pytest

from keepfit.monitoring.finding import Check, Fault, Verdict
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.quality import check_quality
from keepfit.monitoring.reference import Reference
from keepfit.stats.profile import profile_frame

MONITOR = Monitor()


def _alarms(findings):
    return [(one.check, one.subject) for one in findings if one.alarms]


def _spoiled(frame, column, share, value):
    """A share of the rows of one column set to a value."""
    hit = np.random.default_rng(1).random(frame.height) < share
    return frame.with_columns(
        pl.when(pl.Series(hit)).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
    )


def test_a_healthy_day_has_findings_and_no_alarm(world, reference):
    """Traffic, then nulls and new values of each feature, and the unit of the numbers that have one."""
    found = check_quality(reference, world.evidence(reference, world.day(31)), MONITOR)
    assert _alarms(found) == []
    assert found[0].check is Check.TRAFFIC
    assert [one.subject for one in found if one.check is Check.NULLS] == list(reference.cells)
    assert [one.subject for one in found if one.check is Check.NEW_VALUE] == list(reference.cells)
    assert [one.subject for one in found if one.check is Check.UNIT][:2] == ["miles", "fare"]


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
    """Every one of ten spoiled days alarms on that column, by that check, and marks the rows."""
    for _ in range(10):
        day = _spoiled(world.day(31), column, share, value)
        found = check_quality(reference, world.evidence(reference, day), MONITOR)
        assert _alarms(found) == [(check, column)]
        assert next(one.fault for one in found if one.alarms) == fault


def test_another_unit_touches_every_row(world, reference):
    """Kilometres for miles."""
    day = world.day(31, n=600).with_columns(pl.col("miles") * 1.609)
    found = check_quality(reference, world.evidence(reference, day), MONITOR)
    assert (Check.UNIT, "miles") in _alarms(found)


def test_a_sentence_says_what_how_much_and_against_what(world, reference):
    """As a person would."""
    day = _spoiled(world.day(31), "passengers", 0.15, 0.0)
    hits = int((day["passengers"] == 0).sum())
    found = check_quality(reference, world.evidence(reference, day), MONITOR)
    says = next(one.says for one in found if one.alarms)
    share = f"{hits / 3:.1f} %"
    assert says == f"passengers is 0 in {share} of 300 rows; the reference (9,000 rows) never holds 0"


def test_too_few_rows_are_insufficient_data(world, reference):
    """One finding, whatever the rows hold."""
    day = world.day(31, n=99).with_columns(fare=pl.lit(None, pl.Float64))
    found = check_quality(reference, world.evidence(reference, day), MONITOR)
    assert [(one.check, one.verdict, one.n) for one in found] == [
        (Check.TRAFFIC, Verdict.INSUFFICIENT_DATA, 99)
    ]


def test_a_profile_will_do_for_evidence(world, reference):
    """The inputs' profile is all that these checks read."""
    day = world.day(31)
    by_profile = check_quality(reference, profile_frame(day, reference.cells), MONITOR)
    assert by_profile == check_quality(reference, world.evidence(reference, day), MONITOR)


def test_without_a_reference_nothing_can_be_said(world, reference):
    """An empty reference is insufficient data, not health."""
    empty = Reference(
        cells=reference.cells,
        blocks=(),
        prediction_cells=reference.prediction_cells,
        prediction_blocks=(),
        expected=reference.expected,
    )
    (found,) = check_quality(empty, world.evidence(reference, world.day(31)), MONITOR)
    assert found.verdict is Verdict.INSUFFICIENT_DATA
    assert "reference holds none" in found.says
