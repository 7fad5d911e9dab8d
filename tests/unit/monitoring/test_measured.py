"""From tests to verdicts."""

from dataclasses import replace

import numpy as np

from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.measured import Measured, judged

QUIET = Finding(
    check=Check.DRIFT,
    subject="miles",
    statistic="ks",
    value=0.1,
    expected=0.0,
    threshold=0.03,
    n=1000,
    verdict=Verdict.OK,
    says="quiet",
    p=1e-9,
)


def _measured(p, *, beyond=True, more=0):
    return Measured(
        finding=replace(QUIET, p=p),
        beyond=beyond,
        says="loud",
        fault=Fault(column="miles", kind="null"),
        more=more,
    )


def test_what_passes_all_floors_alarms_with_its_sentence_and_fault():
    """The quiet finding is replaced whole."""
    (found,) = judged([_measured(1e-9)], 0.05)
    assert (found.verdict, found.says, found.fault.kind) == (Verdict.ALARM, "loud", "null")


def test_each_floor_holds_it_back():
    """Chance, or size: one that is not passed is enough."""
    assert [one.verdict for one in judged([_measured(0.2), _measured(1e-9, beyond=False)], 0.05)] == [
        Verdict.OK
    ] * 2


def test_further_tests_count():
    """One of a thousand tests needs more than one alone."""
    assert judged([_measured(0.01)], 0.05)[0].alarms
    assert not judged([_measured(0.01, more=999)], 0.05)[0].alarms


def test_tests_that_are_too_small_to_matter_lend_no_significance():
    """A hundred tiny but sure changes do not make a doubtful one sure."""
    tiny = [_measured(1e-12, beyond=False) for _ in range(100)]
    assert not any(one.alarms for one in judged([*tiny, _measured(0.04)], 0.05))


def test_what_is_no_test_stands_as_it_is():
    """A change of unit has no p-value, and its own verdict."""
    unit = replace(QUIET, p=None, verdict=Verdict.ALARM)
    assert judged([Measured(finding=unit)], 0.05) == [unit]


def test_healthy_windows_alarm_at_most_at_the_rate():
    """Two hundred uniform p-values, two thousand times."""
    rng = np.random.default_rng(1)
    alarms = [
        any(one.alarms for one in judged([_measured(float(p)) for p in rng.random(50)], 0.05))
        for _ in range(1000)
    ]
    assert np.mean(alarms) < 0.07
