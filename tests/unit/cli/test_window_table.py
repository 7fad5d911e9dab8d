"""Windows as a table."""

import math
from datetime import UTC, datetime, timedelta

import pytest

from keepfit.cli.window_table import print_windows
from keepfit.clock import Window
from keepfit.evaluation.measure import Measure
from keepfit.fleet.window_report import WindowReport

START, DAY = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=1)


def measure(value, n=1200):
    return Measure(value=value, low=value - 0.25, high=value + 0.25, n=n)


def report(**changes):
    known = {
        "version": 3,
        "window": Window(START, START + DAY),
        "closed": True,
        "rows": 1500,
        "labelled": 1200,
        "maturity": 0.8,
        "expected_maturity": 0.9,
        "metric": "mae",
        "value": measure(2.5),
        "metrics": {"mae": measure(2.5), "rmse": measure(4.0), "r2": measure(0.75), "mse": measure(16.0)},
        "cost": None,
        "late": 1200,
        "restated": True,
        "estimated": measure(2.75),
    }
    return WindowReport(**(known | changes))


def printed(capsys, *reports):
    print_windows(reports, empty="there is none")
    return [line.split("\t") for line in capsys.readouterr().out.splitlines()]


def test_a_window_is_a_line(capsys):
    """With the model's own metric and its interval, then the further ones of the task."""
    headers, line = printed(capsys, report())
    assert dict(zip(headers, line, strict=True)) == {
        "window": "2020-01-01 00:00 UTC",
        "version": "3",
        "rows": "1,500",
        "labelled": "1,200",
        "maturity": "80%",
        "due": "90%",
        "mae": "2.5 (2.25 to 2.75)",
        "estimated": "2.75 (2.5 to 3)",
        "rmse": "4",
        "r2": "0.75",
        "restated": "by 1,200 late labels",
    }


@pytest.mark.parametrize(
    ("changes", "column", "shown"),
    [
        ({"closed": False}, "window", "2020-01-01 00:00 UTC, still open"),
        ({"expected_maturity": None}, "due", "-"),
        ({"estimated": None}, "estimated", "-"),
        ({"value": None, "metrics": {}}, "mae", "-"),
        ({"value": measure(2.5, n=1)}, "mae", "2.5 (one label)"),
        ({"metrics": {"r2": measure(math.nan)}}, "r2", "-"),
        ({"late": 1}, "restated", "by 1 late label"),
        ({"late": 0, "restated": False}, "restated", "no"),
        ({"cost": measure(0.125)}, "cost", "0.125"),
    ],
)
def test_what_is_not_known_is_a_dash(capsys, changes, column, shown):
    """One of a thing is no several."""
    headers, line = printed(capsys, report(**changes))
    assert dict(zip(headers, line, strict=True))[column] == shown


def test_a_metric_that_one_window_lacks_is_a_dash_there(capsys):
    """The columns are those of all windows."""
    headers, known, unknown = printed(capsys, report(), report(value=None, metrics={}))
    assert "rmse" in headers
    assert known[headers.index("rmse")] == "4"
    assert unknown[headers.index("rmse")] == "-"


def test_no_window_is_said_on_stderr(capsys):
    """Stdout stays empty."""
    print_windows([], empty="there is none")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "there is none\n")
