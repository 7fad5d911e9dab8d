"""Confidence intervals, and the normal law they rest on."""

import math
from statistics import NormalDist
from typing import Final, NamedTuple

_NORMAL: Final = NormalDist()


class Interval(NamedTuple):
    """A closed interval."""

    low: float
    high: float


def normal_cdf(z: float) -> float:
    """P(Z <= z) of the standard normal law.

    >>> normal_cdf(0.0)
    0.5
    """
    return _NORMAL.cdf(z)


def normal_quantile(probability: float) -> float:
    """The z with P(Z <= z) = probability.

    >>> round(normal_quantile(0.975), 2)
    1.96
    """
    return _NORMAL.inv_cdf(probability)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """An interval of a proportion that holds near 0 and 1 too (Wilson 1927, JASA 22, 209-212).

    >>> low, high = wilson(0, 100)
    >>> low, round(high, 3)
    (0.0, 0.037)
    """
    if n == 0:
        return Interval(0.0, 1.0)
    z = normal_quantile(0.5 + confidence / 2)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, centre - reach), min(1.0, centre + reach))
