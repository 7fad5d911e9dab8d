"""Alarms that must be seen several times."""

from datetime import UTC, datetime, timedelta

from keepfit.clock import Window
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.persistence import persistent
from keepfit.monitoring.record import CheckRecord

START = datetime(2024, 6, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def _finding(verdict, subject="miles", check=Check.DRIFT):
    return Finding(
        check=check,
        subject=subject,
        statistic="ks",
        value=0.1,
        expected=0.0,
        threshold=0.03,
        n=1000,
        verdict=verdict,
        says="miles moved",
    )


def _records(*verdicts):
    return [
        CheckRecord(
            model="m",
            version=1,
            window=Window(START + i * DAY, START + (i + 1) * DAY),
            at=START,
            findings=(_finding(verdict),),
        )
        for i, verdict in enumerate(verdicts)
    ]


ALARM, OK, PENDING = Verdict.ALARM, Verdict.OK, Verdict.PENDING


def _verdict(windows, *earlier, finding=None):
    return persistent([finding or _finding(ALARM)], _records(*earlier), windows)[0].verdict


def test_one_window_is_enough_when_the_policy_says_so():
    """Whatever came before."""
    assert _verdict(1) is ALARM


def test_an_alarm_waits_for_as_many_windows_as_the_policy_says():
    """In a row: one window without it starts the count anew."""
    assert _verdict(3) is PENDING
    assert _verdict(3, PENDING) is PENDING
    assert _verdict(3, PENDING, PENDING) is ALARM
    assert _verdict(3, PENDING, OK, PENDING) is PENDING


def test_another_columns_alarm_does_not_count():
    """Nor another check's."""
    assert _verdict(2, ALARM, finding=_finding(ALARM, subject="fare")) is PENDING
    assert _verdict(2, ALARM, finding=_finding(ALARM, check=Check.NULLS)) is PENDING


def test_a_pending_finding_says_how_far_it_is():
    """And what does not alarm is left alone."""
    found = persistent([_finding(ALARM), _finding(OK)], _records(PENDING), 3)
    assert found[0].says == "miles moved (in 2 of the 3 windows in a row that it takes)"
    assert found[1] == _finding(OK)
