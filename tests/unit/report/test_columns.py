"""One column of a report."""

import math

import numpy as np
import polars as pl
import pytest

from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.kinds import ColumnKind, KindOf
from keepfit.report.columns import column_report, reported
from keepfit.stats.profile import cells_of, profile_frame


def finding(check, verdict, **more):
    """A finding on x."""
    given = {"value": 1.0, "expected": 0.0, "threshold": 0.5, "says": f"{check} says"} | more
    return Finding(check=check, subject="x", statistic="s", n=10, verdict=verdict, **given)


def made(reference, current, findings=(), kind=ColumnKind.NUMBER):
    """The report on a column x."""
    frames = [pl.DataFrame({"x": values}) for values in (reference, current)]
    numbers = kind is ColumnKind.NUMBER
    cells = cells_of(frames[0], ["x"] if numbers else [], [] if numbers else ["x"])
    profiles = [profile_frame(frame, cells).features["x"] for frame in frames]
    return column_report(
        KindOf(name="x", dtype="Float64", kind=kind, why=""), *profiles, findings, current_type="Int8"
    )


def test_an_alarm_speaks_for_the_column():
    """Else drift does, whatever else was checked; without any finding nothing was told."""
    ok, alarm = finding(Check.DRIFT, Verdict.OK), finding(Check.NULLS, Verdict.ALARM)
    assert (made([1.0], [1.0], [alarm, ok]).verdict, made([1.0], [1.0], [alarm, ok]).says) == (
        "alarm",
        "nulls says",
    )
    calm = made([1.0], [1.0], [finding(Check.UNIT, Verdict.INSUFFICIENT_DATA), ok])
    assert (calm.verdict, calm.says) == ("ok", "drift says")
    assert made([1.0], [1.0]).verdict == "insufficient data"


def test_numbers_have_summaries_and_a_histogram_and_categories_bars():
    """Types of both sides stand beside them."""
    number, category = made([1.0, 2.0, None], [3.0]), made(["a"], ["b", None], kind=ColumnKind.CATEGORY)
    assert number.summary["mean"].reference == 1.5
    assert number.histogram is not None
    assert number.types == ("Float64", "Int8")
    assert (category.summary, category.histogram, category.bars.values) == ({}, None, ("a", "b"))
    assert (category.nulls.current, category.null_share.current) == (1, 0.5)


def test_no_number_of_a_report_is_nan():
    """What could not be computed is None: an empty side, a single value, a finding without a statistic."""
    empty = made([], [1.0])
    assert (empty.distances, empty.null_share.reference, empty.summary["mean"].reference) == ({}, None, None)
    assert made([1.0], [1.0]).summary["standard deviation"].current is None
    unknown = reported(finding(Check.UNIT, Verdict.INSUFFICIENT_DATA, value=math.nan, threshold=math.inf))
    assert (unknown.value, unknown.threshold, unknown.p) == (None, None, None)


def test_the_deviation_is_that_of_a_sample():
    """With n - 1, as everybody computes it."""
    values = np.random.default_rng(1).normal(5, 2, 100)
    assert made(values, values).summary["standard deviation"].current == pytest.approx(values.std(ddof=1))
