"""A report is a record that travels as JSON and comes back the same."""

from keepfit.adapters.codec import from_json, to_json
from keepfit.report.file_report import (
    CountPair,
    Histogram,
    Metric,
    Pair,
    PerformanceReport,
    ReportedFinding,
    Single,
)


def test_its_parts_travel():
    """Numbers that are not known are null."""
    none = Pair(reference=None, current=1.5)
    metric = Metric(
        name="mae", value=none, low=none, high=none, change=None, change_low=None, change_high=None
    )
    parts = [
        Histogram(
            scale="log",
            edges=(1.0, 2.0),
            reference=(1,),
            current=(2,),
            singles=(Single(value=0.0, reference=1, current=2),),
        ),
        PerformanceReport(
            task="regression", judged="mae", rows=CountPair(reference=1, current=2), metrics=(metric,)
        ),
    ]
    for part in parts:
        assert from_json(to_json(part), type(part)) == part
    assert b'"reference":null' in to_json(none)


def test_a_finding_alarms_by_its_verdict():
    """And by nothing else."""
    given = {
        "check": "drift",
        "subject": "x",
        "statistic": "ks",
        "value": 1.0,
        "expected": 0.0,
        "threshold": 0.1,
        "p": 0.0,
        "n": 9,
        "says": "",
    }
    assert ReportedFinding(verdict="alarm", **given).alarms
    assert not ReportedFinding(verdict="ok", **given).alarms
