"""A measured metric: its value, an interval, and what it rests on."""

import math
from dataclasses import dataclass

from keepfit.evaluation.loss_sums import LossSums
from keepfit.stats.intervals import Interval, normal_quantile, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a metric is, read off sums.

    Attributes:
        value: NaN when it is not defined: no rows, or no positive among them.
        low, high: an interval that holds the true value as often as was asked; infinite, or the metric's own bounds,
            when nothing is known of the spread.
        n: rows that it rests on.
    """

    value: float
    low: float
    high: float
    n: int


def unknown(n: int = 0, low: float = -math.inf, high: float = math.inf) -> Measure:
    """A metric that these rows do not define."""
    return Measure(value=math.nan, low=low, high=high, n=n)


def mean_of(sums: LossSums, confidence: float) -> Measure:
    """The mean of losses, with the normal interval of the central limit theorem.

    >>> mean_of(LossSums(2, 4.0, 10.0), 0.95).value
    2.0
    """
    if not sums.n:
        return unknown()
    low, high = sums.interval(confidence)
    return Measure(value=sums.mean, low=low, high=high, n=sums.n)


def share_of(successes: int, n: int, confidence: float) -> Measure:
    """A proportion, with Wilson's interval (1927, JASA 22, 209-212).

    >>> found = share_of(9, 10, 0.95)
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (0.9, 0.6, 0.98)
    """
    if not n:
        return unknown(0, 0.0, 1.0)
    low, high = wilson(successes, n, confidence)
    return Measure(value=successes / n, low=low, high=high, n=n)


def normal_of(value: float, error: float, n: int, confidence: float, bounds: Interval) -> Measure:
    """A value with a normal interval of this standard error, cut at the metric's bounds."""
    if math.isnan(value):
        return unknown(n, *bounds)
    reach = normal_quantile(0.5 + confidence / 2) * error
    if math.isnan(reach):
        reach = math.inf
    return Measure(value=value, low=max(bounds.low, value - reach), high=min(bounds.high, value + reach), n=n)


def logit_of(value: float, error: float, n: int, confidence: float) -> Measure:
    """A value between 0 and 1 with an interval that is normal in log-odds, so that it stays between them.

    The error of log(v / (1 - v)) is the value's own error over v (1 - v), by the delta method. At 0 and 1 the log-odds
    are infinite: give those their interval by other means.

    >>> found = logit_of(0.9, 0.05, 100, 0.95)
    >>> round(found.low, 3), round(found.high, 3)
    (0.752, 0.964)
    """
    odds = math.log(value / (1 - value))
    reach = normal_quantile(0.5 + confidence / 2) * error / (value * (1 - value))
    return Measure(value=value, low=_share(odds - reach), high=_share(odds + reach), n=n)


def _share(odds: float) -> float:
    """1 / (1 + exp(-odds)), without an overflow."""
    if odds >= 0:
        return 1 / (1 + math.exp(-odds))
    return math.exp(odds) / (1 + math.exp(odds))
