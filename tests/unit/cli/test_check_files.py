"""How a list of columns is typed, and what of a report is worth a line."""

import pytest

from keepfit.cli.check_files import _names, _worth_telling
from keepfit.report.file_report import ReportedFinding


@pytest.mark.parametrize(("text", "names"), [("", ()), ("a", ("a",)), (" a, b ,", ("a", "b"))])
def test_columns_are_typed_with_commas(text, names):
    """Spaces around a name do not count."""
    assert _names(text) == names


@pytest.mark.parametrize(
    ("check", "verdict", "subject", "told"),
    [
        ("drift", "alarm", "x", True),
        ("drift", "ok", "x", False),
        ("drift", "insufficient data", "x", True),
        ("unit", "insufficient data", "x", False),
        ("schema", "ok", "new column", True),
        ("schema", "ok", "columns", False),
    ],
)
def test_healthy_findings_are_counted_and_not_listed(check, verdict, subject, told):
    """What alarms, what rows were too few for, and what the schema has to say, are told."""
    finding = ReportedFinding(
        check=check,
        subject=subject,
        statistic="",
        value=None,
        expected=None,
        threshold=None,
        p=None,
        n=0,
        verdict=verdict,
        says="",
    )
    assert _worth_telling(finding) is told
