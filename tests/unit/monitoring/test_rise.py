"""The floors that a rising share must pass."""

from dataclasses import replace

import pytest

from keepfit.monitoring.finding import Check, Fault, Verdict
from keepfit.monitoring.rise import Rise, judge

RISE = Rise(
    what="null",
    hits=30,
    rows=300,
    reference_hits=90,
    reference_rows=9000,
    block=0.02,
    norm="1.0 % of the reference (9,000 rows)",
    fault=Fault(column="fare", kind="null"),
)


def test_ten_points_of_nulls_alarm():
    """Large, significant and beyond every block: the finding has the numbers, a sentence and the fault."""
    found = judge(Check.NULLS, "fare", [RISE], rows=300, quality=0.05)
    assert found.alarms
    assert (found.value, found.expected, found.n) == (0.1, 0.01, 300)
    assert found.threshold == pytest.approx(0.06)
    assert found.statistic == "null share"
    assert found.fault == RISE.fault
    assert found.says == "fare is null in 10.0 % of 300 rows; 1.0 % of the reference (9,000 rows)"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"hits": 17}, id="less than five points"),
        pytest.param({"block": 0.08}, id="as some day of the reference"),
        pytest.param({"hits": 2, "rows": 20}, id="two rows of twenty are chance"),
        pytest.param({"times": 11.0}, id="not eleven times as frequent"),
    ],
)
def test_each_floor_holds_an_alarm_back(change):
    """Any one of the floors that is not passed makes it no alarm, and no fault."""
    rise = replace(RISE, **change)
    found = judge(Check.NULLS, "fare", [rise], rows=rise.rows, quality=0.05)
    assert found.verdict is Verdict.OK
    assert found.fault is None


def test_the_largest_that_alarms_is_told():
    """A larger share that is nothing new does not hide a smaller one that is."""
    usual = replace(RISE, hits=100, block=0.5, what="usual")
    found = judge(Check.NEW_VALUE, "fare", [usual, RISE], rows=300, quality=0.05)
    assert found.alarms
    assert found.value == 0.1


def test_a_value_that_tells_its_rows_goes_first():
    """All unknown values together are more than one of them, but that one can be found in the rows."""
    together = replace(RISE, hits=40, fault=Fault(column="fare", kind="all"))
    assert judge(Check.NEW_VALUE, "fare", [together, RISE], rows=300, quality=0.05).fault == RISE.fault


def test_nothing_to_judge_is_ok():
    """No value repeats: no new value."""
    found = judge(Check.NEW_VALUE, "fare", [], rows=300, quality=0.05)
    assert (found.verdict, found.value) == (Verdict.OK, 0.0)
