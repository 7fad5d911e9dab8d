"""Realised performance against what it should be."""

import math

from keepfit.evaluation.evidence import LossSums, display
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.stats.intervals import normal_cdf

#: One-sided: how sure it must be that the loss is above what is tolerated.
SURE = 0.95


def check_performance(
    metric: str,
    realised: LossSums,
    expected: LossSums,
    *,
    tolerance: float,
    min_rows: int,
    rows: str = "labelled rows",
) -> Finding:
    """Alarm when the mean loss is surely above the expectation by more than `tolerance`.

    Both floors at once: the change must be large (`tolerance`, relative) and that must be beyond the noise: one-sided, at
    95 %, by a z test of two means with unequal variances (Welch 1947), the error of the expectation counted in. A loss
    that sits at the limit alarms in one check of twenty, one well below it never.

    Args:
        metric: the metric's name; `rmse` is shown as a root.
        realised: losses of the window or windows in question.
        expected: the losses that say what to expect; with n = 1 its total is taken as exact.
        tolerance: 0.1 is ten per cent, in the metric's own unit.
        min_rows: fewer realised rows than this tell nothing; without expected rows nothing can be told either.
        rows: which rows these are, in words.
    """
    now, norm = display(metric, realised.mean), display(metric, expected.mean)
    limit = norm * (1 + tolerance)
    if realised.n < max(1, min_rows):
        says = f"{metric} unknown: {realised.n:,} {rows} so far, {max(1, min_rows):,} are needed"
        return _finding(metric, now, norm, limit, realised.n, Verdict.INSUFFICIENT_DATA, says)
    if expected.n == 0:
        says = f"{metric} {_said(now)} on {realised.n:,} {rows}; what to expect is unknown"
        return _finding(metric, now, norm, limit, realised.n, Verdict.INSUFFICIENT_DATA, says)
    alarm = (
        _confidence_above(realised, expected, tolerance if metric != "rmse" else (1 + tolerance) ** 2 - 1)
        >= SURE
    )
    low, high = (display(metric, max(0.0, end)) for end in realised.interval())
    says = (
        f"{metric} {_said(now)} (95 % interval {_said(low)} to {_said(high)}) on {realised.n:,} {rows}, "
        f"expected {_said(norm)} and at most {_said(limit)}"
    )
    return _finding(metric, now, norm, limit, realised.n, Verdict.ALARM if alarm else Verdict.OK, says)


def _said(loss: float) -> str:
    """Two decimals tell minutes apart, not shares: below one, three significant digits."""
    return f"{loss:.2f}" if abs(loss) >= 1 else f"{loss:.3g}"


def _confidence_above(realised: LossSums, expected: LossSums, tolerance: float) -> float:
    """How sure it is that the mean loss is above (1 + tolerance) times the expected one."""
    known = expected.standard_error if expected.n > 1 else 0.0
    error = math.hypot(realised.standard_error, (1 + tolerance) * known)
    gap = realised.mean - (1 + tolerance) * expected.mean
    return normal_cdf(gap / error) if error > 0 else float(gap > 0)


def _finding(
    metric: str, value: float, expected: float, limit: float, n: int, verdict: Verdict, says: str
) -> Finding:
    return Finding(
        check=Check.PERFORMANCE,
        subject=metric,
        statistic=metric,
        value=value,
        expected=expected,
        threshold=limit,
        n=n,
        verdict=verdict,
        says=says,
    )
