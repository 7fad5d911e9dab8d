"""Which finding to read first."""

from dataclasses import replace

from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.ranking import ranked

DRIFT = Finding(
    check=Check.DRIFT,
    subject="miles",
    statistic="ks",
    value=0.1,
    expected=0.02,
    threshold=0.03,
    n=1000,
    verdict=Verdict.ALARM,
    says="moved",
    p=1e-6,
)


def _order(findings, **importance):
    return [one.subject for one in ranked(findings, importance)]


def test_alarms_come_first_and_faults_first_of_all():
    """Then what is unknown, then what is well."""
    findings = [
        replace(DRIFT, subject="well", verdict=Verdict.OK),
        replace(DRIFT, subject="unknown", verdict=Verdict.INSUFFICIENT_DATA),
        DRIFT,
        replace(DRIFT, subject="broken", fault=Fault(column="broken", kind="null")),
    ]
    assert _order(findings) == ["broken", "miles", "unknown", "well"]


def test_a_small_change_of_what_matters_goes_before_a_large_one_of_what_does_not():
    """The harm is the size of the change times the skill that hangs on it."""
    findings = [replace(DRIFT, subject="colour", value=0.5), DRIFT]
    assert _order(findings, miles=9.0, colour=0.5) == ["miles", "colour"]
    assert _order(findings, miles=0.5, colour=9.0) == ["colour", "miles"]


def test_harm_is_given_in_shares():
    """Eight points beyond what is usual, of nine tenths of the skill."""
    (found,) = ranked([DRIFT], {"miles": 9.0, "colour": 1.0})
    assert round(found.harm, 6) == 0.072


def test_without_importance_the_surest_change_goes_first():
    """And harm is not known."""
    findings = [replace(DRIFT, subject="a", p=1e-4), replace(DRIFT, subject="b", p=1e-9)]
    assert _order(findings) == ["b", "a"]
    assert ranked(findings, {})[0].harm is None
