"""Realised performance against what it should be."""

import math

from keepfit.evaluation.evidence import LossSums, display
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.stats.intervals import normal_cdf

#: One-sided: how sure it must be that the loss is above the expectation at all.
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
    """Alarm when the mean loss is above the expectation by more than `tolerance`, and clearly above it at all.

    Two floors at once: the size of the change (`tolerance`, relative) and sampling noise on both sides
    (a z test of two means, Welch 1947, with the error of the expectation counted in).

    Args:
        metric: the metric's name; `rmse` is shown as a root.
        realised: losses of the window or windows in question.
        expected: the losses that say what to expect; with n = 1 its total is taken as exact.
        tolerance: 0.1 is ten per cent, in the metric's own unit.
        min_rows: fewer realised rows than this tell nothing.
        rows: which rows these are, in words.
    """
    now, norm = display(metric, realised.mean), display(metric, expected.mean)
    limit = norm * (1 + tolerance)
    if realised.n < min_rows:
        says = f"{metric} unknown: {realised.n:,} {rows} so far, {min_rows:,} are needed"
        return _finding(metric, now, norm, limit, realised.n, Verdict.INSUFFICIENT_DATA, says)
    sure = _confidence_above(realised, expected)
    alarm = now > limit and sure >= SURE
    low, high = (display(metric, max(0.0, end)) for end in realised.interval())
    says = (
        f"{metric} {now:.2f} (95 % interval {low:.2f} to {high:.2f}) on {realised.n:,} {rows}, "
        f"expected {norm:.2f} and at most {limit:.2f}"
    )
    return _finding(metric, now, norm, limit, realised.n, Verdict.ALARM if alarm else Verdict.OK, says)


def _confidence_above(realised: LossSums, expected: LossSums) -> float:
    known = expected.standard_error if expected.n > 1 else 0.0
    error = math.hypot(realised.standard_error, known)
    gap = realised.mean - expected.mean
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
