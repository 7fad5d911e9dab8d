"""The floors that a rising share must pass."""

from dataclasses import replace

import pytest

from keepfit.monitoring.finding import Check, Fault, Verdict
from keepfit.monitoring.measured import judged
from keepfit.monitoring.rise import Rise, rise_test

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


def _judged(*rises, check=Check.NULLS, rows=300):
    return judged([rise_test(check, "fare", rises, rows=rows, quality=0.05)], 0.05)[0]


def test_ten_points_of_nulls_alarm_as_a_fault():
    """Large, significant and beyond every block: the finding has the numbers, a sentence and the fault."""
    found = _judged(RISE)
    assert found.alarms
    assert (found.value, found.expected, found.n) == (0.1, 0.01, 300)
    assert found.threshold == pytest.approx(0.03)
    assert found.statistic == "null share"
    assert found.fault == RISE.fault
    assert found.says.startswith(
        "fare is null in 10.0 % of 300 rows; 1.0 % of the reference (9,000 rows) (p "
    )
    assert found.p < 1e-12


def test_three_points_of_many_rows_are_a_change_and_no_fault():
    """People are told; nobody is woken, and the rows are learned from."""
    found = _judged(replace(RISE, hits=120, rows=3000), rows=3000)
    assert found.alarms
    assert found.fault is None


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"hits": 8}, id="less than two points"),
        pytest.param({"block": 0.092}, id="as some day of the reference"),
        pytest.param({"hits": 1, "rows": 20}, id="one row of twenty is chance"),
        pytest.param({"times": 11.0}, id="not eleven times as frequent"),
    ],
)
def test_each_floor_holds_an_alarm_back(change):
    """Any one of the floors that is not passed makes it no alarm, and no fault."""
    rise = replace(RISE, **change)
    found = _judged(rise, rows=rise.rows)
    assert found.verdict is Verdict.OK
    assert found.fault is None


def test_what_is_no_fault_never_becomes_one():
    """Values out of range: the world may grow."""
    found = _judged(replace(RISE, fault=None))
    assert found.alarms
    assert found.fault is None


def test_the_largest_that_alarms_is_told():
    """A larger share that is nothing new does not hide a smaller one that is; two were looked at."""
    usual = replace(RISE, hits=100, block=0.5, what="usual")
    found = _judged(usual, RISE, check=Check.NEW_VALUE)
    assert found.alarms
    assert found.value == 0.1
    assert found.p == pytest.approx(2 * RISE.p)


def test_a_value_that_tells_its_rows_goes_first():
    """All unknown values together are more than one of them, but that one can be found in the rows."""
    together = replace(RISE, hits=40, fault=Fault(column="fare", kind="all"))
    assert _judged(together, RISE, check=Check.NEW_VALUE).fault == RISE.fault


def test_nothing_to_judge_is_ok():
    """No value repeats: no new value."""
    found = _judged(check=Check.NEW_VALUE)
    assert (found.verdict, found.value, found.p) == (Verdict.OK, 0.0, None)


def test_rises_that_were_not_worth_giving_count_as_tries():
    """Bonferroni's factor is that of all values that were looked at; what is no change has no sentence of an alarm."""
    one = replace(RISE, hits=12)
    alone, tried = (
        rise_test(Check.NEW_VALUE, "fare", [one], rows=300, quality=0.05, tried=tried) for tried in (None, 8)
    )
    assert tried.finding.p == pytest.approx(8 * alone.finding.p)
    calm = rise_test(Check.NULLS, "fare", [replace(RISE, hits=3)], rows=300, quality=0.05)
    assert not calm.beyond
    assert calm.says == ""
